//! How often each link was followed: every life of a node keeps the list of the redirects that it gave, and the nodes copy
//! what they lack of each other's lists, so that each redirect counts once, wherever it is shown.
//!
//! A redirect is on the node's disk before it is answered. A life that ends without warning may have shown others more than
//! it had synced: the next life keeps a list of its own, under a name of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};

use crate::disk::DiskError;
use crate::journal::{BadJournal, Journal};
use crate::node::Node;

/// As many redirects are copied at a time.
const MOST: usize = 500;

/// How much of each life's list a node has.
pub(super) type Known = BTreeMap<Arc<str>, usize>;

/// A piece of one life's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Piece {
    /// The node, and which of its lives: `n1/2`.
    pub(super) life: Arc<str>,
    /// How many redirects come before it.
    pub(super) after: usize,
    /// The links that were followed.
    pub(super) followed: Vec<Arc<str>>,
}

/// A record of the journal.
#[derive(Debug, Serialize, Deserialize)]
enum Record {
    /// A new life began.
    Life(Arc<str>),
    /// The present life gave a redirect.
    Followed(Arc<str>),
}

/// The redirects that a node knows of; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    life: Arc<str>,
    journal: Journal<Record>,
    lists: Arc<Mutex<Lists>>,
}

#[derive(Debug, Default)]
struct Lists {
    of: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    totals: BTreeMap<Arc<str>, u64>,
}

impl Tally {
    /// Begins a life of `node`, with what its earlier lives left on its disk.
    pub(super) async fn begin(node: &Node) -> Result<Tally, BadJournal> {
        let (journal, records) = Journal::open(&node.disk, "redirects")?;
        let mut lists = Lists::default();
        let mut life: Arc<str> = "".into();
        for record in records {
            match record {
                Record::Life(began) => life = began,
                Record::Followed(code) => lists.append(&life, code),
            }
        }
        let number: u64 = life.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        let life: Arc<str> = format!("{}/{}", node.id, number + 1).into();
        journal.write(&Record::Life(life.clone())).await?;
        Ok(Tally { life, journal, lists: Arc::new(Mutex::new(lists)) })
    }

    /// Counts one redirect of this node; it is durable when this returns.
    pub(super) async fn count(&self, code: &str) -> Result<(), DiskError> {
        let code: Arc<str> = code.into();
        // The journal first: the order on the disk is the order of the list.
        self.journal.append(&Record::Followed(code.clone()))?;
        self.lists().append(&self.life, code);
        self.journal.sync().await
    }

    /// The name of this life of the node.
    pub(super) fn life(&self) -> &Arc<str> {
        &self.life
    }

    /// How often a link was followed, as far as this node knows.
    pub(super) fn total(&self, code: &str) -> u64 {
        self.lists().totals.get(code).copied().unwrap_or(0)
    }

    /// How much this node knows.
    pub(super) fn known(&self) -> Known {
        self.lists().of.iter().map(|(life, list)| (life.clone(), list.len())).collect()
    }

    /// What this node knows and another, that knows so much, does not: at most [`MOST`] redirects of it.
    pub(super) fn lacking(&self, known: &Known) -> Vec<Piece> {
        let lists = self.lists();
        let mut left = MOST;
        let mut pieces = Vec::new();
        for (life, list) in &lists.of {
            let after = known.get(life).copied().unwrap_or(0);
            let followed: Vec<Arc<str>> = list.iter().skip(after).take(left).cloned().collect();
            left -= followed.len();
            if !followed.is_empty() {
                pieces.push(Piece { life: life.clone(), after, followed });
            }
        }
        pieces
    }

    /// Takes over what another node knew; what was known before changes nothing.
    pub(super) fn merge(&self, pieces: Vec<Piece>) {
        let mut lists = self.lists();
        for Piece { life, after, followed } in pieces {
            let known = lists.of.get(&life).map_or(0, Vec::len);
            let Some(seen) = known.checked_sub(after) else { continue };
            for code in followed.into_iter().skip(seen) {
                lists.append(&life, code);
            }
        }
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().expect("no holder panics")
    }
}

impl Lists {
    fn append(&mut self, life: &Arc<str>, code: Arc<str>) {
        *self.totals.entry(code.clone()).or_default() += 1;
        self.of.entry(life.clone()).or_default().push(code);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::{Known, Piece, Tally};
    use crate::cluster::alone;
    use crate::disk::Platter;

    /// The tally of a new life of a node on this disk.
    fn life(name: &str, platter: &Platter) -> Tally {
        Tally::begin(&alone(name, platter)).now_or_never().expect("the simulated disk takes no time").unwrap()
    }

    fn follow(tally: &Tally, code: &str) {
        tally.count(code).now_or_never().expect("the simulated disk takes no time").unwrap();
    }

    #[test]
    fn a_redirect_counts_once_however_often_and_in_whatever_pieces_it_is_copied() {
        let (from, to) = (life("n1", &Platter::default()), life("n2", &Platter::default()));
        for code in ["a", "b", "a"] {
            follow(&from, code);
        }
        let whole = from.lacking(&Known::new());
        let [Piece { life, followed, .. }] = whole.as_slice() else { panic!("one life gave redirects: {whole:?}") };
        let piece = |after: usize| Piece { life: life.clone(), after, followed: followed[after..].to_vec() };
        to.merge(vec![piece(2)]);
        assert_eq!(to.total("a"), 0, "what comes before it is not known yet");
        for pieces in [vec![piece(0)], vec![piece(1)], whole.clone(), vec![piece(2)]] {
            to.merge(pieces);
            assert_eq!((to.total("a"), to.total("b")), (2, 1));
        }
        assert_eq!(from.lacking(&to.known()), []);
        follow(&to, "a");
        assert_eq!((to.total("a"), from.total("a")), (3, 2));
        from.merge(to.lacking(&from.known()));
        assert_eq!(from.total("a"), 3);
    }

    #[test]
    fn the_next_life_keeps_what_was_counted_and_counts_under_a_name_of_its_own() {
        let platter = Platter::default();
        let other = life("n2", &Platter::default());
        let first = life("n1", &platter);
        follow(&first, "a");
        other.merge(first.lacking(&other.known()));
        platter.lose_unsynced();
        let second = life("n1", &platter);
        assert_eq!(second.total("a"), 1);
        follow(&second, "a");
        other.merge(second.lacking(&other.known()));
        assert_eq!((second.total("a"), other.total("a")), (2, 2));
    }
}
