//! What faults mean on the links of turmoil's network.

use std::collections::BTreeMap;
use std::time::Duration;

use turmoil::Sim;

use super::state::{Flow, State};
use crate::CutKind;

/// The links as they were set last.
pub(super) struct Links {
    latencies: BTreeMap<(String, String), u64>,
    flows: BTreeMap<(String, String), Flow>,
    delays: BTreeMap<(String, String), u64>,
}

impl Links {
    pub(super) fn new(latencies: BTreeMap<(String, String), u64>) -> Links {
        let latencies = latencies.into_iter().map(|((a, b), ms)| (ordered(&a, &b), ms)).collect();
        Links { latencies, flows: BTreeMap::new(), delays: BTreeMap::new() }
    }

    /// Brings the link of `a` and `b` in line with the state.
    pub(super) fn settle(&mut self, sim: &Sim<'_>, state: &State, a: &str, b: &str) {
        let link = ordered(a, b);
        let flow = state.flow(&link.0, &link.1);
        if self.flows.insert(link.clone(), flow).unwrap_or_default() != flow {
            set_flow(sim, &link.0, &link.1, flow);
        }
        let delay_ms = state.delay_ms(&link.0, &link.1);
        if self.delays.insert(link.clone(), delay_ms).unwrap_or_default() != delay_ms {
            self.delay(sim, &link, delay_ms);
        }
    }

    /// Whatever is sent between `a` and `b` before [`Links::hear`] never arrives. What is under way already does: a machine
    /// that dies takes nothing back. A cut would. (A stall that begins later on the same link would let it arrive when it ends.)
    pub(super) fn silence(&self, sim: &Sim<'_>, a: &str, b: &str) {
        self.delay(sim, &ordered(a, b), NEVER_MS);
    }

    /// The end of [`Links::silence`].
    pub(super) fn hear(&self, sim: &Sim<'_>, a: &str, b: &str) {
        let link = ordered(a, b);
        self.delay(sim, &link, self.delays.get(&link).copied().unwrap_or_default());
    }

    /// Delays what is sent on a link from now on.
    fn delay(&self, sim: &Sim<'_>, link: &(String, String), delay_ms: u64) {
        if let Some(latency_ms) = self.latencies.get(link) {
            sim.set_link_latency(link.0.as_str(), link.1.as_str(), Duration::from_millis(latency_ms + delay_ms));
        }
    }
}

/// Longer than any run: a year.
const NEVER_MS: u64 = 365 * 24 * 60 * 60 * 1000;

/// What waits on a link is let go first, which does nothing before the next step: if the link stalls again, it waits again; if it
/// drops, it is lost.
fn set_flow(sim: &Sim<'_>, a: &str, b: &str, flow: Flow) {
    sim.release(a, b);
    let [there, back] = flow;
    if there == Some(CutKind::Stall) || back == Some(CutKind::Stall) {
        sim.hold(a, b);
    }
    if there == Some(CutKind::Drop) {
        sim.partition_oneway(a, b);
    }
    if back == Some(CutKind::Drop) {
        sim.partition_oneway(b, a);
    }
}

fn ordered(a: &str, b: &str) -> (String, String) {
    let (a, b) = if a < b { (a, b) } else { (b, a) };
    (a.to_owned(), b.to_owned())
}
