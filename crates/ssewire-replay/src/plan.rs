//! The order in which a body is sent, for every version of HTTP.

use core::time::Duration;

use crate::gate::Gate;
use crate::script::{Script, Step};

/// Turns the steps of a script into actions, one after the other.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    script: &'a Script,
    steps: core::slice::Iter<'a, Step>,
    sizes: core::iter::Cycle<core::slice::Iter<'a, usize>>,
    /// The rest of the current send.
    unsent: &'a [u8],
    /// Bytes until the cut, if there is one.
    until_cut: Option<usize>,
    has_sent: bool,
    /// Whether the pause before the next piece is over.
    has_paused: bool,
    repeat: Option<(&'a [u8], Duration)>,
}

#[derive(Debug)]
pub(crate) enum Action<'a> {
    /// Send a piece. Its framing announces `announced` bytes: more than there are if the body is cut within it.
    Send {
        bytes: &'a [u8],
        announced: usize,
    },
    Pause(Duration),
    Wait(&'a Gate),
    /// Stay silent until the client leaves or the server stops.
    Hold,
    /// End the body as no complete body ends.
    Cut,
    Reset,
    /// End the body.
    End,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(script: &'a Script) -> Self {
        Self {
            script,
            steps: script.steps.iter(),
            sizes: script.sizes.iter().cycle(),
            unsent: &[],
            until_cut: script.cut_after,
            has_sent: false,
            has_paused: false,
            repeat: None,
        }
    }

    /// Returns the next action. After [`Action::Hold`], [`Action::Cut`], [`Action::Reset`] and [`Action::End`], the
    /// body is over.
    pub(crate) fn next(&mut self) -> Action<'a> {
        loop {
            if self.until_cut == Some(0) {
                return Action::Cut;
            }
            if !self.unsent.is_empty() {
                return self.next_piece();
            }
            if let Some((bytes, pause)) = self.repeat {
                self.unsent = bytes;
                return Action::Pause(pause);
            }
            match self.steps.next() {
                Some(Step::Send(bytes)) => self.unsent = bytes,
                Some(Step::Pause(pause)) => return Action::Pause(*pause),
                Some(Step::RecordedPause(pause)) if self.script.delay.is_zero() => {
                    return Action::Pause(scaled(*pause, self.script.speed));
                }
                Some(Step::RecordedPause(_)) => {}
                Some(Step::Wait(gate)) => return Action::Wait(gate),
                Some(Step::Repeat(bytes, pause)) => self.repeat = Some((bytes, *pause)),
                Some(Step::Cut) => return Action::Cut,
                Some(Step::Reset) => return Action::Reset,
                Some(Step::Hold) => return Action::Hold,
                // The script wants a cut, and the body is shorter.
                None if self.until_cut.is_some() => return Action::Cut,
                None => return Action::End,
            }
        }
    }

    fn next_piece(&mut self) -> Action<'a> {
        if self.has_sent && !self.has_paused && !self.script.delay.is_zero() {
            self.has_paused = true;
            return Action::Pause(self.script.delay);
        }
        (self.has_sent, self.has_paused) = (true, false);
        let announced = self.sizes.next().map_or(self.unsent.len(), |&size| size.min(self.unsent.len()));
        let (piece, rest) = self.unsent.split_at(announced);
        self.unsent = rest;
        let length = self.until_cut.map_or(announced, |left| left.min(announced));
        self.until_cut = self.until_cut.map(|left| left - length);
        Action::Send { bytes: piece.split_at(length).0, announced }
    }
}

fn scaled(pause: Duration, speed: f64) -> Duration {
    // A pause too long to represent is endless in any case.
    Duration::try_from_secs_f64(pause.as_secs_f64() / speed).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The actions in words.
    fn actions(script: &Script, count: usize) -> Vec<String> {
        let mut plan = Plan::new(script);
        let mut actions = Vec::new();
        while actions.len() < count {
            let action = plan.next();
            actions.push(match &action {
                Action::Send { bytes, announced } => format!("{}/{announced}", String::from_utf8_lossy(bytes)),
                Action::Pause(pause) => format!("+{}", pause.as_millis()),
                other => format!("{other:?}"),
            });
            if matches!(action, Action::Hold | Action::Cut | Action::Reset | Action::End) {
                break;
            }
        }
        actions
    }

    #[test]
    fn a_recording_has_its_pace_a_scaled_one_or_another() {
        let recording = || Script::recording("data: a\n\n: ssewire +800ms\ndata: b\n\n");
        let (a, b) = ("data: a\n\n/9", "data: b\n\n/9");
        for (script, expected) in [
            (recording(), [a, "+800", b, "End"]),
            (recording().speed(2.0), [a, "+400", b, "End"]),
            (recording().speed(f64::INFINITY), [a, "+0", b, "End"]),
            (recording().speed(f64::NAN), [a, "+800", b, "End"]),
            (recording().speed(0.0), [a, "+800", b, "End"]),
            (recording().delayed_by(Duration::from_millis(3)), [a, "+3", b, "End"]),
        ] {
            assert_eq!(actions(&script, 9), expected, "{script:?}");
        }
        assert_eq!(actions(&Script::stream("a").pause(Duration::from_millis(5)).speed(9.0), 9), ["a/1", "+5", "End"]);
        assert_eq!(scaled(Duration::MAX, f64::MIN_POSITIVE), Duration::MAX);
    }

    #[test]
    fn a_delay_comes_between_pieces() {
        let script = Script::stream("abc").send("d").chunked_by(2).delayed_by(Duration::from_millis(1));
        assert_eq!(actions(&script, 9), ["ab/2", "+1", "c/1", "+1", "d/1", "End"]);
    }

    #[test]
    fn a_repeated_send_never_ends() {
        let script = Script::stream("a").repeat("b", Duration::from_millis(1));
        assert_eq!(actions(&script, 6), ["a/1", "+1", "b/1", "+1", "b/1", "+1"]);
    }

    #[test]
    fn a_cut_is_exact() {
        for (script, expected) in [
            (Script::stream("abcd").cut_after(3), &["abc/4", "Cut"][..]),
            (Script::stream("abcd").cut_after(0), &["Cut"]),
            (Script::stream("abcd").cut_after(9), &["abcd/4", "Cut"]),
            (Script::stream("ab").wait(&Gate::new()).cut_after(2), &["ab/2", "Cut"]),
            (Script::stream("ab").reset().send("c"), &["ab/2", "Reset"]),
        ] {
            assert_eq!(actions(&script, 9), expected, "{script:?}");
        }
    }
}
