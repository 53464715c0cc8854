//! Weakened variants: each leaves one rule of Raft out, and claims what it can't hold any more.

use super::{RAFT, Rule, Rules, node};
use crate::story::{DONE_TWICE, Failure, LOST_WRITES, OLD_READS, Story};
use crate::system::{Claim, Level, MINIMUM, System};

const WEAKENED: &[Claim] = &[Claim { level: Level::Linearizable, under: MINIMUM, weakened: true }];

/// Weakened: a node answers reads from what it has applied itself.
pub const RAFT_STALE_READ: System = System {
    name: "raft-stale-read",
    about: "`raft`, but every node answers reads from its own state",
    gives_up: "recency of reads",
    claims: WEAKENED,
    story: Story {
        mechanism: "As Raft, but a read is answered by whichever node was asked, from what it has applied.",
        failures: &[Failure {
            anomalies: OLD_READS,
            steps: &[
                "A command is committed by a majority, applied by the leader, and answered.",
                "Another node hears later, or is cut off, that it is committed.",
                "A read at that node is answered from the state before the command.",
            ],
            remedy: "To answer reads only after a majority has confirmed the leader, and up to what it had committed then (read index).",
            variant: Some("raft"),
            cost: "A round of messages for every batch of reads, and no reads on a minority's side.",
        }],
    },
    start: |node| node::start(node, Rules::without(Rule::AskLeader)),
    ..RAFT
};

/// Weakened: a node votes and acknowledges entries before its disk has them.
pub const RAFT_NO_FSYNC: System = System {
    name: "raft-no-fsync",
    about: "`raft`, but the journal is synced once a second, and nobody waits for it",
    gives_up: "acknowledged writes are lost when several nodes lose power",
    claims: WEAKENED,
    story: Story {
        mechanism: "As Raft, but a node votes and acknowledges before its disk has what it promised.",
        failures: &[Failure {
            anomalies: LOST_WRITES,
            steps: &[
                "A majority acknowledges an entry that only their memories hold; it is committed and answered.",
                "Several of these nodes lose power, and forget the entry, or whom they voted for.",
                "A majority without the entry elects a leader, which never had it.",
            ],
            remedy: "To sync the journal before any message that follows from it leaves.",
            variant: Some("raft"),
            cost: "A sync of the disk in the way of every vote and every acknowledgement.",
        }],
    },
    start: |node| node::start(node, Rules::without(Rule::SyncFirst)),
    ..RAFT
};

/// Weakened: a leader answers before a majority has the entry.
pub const RAFT_REPLY_BEFORE_COMMIT: System = System {
    name: "raft-reply-before-commit",
    about: "`raft`, but the leader answers as soon as its own log has the command",
    gives_up: "acknowledged writes are lost with their leader",
    claims: WEAKENED,
    story: Story {
        mechanism: "As Raft, but the leader answers as soon as the command is in its own log.",
        failures: &[Failure {
            anomalies: LOST_WRITES,
            steps: &[
                "A leader puts a command into its log and answers.",
                "It is cut off or crashes before a majority has the entry.",
                "The others elect a leader without it, and its log overwrites the old leader's.",
            ],
            remedy: "To answer when a majority has the entry on disk.",
            variant: Some("raft"),
            cost: "A round trip to the fastest majority before every answer.",
        }],
    },
    start: |node| node::start(node, Rules::without(Rule::CommitFirst)),
    ..RAFT
};

/// Weakened: an entry counts as committed one copy too early.
pub const RAFT_MINORITY_COMMIT: System = System {
    name: "raft-minority-commit",
    about: "`raft`, but one copy fewer than a majority commits an entry",
    gives_up: "committed commands: a majority without them can elect a leader",
    claims: WEAKENED,
    story: Story {
        mechanism: "As Raft, but a leader of five nodes takes a command for committed when one follower has it, too.",
        failures: &[Failure {
            anomalies: LOST_WRITES,
            steps: &[
                "A leader and one follower are cut off from the three others; together they commit a command, and answer.",
                "The three have a majority, and elect a leader that has never heard of the command.",
                "It commits another one at the same place of the log, and after the heal the first is gone.",
            ],
            remedy: "To commit what a majority has: any two majorities share a node.",
            variant: Some("raft"),
            cost: "The answer of one more follower.",
        }],
    },
    start: |node| node::start(node, Rules::without(Rule::MajorityCommits)),
    ..RAFT
};

/// Weakened: whoever asks first is elected, whatever it has missed.
pub const RAFT_ANY_LEADER: System = System {
    name: "raft-any-leader",
    about: "`raft`, but a vote does not ask whether the candidate's log is up to date",
    gives_up: "committed commands that a new leader has never heard of",
    claims: WEAKENED,
    story: Story {
        mechanism: "As Raft, but a node votes for whoever asks first in a term, whatever is in the candidate's log.",
        failures: &[Failure {
            anomalies: LOST_WRITES,
            steps: &[
                "A majority has a command, so it is committed and answered; one node was cut off and lacks it.",
                "That node stands for election, and gets the votes of nodes that have the command.",
                "As leader it puts its own log in the place of theirs: the committed command is gone.",
            ],
            remedy: "To vote only for a candidate whose log ends no earlier than the voter's own (section 5.4.1).",
            variant: Some("raft"),
            cost: "Two numbers in each request for a vote.",
        }],
    },
    start: |node| node::start(node, Rules::without(Rule::CompareLogs)),
    ..RAFT
};

/// Weakened: a command that was asked for again takes effect again.
pub const RAFT_REPEATS: System = System {
    name: "raft-repeats",
    about: "`raft`, but a command has no key by which it is known again: a retry takes effect a second time",
    gives_up: "exactly once: redirects count twice, and a compare-and-set that succeeded is answered as refused",
    claims: WEAKENED,
    story: Story {
        mechanism: "As Raft, but the replicated state does what the log says as often as the log says it.",
        failures: &[Failure {
            anomalies: DONE_TWICE,
            steps: &[
                "A node takes a command to the leader; the leader has it committed, but the answer is late, or the leader falls.",
                "The node asks again, and the command is in the log a second time.",
                "Every node applies it twice.",
            ],
            remedy: "To keep, for each session, the outcomes of its commands (dissertation, section 6.3).",
            variant: Some("raft"),
            cost: "The outcomes that may still be asked for are part of the state.",
        }],
    },
    start: |node| node::start(node, Rules::without(Rule::TellRepeats)),
    ..RAFT
};
