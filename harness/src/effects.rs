//! What the faults of a run really hit: messages, operations, connections, bytes. A fault that hit nothing tested nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use netsplit_checker::{Actor, Event, History, Kind};
use netsplit_nemesis::inject::Strike;
use netsplit_nemesis::{Fault, Step};
use netsplit_systems::node::REDIS;
use netsplit_systems::wire::{Message, Record, What};
use serde::{Deserialize, Serialize};

use crate::plan::Plan;
use crate::simulate::Recording;

/// What a fault hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The step's id.
    pub step: u32,
    /// The fault, as a person reads it.
    pub fault: String,
    /// When it began and when it was healed, in milliseconds.
    pub window_ms: (u64, u64),
    /// What it hit and how often, such as `messages blocked`; what it did not hit is left out.
    pub hits: BTreeMap<String, u64>,
}

impl Effect {
    /// Whether it hit anything at all.
    pub fn is_effective(&self) -> bool {
        !self.hits.is_empty()
    }
}

/// What every step of the schedule hit, measured on the record of the network, on the history and in the simulation.
pub(crate) fn effects(plan: &Plan, recording: &Recording) -> Vec<Effect> {
    let nothing = Strike::default();
    plan.schedule
        .iter()
        .map(|step| {
            let strike = recording.strikes.get(&step.id).unwrap_or(&nothing);
            let step = &recording.begun(step);
            let window_ms = (step.at_ms.min(plan.length_ms), step.ends_ms().min(plan.length_ms));
            let scene = Scene { recording, step, strike, pulses: step.pulses(plan.length_ms), window_ms };
            let mut hits = scene.hits();
            hits.retain(|_, count| *count > 0);
            Effect { step: step.id, fault: step.fault.told(&strike.hosts), window_ms, hits }
        })
        .collect()
}

/// A step, and all that could show what it hit.
struct Scene<'r> {
    recording: &'r Recording,
    step: &'r Step,
    strike: &'r Strike,
    /// When it was really there.
    pulses: Vec<(u64, u64)>,
    window_ms: (u64, u64),
}

impl Scene<'_> {
    fn hits(&self) -> BTreeMap<String, u64> {
        let mut hits: BTreeMap<String, u64> =
            self.strike.counts.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect();
        let mut hit = |what: &str, count: u64| *hits.entry(what.to_owned()).or_default() += count;
        let to_struck = |_: &str, to: &str| self.is_struck(to);
        match &self.step.fault {
            fault if fault.cut_kind().is_some() => {
                let blocked = |from: &str, to: &str| fault.blocks(&self.strike.hosts, from, to);
                hit("messages blocked", self.sent(|_| true, blocked));
            }
            fault if fault.stops_processes() => {
                hit("operations interrupted", self.open());
                hit("connections refused", self.sent(|message| message.what == What::Connect, to_struck));
            }
            Fault::Pause { .. } => {
                hit("operations interrupted", self.open());
                hit("messages kept waiting", self.sent(|_| true, to_struck));
            }
            Fault::Slow { .. } => {
                let slow = |from: &str, to: &str| self.is_struck(from) || self.is_struck(to);
                hit("messages delayed", self.sent(|_| true, slow));
            }
            Fault::Skew { .. } => hit("operations under a wrong clock", self.overlapping()),
            // The simulation has counted what these hit.
            _ => {}
        }
        hits
    }

    fn is_struck(&self, host: &str) -> bool {
        self.strike.hosts.iter().any(|struck| struck == host)
    }

    /// How many messages and connection attempts of a kind went out while the fault was there, between such hosts.
    fn sent(&self, kind: impl Fn(&Message) -> bool, between: impl Fn(&str, &str) -> bool) -> u64 {
        let record: &Record = &self.recording.record;
        let hosts = record.hosts.len();
        let concerned: Vec<bool> =
            record.hosts.iter().flat_map(|from| record.hosts.iter().map(|to| between(from, to))).collect();
        let mut count = 0;
        for (from_ms, to_ms) in &self.pulses {
            let first = record.messages.partition_point(|message| message.time_ns < from_ms * 1_000_000);
            let during = record.messages[first..].iter().take_while(|message| message.time_ns < to_ms * 1_000_000);
            count += during
                .filter(|message| message.what.departs() && kind(message))
                .filter(|message| concerned[usize::from(message.from) * hosts + usize::from(message.to)])
                .count() as u64;
        }
        count
    }

    /// How many operations at the hosts that it hits were under way when it began.
    fn open(&self) -> u64 {
        let at = Duration::from_millis(self.window_ms.0);
        self.invoked_before(at) - self.completed_before(at)
    }

    /// How many operations at the hosts that it hits were under way at any time of it.
    fn overlapping(&self) -> u64 {
        let (from, to) = (Duration::from_millis(self.window_ms.0), Duration::from_millis(self.window_ms.1));
        self.invoked_before(to) - self.completed_before(from)
    }

    fn invoked_before(&self, at: Duration) -> u64 {
        self.events().take_while(|event| event.time < at).filter(|event| event.kind == Kind::Invoke).count() as u64
    }

    fn completed_before(&self, at: Duration) -> u64 {
        self.events().take_while(|event| event.time < at).filter(|event| event.kind != Kind::Invoke).count() as u64
    }

    /// What clients asked the hosts that it hits; of Redis, every operation asks something.
    fn events(&self) -> impl Iterator<Item = &Event> {
        let history: &History = &self.recording.history;
        let everywhere = self.is_struck(REDIS);
        history.events.iter().filter(move |event| {
            matches!(event.process, Actor::Process(_))
                && (everywhere || event.node.as_ref().is_some_and(|node| self.is_struck(node)))
        })
    }
}
