//! `ssewire-batch` against the decoders that it wraps.

mod bounds;
mod events;
mod updates;

use ssewire_batch::{BatchDecoder, EventBatch, EventRecord, MessageBatch, MessageBatchDecoder, MessageRecord};
use ssewire_tests::assert_send_sync_unpin;

/// Checked by the compiler.
const _: () = {
    assert_send_sync_unpin::<BatchDecoder>();
    assert_send_sync_unpin::<EventBatch<'_>>();
    assert_send_sync_unpin::<EventRecord>();
    assert_send_sync_unpin::<MessageBatchDecoder>();
    assert_send_sync_unpin::<MessageBatch<'_>>();
    assert_send_sync_unpin::<MessageRecord>();
};

/// Counts the allocations of each thread.
#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;
