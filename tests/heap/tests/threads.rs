//! Memory that moves between threads.

use std::thread;

#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

/// More than the counters once began with: they passed zero in an hour of requests whose memory another thread had
/// allocated.
const LARGE: usize = 1 << 25;

#[test]
fn a_thread_may_free_what_another_one_has_allocated() {
    let large = vec![0_u8; LARGE];
    let freed = thread::spawn(move || {
        let before = ssewire_heap::held();
        drop(large);
        assert!(ssewire_heap::held() < before);
        assert_eq!(ssewire_heap::peak_of(|| drop(vec![0_u8; 1000])).1, 1000);
        before - ssewire_heap::held()
    });
    assert_eq!(freed.join().unwrap(), LARGE);
}
