//! Reconnection policy: bounds, growth and distribution of the delay, for every configuration and every call sequence.

use std::time::Duration;

use proptest::prelude::*;
use ssewire::{Reconnect, last_event_id_header};

/// Times of every magnitude, and the extremes.
fn time() -> impl Strategy<Value = Duration> {
    prop_oneof![
        2 => Just(Duration::ZERO),
        1 => Just(Duration::MAX),
        1 => (0..1000_u64).prop_map(Duration::from_nanos),
        8 => (0..100_000_u64).prop_map(Duration::from_millis),
        1 => any::<Duration>(),
    ]
}

/// Random numbers as a caller should pass them, and others.
fn random() -> impl Strategy<Value = f64> {
    prop_oneof![8 => 0.0..=1.0_f64, 1 => Just(0.0), 1 => Just(1.0), 1 => any::<f64>()]
}

#[derive(Debug, Clone, Copy)]
struct Times {
    reconnection_time: Duration,
    min_delay: Duration,
    max_delay: Duration,
    stable_after: Duration,
}

impl Times {
    fn policy(self) -> Reconnect {
        Reconnect::new()
            .with_reconnection_time(self.reconnection_time)
            .with_min_delay(self.min_delay)
            .with_max_delay(self.max_delay)
            .with_stable_after(self.stable_after)
    }

    fn base(self, retry: Option<Duration>) -> Duration {
        retry.unwrap_or(self.reconnection_time).max(self.min_delay).min(self.max_delay)
    }

    /// Bounds of the delay in nanoseconds, by multiplication instead of doubling.
    fn bounds(self, retry: Option<Duration>, attempt: u32) -> (u128, u128) {
        let (base, max) = (self.base(retry).as_nanos(), self.max_delay.as_nanos());
        let factor = 2_u128.checked_pow(attempt).unwrap_or(u128::MAX);
        let upper = base.saturating_mul(factor).min(max);
        (base.max(upper / 2), upper)
    }
}

fn times() -> impl Strategy<Value = Times> {
    (time(), time(), time(), time()).prop_map(|(reconnection_time, min_delay, max_delay, stable_after)| Times {
        reconnection_time,
        min_delay,
        max_delay,
        stable_after,
    })
}

#[derive(Debug, Clone, Copy)]
enum Call {
    Connected { now: Duration },
    Disconnected { now: Duration, retry: Option<Duration>, random: f64 },
    Reset,
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        3 => time().prop_map(|now| Call::Connected { now }),
        6 => (time(), proptest::option::of(time()), random())
            .prop_map(|(now, retry, random)| Call::Disconnected { now, retry, random }),
        1 => Just(Call::Reset),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn record_disconnected_agrees_with_a_model(times in times(), calls in proptest::collection::vec(call(), 0..40)) {
        let mut reconnect = times.policy();
        let (mut connected_at, mut attempt) = (None, 0);
        for call in calls {
            match call {
                Call::Connected { now } => {
                    reconnect.record_connected(now);
                    connected_at = Some(now);
                }
                Call::Disconnected { now, retry, random } => {
                    let open_for = connected_at.take().map(|at| now.checked_sub(at).unwrap_or(Duration::ZERO));
                    attempt = match open_for {
                        Some(open_for) if open_for >= times.stable_after => 1,
                        _ => attempt + 1,
                    };
                    let delay = reconnect.record_disconnected(now, retry, random);
                    let (lower, upper) = times.bounds(retry, attempt);
                    prop_assert!((lower..=upper).contains(&delay.as_nanos()), "{delay:?}: {lower} to {upper}");
                    prop_assert!(delay <= times.max_delay);
                    prop_assert!(delay >= times.base(retry));
                    prop_assert_eq!(delay.is_zero(), upper == 0);
                }
                Call::Reset => {
                    reconnect.reset();
                    attempt = 0;
                }
            }
            prop_assert_eq!(reconnect.attempt(), attempt);
        }
    }

    #[test]
    fn record_disconnected_reaches_both_bounds(
        times in times(), retry in proptest::option::of(time()), attempts in 1..130_u32,
    ) {
        let delay = |random| {
            let mut reconnect = times.policy();
            (0..attempts).map(|_| reconnect.record_disconnected(Duration::ZERO, retry, random)).last().unwrap()
        };
        let (lower, upper) = times.bounds(retry, attempts);
        prop_assert_eq!(delay(0.0).as_nanos(), lower);
        // The jitter is computed in 53 bits.
        let rounding = upper >> 52;
        prop_assert!(delay(1.0).as_nanos() + rounding >= upper);
        prop_assert!(delay(1.0).as_nanos() <= upper);
    }

    #[test]
    fn record_disconnected_is_monotonic(
        times in times(), retry in proptest::option::of(time()), random in 0.0..=1.0_f64, more in 0.0..=1.0_f64,
    ) {
        let mut reconnect = times.policy();
        let mut previous = Duration::ZERO;
        for _ in 0..100 {
            let shorter = reconnect.clone().record_disconnected(Duration::ZERO, retry, random.min(more));
            let longer = reconnect.clone().record_disconnected(Duration::ZERO, retry, random.max(more));
            prop_assert!(shorter <= longer, "a greater random number means a longer delay");
            let delay = reconnect.record_disconnected(Duration::ZERO, retry, random);
            prop_assert!(delay >= previous, "a later attempt means a longer delay");
            previous = delay;
        }
    }

    #[test]
    fn default_policy_never_returns_zero(retry in proptest::option::of(time()), random in random()) {
        let delay = Reconnect::new().record_disconnected(Duration::ZERO, retry, random);
        prop_assert!(delay >= Reconnect::DEFAULT_MIN_DELAY && delay <= Reconnect::DEFAULT_MAX_DELAY);
    }

    #[test]
    fn last_event_id_header_returns_the_id_unchanged(id in proptest::collection::vec(any::<u8>(), 0..20)) {
        match last_event_id_header(&id) {
            Some((name, value)) => {
                prop_assert_eq!((name, value), ("last-event-id", id.as_slice()));
                prop_assert!(!id.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0)));
            }
            None => prop_assert!(id.is_empty() || id.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0))),
        }
    }
}

/// Evenly spaced random numbers give evenly spaced delays.
#[test]
fn record_disconnected_distributes_uniformly() {
    let policy = Reconnect::new().with_reconnection_time(Duration::from_secs(3));
    for (attempts, lower, spread) in [(1, 3000, 3000), (2, 6000, 6000), (8, 150_000, 150_000)] {
        for step in 0..=100_u64 {
            let mut reconnect = policy.clone();
            let random = f64::from(u32::try_from(step).unwrap()) / 100.0;
            let delay =
                (0..attempts).map(|_| reconnect.record_disconnected(Duration::ZERO, None, random)).last().unwrap();
            let expected = Duration::from_millis(lower + spread * step / 100);
            assert!(delay.abs_diff(expected) < Duration::from_millis(1), "{attempts}, {random}: {delay:?}");
        }
    }
}

/// Clients that lose their connections at the same time reconnect at times spread over one reconnection time.
#[test]
fn record_disconnected_spreads_the_first_attempts() {
    let mut per_second = [0; 3];
    for client in 0..300_u32 {
        let delay = Reconnect::new().record_disconnected(Duration::ZERO, None, f64::from(client) / 300.0);
        per_second[usize::try_from(delay.as_secs()).unwrap() - 3] += 1;
    }
    assert_eq!(per_second, [100, 100, 100]);
}
