//! Clock skew: wall clocks that jump, drift or strobe. Timers go on running right: a machine's monotonic clock is not set by
//! anybody.
//!
//! The sizes span what is seen in the field: milliseconds of a synchronised fleet, and the minutes of a machine whose time
//! service died (Jepsen draws up to a few hundred seconds).

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::episodes::one_each;
use crate::target::Spec;
use crate::{Fault, Nemesis, Skew};

/// Clocks jump, drift or strobe, and are set right again.
pub const SKEW: Nemesis = Nemesis {
    name: "skew",
    about: "clocks of one node, a minority, a majority or all nodes jump, drift, or jump back and forth",
    families: &["skew"],
    schedule: |rng, cluster, phase| {
        let specs = [Spec::One, Spec::Minority, Spec::Majority, Spec::All];
        one_each(rng, phase, |rng| {
            let hosts = Spec::one_of(&specs, rng, cluster);
            Fault::Skew { hosts, clock: clock(rng) }
        })
    },
};

fn clock(rng: &mut ChaCha8Rng) -> Skew {
    match rng.random_range(0..3) {
        0 => Skew::Jump(either_way(rng, 3, 100_000)),
        // Up to a fifth: far more than a crystal does, so that it shows within seconds.
        1 => Skew::Drift(either_way(rng, 1000, 200_000)),
        _ => Skew::Strobe(either_way(rng, 3, 10_000), 10 * rng.random_range(2..=100)),
    }
}

/// From `least` to `most`, every order of magnitude equally likely, ahead or back.
fn either_way(rng: &mut ChaCha8Rng, least: i64, most: i64) -> i64 {
    let mut size = least;
    while size * 10 <= most && rng.random() {
        size *= 10;
    }
    let size = rng.random_range(size..=(size * 10).min(most));
    if rng.random() { size } else { -size }
}
