//! Locks on links: shared by readers, exclusive to a writer (strict two-phase locking; Bernstein et al. 1987, chapter 3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::message::Txn;

/// How a link is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mode {
    Shared,
    Exclusive,
}

/// Who holds which link of a shard.
#[derive(Debug, Default)]
pub(super) struct Locks(BTreeMap<String, BTreeMap<Txn, Mode>>);

impl Locks {
    /// Whether nobody but `asker` holds `code` in a way that stands against `mode`.
    pub(super) fn grants(&self, code: &str, mode: Mode, asker: Option<&Txn>) -> bool {
        let stands = |(holder, held): (&Txn, &Mode)| {
            asker != Some(holder) && (mode == Mode::Exclusive || *held == Mode::Exclusive)
        };
        self.0.get(code).is_none_or(|holders| !holders.iter().any(stands))
    }

    pub(super) fn take(&mut self, code: &str, mode: Mode, txn: &Txn) {
        self.0.entry(code.to_owned()).or_default().insert(txn.clone(), mode);
    }

    pub(super) fn release(&mut self, txn: &Txn) {
        self.release_if(txn, |_| true);
    }

    /// What was only read may be written by others as soon as its reader asks for no further lock.
    pub(super) fn release_shared(&mut self, txn: &Txn) {
        self.release_if(txn, |mode| mode == Mode::Shared);
    }

    fn release_if(&mut self, txn: &Txn, which: impl Fn(Mode) -> bool) {
        self.0.retain(|_, holders| {
            if holders.get(txn).is_some_and(|mode| which(*mode)) {
                holders.remove(txn);
            }
            !holders.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn txn(number: u64) -> Txn {
        Txn { coordinator: "n1".into(), life: 1, number }
    }

    #[test]
    fn readers_share_a_link_and_a_writer_has_it_alone() {
        let mut locks = Locks::default();
        assert!(locks.grants("a", Mode::Exclusive, None));
        locks.take("a", Mode::Shared, &txn(1));
        assert!(locks.grants("a", Mode::Shared, None) && !locks.grants("a", Mode::Exclusive, None));
        locks.release(&txn(1));
        locks.take("a", Mode::Exclusive, &txn(2));
        assert!(!locks.grants("a", Mode::Shared, None) && locks.grants("b", Mode::Exclusive, None));
        assert!(!locks.grants("a", Mode::Shared, Some(&txn(1))));
        assert!(locks.grants("a", Mode::Exclusive, Some(&txn(2))), "a transaction does not stand in its own way");
    }

    #[test]
    fn a_transaction_can_give_back_what_it_only_read() {
        let mut locks = Locks::default();
        locks.take("a", Mode::Shared, &txn(1));
        locks.take("b", Mode::Exclusive, &txn(1));
        locks.release_shared(&txn(1));
        assert!(locks.grants("a", Mode::Exclusive, None) && !locks.grants("b", Mode::Shared, None));
    }
}
