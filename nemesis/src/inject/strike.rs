//! What the faults of a run hit, as far as the injector sees it: whom, and how much.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::{DiskTrouble, Fault, Mishap};

/// What one step hit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strike {
    /// When it began, in milliseconds; `None` if it never did.
    pub begun_ms: Option<u64>,
    /// The hosts that it aimed at; a leader by its name.
    pub hosts: Vec<String>,
    /// What it hit, in words, and how often.
    pub counts: BTreeMap<&'static str, u64>,
}

/// The strikes of all steps of a run, by their ids; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Strikes(Rc<RefCell<BTreeMap<u32, Strike>>>);

impl Strikes {
    /// Takes them out.
    pub fn take(&self) -> BTreeMap<u32, Strike> {
        self.0.take()
    }

    pub(super) fn aimed(&self, step: u32, now_ms: u64, hosts: Vec<String>) {
        let mut strikes = self.0.borrow_mut();
        let strike = strikes.entry(step).or_default();
        (strike.begun_ms, strike.hosts) = (Some(now_ms), hosts);
    }

    pub(super) fn of(&self, step: u32) -> Strike {
        self.0.borrow().get(&step).cloned().unwrap_or_default()
    }

    pub(super) fn count(&self, step: u32, what: &'static str, times: u64) {
        *self.0.borrow_mut().entry(step).or_default().counts.entry(what).or_default() += times;
    }
}

/// What befalls messages one by one; `None` if nothing does.
pub(super) fn word_of(fault: &Fault) -> Option<&'static str> {
    match fault {
        Fault::Weather { mishap: Mishap::Loss, .. } => Some("messages lost"),
        Fault::Weather { mishap: Mishap::Duplication, .. } => Some("messages doubled"),
        Fault::Weather { mishap: Mishap::Reordering, .. } => Some("messages overtaken"),
        Fault::Weather { mishap: Mishap::Corruption, .. } => Some("messages damaged"),
        Fault::Throttle { .. } => Some("messages queued"),
        _ => None,
    }
}

pub(super) fn word_of_disk(trouble: DiskTrouble) -> &'static str {
    match trouble {
        DiskTrouble::Full => "writes refused",
        DiskTrouble::SyncFails => "syncs failed",
        DiskTrouble::SyncLies => "syncs that did nothing",
        DiskTrouble::Slow(_) => "slow syncs",
    }
}
