//! Versions: a total order of all writes to a link, in which no two are equal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::journal::{BadJournal, Journal};
use crate::node::Node;

/// The version of a write. The order of the fields is the order of versions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Version {
    /// One more than the highest that the writer saw, or what its wall clock showed.
    pub(super) time: u64,
    /// The node that wrote it: two nodes may see the same.
    pub(super) writer: Arc<str>,
    /// Which life of that node: what it saw before a crash it has forgotten.
    pub(super) incarnation: u64,
    /// Which write of that life: one node writes for several clients at once.
    pub(super) sequence: u64,
}

/// The target of a link, with its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Versioned {
    pub(super) version: Version,
    pub(super) url: String,
}

/// Where the time of a version comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A counter that follows what was seen, as Lamport's clocks do.
    Counter,
    /// The wall clock, which nobody promises to be right.
    WallClock,
    /// The counter alone: whoever saw the same makes the same version.
    Nameless,
}

/// Makes the versions of one life of a node; clones share the sequence.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    id: Arc<str>,
    incarnation: u64,
    sequence: Arc<AtomicU64>,
    source: Source,
    clock: Clock,
}

impl Writer {
    /// Begins a life of `node`. Its number is durable before the first version carries it: no version is ever used twice.
    pub(super) async fn begin_life(node: &Node, source: Source) -> Result<Writer, BadJournal> {
        let (journal, lives) = Journal::<u64>::open(&node.disk, "incarnation")?;
        let incarnation = lives.last().map_or(1, |last| last + 1);
        journal.write(&incarnation).await?;
        let (id, clock) = (node.id.clone(), node.clock.clone());
        Ok(Writer { id, incarnation, sequence: Arc::default(), source, clock })
    }

    /// The version of a new write, by one who saw `seen`.
    pub(super) fn next(&self, seen: Option<&Version>) -> Version {
        let time = match self.source {
            Source::Counter | Source::Nameless => seen.map_or(0, |seen| seen.time) + 1,
            Source::WallClock => u64::try_from(self.clock.now().as_nanos()).unwrap_or(u64::MAX),
        };
        if self.source == Source::Nameless {
            return Version { time, writer: "".into(), incarnation: 0, sequence: 0 };
        }
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        Version { time, writer: self.id.clone(), incarnation: self.incarnation, sequence }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::{Source, Version, Writer};
    use crate::cluster::alone;
    use crate::disk::Platter;

    /// The writer of a new life of a node on this disk.
    fn life(name: &str, platter: &Platter) -> Writer {
        Writer::begin_life(&alone(name, platter), Source::Counter)
            .now_or_never()
            .expect("the simulated disk takes no time")
            .unwrap()
    }

    #[test]
    fn a_version_is_higher_than_what_was_seen_and_no_two_are_equal() {
        let (one, other) = (Platter::default(), Platter::default());
        let seen = life("n9", &Platter::default()).next(None);
        let mut made: Vec<Version> = Vec::new();
        for writer in [life("n1", &one), life("n1", &one), life("n2", &other)] {
            made.extend([writer.next(Some(&seen)), writer.next(Some(&seen)), writer.clone().next(Some(&seen))]);
            // What a power loss takes back must not have been used yet.
            one.lose_unsynced();
            other.lose_unsynced();
        }
        assert!(made.iter().all(|version| *version > seen));
        for (at, version) in made.iter().enumerate() {
            assert!(!made[..at].contains(version), "{version:?} twice");
        }
    }

    #[test]
    fn whoever_saw_more_makes_the_higher_version_whatever_its_name() {
        let (low, high) = (life("n1", &Platter::default()), life("n9", &Platter::default()));
        let first = high.next(None);
        assert!(low.next(Some(&first)) > first);
    }
}
