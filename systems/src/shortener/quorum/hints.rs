//! Hints: what a node keeps, durably, for replicas that it can't reach, until it can hand it off.
//!
//! Source: `DeCandia` et al. 2007 (Dynamo), section 4.6. The one who coordinates stands in, as in Cassandra's hinted hand-off,
//! and its hint counts as an acknowledgement: that is what makes the quorum sloppy.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};

use super::replica::{Record, Replica};
use super::version::Versioned;
use super::{Reply, Request};
use crate::fail_stop::FailStop;
use crate::journal::{BadJournal, Journal};
use crate::node::Node;

/// What happens to a hint.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Event {
    Kept { owner: Arc<str>, record: Record },
    HandedOff { owner: Arc<str>, record: Record },
}

impl Event {
    fn kept(owner: &Arc<str>, code: &str, held: &Versioned) -> Event {
        Event::Kept { owner: owner.clone(), record: Record { code: code.to_owned(), held: held.clone() } }
    }
}

/// The hints of one node; clones are the same.
#[derive(Clone)]
pub(super) struct Hints {
    journal: Journal<Event>,
    kept: Arc<Mutex<Kept>>,
    fail_stop: FailStop,
}

/// By owner and code: the highest version that is kept.
type Kept = BTreeMap<(Arc<str>, String), Versioned>;

impl Hints {
    /// Reads what the node kept in its former lives. What it holds itself is kept for everybody once more: a crash may
    /// have cut short the hand-out of any of it, and nobody else might ever be told.
    pub(super) fn open(node: &Node, replica: &Replica, fail_stop: FailStop) -> Result<Hints, BadJournal> {
        let (journal, events) = Journal::open(&node.disk, "hints")?;
        let mut kept = Kept::new();
        for event in events {
            match event {
                Event::Kept { owner, record } => keep(&mut kept, owner, record),
                Event::HandedOff { owner, record } => forget(&mut kept, &owner, &record),
            }
        }
        // What a former life left in the page cache is made durable before anybody is shown it.
        let events: Vec<Event> = kept.iter().map(|((owner, code), held)| Event::kept(owner, code, held)).collect();
        journal.rewrite(&events)?;
        for peer in &node.peers {
            for record in replica.records() {
                keep(&mut kept, peer.clone(), record);
            }
        }
        Ok(Hints { journal, kept: Arc::new(Mutex::new(kept)), fail_stop })
    }

    /// Replies in the place of `owner`; `None` if the disk refuses.
    pub(super) async fn stand_in(&self, owner: &Arc<str>, request: Request) -> Option<Reply> {
        match request {
            Request::Query(code) => Some(Reply::Held(self.kept().get(&(owner.clone(), code)).cloned())),
            Request::Store(records) => {
                for record in &records {
                    self.journal.append(&Event::Kept { owner: owner.clone(), record: record.clone() }).ok()?;
                }
                self.fail_stop.checked(self.journal.sync().await).await;
                let mut kept = self.kept();
                for record in records {
                    keep(&mut kept, owner.clone(), record);
                }
                Some(Reply::Stored)
            }
        }
    }

    /// All that is kept for `owner`.
    pub(super) fn kept_for(&self, owner: &Arc<str>) -> Vec<Record> {
        let kept = self.kept();
        let theirs = kept.range((owner.clone(), String::new())..).take_while(|((of, _), _)| of == owner);
        theirs.map(|((_, code), held)| Record { code: code.clone(), held: held.clone() }).collect()
    }

    /// `owner` has these. Nothing is lost if that is forgotten: it would only be handed off again.
    pub(super) fn handed_off(&self, owner: &Arc<str>, records: Vec<Record>) {
        let mut kept = self.kept();
        for record in records {
            forget(&mut kept, owner, &record);
            if let Err(error) = self.journal.append(&Event::HandedOff { owner: owner.clone(), record }) {
                tracing::warn!("a hint will be handed off again: {error}");
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("no holder panics")
    }
}

fn keep(kept: &mut Kept, owner: Arc<str>, record: Record) {
    let present = kept.entry((owner, record.code)).or_insert_with(|| record.held.clone());
    if present.version < record.held.version {
        *present = record.held;
    }
}

/// Forgets a hint, unless a newer version was kept in the meantime.
fn forget(kept: &mut Kept, owner: &Arc<str>, record: &Record) {
    let place = (owner.clone(), record.code.clone());
    if kept.get(&place).is_some_and(|present| present.version <= record.held.version) {
        kept.remove(&place);
    }
}
