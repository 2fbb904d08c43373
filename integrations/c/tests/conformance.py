"""The conformance cases and the samples through the shared library:  conformance.py LIBRARY"""

import ctypes
import json
import sys
from ctypes import POINTER, byref, c_bool, c_char_p, c_int, c_size_t, c_uint64, c_void_p
from pathlib import Path

# The data and how to split them are those of the Python package.
sys.path.insert(0, str(Path(__file__).parents[2] / "python" / "tests"))
from samples import SAMPLES, cases, chunkings, expected

library = ctypes.CDLL(sys.argv[1])


class Span(ctypes.Structure):
    _fields_ = [("offset", c_size_t), ("len", c_size_t)]


class EventRecord(ctypes.Structure):
    _fields_ = [("kind", c_int), ("has_retry", c_bool), ("is_truncated", c_bool), ("is_event_type_in_input", c_bool),
                ("is_data_in_input", c_bool), ("retry_ms", c_uint64), ("event_type", Span), ("data", Span),
                ("last_event_id", Span)]


class EventBatch(ctypes.Structure):
    _fields_ = [("records", POINTER(EventRecord)), ("record_count", c_size_t), ("text", c_void_p),
                ("text_len", c_size_t)]


class Options(ctypes.Structure):
    _fields_ = [("max_event_bytes", c_size_t), ("max_id_bytes", c_size_t), ("max_records", c_size_t),
                ("comments", c_bool)]


class MessageBatch(ctypes.Structure):
    _fields_ = [("records", c_void_p), ("record_count", c_size_t), ("text", c_void_p), ("text_len", c_size_t),
                ("is_ended", c_bool)]


for name in ["ssewire_decoder_new", "ssewire_message_decoder_new"]:
    getattr(library, name).restype = c_void_p


def ok(status):
    assert status == 0, status


def read(case, chunks):
    decoder = c_void_p(library.ssewire_decoder_new(byref(Options(max_id_bytes=1 << 20, max_records=3))))
    before = (case["last_event_id_before"] or "").encode()
    ok(library.ssewire_decoder_set_last_event_id(decoder, c_char_p(before), c_size_t(len(before))))
    events, used, batch = [], c_size_t(), EventBatch()
    for chunk in chunks:
        while chunk:
            ok(library.ssewire_decoder_push(decoder, chunk, c_size_t(len(chunk)), byref(used), byref(batch)))
            text = ctypes.string_at(batch.text, batch.text_len)
            part = lambda whole, span: whole[span.offset : span.offset + span.len].decode()
            for record in batch.records[: batch.record_count]:
                event = part(chunk if record.is_event_type_in_input else text, record.event_type)
                data = part(chunk if record.is_data_in_input else text, record.data)
                events.append({"event": event, "data": data, "id": part(text, record.last_event_id)})
            chunk = chunk[used.value :]
    id, length, has_retry, retry = c_void_p(), c_size_t(), c_bool(), c_uint64()
    ok(library.ssewire_decoder_last_event_id(decoder, byref(id), byref(length)))
    last = ctypes.string_at(id, length.value).decode(errors="replace") if length.value else ""
    ok(library.ssewire_decoder_retry(decoder, byref(has_retry), byref(retry)))
    library.ssewire_decoder_free(decoder)
    return events, last, retry.value if has_retry.value else None


def message(stream, size):
    decoder = c_void_p(library.ssewire_message_decoder_new(None))
    used, batch, completion, length = c_size_t(), MessageBatch(), c_int(), c_size_t()
    for at in range(0, len(stream), size):
        chunk = stream[at : at + size]
        while chunk and not batch.is_ended:
            ok(library.ssewire_message_decoder_push(decoder, chunk, c_size_t(len(chunk)), byref(used), byref(batch)))
            chunk = chunk[used.value :]
    ok(library.ssewire_message_decoder_finish(decoder, byref(completion)))
    library.ssewire_message_decoder_json(decoder, None, c_size_t(0), byref(length))
    buffer = ctypes.create_string_buffer(length.value + 1)
    ok(library.ssewire_message_decoder_json(decoder, buffer, c_size_t(length.value + 1), byref(length)))
    library.ssewire_message_decoder_free(decoder)
    return json.loads(buffer.value), completion.value


for case in cases():
    for chunks in chunkings(case["input"]):
        retry = None if case["retry"] is None else min(case["retry"], 2**64 - 1)
        assert read(case, chunks) == (case["events"], case["last_event_id"], retry), case["id"]
for sample in SAMPLES:
    stream = sample.read_bytes()
    for size in (1, 50, len(stream)):
        seen, completion = message(stream, size)
        if sample.with_suffix(".message.json").exists():
            assert (seen, completion) == (expected(sample), 0), sample.name
        else:
            assert completion == 3, sample.name
assert len(cases()) == 246 and len(SAMPLES) == 24
print("c: 246 conformance cases and 24 samples agree through the shared library")
