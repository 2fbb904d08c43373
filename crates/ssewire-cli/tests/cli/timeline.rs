//! `timeline`: the drawn elements. Positions are tested with given times, next to the layout code.

use crate::python::python;
use crate::support::{START, STOP, piece, sample, ssewire, streams};

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
    let mut pictures = Vec::new();
    for (name, bytes) in crate::support::recorded("samples") {
        let picture = ssewire(&["timeline", "--svg"], &bytes);
        assert!([0, 3, 4].contains(&picture.code), "{name}");
        if picture.stdout.is_empty() {
            assert_eq!(name, "error_first_event", "no event of a message was seen");
            continue;
        }
        pictures.push(picture.stdout);
    }
    const PARSE: &str = "
import sys, xml.dom.minidom
for picture in sys.argv[2:]:
    print(xml.dom.minidom.parseString(picture).documentElement.tagName)
";
    let pictures: Vec<_> = pictures.iter().map(String::as_str).collect();
    assert_eq!(python(PARSE, &pictures, &[]), "svg\n".repeat(pictures.len()));
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

/// A picture can be published: it has no scripts, and refers to nothing outside of it, whatever the server sent.
#[test]
fn pictures_are_safe_to_publish() {
    let name = "x</text><script>alert(1)</script><image href='http://x/'/>&lt; onload=\\\"a\\\" url(http://x) ]]> <!--";
    let start = format!(
        "data: {{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"{name}\",\"input\":{{}}}}}}\n\n"
    );
    for (at, name) in [(0, "</svg><script>"), (1, "<a href=\\\"javascript:x\\\">"), (2, "@import url(x)")] {
        let end = STOP.replace("end_turn", name);
        let unnamed = START.replace("\"text\",\"text\"", &format!("\"{name}\",\"text\""));
        let bytes = [[START, &unnamed][at % 2], &start, &piece("x"), &end].concat();
        let picture = ssewire(&["timeline", "--svg"], bytes.as_bytes()).stdout;
        const CHECK: &str = "
import os, xml.etree.ElementTree as tree
allowed = {'svg', 'title', 'style', 'rect', 'text', 'path'}
attributes = {'viewBox', 'width', 'height', 'font-family', 'font-size', 'font-weight', 'class', 'x', 'y', 'rx', 'd',
    'fill-opacity', 'stroke-dasharray', 'text-anchor'}
styles = 0
for element in tree.fromstring(os.environ['PICTURE']).iter():
    name = element.tag.removeprefix('{http://www.w3.org/2000/svg}')
    assert name in allowed, element.tag
    assert set(element.attrib) <= attributes, element.attrib
    assert not any('url' in value or 'http' in value for value in element.attrib.values()), element.attrib
    if name == 'style':
        styles += 1
        assert 'url' not in element.text and '@import' not in element.text
assert styles == 1
print('safe')
";
        assert_eq!(python(CHECK, &[], &[("PICTURE", &picture)]), "safe\n", "{picture}");
    }
}

/// The shape of the drawing does not depend on the number of events, and neither does its cost.
#[test]
fn many_events_with_a_long_tool_name_are_drawn() {
    let name = "n".repeat(200_000);
    let start = format!(
        "data: {{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"{name}\",\"input\":{{}}}}}}\n\n"
    );
    let input = "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\" \"}}\n\n";
    let bytes = [START, &start, &input.repeat(50_000), STOP].concat();
    let drawn = ssewire(&["timeline"], bytes.as_bytes()).stdout;
    assert!(drawn.starts_with("50006 events "), "{drawn}");
    assert!(drawn.contains("1 tool_use nnnnnnnnnnnn…") && drawn.lines().count() < 15, "{drawn}");
}
