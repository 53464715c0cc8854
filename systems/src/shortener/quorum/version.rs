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
