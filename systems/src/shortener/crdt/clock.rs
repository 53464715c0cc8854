//! Hybrid logical clocks: stamps that follow causes like Lamport's and stay as near to the wall clock as causes allow.
//!
//! Source: Kulkarni, Demirbas, Madappa, Avva and Leone, "Logical Physical Clocks" (OPODIS 2014). As in its section 6, the
//! physical and the logical part share one word, so that a stamp is one number.

use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// Bits of the logical part.
const COUNT_BITS: u32 = 16;

/// A moment: milliseconds of a wall clock above, a count of events within the same millisecond below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Stamp(pub(super) u64);

/// One node's clock. What it stamps is later than all that it has stamped or witnessed, whatever the wall clock does.
#[derive(Debug)]
pub(super) struct HybridClock {
    wall: Clock,
    latest: Stamp,
}

impl HybridClock {
    pub(super) fn on(wall: Clock) -> HybridClock {
        HybridClock { wall, latest: Stamp::default() }
    }

    /// The stamp of a new event. A count that overflows runs into the next millisecond, which keeps the order.
    pub(super) fn tick(&mut self) -> Stamp {
        let wall_ms = u64::try_from(self.wall.now().as_millis()).unwrap_or(u64::MAX);
        let wall = wall_ms.min(u64::MAX >> COUNT_BITS) << COUNT_BITS;
        self.latest = Stamp(wall.max(self.latest.0 + 1));
        self.latest
    }

    /// Takes note of a stamp that came from elsewhere: everything from now on is later.
    pub(super) fn witness(&mut self, stamp: Stamp) {
        self.latest = self.latest.max(stamp);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{HybridClock, Stamp};
    use crate::clock::Clock;

    #[test]
    fn a_clock_that_is_right_stamps_its_time() {
        let wall = Clock::default();
        let mut clock = HybridClock::on(wall.clone());
        let now_ms = u64::try_from(wall.now().as_millis()).unwrap();
        assert_eq!(clock.tick(), Stamp(now_ms << 16));
        assert_eq!(clock.tick(), Stamp((now_ms << 16) + 1));
    }

    proptest! {
        #[test]
        fn stamps_only_grow_however_the_wall_clock_jumps(events in prop::collection::vec((-5000..5000_i64, any::<u32>()), 1..100)) {
            let wall = Clock::default();
            let mut clock = HybridClock::on(wall.clone());
            let mut latest = Stamp::default();
            for (jump_ms, heard) in events {
                wall.jump(jump_ms);
                let heard = Stamp(u64::from(heard) << 20);
                clock.witness(heard);
                let stamp = clock.tick();
                prop_assert!(stamp > latest && stamp > heard);
                latest = stamp;
            }
        }
    }
}
