"""The data that all languages share."""

import base64
import json
from pathlib import Path
from typing import Any, Dict, Iterator, List

DATA = Path(__file__).parents[3] / "tests" / "data"
SAMPLES = sorted((DATA / "streams" / "samples").glob("*.sse"))
HOSTILE = sorted((DATA / "streams" / "hostile").glob("*.sse"))


def cases() -> List[Dict[str, Any]]:
    """The conformance cases, with their input as bytes."""
    cases: List[Dict[str, Any]] = json.loads((DATA / "conformance" / "cases.json").read_text(encoding="utf-8"))
    for case in cases:
        case["input"] = base64.b64decode(case["input_b64"])
    return cases


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


def chunkings(data: bytes) -> Iterator[List[bytes]]:
    """The data whole, in chunks of 1 and of 7 bytes, and if it is short at every split."""
    yield [data]
    for size in (1, 7):
        yield list(chunks(data, size))
    if len(data) <= 200:
        for at in range(len(data) + 1):
            yield [data[:at], data[at:]]


def without_unsent_nulls(expected: Any, stream: str) -> Any:
    """The expected message without the nulls of members that the stream never sent."""
    if isinstance(expected, dict):
        return {
            name: without_unsent_nulls(value, stream)
            for name, value in expected.items()
            if value is not None or f'"{name}":' in stream
        }
    if isinstance(expected, list):
        return [without_unsent_nulls(value, stream) for value in expected]
    return expected


def expected(sample: Path) -> Any:
    """The expected message of a sample, or its server error and partial message."""
    stream = sample.read_text(encoding="utf-8")
    whole = sample.with_suffix(".message.json")
    if whole.exists():
        return without_unsent_nulls(json.loads(whole.read_text(encoding="utf-8")), stream)
    error = json.loads(sample.with_suffix(".error.json").read_text(encoding="utf-8"))
    return {"error": error["error"], "partial": without_unsent_nulls(error["partial"], stream)}
