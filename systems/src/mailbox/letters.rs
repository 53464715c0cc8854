//! What has arrived at a node, in the order of its arrival. It is in memory only.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};

use super::Link;

/// A message that arrived: who sent it, and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The node that sent it.
    pub from: Arc<str>,
    /// What it says.
    pub text: String,
}

/// The mailbox; clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Letters(Arc<Mutex<Arrived>>);

#[derive(Debug, Default)]
struct Arrived {
    all: Vec<Letter>,
    /// The latest connection of each sender.
    links: BTreeMap<Arc<str>, Link>,
}

impl Letters {
    /// Takes a message, unless its sender has opened another connection since: what was sent there may be here already.
    pub(super) fn arrive(&self, from: Arc<str>, link: Link, text: String) {
        let mut arrived = self.arrived();
        let latest = arrived.links.entry(from.clone()).or_default();
        if link < *latest {
            return tracing::debug!("{text:?} of {from} comes too late, over an earlier connection");
        }
        *latest = link;
        arrived.all.push(Letter { from, text });
    }

    /// All messages.
    pub(super) fn all(&self) -> Vec<Letter> {
        self.arrived().all.clone()
    }

    fn arrived(&self) -> MutexGuard<'_, Arrived> {
        self.0.lock().expect("no holder panics")
    }
}

#[cfg(test)]
mod tests {
    use super::{Letters, Link};

    #[test]
    fn what_an_earlier_connection_brings_late_is_thrown_away_and_what_comes_twice_is_not() {
        let letters = Letters::default();
        for (life, number, text) in [(1, 1, "a"), (1, 2, "b"), (1, 1, "late"), (1, 2, "b"), (2, 0, "c"), (1, 9, "late")]
        {
            letters.arrive("n1".into(), Link { life, number }, text.to_owned());
        }
        let texts: Vec<String> = letters.all().into_iter().map(|letter| letter.text).collect();
        assert_eq!(texts, ["a", "b", "b", "c"]);
    }
}
