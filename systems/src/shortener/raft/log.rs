//! The log: entries in order, each with the term of the leader that took it in (section 5.3 of the paper).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Where an entry is. Of two ends of logs the greater is the more up to date (section 5.4.1): the term counts first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) term: u64,
    pub(super) index: u64,
}

/// An entry: a command, or nothing, with which a leader begins its term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry<C> {
    pub(super) term: u64,
    pub(super) command: Option<C>,
}

/// The entries from index 1 on.
#[derive(Debug)]
pub(super) struct Log<C>(Vec<Arc<Entry<C>>>);

impl<C> Default for Log<C> {
    fn default() -> Log<C> {
        Log(Vec::new())
    }
}

impl<C> Log<C> {
    /// The position of the last entry; zeros if there is none.
    pub(super) fn last(&self) -> Position {
        Position { term: self.0.last().map_or(0, |entry| entry.term), index: self.0.len() as u64 }
    }

    /// The term of the entry at `index`; that before the first is 0.
    pub(super) fn term_at(&self, index: u64) -> Option<u64> {
        if index == 0 { Some(0) } else { self.get(index).map(|entry| entry.term) }
    }

    /// The entry at `index`.
    pub(super) fn get(&self, index: u64) -> Option<&Arc<Entry<C>>> {
        self.0.get(place(index)?)
    }

    /// At most `limit` entries from `index` on.
    pub(super) fn from(&self, index: u64, limit: usize) -> Vec<Arc<Entry<C>>> {
        let from = place(index).unwrap_or(0);
        self.0.iter().skip(from).take(limit).cloned().collect()
    }

    /// Puts an entry at `index`, which is at most one past the end; what was there and behind it is gone.
    pub(super) fn put(&mut self, index: u64, entry: Arc<Entry<C>>) {
        self.0.truncate(place(index).expect("entries begin at 1"));
        self.0.push(entry);
    }

    /// Where a leader may try next when this log does not have the entry at `wanted`: before the whole term that is in
    /// conflict there, not just one entry earlier.
    pub(super) fn end_of_agreement(&self, wanted: u64) -> u64 {
        let Some(term) = self.term_at(wanted) else { return self.last().index };
        let mut index = wanted;
        while index > 0 && self.term_at(index) == Some(term) {
            index -= 1;
        }
        index
    }
}

fn place(index: u64) -> Option<usize> {
    usize::try_from(index.checked_sub(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(terms: &[u64]) -> Log<()> {
        let mut log = Log::default();
        for (at, term) in terms.iter().enumerate() {
            log.put(at as u64 + 1, Arc::new(Entry { term: *term, command: None }));
        }
        log
    }

    #[test]
    fn a_later_term_outweighs_a_longer_log() {
        assert!(log(&[1, 3]).last() > log(&[1, 2, 2, 2]).last());
        assert!(log(&[1, 2, 2]).last() > log(&[1, 2]).last());
    }

    #[test]
    fn an_entry_takes_the_place_of_all_behind_it() {
        let mut log = log(&[1, 1, 1]);
        log.put(2, Arc::new(Entry { term: 4, command: None }));
        assert_eq!(log.last(), Position { term: 4, index: 2 });
    }

    #[test]
    fn a_conflict_is_walked_back_term_by_term() {
        assert_eq!(log(&[1, 2, 2, 2]).end_of_agreement(4), 1);
        assert_eq!(log(&[1, 2]).end_of_agreement(9), 2);
    }
}
