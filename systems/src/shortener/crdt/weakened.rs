//! Weakened variants: each leaves one rule out, and claims what it can't hold any more.

use super::{CRDT, Joining, Rules, SOUND, start};
use crate::story::{Failure, Story};
use crate::system::{Claim, Level, MINIMUM, System};

const WEAKENED: &[Claim] = &[Claim { level: Level::Eventual, under: MINIMUM, weakened: true }];

/// Weakened: what a peer sends takes the place of what was there.
pub const CRDT_LOSSY: System = System {
    name: "crdt-lossy",
    about: "`crdt`, but a peer's state replaces the own one in place of being merged with it",
    gives_up: "concurrent updates of one link: some are lost, and redirect counts go back",
    claims: WEAKENED,
    story: Story {
        mechanism: "Every node keeps all links and answers from its own copy, and nodes pull from each other what they lack. What a node pulls takes the place of what it had.",
        failures: &[Failure {
            anomalies: &["overwritten", "divergence", "lost", "below-lower-bound", "stale-read", "non-linearizable"],
            steps: &[
                "Two nodes change the same link, each its own copy.",
                "One pulls the other's copy, which takes the place of its own.",
                "The change that it had made itself, and had acknowledged, is gone.",
            ],
            remedy: "To merge the two copies.",
            variant: Some("crdt"),
            cost: "Each copy keeps who changed it last, and how often.",
        }],
    },
    start: |node| start(node, Rules { joining: Joining::Replace, ..SOUND }),
    ..CRDT
};

/// Weakened: the same redirects are counted each time that copies meet.
pub const CRDT_SUM: System = System {
    name: "crdt-sum",
    about: "`crdt`, but the redirect counts of two copies are added up when they meet",
    gives_up: "redirect counts: they show more than there ever were",
    claims: WEAKENED,
    story: Story {
        mechanism: "As the CRDT, but when two copies of a link meet, the redirects of each actor are added, in place of taking the higher count of each.",
        failures: &[Failure {
            anomalies: &["above-upper-bound", "inexact-final-read"],
            steps: &[
                "A node counts a redirect, and another pulls the link from it.",
                "The link changes again, and is pulled again, with the redirect that the other has already.",
                "The other adds it a second time.",
            ],
            remedy: "To take, of each actor, the higher count: a merge that can be repeated.",
            variant: Some("crdt"),
            cost: "None: the same numbers are sent.",
        }],
    },
    start: |node| start(node, Rules { joining: Joining::AddCounts, ..SOUND }),
    ..CRDT
};

/// Weakened: a node answers before its disk has the change.
pub const CRDT_NO_FSYNC: System = System {
    name: "crdt-no-fsync",
    about: "`crdt`, but a node answers before its disk has the change",
    gives_up: "acknowledged links of a node that loses power before another has pulled them",
    claims: WEAKENED,
    story: Story {
        mechanism: "As the CRDT, but a change is answered when the node's memory has it.",
        failures: &[Failure {
            anomalies: &["lost", "below-lower-bound", "inexact-final-read", "divergence"],
            steps: &[
                "A node makes a change and answers; the change is in its memory alone.",
                "It loses power before a peer has pulled the change.",
                "Nobody has ever heard of it.",
            ],
            remedy: "To sync the journal before the answer.",
            variant: Some("crdt"),
            cost: "A sync of the disk for every change.",
        }],
    },
    start: |node| start(node, Rules { sync_first: false, ..SOUND }),
    ..CRDT
};

/// Weakened: what was removed comes back from whoever has not heard of it.
pub const CRDT_RESURRECTS: System = System {
    name: "crdt-resurrects",
    about: "`crdt`, but copies are merged without looking at what was removed: a deleted link comes back",
    gives_up: "deletions",
    claims: WEAKENED,
    story: Story {
        mechanism: "As the CRDT, but when two copies of a link meet, every target that one of them has stays.",
        failures: &[Failure {
            anomalies: &["overwritten", "divergence", "lost"],
            steps: &[
                "A node deletes a link, and answers; another still has it.",
                "The two copies meet. The second has the target, and nothing tells a target that was removed from a new one.",
                "The link is back, on every node.",
            ],
            remedy: "To know which changes each copy has seen: a target that was seen and is not there was removed.",
            variant: Some("crdt"),
            cost: "A version vector for every link, or a tombstone for every removal.",
        }],
    },
    start: |node| start(node, Rules { joining: Joining::KeepRemoved, ..SOUND }),
    ..CRDT
};
