//! Bad weather: single messages are lost, doubled, overtaken, damaged, or queue for a narrow link (`netsplit_systems::weather`
//! says what that is on a link between nodes, and what TCP makes of it).

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::episodes::one_each;
use crate::target::Spec;
use crate::{Cluster, Fault, Mishap, Nemesis, Phase, Schedule};

/// Messages are lost.
pub const LOSS: Nemesis = Nemesis {
    name: "loss",
    about: "some messages are lost",
    families: &["loss"],
    schedule: |rng, cluster, phase| schedule(rng, cluster, phase, Mishap::Loss),
};

/// Messages arrive twice.
pub const DUPLICATION: Nemesis = Nemesis {
    name: "duplication",
    about: "some messages between nodes arrive twice",
    families: &["duplication"],
    schedule: |rng, cluster, phase| schedule(rng, cluster, phase, Mishap::Duplication),
};

/// Messages are overtaken.
pub const REORDERING: Nemesis = Nemesis {
    name: "reordering",
    about: "some messages between nodes are overtaken by the next",
    families: &["reordering"],
    schedule: |rng, cluster, phase| schedule(rng, cluster, phase, Mishap::Reordering),
};

/// Messages are damaged.
pub const CORRUPTION: Nemesis = Nemesis {
    name: "corruption",
    about: "some messages are damaged; checksums must catch it",
    families: &["corruption"],
    schedule: |rng, cluster, phase| schedule(rng, cluster, phase, Mishap::Corruption),
};

/// Links are narrow.
pub const BANDWIDTH: Nemesis = Nemesis {
    name: "bandwidth",
    about: "links carry few bytes a second: messages queue, and arrive late",
    families: &["slow"],
    schedule: |rng, cluster, phase| {
        one_each(rng, phase, |rng| {
            let hosts = Spec::one_of(&SPECS, rng, cluster);
            Fault::Throttle { hosts, bytes_per_s: 250 << rng.random_range(0..6) }
        })
    },
};

const SPECS: [Spec; 4] = [Spec::AnyHost, Spec::Minority, Spec::AllHosts, Spec::AllHosts];

/// On the links of one host or of all; from one message in a hundred to two of five.
fn schedule(rng: &mut ChaCha8Rng, cluster: &Cluster, phase: Phase, mishap: Mishap) -> Schedule {
    one_each(rng, phase, |rng| {
        let hosts = Spec::one_of(&SPECS, rng, cluster);
        Fault::Weather { hosts, mishap, permille: rng.random_range(10..=400) }
    })
}
