//! Slow links: messages take longer, always as long or now this and now that, and none is lost. What a time-out takes for a
//! dead peer may be a slow one, whose answer is still to come.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::episodes::one_each;
use crate::target::Spec;
use crate::{Delay, Fault, Nemesis};

/// Links slow down.
pub const SLOW: Nemesis = Nemesis {
    name: "slow",
    about: "messages of one host, a minority or all hosts take longer: constantly, evenly spread or exponentially",
    families: &["slow"],
    schedule: |rng, cluster, phase| {
        let specs = [Spec::AnyHost, Spec::AnyHost, Spec::Minority, Spec::AllHosts];
        one_each(rng, phase, |rng| {
            let hosts = Spec::one_of(&specs, rng, cluster);
            Fault::Slow { hosts, delay: delay(rng) }
        })
    },
};

/// From a far data centre to beyond every deadline.
fn delay(rng: &mut ChaCha8Rng) -> Delay {
    match rng.random_range(0..3) {
        0 => Delay::Constant(10 * rng.random_range(2..=60)),
        1 => Delay::Uniform(0, 10 * rng.random_range(5..=100)),
        _ => Delay::Exponential(10 * rng.random_range(2..=30)),
    }
}
