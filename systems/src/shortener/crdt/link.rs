//! One link as a replicated data type: an observed-remove set of targets with their times, and a count of redirects.
//!
//! A write adds its target and removes those that it has seen, so that concurrent ones survive side by side: a
//! multi-value register, whose latest value is the winner. A link exists while it has a target, so that all links together
//! are an observed-remove set: a delete takes away what it has seen, and a concurrent create wins. What was removed is
//! told from what is not known yet by `seen`, without tombstones. Sources: Bieniusa et al., "An Optimized Conflict-free
//! Replicated Set" (2012); Almeida, Shoker and Baquero, "Delta State Replicated Data Types" (2018), section 7.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::counter::GCounter;
use super::version::{Dot, Seen};
use crate::shortener::Target;

/// A link's state; it is only ever changed by steps that grow it and joined with [`Link::merge`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Link {
    /// The changes of this link that are part of this state.
    seen: Seen,
    /// The latest is the winner.
    targets: BTreeSet<(Dot, String)>,
    redirects: GCounter,
}

impl Link {
    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    pub(super) fn redirects(&self) -> u64 {
        self.redirects.value()
    }

    /// The winner's url.
    pub(super) fn winner(&self) -> Option<&str> {
        self.targets.last().map(|(_, url)| url.as_str())
    }

    /// The winner with its siblings, each url once; `None` if the link does not exist.
    pub(super) fn target(&self) -> Option<Target> {
        let url = self.winner()?.to_owned();
        let siblings: BTreeSet<&String> = self.targets.iter().map(|(_, url)| url).collect();
        let siblings = siblings.into_iter().filter(|sibling| **sibling != url).cloned().collect();
        Some(Target { url, siblings })
    }

    /// Adds a target to those that are there. Doing it again under a new dot protects it from deletes that saw only the
    /// old one.
    pub(super) fn add(&mut self, dot: Dot, url: &str) {
        self.targets.retain(|(_, present)| present != url);
        self.place(dot, url);
    }

    /// Puts a target in the place of all that were seen here.
    pub(super) fn put(&mut self, dot: Dot, url: &str) {
        self.targets.clear();
        self.place(dot, url);
    }

    /// Removes all targets that were seen here.
    pub(super) fn clear(&mut self, dot: Dot) {
        self.targets.clear();
        self.seen.note(dot);
    }

    /// Counts a redirect.
    pub(super) fn count(&mut self, dot: Dot) {
        self.redirects.increment(dot.by.clone());
        self.seen.note(dot);
    }

    fn place(&mut self, dot: Dot, url: &str) {
        self.targets.insert((dot.clone(), url.to_owned()));
        self.seen.note(dot);
    }

    /// Joins: a target stays if both have it, or if the other has not seen it yet.
    pub(super) fn merge(&mut self, other: &Link) {
        self.targets.retain(|target| other.targets.contains(target) || !other.seen.covers(&target.0));
        let unseen = other.targets.iter().filter(|(dot, _)| !self.seen.covers(dot));
        self.targets.extend(unseen.cloned());
        self.seen.merge(&other.seen);
        self.redirects.merge(&other.redirects);
    }

    /// Both joined.
    pub(super) fn merged(&self, other: &Link) -> Link {
        let mut joined = self.clone();
        joined.merge(other);
        joined
    }

    /// Both joined, but for the redirects, which are added up: what `crdt-sum` does wrong.
    pub(super) fn merged_adding_counts(&self, other: &Link) -> Link {
        let mut joined = self.merged(other);
        joined.redirects = self.redirects.added(&other.redirects);
        joined
    }

    /// Both joined, but what either still has stays: what `crdt-resurrects` does wrong.
    pub(super) fn merged_keeping_removed(&self, other: &Link) -> Link {
        let mut joined = self.merged(other);
        joined.targets.extend(self.targets.union(&other.targets).cloned());
        joined
    }

    /// About how many bytes a message spends on it.
    pub(super) fn size_bytes(&self) -> usize {
        let urls: usize = self.targets.iter().map(|(_, url)| url.len()).sum();
        urls + 64 * (self.targets.len() + self.seen.iter().count() + 1)
    }
}
