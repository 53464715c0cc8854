//! A node's wall clock, which may be wrong: it can be set ahead or back, and run fast or slow.
//!
//! Timers are not skewed: like a real machine's, they run on a monotonic clock that nobody sets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::wire;

/// The wall clock of one machine; clones are the same clock.
#[derive(Clone, Debug)]
pub struct Clock {
    /// The true time.
    truth: fn() -> Duration,
    skew: Arc<Mutex<Skew>>,
}

/// A clock in the simulation.
impl Default for Clock {
    fn default() -> Clock {
        Clock::reading(|| START + wire::now())
    }
}

/// How wrong a clock is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Skew {
    offset_ns: i128,
    drift_ppm: i64,
    drifting_since_ns: i128,
}

/// What right clocks show when a run starts: far enough from zero that a clock can be set back.
const START: Duration = Duration::from_secs(1_000_000);

impl Clock {
    /// A clock that is right as long as nobody sets it: it reads `truth`, time since an epoch that all machines share.
    pub fn reading(truth: fn() -> Duration) -> Clock {
        Clock { truth, skew: Arc::default() }
    }

    /// What the clock shows: time since an epoch that all machines share.
    pub fn now(&self) -> Duration {
        let skew = *self.skew();
        let now_ns = self.true_ns();
        let drift_ns = (now_ns - skew.drifting_since_ns) * i128::from(skew.drift_ppm) / 1_000_000;
        let shown_ns = now_ns + skew.offset_ns + drift_ns;
        Duration::from_nanos(u64::try_from(shown_ns.max(0)).unwrap_or(u64::MAX))
    }

    /// How far the clock is ahead of the true time; negative if it is behind.
    pub fn ahead_ms(&self) -> i64 {
        let wrong_ns = as_ns(self.now()) - self.true_ns();
        i64::try_from(wrong_ns / 1_000_000).unwrap_or(i64::MAX)
    }

    /// Sets the clock ahead by `ms`, or back if that is negative.
    pub fn jump(&self, ms: i64) {
        self.skew().offset_ns += i128::from(ms) * 1_000_000;
    }

    /// Makes a simulated clock gain `ppm` microseconds every second from `now` on, in simulated time; negative makes it lose
    /// them. The time is told, because between two steps of a simulation nobody can ask for it.
    pub fn drift(&self, ppm: i64, now: Duration) {
        let mut skew = self.skew();
        let now_ns = as_ns(START + now);
        skew.offset_ns += (now_ns - skew.drifting_since_ns) * i128::from(skew.drift_ppm) / 1_000_000;
        skew.drifting_since_ns = now_ns;
        skew.drift_ppm = ppm;
    }

    /// Sets the clock right, as a time server does.
    pub fn correct(&self) {
        *self.skew() = Skew::default();
    }

    fn true_ns(&self) -> i128 {
        as_ns((self.truth)())
    }

    fn skew(&self) -> std::sync::MutexGuard<'_, Skew> {
        self.skew.lock().expect("no holder panics")
    }
}

fn as_ns(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Clock, START};

    #[test]
    fn a_jump_is_shown_and_corrected() {
        let clock = Clock::default();
        clock.jump(-1500);
        assert_eq!(clock.ahead_ms(), -1500);
        clock.drift(1000, Duration::ZERO);
        clock.correct();
        assert_eq!(clock.ahead_ms(), 0);
    }

    #[test]
    fn a_drift_counts_from_its_beginning() {
        let clock = Clock::reading(|| START + Duration::from_secs(30));
        clock.drift(100_000, Duration::from_secs(20));
        assert_eq!(clock.ahead_ms(), 1000);
        clock.drift(-100_000, Duration::from_secs(25));
        assert_eq!(clock.ahead_ms(), 0, "half a second gained, and half a second lost");
    }
}
