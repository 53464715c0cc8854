//! Weakened variants: a lease without a fence, one that clocks that can be set measure, and votes that a restart forgets.

use super::{LEADER, RULES, Rules, Timer, start};
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
    start: |node| start(node, Rules { fences: false, ..RULES }),
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
    start: |node| start(node, Rules { fences: false, timer: Timer::WallClock, ..RULES }),
    ..LEADER
};

/// Weakened: a voter that is started again has forgotten what it promised, and votes again.
pub const LEADER_DOUBLE_VOTE: System = System {
    name: "leader-double-vote",
    about: "`leader`, but a voter's promises are not on its disk: after a restart it may vote for a token again",
    gives_up: "one leader for a token, and the fence: both stand on what voters remember",
    claims: WEAKENED,
    story: Story {
        mechanism: "A node that gets a lease from a majority leads under a token that is higher than any that its voters remember. A voter remembers its promises until its process ends.",
        failures: &[Failure {
            anomalies: BOTH_ACT,
            steps: &[
                "A majority promises a token to a node, which leads and acts.",
                "So many voters are restarted that a majority has forgotten the promise.",
                "Another node asks them for the same token, or a lower one, and gets it: they have voted twice.",
                "Two leaders have one token, and no fence can tell them apart.",
            ],
            remedy: "To have a promise on the disk before it is given.",
            variant: Some("leader"),
            cost: "A sync of the disk for every vote.",
        }],
    },
    start: |node| start(node, Rules { remembers: false, ..RULES }),
    ..LEADER
};
