//! What nodes say to one another.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::locks::Mode;
use crate::shortener::machine::{Outcome, Proposal};
use crate::shortener::transaction::Write;

/// A transaction, named by who coordinates it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Txn {
    pub(super) coordinator: Arc<str>,
    /// Which of the coordinator's lives.
    pub(super) life: u64,
    pub(super) number: u64,
}

/// A request to the node that has a shard, or coordinates.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// Execute a command on links that are all of this shard.
    Run(Proposal),
    /// How often was a link followed?
    Redirects(String),
    /// Lock these links for a transaction, and say what they are.
    Read(Txn, Vec<(String, Mode)>),
    /// Can the transaction be committed, with these writes to this shard? The nodes are all that write.
    Prepare(Txn, Vec<Write>, Vec<Arc<str>>),
    /// All can (three phases only).
    PreCommit(Txn),
    /// It is committed, or aborted.
    End(Txn, bool),
    /// Where does the transaction stand?
    Stand(Txn),
}

/// The reply.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// What came of a command, or how often a link was followed.
    Outcome(Outcome),
    /// Another transaction holds a link; nothing was done, nor will be.
    Busy,
    /// The target and the history of each link, in the order in which they were asked for.
    Read(Vec<(Option<String>, Vec<i64>)>),
    Vote(Vote),
    /// Noted, durably.
    Done,
    Stands(Stands),
}

/// A participant's vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Vote {
    /// It can commit, whatever happens to it from now on.
    Yes,
    /// It wrote nothing, and whatever is decided is the same to it.
    ReadOnly,
    /// It can't: it does not hold the locks any more.
    No,
}

/// What a node knows of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stands {
    /// As its coordinator.
    pub(super) coordinator: Decision,
    /// As one of its participants.
    pub(super) participant: Stage,
}

/// What a coordinator has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Decision {
    /// Nothing yet.
    Open,
    Commit,
    /// There is no record of a commit: abort is presumed.
    NoRecord,
}

/// How far a participant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Stage {
    /// It has not voted, and will vote no.
    NotVoted,
    /// It voted yes. After a restart it does not know what the others did meanwhile.
    Prepared {
        restarted: bool,
    },
    /// It voted yes, and knows that all did.
    PreCommitted {
        restarted: bool,
    },
    Aborted,
    Committed,
}

impl Stage {
    /// Of a transaction in doubt that the journal tells of.
    pub(super) fn after_restart(pre_committed: bool) -> Stage {
        if pre_committed { Stage::PreCommitted { restarted: true } } else { Stage::Prepared { restarted: true } }
    }
}
