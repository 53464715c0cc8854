//! Weakened variants: a lease without a fence, and one that clocks that can be set measure.

use super::{LEADER, Rules, Timer, start};
use crate::story::{Failure, Story};
use crate::system::{Claim, Level, MINIMUM, System};

const WEAKENED: &[Claim] = &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: true }];

const BOTH_ACT: &[&str] = &["two-leaders", "duplicated", "went-back"];

const REMEDY: &str = "To give every lease a token higher than all before, and to let the storage refuse older ones.";

const COST: &str = "The storage must keep the highest token that it has seen, and look at it before every access.";

/// Weakened: the storage does not look at tokens.
pub const LEADER_NO_FENCE: System = System {
    name: "leader-no-fence",
    about: "the same, but the storage takes what any leader stores, whatever its token",
    gives_up: "the job's state, when a leader stands still for longer than its lease",
    claims: WEAKENED,
    story: Story {
        mechanism: "A node that gets a lease from a majority leads until it can't renew it. The storage trusts whoever leads.",
        failures: &[Failure {
            anomalies: BOTH_ACT,
            steps: &[
                "A leader stands still, or what it stores waits in the network, for longer than its lease.",
                "Another node gets the lease, and acts.",
                "The first one goes on, and does not know yet that its lease has ended: it acts, too, and overwrites what the second has done.",
            ],
            remedy: REMEDY,
            variant: Some("leader"),
            cost: COST,
        }],
    },
    start: |node| start(node, Rules { fences: false, timer: Timer::Monotonic }),
    ..LEADER
};

/// Weakened: the same, and leases are measured by clocks that can be set.
pub const LEADER_WALL_CLOCK: System = System {
    name: "leader-wall-clock",
    about: "the same without a fence, and leases are measured by the nodes' wall clocks",
    gives_up: "the job's state, when clocks jump",
    claims: WEAKENED,
    story: Story {
        mechanism: "A node that gets a lease from a majority leads until the lease ends by its own wall clock; the others grant another when it has ended by theirs. The storage trusts whoever leads.",
        failures: &[Failure {
            anomalies: BOTH_ACT,
            steps: &[
                "A leader has a lease of a majority.",
                "The clocks of others jump ahead, and the lease has ended for them: they grant it to another node.",
                "By its own clock the first one still leads. Both act, and give out the same numbers.",
            ],
            remedy: REMEDY,
            variant: Some("leader"),
            cost: COST,
        }],
    },
    start: |node| start(node, Rules { fences: false, timer: Timer::WallClock }),
    ..LEADER
};
