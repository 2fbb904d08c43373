"""The cost of a fleet, by arithmetic: `python3 fleet.py`. The figures above the line are measured or chosen.

The README of the filter has the measured figures, and says how they were taken.
"""

STREAMS = 1_000_000  # Open at the same time.
EVENTS_PER_S = 20  # Of one stream: a delta every 50 ms.
SECONDS = 30  # Of one message, so STREAMS / SECONDS messages end each second.
STREAMS_PER_ENVOY = 10_000
CORES_PER_ENVOY = 16
MODELS, ROUTES = 32, 8  # `max_models`, `max_routes`.
MIB_PER_VM = 256  # `max_vm_bytes`.
# The values of labels.
COMPLETIONS = [
    "complete", "unterminated", "cancelled", "truncated", "server_error", "tool_input", "content_lost",
    "limit_exceeded", "non_stream_body",
]
STOP_REASONS = [
    "end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded",
    "compaction", "other",
]
KINDS = ["input", "output", "cache_read", "cache_write"]
HISTOGRAMS = 4  # The times.
# Metrics without model and route, each with the number of the values of its label.
OTHERS = {
    "ends": 5, "errors": 14, "violations": 19, "non_stream_bodies": 11, "read": 1, "skipped": 4, "implausible_counts": 1,
    "failures": 2,
}
BUCKETS = 20 + 2  # Of a histogram of Envoy, with its sum and its count.

# Measured, the first two rows of the README's table: KIB_* per open stream, US_* of CPU time per event. KIB_FILTER is
# the most that a run had, with short streams. With large ones, a VM takes up to VM_FACTOR times `max_vm_bytes`.
KIB_BASE, KIB_FILTER, VM_FACTOR = 46.3, 2.8, 1.3
US_BASE, US_FILTER = 29.6, 6.9
# ------------------------------------------------------------------------------------------------------------------

envoys = STREAMS / STREAMS_PER_ENVOY
gib = STREAMS * (KIB_BASE + KIB_FILTER) / 1024**2
# Each worker has a VM.
most_gib_per_envoy = CORES_PER_ENVOY * MIB_PER_VM * VM_FACTOR / 1024
events_per_s = STREAMS * EVENTS_PER_S
cores = events_per_s * (US_BASE + US_FILTER) / 1e6
# With `tool_calls`. Most series never occur.
per_label_pair = len(COMPLETIONS) + len(STOP_REASONS) + len(KINDS) + 1 + HISTOGRAMS * BUCKETS
# Also the models `other` and `unknown`.
of_one_route = (MODELS + 2) * per_label_pair
others = sum(OTHERS.values())
# Also the route `other`.
series, series_of_one_route = (ROUTES + 1) * of_one_route + others, of_one_route + others

print(f"Envoys:             {envoys:,.0f}, of {STREAMS_PER_ENVOY:,} streams")
print(f"memory:             {gib:,.0f} GiB, of which the filter {STREAMS * KIB_FILTER / 1024**2:,.1f} GiB")
print(f"  meters at most:   {most_gib_per_envoy:,.1f} GiB of one Envoy, at `max_vm_bytes` in each worker")
print(f"events per second:  {events_per_s:,.0f}")
print(f"cores:              {cores:,.0f}, of which the filter {events_per_s * US_FILTER / 1e6:,.0f}")
print(f"  of one Envoy:     {cores / envoys:,.1f} of {CORES_PER_ENVOY}")
print(f"messages per second {STREAMS / SECONDS:,.0f}, as many lines of access logs")
print(f"series per Envoy:   at most {series:,.0f}; of the fleet {series * envoys:,.0f}")
print(f"  without routes:   at most {series_of_one_route:,.0f}; of the fleet {series_of_one_route * envoys:,.0f}")
