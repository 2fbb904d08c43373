//! `timeline`: what is drawn. Where things stand is tested with given times, where they are laid out.

use crate::python::python;
use crate::support::{START, piece, sample, ssewire, streams};

#[test]
fn a_file_is_drawn_by_position() {
    let path = streams("samples").join("interleaved.sse");
    let drawn = ssewire(&["timeline", path.to_str().unwrap()], b"").exits(0).silent().stdout;
    let first = drawn.lines().next().unwrap();
    assert_eq!(first, "17 events in 2279 bytes, by position: the file has no times");
    for label in ["message ", "0 text ", "1 tool_use i ", "2 thinking ", "first text ", " 0 B "] {
        assert!(drawn.contains(label), "{label}: {drawn}");
    }
    assert!(!drawn.contains("gaps") && !drawn.contains("ping") && !drawn.contains('\u{1b}'), "{drawn}");
    for size in ["1", "7"] {
        assert_eq!(ssewire(&["timeline", "--chunk-size", size, path.to_str().unwrap()], b"").stdout, drawn);
    }
}

#[test]
fn a_pipe_is_drawn_by_time() {
    let drawn = ssewire(&["timeline"], &sample("text.sse")).exits(0).silent().stdout;
    assert!(drawn.starts_with("9 events and 1336 bytes in "), "{drawn}");
    let coloured = ssewire(&["timeline", "--color", "always"], &sample("text.sse")).exits(0).stdout;
    assert!(coloured.contains("\u{1b}[32m"), "{coloured}");
}

#[test]
fn pictures_are_whole_documents() {
    for (name, bytes) in crate::support::recorded("samples") {
        let picture = ssewire(&["timeline", "--svg"], &bytes);
        assert!([0, 3, 4].contains(&picture.code), "{name}");
        if picture.stdout.is_empty() {
            assert_eq!(name, "error_first_event", "no event of a message was seen");
            continue;
        }
        const PARSE: &str = "
import os, xml.dom.minidom
print(xml.dom.minidom.parseString(os.environ['PICTURE']).documentElement.tagName)
";
        assert_eq!(python(PARSE, &[], &[("PICTURE", &picture.stdout)]), "svg\n");
    }
}

#[test]
fn it_ends_as_the_other_commands_do() {
    let cut = ssewire(&["timeline"], [START, &piece("Hel")].concat().as_bytes()).exits(4).says("stream is truncated");
    assert!(cut.stdout.contains("0 text"), "{cut:?}");
    let error = ssewire(&["timeline"], &sample("error_mid_stream.sse")).exits(3).says("overloaded_error");
    assert!(error.stdout.contains("\nerror "), "{error:?}");
    assert_eq!(ssewire(&["timeline"], b"data: {\"id\":\"c\"}\n\n").exits(1).says("another protocol").stdout, "");
    assert_eq!(ssewire(&["timeline"], b"").exits(1).says("empty").stdout, "");
}
