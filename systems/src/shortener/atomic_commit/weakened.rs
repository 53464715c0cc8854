//! Weakened variants of two-phase commit: each leaves one rule out, and claims what it can't hold any more.

use super::{Rule, Rules, TWO_PHASE_COMMIT, TWO_PHASES, start};
use crate::story::{Failure, LOST_WRITES, Story, TORN};
use crate::system::{Claim, Level, MINIMUM, System};

const WEAKENED: &[Claim] = &[Claim { level: Level::Serializable, under: MINIMUM, weakened: true }];

const fn without(rule: Rule) -> Rules {
    Rules { left_out: Some(rule), ..TWO_PHASES }
}

/// Weakened: a restarted coordinator does not know what it has decided.
pub const TWO_PHASE_COMMIT_FORGETFUL: System = System {
    name: "two-phase-commit-forgetful",
    about: "`two-phase-commit`, but a coordinator forgets its decisions when it is restarted",
    gives_up: "atomicity: who asks again after a restart is told to abort what others have committed",
    claims: WEAKENED,
    story: Story {
        mechanism: "As two-phase commit, but the decision to commit is only in the coordinator's memory.",
        failures: &[Failure {
            anomalies: TORN,
            steps: &[
                "All vote yes; the coordinator decides to commit, and one participant hears it and writes.",
                "The coordinator is killed before the other hears it, and comes back without any record.",
                "The other asks it; no record means abort, and its half is never written.",
            ],
            remedy: "To make a decision to commit durable before anybody is told.",
            variant: Some("two-phase-commit"),
            cost: "One sync of the coordinator's disk for each transaction.",
        }],
    },
    start: |node| start(node, without(Rule::LogDecision)),
    ..TWO_PHASE_COMMIT
};

/// Weakened: a restarted participant does not know what it has promised.
pub const TWO_PHASE_COMMIT_BROKEN_PROMISE: System = System {
    name: "two-phase-commit-broken-promise",
    about: "`two-phase-commit`, but a participant votes yes before its disk has what it promises",
    gives_up: "atomicity: a participant that was restarted can't do its part",
    claims: WEAKENED,
    story: Story {
        mechanism: "As two-phase commit, but a participant's promise is only in its memory.",
        failures: &[Failure {
            anomalies: TORN,
            steps: &[
                "All vote yes, and the coordinator decides to commit.",
                "One participant is killed before it hears the decision, and comes back without its promise.",
                "It has nothing to write, and nothing to ask about: its half is lost.",
            ],
            remedy: "To sync the promise before the vote leaves.",
            variant: Some("two-phase-commit"),
            cost: "One sync of each participant's disk for each transaction.",
        }],
    },
    start: |node| start(node, without(Rule::LogPromise)),
    ..TWO_PHASE_COMMIT
};

/// Weakened: others write between a vote and its decision.
pub const TWO_PHASE_COMMIT_EARLY_RELEASE: System = System {
    name: "two-phase-commit-early-release",
    about: "`two-phase-commit`, but a participant gives its locks back when it has voted",
    gives_up: "isolation: two transactions can swap the same targets away",
    claims: WEAKENED,
    story: Story {
        mechanism: "As two-phase commit, but a participant's links are free again as soon as it has voted yes.",
        failures: &[Failure {
            anomalies: TORN,
            steps: &[
                "A transaction reads two targets to swap them, and its participants vote yes and give their locks back.",
                "Before all its writes have arrived, another transaction reads the links: it sees one half of the swap.",
                "If it only reads, it answers that; if it moves a target elsewhere, both commit: the target is in two places, and another is gone.",
            ],
            remedy: "To keep what is written locked until the decision is carried out (strict two-phase locking).",
            variant: Some("two-phase-commit"),
            cost: "Others wait for the locks, and for as long as the transaction is in doubt.",
        }],
    },
    start: |node| start(node, without(Rule::HoldLocks)),
    ..TWO_PHASE_COMMIT
};

/// Weakened: a participant that can't reach the coordinator decides alone.
pub const TWO_PHASE_COMMIT_IMPATIENT: System = System {
    name: "two-phase-commit-impatient",
    about: "`two-phase-commit`, but a participant that can't reach the coordinator aborts what it has promised (a heuristic decision)",
    gives_up: "atomicity: the others may have committed",
    claims: WEAKENED,
    story: Story {
        mechanism: "As two-phase commit, but a participant in doubt that gets no answer from the coordinator aborts, so that its links are not locked for long.",
        failures: &[Failure {
            anomalies: TORN,
            steps: &[
                "All vote yes. The coordinator decides to commit, and one participant hears it and writes.",
                "The other is cut off before it hears it, asks in vain, and aborts by itself.",
                "After the heal nobody asks any more: one half is written, and the other never will be.",
            ],
            remedy: "To wait: after a yes only the coordinator knows.",
            variant: Some("two-phase-commit"),
            cost: "Links stay locked while the coordinator can't be reached.",
        }],
    },
    start: |node| start(node, without(Rule::AwaitDecision)),
    ..TWO_PHASE_COMMIT
};

/// Weakened: a shard accepts a torn log.
pub const TWO_PHASE_COMMIT_TORN_LOG: System = System {
    name: "two-phase-commit-torn-log",
    about: "`two-phase-commit`, but a node that lost power in the middle of a write appends behind the torn record",
    gives_up: "everything that a shard acknowledged between such a power loss and its next start",
    claims: WEAKENED,
    story: Story {
        mechanism: "As two-phase commit, but a node that starts leaves the torn end of its log where it is, and reads its log only up to the first record that is not whole.",
        failures: &[Failure {
            anomalies: LOST_WRITES,
            steps: &[
                "A node loses power in the middle of a write: the last record of its log is torn.",
                "It starts again from the records before that one, and appends new ones behind it; they are synced and acknowledged.",
                "It is started once more, and reads up to the torn record: what came behind it is forgotten.",
            ],
            remedy: "To cut the torn end off before anything is appended, and to refuse to start from a log that is damaged elsewhere.",
            variant: Some("two-phase-commit"),
            cost: "None but the care.",
        }],
    },
    start: |node| start(node, without(Rule::CutTornEnd)),
    ..TWO_PHASE_COMMIT
};
