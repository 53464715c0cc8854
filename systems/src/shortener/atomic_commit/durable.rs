//! What a node must not forget in a crash: its shard, what it has promised, and what it has decided (Gray 1978, section 5.8).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::message::Txn;
use crate::shortener::machine::{Machine, Proposal};
use crate::shortener::transaction::Write;

/// A record of the journal. One file for both roles, so that one sync makes all of it durable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Record {
    /// The node is started for the so many-th time.
    Life(u64),
    /// A command was executed.
    Ran(Proposal),
    /// The participant has voted yes.
    Prepared(Txn, Promise),
    /// The participant knows that all have voted yes.
    PreCommitted(Txn),
    /// The participant has carried out the decision.
    Ended(Txn, bool),
    /// The coordinator has decided to commit.
    Committed(Txn),
}

/// What a participant has promised to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Promise {
    pub(super) writes: Vec<Write>,
    /// Everybody who has to do a part.
    pub(super) participants: Vec<Arc<str>>,
}

/// What all records together say.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    pub(super) lives: u64,
    pub(super) machine: Machine,
    /// In doubt, and whether a pre-commit has come.
    pub(super) prepared: BTreeMap<Txn, (Promise, bool)>,
    pub(super) ended: BTreeMap<Txn, bool>,
    pub(super) committed: BTreeSet<Txn>,
}

impl Extend<Record> for Remembered {
    fn extend<I: IntoIterator<Item = Record>>(&mut self, records: I) {
        for record in records {
            match record {
                Record::Life(lives) => self.lives = lives,
                Record::Ran(proposal) => _ = self.machine.apply(&proposal),
                Record::Prepared(txn, promise) => _ = self.prepared.insert(txn, (promise, false)),
                Record::PreCommitted(txn) => {
                    if let Some((_, pre_committed)) = self.prepared.get_mut(&txn) {
                        *pre_committed = true;
                    }
                }
                Record::Ended(txn, commit) => {
                    if let Some((promise, _)) = self.prepared.remove(&txn)
                        && commit
                    {
                        self.machine.write(&promise.writes);
                    }
                    self.ended.insert(txn, commit);
                }
                Record::Committed(txn) => _ = self.committed.insert(txn),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn txn(number: u64) -> Txn {
        Txn { coordinator: "n1".into(), life: 1, number }
    }

    #[test]
    fn a_promise_is_kept_until_its_end_and_carried_out_only_by_a_commit() {
        let write = |url: &str| Write::Target("a".into(), url.into());
        let prepared = |number, url| {
            Record::Prepared(txn(number), Promise { writes: vec![write(url)], participants: vec!["n1".into()] })
        };
        let mut remembered = Remembered::default();
        remembered.extend([prepared(1, "https://1"), prepared(2, "https://2"), prepared(3, "https://3")]);
        remembered.extend([Record::Ended(txn(1), true), Record::Ended(txn(2), false), Record::PreCommitted(txn(3))]);
        assert_eq!(remembered.machine.target("a").as_deref(), Some("https://1"));
        assert_eq!(remembered.prepared.keys().collect::<Vec<_>>(), [&txn(3)]);
        assert!(remembered.prepared[&txn(3)].1, "that all had voted yes is remembered");
        assert_eq!(remembered.ended, BTreeMap::from([(txn(1), true), (txn(2), false)]));
    }
}
