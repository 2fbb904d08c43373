"""`Decoder` against the conformance cases, and its own interface."""

import threading

import pytest
from samples import cases, chunkings, chunks
from ssewire import Comment, Decoder, Event, LostEvent, TruncatedError

CASES = cases()


def decoder_of(case):
    # The standard has no bound on IDs.
    return Decoder(max_id_bytes=1 << 20, last_event_id=case["last_event_id_before"])


def read(case, pieces):
    decoder = decoder_of(case)
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return [{"event": event.event, "data": event.data, "id": event.id} for event in events], decoder


def test_there_are_246_cases():
    assert len(CASES) == 246


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case_agrees_in_every_chunking(case):
    for pieces in chunkings(case["input"]):
        events, decoder = read(case, pieces)
        assert events == case["events"]
        assert decoder.last_event_id == case["last_event_id"]
        assert decoder.retry == (None if case["retry"] is None else min(case["retry"], 2**64 - 1))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_event_is_returned_at_its_last_byte(case):
    decoder = decoder_of(case)
    at = [index + 1 for index in range(len(case["input"])) for _ in decoder.feed(case["input"][index : index + 1])]
    assert at == case["dispatch_at"]


def test_event_has_json_and_retry():
    (event,) = Decoder().feed(b'retry: 20\nevent: e\nid: 1\ndata: {"a": [1]}\n\n')
    assert isinstance(event, Event)
    assert (event.event, event.id, event.retry, event.json()) == ("e", "1", 20, {"a": [1]})
    assert repr(event) == """Event(event='e', data='{"a": [1]}', id='1')"""


@pytest.mark.parametrize("convert", [bytes, bytearray, memoryview])
def test_chunk_may_be_any_bytes(convert):
    assert [event.data for event in Decoder().feed(convert(b"data: a\n\n"))] == ["a"]


@pytest.mark.parametrize("chunk", ["data: a\n\n", 5, None, [1]])
def test_other_chunk_is_a_type_error(chunk):
    with pytest.raises(TypeError, match="chunk must be bytes, bytearray or memoryview"):
        Decoder().feed(chunk)


def test_comment_is_returned_if_asked_for():
    body = b": note\n\ndata: a\n\n"
    assert [type(event) for event in Decoder(comments=True).feed(body)] == [Comment, Event]
    assert [type(event) for event in Decoder().feed(body)] == [Event]


def test_long_comment_is_truncated():
    comments = Decoder(comments=True).feed(b":" + b"c" * 1024 + b"\n:" + b"c" * 1025 + b"\n\n")
    assert [(len(comment.text), comment.is_truncated) for comment in comments] == [(1024, False), (1024, True)]


def test_lost_event_has_no_data():
    lost, event = Decoder(max_event_bytes=4).feed(b"data: too long\n\ndata: b\n\n")
    assert isinstance(lost, LostEvent) and lost.error == "event or line exceeds the limit of 4 bytes"
    assert not hasattr(lost, "data") and event.data == "b"


def test_end_reports_truncation_and_discards():
    decoder = Decoder()
    decoder.feed(b"data: a")
    with pytest.raises(TruncatedError) as raised:
        decoder.finish()
    assert raised.value.pending_bytes == 7
    decoder.finish()


def test_end_may_return_the_event():
    decoder = Decoder()
    decoder.feed(b"data: [DONE]")
    assert [event.data for event in decoder.finish_event()] == ["[DONE]"]
    assert decoder.finish_event() == []


def test_reset_keeps_the_last_event_id():
    decoder = Decoder()
    decoder.feed(b"id: 7\nretry: 5\n\ndata: cut")
    decoder.reset()
    assert [event.data for event in decoder.feed(b"data: new\n\n")] == ["new"]
    assert (decoder.last_event_id, decoder.retry) == ("7", 5)


def test_invalid_id_is_a_value_error():
    decoder = Decoder(last_event_id="1")
    with pytest.raises(ValueError):
        decoder.last_event_id = "a\nb"
    assert decoder.last_event_id == "1"


def test_many_events_in_one_chunk():
    assert len(Decoder().feed(b"data\n\n" * 5000)) == 5000


def test_a_decoder_may_move_between_threads():
    decoder, seen = Decoder(), []
    for piece in chunks(b"data: one\n\ndata: two\n\n" * 50, 3):
        thread = threading.Thread(target=lambda piece=piece: seen.extend(e.data for e in decoder.feed(piece)))
        thread.start()
        thread.join()
    assert seen == ["one", "two"] * 50


def test_threads_with_decoders_of_their_own():
    results = [[] for _ in range(8)]

    def work(into):
        decoder = Decoder()
        for piece in chunks(b"event: e\ndata: text\n\n" * 500, 11):
            into.extend(event.data for event in decoder.feed(piece))

    threads = [threading.Thread(target=work, args=(into,)) for into in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [["text"] * 500] * 8
