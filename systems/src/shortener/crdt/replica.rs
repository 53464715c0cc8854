//! One node's copy of all links, and what of it another copy lacks.
//!
//! Copies are compared by version vectors: whoever shows what it has seen is sent the links that changed since, and
//! nothing else (Almeida, Shoker and Baquero, "Delta State Replicated Data Types", 2018, section 5.1; the delta of a link
//! is the link).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::clock::{HybridClock, Stamp};
use super::link::Link;
use super::version::{Actor, Dot, Seen};
use crate::clock::Clock;

/// As many bytes of links go into one message, and at least one link.
const CHUNK_BYTES: usize = 16 << 10;

/// Links by their codes.
type Links = BTreeMap<String, Link>;

/// A node's copy.
#[derive(Debug)]
pub(super) struct Replica {
    me: Actor,
    clock: HybridClock,
    links: Links,
    /// Every change in here is part of `links`, which may hold more.
    seen: Seen,
    /// Of each actor, the link of each change that is that link's latest by this actor.
    latest: BTreeMap<Actor, BTreeMap<Stamp, String>>,
}

/// Some of the links that a peer lacks, in the order of their codes.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chunk {
    pub(super) links: Vec<(String, Link)>,
    /// Whether there are others after the last of these.
    pub(super) more: bool,
    /// What the sender had seen.
    pub(super) seen: Seen,
}

impl Replica {
    pub(super) fn new(me: Actor, wall: Clock) -> Replica {
        let clock = HybridClock::on(wall);
        Replica { me, clock, links: Links::new(), seen: Seen::default(), latest: BTreeMap::new() }
    }

    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    pub(super) fn links(&self) -> &Links {
        &self.links
    }

    /// A link's state; one that was never heard of is the same as one without any change.
    pub(super) fn link(&self, code: &str) -> Link {
        self.links.get(code).cloned().unwrap_or_default()
    }

    /// The name of this node's next change.
    pub(super) fn next_dot(&mut self) -> Dot {
        Dot { at: self.clock.tick(), by: self.me.clone() }
    }

    /// Stores this node's own change of a link.
    pub(super) fn change(&mut self, code: &str, changed: Link) {
        self.seen.note(Dot { at: changed.seen().latest(&self.me), by: self.me.clone() });
        self.store(code, changed);
    }

    /// Puts `link` in the place of what was stored.
    pub(super) fn store(&mut self, code: &str, link: Link) {
        if let Some(before) = self.links.get(code) {
            for (actor, at) in before.seen().iter() {
                if let Some(changes) = self.latest.get_mut(actor) {
                    changes.remove(&at);
                }
            }
        }
        for (actor, at) in link.seen().iter() {
            self.clock.witness(at);
            self.latest.entry(actor.clone()).or_default().insert(at, code.to_owned());
        }
        self.links.insert(code.to_owned(), link);
    }

    /// Takes note that all that `seen` covers is part of this copy.
    pub(super) fn claim(&mut self, seen: &Seen) {
        self.seen.merge(seen);
    }

    /// Links after the code `after` with changes that `theirs` does not cover, as many as fit into a message.
    pub(super) fn newer_than(&self, theirs: &Seen, after: Option<&str>) -> Chunk {
        let mut codes = BTreeSet::new();
        for (actor, changes) in &self.latest {
            let unseen = changes.range((Bound::Excluded(theirs.latest(actor)), Bound::Unbounded));
            codes.extend(unseen.map(|(_, code)| code.as_str()).filter(|code| Some(*code) > after));
        }
        let mut chunk = Chunk { seen: self.seen.clone(), ..Chunk::default() };
        let mut size_bytes = 0;
        for code in codes {
            let link = self.link(code);
            size_bytes += code.len() + link.size_bytes();
            if size_bytes > CHUNK_BYTES && !chunk.links.is_empty() {
                chunk.more = true;
                break;
            }
            chunk.links.push((code.to_owned(), link));
        }
        chunk
    }
}
