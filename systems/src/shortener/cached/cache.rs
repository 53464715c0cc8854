//! A node's copies of links: an older version never replaces a newer one, a deletion is a version without a target, and a
//! copy that was not confirmed for a while is not trusted as long as the truth can be asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// For how long a copy is trusted: the bound on how stale a link is once the network is whole again.
const TRUSTED: Duration = Duration::from_millis(400);

/// A link as some write left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// How many writes there were; 0 if there never was one, and always if the store counts none.
    pub(super) version: u64,
    /// Its target; `None` after a deletion.
    pub(super) url: Option<String>,
}

/// A node's copies; clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Cache(Arc<Mutex<BTreeMap<String, Copy>>>);

#[derive(Clone, Debug)]
struct Copy {
    entry: Entry,
    /// When the truth last said so; `None` if that is in doubt.
    confirmed: Option<Instant>,
}

impl Cache {
    /// The copy of a link, whatever its age.
    pub(super) fn any(&self, code: &str) -> Option<Entry> {
        self.copies().get(code).map(|copy| copy.entry.clone())
    }

    /// The copy of a link, if it can be trusted.
    pub(super) fn trusted(&self, code: &str) -> Option<Entry> {
        let copies = self.copies();
        let copy = copies.get(code)?;
        (copy.confirmed?.elapsed() <= TRUSTED).then(|| copy.entry.clone())
    }

    /// Takes what the truth said a moment ago, unless a newer copy is there; returns the newer of the two.
    pub(super) fn offer(&self, code: &str, entry: Entry) -> Entry {
        let mut copies = self.copies();
        match copies.get(code) {
            Some(copy) if copy.entry.version > entry.version => copy.entry.clone(),
            _ => {
                copies.insert(code.to_owned(), Copy { entry: entry.clone(), confirmed: Some(Instant::now()) });
                entry
            }
        }
    }

    /// Forgets a link.
    pub(super) fn remove(&self, code: &str) {
        self.copies().remove(code);
    }

    /// Trusts the copy of a link no longer: nobody knows whether a write took effect.
    pub(super) fn doubt(&self, code: &str) {
        if let Some(copy) = self.copies().get_mut(code) {
            copy.confirmed = None;
        }
    }

    /// Trusts no copy any longer: a peer was away, and what it wrote may not have been told.
    pub(super) fn doubt_all(&self) {
        for copy in self.copies().values_mut() {
            copy.confirmed = None;
        }
    }

    fn copies(&self) -> MutexGuard<'_, BTreeMap<String, Copy>> {
        self.0.lock().expect("no holder panics")
    }
}

#[cfg(test)]
mod tests {
    use super::{Cache, Entry};

    fn entry(version: u64, url: Option<&str>) -> Entry {
        Entry { version, url: url.map(str::to_owned) }
    }

    #[tokio::test(start_paused = true)]
    async fn an_older_version_never_replaces_a_newer_one_nor_a_tombstone() {
        let cache = Cache::default();
        cache.offer("a", entry(2, Some("new")));
        assert_eq!(cache.offer("a", entry(1, Some("old"))), entry(2, Some("new")));
        cache.offer("a", entry(3, None));
        cache.offer("a", entry(2, Some("new")));
        assert_eq!(cache.any("a"), Some(entry(3, None)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_copy_is_trusted_for_a_while_and_not_when_in_doubt() {
        let cache = Cache::default();
        cache.offer("a", entry(1, Some("url")));
        assert!(cache.trusted("a").is_some());
        tokio::time::advance(super::TRUSTED * 2).await;
        assert!(cache.trusted("a").is_none() && cache.any("a").is_some());
        cache.offer("a", entry(1, Some("url")));
        cache.doubt_all();
        assert!(cache.trusted("a").is_none());
    }
}
