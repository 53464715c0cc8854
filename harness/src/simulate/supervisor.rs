//! The supervisor of every process: one that ends by itself is started again after a second, as an init system does it.
//!
//! A node that can't trust its disk ends itself rather than to answer wrongly. That is no finding, unless it never comes back: then
//! the final reads find it stuck.

use std::cell::RefCell;
use std::rc::Rc;

use netsplit_systems::gate::Gate;
use netsplit_systems::node::{NodeError, NodeFuture};
use netsplit_systems::wire;

/// How long a process is down before it is started again, in milliseconds.
const DOWN_MS: u64 = 1000;

/// A process that ended by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// When, in milliseconds.
    pub at_ms: u64,
    /// Its host.
    pub host: String,
    /// What it ended with.
    pub reason: String,
}

/// The supervisor of a run; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Supervisor(Rc<RefCell<Watch>>);

#[derive(Default)]
struct Watch {
    exits: Vec<Exit>,
    /// How many of them were handed out.
    told: usize,
    /// How many of them were started again.
    revived: usize,
}

impl Supervisor {
    /// Runs a process behind its gate. When it ends, the gate shuts behind it: none of its tasks outlives it.
    pub(crate) async fn watch(self, host: String, gate: Gate, process: NodeFuture) -> Result<(), NodeError> {
        let ended = gate.clone().guard(process).await;
        let reason = ended.err().map_or_else(|| "it returned".to_owned(), |error| error.to_string());
        tracing::error!("{host} ended by itself: {reason}");
        gate.shut();
        let at_ms = u64::try_from(wire::now().as_millis()).unwrap_or(u64::MAX);
        self.0.borrow_mut().exits.push(Exit { at_ms, host, reason });
        // The nemesis clears away what is left of it.
        std::future::pending().await
    }

    /// What ended since the last call.
    pub(crate) fn new_exits(&self) -> Vec<Exit> {
        let mut watch = self.0.borrow_mut();
        let new = watch.exits[watch.told..].to_vec();
        watch.told = watch.exits.len();
        new
    }

    /// The hosts whose process has been down for long enough.
    pub(crate) fn due(&self, now_ms: u64) -> Vec<String> {
        let mut watch = self.0.borrow_mut();
        let waiting = &watch.exits[watch.revived..watch.told];
        let due: Vec<String> =
            waiting.iter().take_while(|exit| exit.at_ms + DOWN_MS <= now_ms).map(|exit| exit.host.clone()).collect();
        watch.revived += due.len();
        due
    }

    /// Everything that ended by itself so far.
    pub(crate) fn exits(&self) -> Vec<Exit> {
        self.0.borrow().exits.clone()
    }
}
