"""The cost of a fleet, by arithmetic: `python3 fleet.py`. The figures above the line are measured or chosen.

The README of the filter has the measured figures, and says how they were taken.
"""

STREAMS = 1_000_000  # Open at the same time.
EVENTS_PER_S = 20  # Of one stream: a delta every 50 ms.
SECONDS = 30  # Of one message, so STREAMS / SECONDS messages end each second.
STREAMS_PER_ENVOY = 10_000
CORES_PER_ENVOY = 16
MODELS, ROUTES = 32, 8  # `max_models`, `max_routes`.
BUCKETS = 20 + 2  # Of a histogram of Envoy, with its sum and its count.

# Measured: KIB_* per open stream, US_* of CPU time per event.
KIB_BASE, KIB_FILTER = 46.3, 2.8
US_BASE, US_FILTER = 15.2, 4.7
# ------------------------------------------------------------------------------------------------------------------

envoys = STREAMS / STREAMS_PER_ENVOY
gib = STREAMS * (KIB_BASE + KIB_FILTER) / 1024**2
events_per_s = STREAMS * EVENTS_PER_S
cores = events_per_s * (US_BASE + US_FILTER) / 1e6
# completion, stop_reason and kind: those that occur in practice; tool_calls; four histograms.
per_label_pair = 4 + 4 + 4 + 1 + 4 * BUCKETS
series = (MODELS + 1) * (ROUTES + 1) * per_label_pair

print(f"Envoys:             {envoys:,.0f}, of {STREAMS_PER_ENVOY:,} streams")
print(f"memory:             {gib:,.0f} GiB, of which the filter {STREAMS * KIB_FILTER / 1024**2:,.1f} GiB")
print(f"events per second:  {events_per_s:,.0f}")
print(f"cores:              {cores:,.0f}, of which the filter {events_per_s * US_FILTER / 1e6:,.0f}")
print(f"  of one Envoy:     {cores / envoys:,.1f} of {CORES_PER_ENVOY}")
print(f"messages per second {STREAMS / SECONDS:,.0f}, as many lines of access logs")
print(f"series per Envoy:   at most {series:,.0f}; of the fleet {series * envoys:,.0f}")
print(f"  with one route:   at most {(MODELS + 1) * per_label_pair:,.0f}; of the fleet {(MODELS + 1) * per_label_pair * envoys:,.0f}")
