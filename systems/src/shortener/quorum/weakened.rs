//! Weakened variants: each leaves one rule of the algorithm out, and claims what it can't hold any more.

use super::version::Source;
use super::{ABD, HandOff, QUORUM, Variant, start};
use crate::story::{Failure, LOST_WRITES, OLD_READS, Story};
use crate::system::{Claim, Level, MINIMUM, System, minimum_without};

/// What a system has to live with, but clocks that are wrong.
const CLOCKS_RIGHT: &[&str] = &[
    "none",
    "partition",
    "one-way",
    "flapping",
    "crash",
    "power-loss",
    "pause",
    "slow",
    "loss",
    "duplication",
    "reordering",
    "corruption",
];

const WEAKENED: &[Claim] = &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: true }];

/// Weakened: a read that met a write under way answers it, and the next read may still miss it.
pub const QUORUM_NO_WRITE_BACK: System = System {
    name: "quorum-no-write-back",
    about: "`quorum`, but a read does not write back what it answers",
    gives_up: "after a read of the new target, another may still show the old: regular, not linearizable",
    source: "Lamport 1986, \"On interprocess communication\" (regular registers)",
    claims: WEAKENED,
    story: Story {
        mechanism: "Every node keeps a copy of every link with a version. A write asks a majority for the highest version, then stores a higher one on a majority; a read asks a majority and answers the highest, without making sure that the next read finds it too.",
        failures: &[Failure {
            anomalies: OLD_READS,
            steps: &[
                "A write stores its version on one replica, and is still under way, or is given up.",
                "A read asks a majority that holds this replica, and answers the new target.",
                "A later read asks another majority, which the write has not reached, and answers the old one.",
            ],
            remedy: "To store what a read answers on a majority before it is answered.",
            variant: Some("quorum"),
            cost: "A second round trip for reads that meet a write under way.",
        }],
    },
    start: |node| start(node, Variant { write_back: false, ..ABD }),
    ..QUORUM
};

/// Weakened: the replicas that a read asks need not have seen the last write.
pub const QUORUM_WEAK: System = System {
    name: "quorum-weak",
    about: "`quorum`, but one replica is enough for a read or a write (R + W ≤ N)",
    gives_up: "recency: a read may miss any number of acknowledged writes",
    source: "DeCandia et al. 2007 (Dynamo), section 4.5",
    claims: WEAKENED,
    story: Story {
        mechanism: "Every node keeps a copy of every link with a version, and a read or a write is done when one replica has answered.",
        failures: &[Failure {
            anomalies: OLD_READS,
            steps: &[
                "A write is acknowledged as soon as one replica has stored it.",
                "The others have not heard of it: the messages to them are under way, or lost in a cut.",
                "A read is answered by one of these, with the target from before the write.",
            ],
            remedy: "To let the reads and the writes of any link share a replica (R + W > N).",
            variant: Some("quorum"),
            cost: "An answer takes as long as the slowest node of the fastest majority, and a minority can't answer.",
        }],
    },
    start: |node| start(node, Variant { reads: |_| 1, writes: |_| 1, ..ABD }),
    ..QUORUM
};

/// Weakened when clocks are wrong: the last writer by the wall clock wins, whoever it was.
pub const QUORUM_LWW: System = System {
    name: "quorum-lww",
    about: "`quorum`, but versions are times of each node's wall clock: the last writer wins",
    gives_up: "acknowledged updates of a node whose clock is behind",
    source: "Kingsbury 2013, \"Call me maybe: Riak\" and \"Cassandra\"",
    claims: &[
        Claim { level: Level::Linearizable, under: CLOCKS_RIGHT, weakened: false },
        Claim { level: Level::Linearizable, under: MINIMUM, weakened: true },
    ],
    story: Story {
        mechanism: "Every node keeps a copy of every link with the time of its write, by the clock of the node that wrote it. The latest time wins.",
        failures: &[Failure {
            anomalies: OLD_READS,
            steps: &[
                "Of two nodes the clock of one is ahead of the other's, and it writes a link: the copy carries the later time.",
                "The other node writes the link after that, with the earlier time of its own clock.",
                "Every replica keeps the copy with the higher time: the later write is acknowledged, and gone.",
            ],
            remedy: "To take versions from a counter that is read from a majority first.",
            variant: Some("quorum"),
            cost: "None here, where a re-target looks first whether the link is there; a write that need not look would save that round trip.",
        }],
    },
    start: |node| start(node, Variant { versions: Source::WallClock, ..ABD }),
    ..QUORUM
};

/// Always writable: nodes stand in for others that they can't reach. Weakened as soon as anybody does.
pub const QUORUM_SLOPPY: System = System {
    name: "quorum-sloppy",
    about: "`quorum`, but a node stands in for those that it can't reach, and hands off what it kept for them",
    gives_up: "recency during a cut, and of re-targets on its two sides one is lost; creates are not",
    source: "DeCandia et al. 2007 (Dynamo), section 4.6; the stand-in is the coordinator, as in Cassandra",
    claims: SLOPPY_CLAIMS,
    story: Story {
        mechanism: "As the quorum, but a node that can't reach a replica keeps its copy for it, counts that as stored, and hands it over when the replica is back.",
        failures: &[Failure {
            anomalies: LOST_WRITES,
            steps: &[
                "The network is cut; nodes on each side stand in for those on the other.",
                "A write on one side is acknowledged, though no node of the other side has it.",
                "A read on the other side is answered, too, from copies that the write never reached.",
            ],
            remedy: "To count only the replicas themselves, and to refuse what a majority can't confirm.",
            variant: Some("quorum"),
            cost: "The minority side can't answer during a cut.",
        }],
    },
    start: |node| start(node, Variant { stand_in: Some(HandOff::UntilStored), ..ABD }),
    ..QUORUM
};

/// Both: what Riak did when `allow_mult` was off.
pub const QUORUM_SLOPPY_LWW: System = System {
    name: "quorum-sloppy-lww",
    about: "`quorum-sloppy` with versions by each node's wall clock",
    gives_up: "recency during a cut, and the re-targets of all sides but the one that wrote last",
    source: "Kingsbury 2013, \"Call me maybe: Riak\"",
    start: |node| start(node, Variant { stand_in: Some(HandOff::UntilStored), versions: Source::WallClock, ..ABD }),
    claims: SLOPPY_LWW_CLAIMS,
    ..QUORUM_SLOPPY
};

const SLOPPY_CLAIMS: &[Claim] = &[
    Claim { level: Level::Linearizable, under: &["none"], weakened: false },
    Claim { level: Level::Linearizable, under: &["partition"], weakened: true },
    Claim { level: Level::Eventual, under: MINIMUM, weakened: false },
];

/// A clock that was set back makes a node's later write the older one.
const SLOPPY_LWW_CLAIMS: &[Claim] = &[
    Claim { level: Level::Linearizable, under: &["none"], weakened: false },
    Claim { level: Level::Linearizable, under: &["partition"], weakened: true },
    Claim { level: Level::Eventual, under: WITHOUT_SKEW, weakened: false },
    Claim { level: Level::Eventual, under: MINIMUM, weakened: true },
];

/// [`MINIMUM`], for whoever trusts its clock.
const WITHOUT_SKEW: &[&str] = &minimum_without("skew");

/// Weakened: a write quorum that need not meet a read quorum.
pub const QUORUM_OFF_BY_ONE: System = System {
    name: "quorum-off-by-one",
    about: "`quorum`, but a write awaits half of the replicas, rounded down (R + W = N)",
    gives_up: "recency: a majority of the replicas may not have heard of an acknowledged write",
    source: "Gifford 1979, \"Weighted voting for replicated data\"",
    claims: WEAKENED,
    story: Story {
        mechanism: "As the quorum, but a write is done when n / 2 replicas have stored it, one fewer than a majority of an odd number.",
        failures: &[Failure {
            anomalies: OLD_READS,
            steps: &[
                "A write is acknowledged when two of five replicas have stored it.",
                "A read asks a majority, and the three fastest are just the others.",
                "It answers the target from before the write.",
            ],
            remedy: "To await a majority: n / 2 + 1.",
            variant: Some("quorum"),
            cost: "The answer of one more replica for each write.",
        }],
    },
    start: |node| start(node, Variant { writes: |nodes| (nodes / 2).max(1), ..ABD }),
    ..QUORUM
};

/// Weakened: replicas acknowledge what only their memories hold.
pub const QUORUM_NO_FSYNC: System = System {
    name: "quorum-no-fsync",
    about: "`quorum`, but replicas acknowledge before their disks have it",
    gives_up: "acknowledged writes, when several nodes lose power",
    claims: WEAKENED,
    story: Story {
        mechanism: "As the quorum, but a replica says that it stored a version when its memory has it.",
        failures: &[Failure {
            anomalies: LOST_WRITES,
            steps: &[
                "A majority stores a version, in memory, and the write is acknowledged.",
                "Some of these nodes lose power and come back with what their disks have.",
                "A read asks a majority in which nobody knows of the write any more.",
            ],
            remedy: "To sync the journal before a replica acknowledges.",
            variant: Some("quorum"),
            cost: "A sync of the disk in the way of every acknowledgement.",
        }],
    },
    start: |node| start(node, Variant { sync_first: false, ..ABD }),
    ..QUORUM
};

/// Weakened: two writers can make the same version, and whichever comes first stays.
pub const QUORUM_TIED: System = System {
    name: "quorum-tied",
    about: "`quorum`, but a version is the counter alone: of two writes with one version, each replica keeps what came first",
    gives_up: "agreement on concurrent writes",
    claims: WEAKENED,
    story: Story {
        mechanism: "As the quorum, but a version does not say who wrote it: two writers that saw the same highest version make the same next one.",
        failures: &[Failure {
            anomalies: &["stale-read", "non-linearizable", "divergence"],
            steps: &[
                "Two writers ask a majority for the highest version, and both are told the same.",
                "Both store the next one, with different targets; each replica keeps whichever arrives first.",
                "Which target a read answers depends on which replicas reply to it: it changes to and fro.",
            ],
            remedy: "To break ties by the writer's name, which everybody compares alike.",
            variant: Some("quorum"),
            cost: "A few bytes for each version.",
        }],
    },
    start: |node| start(node, Variant { versions: Source::Nameless, ..ABD }),
    ..QUORUM
};

/// Weakened: what is kept for a node that is away is thrown away when it can't be handed off at once.
pub const QUORUM_SLOPPY_FORGETFUL: System = System {
    name: "quorum-sloppy-forgetful",
    about: "`quorum-sloppy`, but what a node keeps for another is dropped when the first hand-off fails",
    gives_up: "creates that one side of a cut acknowledged",
    claims: &[Claim { level: Level::Eventual, under: MINIMUM, weakened: true }],
    story: Story {
        mechanism: "As the sloppy quorum, but a node tries only once to hand over what it kept for another.",
        failures: &[Failure {
            anomalies: LOST_WRITES,
            steps: &[
                "The network is cut. A node on the smaller side keeps copies for those that it can't reach, and acknowledges.",
                "It tries to hand them over, fails, and drops them.",
                "After the heal a majority has never heard of the write, and answers for everybody.",
            ],
            remedy: "To keep a hint until its owner has acknowledged it.",
            variant: Some("quorum-sloppy"),
            cost: "Disk space for as long as a node is away.",
        }],
    },
    start: |node| start(node, Variant { stand_in: Some(HandOff::Once), ..ABD }),
    ..QUORUM_SLOPPY
};
