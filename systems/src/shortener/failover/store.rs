//! A Redis with the log of its writes, on the node's disk and at hand for replicas.
//!
//! Each entry bears the epoch of the primary that wrote it. An epoch has one primary, and it sends out only what is on its
//! disk, so that two logs with the same epoch at the same place agree up to there.

use bytes::BytesMut;
use serde::{Deserialize, Serialize};

use super::operation::{Operation, Outcome};
use crate::disk::{Disk, DiskError};
use crate::journal::{BadJournal, Journal};
use crate::redis::{Engine, Session, take_request};

/// What one operation wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    epoch: u64,
    /// The commands, as in Redis's append-only file.
    record: String,
}

/// Where a log ends: how many entries it has, and the epoch of the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) offset: usize,
    pub(super) epoch: u64,
}

/// A Redis and its log.
pub(super) struct Store {
    engine: Engine,
    log: Vec<Entry>,
    journal: Journal<Entry>,
    /// How many entries are known to be on the disk.
    durable: usize,
}

impl Store {
    /// Loads what the disk holds.
    pub(super) async fn load(disk: &Disk) -> Result<Store, BadJournal> {
        let (journal, log) = Journal::open(disk, "replicated.aof")?;
        journal.sync().await?;
        Ok(Store { engine: replayed(&log), durable: log.len(), log, journal })
    }

    pub(super) fn end(&self) -> End {
        self.end_at(self.log.len())
    }

    fn end_at(&self, offset: usize) -> End {
        let last = self.log[..offset].last();
        End { offset, epoch: last.map_or(0, |entry| entry.epoch) }
    }

    /// Whether a log that ends there is the beginning of this one.
    pub(super) fn has(&self, end: End) -> bool {
        end.offset <= self.log.len() && self.end_at(end.offset) == end
    }

    /// Executes an operation as the primary of `epoch`; what it wrote is durable after [`Store::written`].
    pub(super) fn execute(&mut self, operation: &Operation, epoch: u64) -> Result<Outcome, DiskError> {
        let (outcome, record) = operation.execute(&mut self.engine);
        if !record.is_empty() {
            let record = String::from_utf8(record).expect("codes and urls are text");
            self.push(Entry { epoch, record })?;
        }
        Ok(outcome)
    }

    /// Appends what a primary executed.
    pub(super) fn append(&mut self, entries: Vec<Entry>) -> Result<(), DiskError> {
        for entry in entries {
            apply(&mut self.engine, &entry);
            self.push(entry)?;
        }
        Ok(())
    }

    fn push(&mut self, entry: Entry) -> Result<(), DiskError> {
        let appended = self.journal.append(&entry);
        self.log.push(entry);
        appended
    }

    /// Puts a primary's whole log in the place of this one, durably.
    pub(super) fn replace(&mut self, entries: Vec<Entry>) -> Result<(), DiskError> {
        self.journal.rewrite(&entries)?;
        self.engine = replayed(&entries);
        self.durable = entries.len();
        self.log = entries;
        Ok(())
    }

    /// The durable entries after `end`; all of them if this log never was there.
    pub(super) fn after(&self, end: End) -> (Option<End>, Vec<Entry>) {
        if self.has(end) {
            (Some(end), self.log[end.offset.min(self.durable)..self.durable].to_vec())
        } else {
            (None, self.log[..self.durable].to_vec())
        }
    }

    /// The durable part's end.
    pub(super) fn durable_end(&self) -> End {
        self.end_at(self.durable)
    }

    /// What to sync so that everything up to now is durable.
    pub(super) fn journal(&self) -> Journal<Entry> {
        self.journal.clone()
    }

    /// Everything up to `end` is on the disk.
    pub(super) fn written(&mut self, end: End) {
        if self.has(end) {
            self.durable = self.durable.max(end.offset);
        }
    }
}

fn replayed(log: &[Entry]) -> Engine {
    let mut engine = Engine::default();
    for entry in log {
        apply(&mut engine, entry);
    }
    engine
}

fn apply(engine: &mut Engine, entry: &Entry) {
    let mut session = Session::default();
    let mut bytes = BytesMut::from(entry.record.as_str());
    while let Some(request) = take_request(&mut bytes).expect("an engine wrote it, and its checksum is right") {
        engine.execute(&mut session, &request);
    }
}
