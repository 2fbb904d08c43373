//! All tests of the decoder as one program: `.ci/mutants` builds it for each mutant.

#[path = "../tests/sse_blocks.rs"]
mod sse_blocks;
#[path = "../tests/sse_bounds/main.rs"]
mod sse_bounds;
#[path = "../tests/sse_capacity.rs"]
mod sse_capacity;
#[path = "../tests/sse_capacity_properties.rs"]
mod sse_capacity_properties;
#[path = "../tests/sse_conformance.rs"]
mod sse_conformance;
#[path = "../tests/sse_encode.rs"]
mod sse_encode;
#[path = "../tests/sse_exhaustive.rs"]
mod sse_exhaustive;
#[path = "../tests/sse_fields.rs"]
mod sse_fields;
#[path = "../tests/sse_finish_event.rs"]
mod sse_finish_event;
#[path = "../tests/sse_frames.rs"]
mod sse_frames;
#[path = "../tests/sse_last_event_id.rs"]
mod sse_last_event_id;
#[path = "../tests/sse_limits.rs"]
mod sse_limits;
#[path = "../tests/sse_lines.rs"]
mod sse_lines;
#[path = "../tests/sse_mixing.rs"]
mod sse_mixing;
#[path = "../tests/sse_owned.rs"]
mod sse_owned;
#[path = "../tests/sse_properties.rs"]
mod sse_properties;
#[path = "../tests/sse_reconnect.rs"]
mod sse_reconnect;
#[path = "../tests/sse_regressions.rs"]
mod sse_regressions;
#[path = "../tests/sse_shared.rs"]
mod sse_shared;
#[path = "../tests/sse_types.rs"]
mod sse_types;
#[path = "../tests/sse_work.rs"]
mod sse_work;
