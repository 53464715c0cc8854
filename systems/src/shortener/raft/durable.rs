//! What a node must not forget in a crash: its term, its vote and its log (figure 2, "persistent state"); and how often it
//! was started, so that its commands of one life are never taken for those of another.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::log::{Entry, Log};

/// A node's term, and whom it votes for in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ballot {
    pub(super) term: u64,
    pub(super) vote: Option<Arc<str>>,
}

/// A record of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Record<C> {
    /// The node is started for the so many-th time.
    Life(u64),
    /// Its ballot from now on.
    Ballot(Ballot),
    /// The entry at this index from now on: whatever was there and behind it is no part of the log any more.
    Entry(u64, Arc<Entry<C>>),
}

/// What all records together say.
#[derive(Debug)]
pub(super) struct Remembered<C> {
    pub(super) lives: u64,
    pub(super) ballot: Ballot,
    pub(super) log: Log<C>,
}

impl<C> Default for Remembered<C> {
    fn default() -> Remembered<C> {
        Remembered { lives: 0, ballot: Ballot::default(), log: Log::default() }
    }
}

impl<C> Extend<Record<C>> for Remembered<C> {
    fn extend<I: IntoIterator<Item = Record<C>>>(&mut self, records: I) {
        for record in records {
            match record {
                Record::Life(lives) => self.lives = lives,
                Record::Ballot(ballot) => self.ballot = ballot,
                Record::Entry(index, entry) => self.log.put(index, entry),
            }
        }
    }
}
