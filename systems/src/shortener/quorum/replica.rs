//! A replica: the highest version of every link that this node was ever asked to store.
//!
//! Journal first, then sync, then memory: what a replica shows is durable. Otherwise a read could answer what one replica
//! showed and a power loss took back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};

use super::version::Versioned;
use super::{Reply, Request};
use crate::disk::{Disk, DiskError};
use crate::fail_stop::FailStop;
use crate::journal::{BadJournal, Journal};

/// A link as a replica stores it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) code: String,
    pub(super) held: Versioned,
}

/// The replica of one node; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    journal: Journal<Record>,
    held: Arc<Mutex<Held>>,
    sync_first: bool,
    fail_stop: FailStop,
}

type Held = BTreeMap<String, Versioned>;

impl Replica {
    /// Reads what the node stored in its former lives. What those left in the page cache is made durable with the rest,
    /// one record a link, before anybody is shown it.
    pub(super) fn open(disk: &Disk, sync_first: bool, fail_stop: FailStop) -> Result<Replica, BadJournal> {
        let (journal, records) = Journal::open(disk, "links")?;
        let mut held = Held::new();
        for record in records {
            take(&mut held, record);
        }
        let replica = Replica { journal, held: Arc::new(Mutex::new(held)), sync_first, fail_stop };
        replica.journal.rewrite(&replica.records())?;
        Ok(replica)
    }

    /// Replies to a request, a peer's or this node's own.
    pub(super) async fn answer(&self, request: Request) -> Reply {
        match request {
            Request::Query(code) => Reply::Held(self.held().get(&code).cloned()),
            Request::Store(records) => match self.store(records).await {
                Ok(()) => Reply::Stored,
                Err(error) => {
                    tracing::warn!("nothing stored: {error}");
                    Reply::Failed
                }
            },
        }
    }

    /// All links.
    pub(super) fn records(&self) -> Vec<Record> {
        self.held().iter().map(|(code, held)| Record { code: code.clone(), held: held.clone() }).collect()
    }

    /// Stores what is newer than what is held.
    async fn store(&self, mut records: Vec<Record>) -> Result<(), DiskError> {
        records.retain(|record| is_newer(&self.held(), record));
        if records.is_empty() {
            return Ok(());
        }
        for record in &records {
            self.journal.append(record)?;
        }
        if self.sync_first {
            self.fail_stop.checked(self.journal.sync().await).await;
        }
        let mut held = self.held();
        for record in records {
            take(&mut held, record);
        }
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("no holder panics")
    }
}

fn is_newer(held: &Held, record: &Record) -> bool {
    held.get(&record.code).is_none_or(|present| present.version < record.held.version)
}

/// The highest version stays, in whatever order they come: that is all that a replica decides.
fn take(held: &mut Held, record: Record) {
    if is_newer(held, &record) {
        held.insert(record.code, record.held);
    }
}
