//! Prints the text of a Messages stream while it arrives, and the final message.

use std::io::{self, Read, Write};

use ssewire_messages::{MessageDecoder, Step};

fn main() -> io::Result<()> {
    let mut decoder = MessageDecoder::new();
    let mut chunk = [0; 4096];
    'body: loop {
        let length = io::stdin().read(&mut chunk)?;
        if length == 0 {
            break;
        }
        let mut input = &chunk[..length];
        loop {
            match decoder.decode(&mut input).map_err(io::Error::other)? {
                Step::Update(event) => {
                    for text in event.update.text_deltas() {
                        io::stdout().write_all(text.as_bytes())?;
                    }
                }
                Step::NeedInput => break,
                Step::Ended => break 'body,
            }
        }
    }
    let message = decoder.finish().map_err(io::Error::other)?;
    let json = message.to_json().map_err(io::Error::other)?;
    io::stdout().write_all(json.as_str().as_bytes())
}
