//! Doing faults to a running simulation, and undoing them.
//!
//! turmoil's primitives act on hosts and pairs of hosts and know nothing of one another. So the injector keeps the set of all
//! faults in force, works out what all of them together mean ([`state`]), and sets every link, process, clock and disk that a
//! fault touches to that whenever the fault comes or goes. A link that two cuts share heals with the later one.

mod links;
mod machines;
mod state;
mod strike;

use std::collections::{BTreeMap, BTreeSet};

use turmoil::Sim;

use crate::{Cluster, Fault, Step};
use links::Links;
pub use machines::{Machine, Machines};
use state::{InForce, State};
pub use strike::{Strike, Strikes};

/// Everything that is broken at present.
pub struct Injector<M> {
    machines: M,
    cluster: Cluster,
    links: Links,
    state: State,
    strikes: Strikes,
}

impl<M: Machines> Injector<M> {
    /// Nothing is broken. `latencies` are the plan's, in milliseconds, for every two hosts that have one; what the faults hit is
    /// noted in `strikes`.
    pub fn new(
        cluster: Cluster,
        latencies: BTreeMap<(String, String), u64>,
        machines: M,
        strikes: Strikes,
    ) -> Injector<M> {
        Injector { machines, cluster, links: Links::new(latencies), state: State::default(), strikes }
    }

    /// Whether a host that `step` would hit now is in the middle of a sync.
    pub fn meets_a_sync(&self, step: &Step) -> bool {
        step.fault.aimed_at(self.machines.leader().as_deref()).iter().any(|host| self.is_syncing(host))
    }

    fn is_syncing(&self, host: &str) -> bool {
        self.machines.machine(host).is_some_and(|machine| machine.platter.is_syncing())
    }

    /// `step` begins at `now_ms`: finds out whom it hits. Returns their names.
    pub fn aim(&mut self, step: &Step, now_ms: u64) -> Vec<String> {
        let hosts = step.fault.aimed_at(self.machines.leader().as_deref());
        self.strikes.aimed(step.id, now_ms, hosts.clone());
        hosts
    }

    /// The hosts that `step` was aimed at.
    pub fn aimed(&self, step: &Step) -> Vec<String> {
        self.strikes.of(step.id).hosts
    }

    /// Does `step`, which was aimed: once, or at the beginning of every pulse.
    pub fn strike(&mut self, sim: &mut Sim<'_>, step: &Step) {
        let hosts = self.strikes.of(step.id).hosts;
        let was_down = self.state.down();
        let fault = InForce::new(step, hosts, sim.elapsed(), self.machines.weather());
        self.state.faults.insert(step.id, fault);
        self.stop(sim, step, &was_down);
        self.settle(sim, step.id);
    }

    /// Undoes `step`, as far as no other fault still does the same.
    pub fn heal(&mut self, sim: &mut Sim<'_>, step: &Step) {
        let was_down = self.state.down();
        let touched = self.state.faults.get(&step.id).cloned();
        let Some(touched) = touched else { return };
        self.count(&touched);
        self.state.faults.remove(&step.id);
        self.settle_hosts(sim, &touched);
        self.restart(sim, &was_down);
    }

    /// The process on `host` ended by itself: it is down until [`Injector::revive`].
    pub fn exited(&mut self, sim: &mut Sim<'_>, host: &str) {
        let was_down = self.state.down();
        self.state.exited.insert(host.to_owned());
        if !was_down.contains(host) {
            self.kill(sim, host, false);
        }
    }

    /// The machine `host` dies and never comes back.
    pub fn bury(&mut self, sim: &mut Sim<'_>, host: &str) {
        let was_down = self.state.down();
        self.state.dead.insert(host.to_owned());
        if !was_down.contains(host) {
            self.kill(sim, host, true);
        }
    }

    /// Starts what ended by itself again, unless a fault holds it down.
    pub fn revive(&mut self, sim: &mut Sim<'_>, host: &str) {
        let was_down = self.state.down();
        self.state.exited.remove(host);
        self.restart(sim, &was_down);
    }

    /// Stops the processes that `step` stops, and takes what it takes from their disks.
    fn stop(&mut self, sim: &mut Sim<'_>, step: &Step, was_down: &BTreeSet<String>) {
        if !step.fault.stops_processes() {
            return;
        }
        let silent = matches!(step.fault, Fault::PowerLoss { .. } | Fault::Amnesia { .. });
        for host in self.strikes.of(step.id).hosts {
            self.strikes.count(step.id, "syncs interrupted", u64::from(self.is_syncing(&host)));
            if !was_down.contains(&host) {
                self.kill(sim, &host, silent);
            }
            match step.fault {
                Fault::PowerLoss { torn_permille, .. } => {
                    let lost_bytes = self.machines.lost_power(&host, torn_permille);
                    self.strikes.count(step.id, "unsynced bytes lost", lost_bytes);
                }
                Fault::Amnesia { .. } => {
                    let lost_bytes = self.machines.forgot(&host);
                    self.strikes.count(step.id, "bytes lost", lost_bytes);
                }
                Fault::FlipBit { at_permille, bit, .. } => {
                    let flipped = self.machines.machine(&host).is_some_and(|it| it.platter.flip_bit(at_permille, bit));
                    self.strikes.count(step.id, "bits flipped", u64::from(flipped));
                }
                _ => {}
            }
        }
    }

    /// A machine that dies is a crash that nobody hears of: the goodbye of the dying sockets is lost too.
    fn kill(&mut self, sim: &mut Sim<'_>, host: &str, silently: bool) {
        let others: Vec<String> = self.cluster.everyone().into_iter().filter(|other| other != host).collect();
        if silently {
            for other in &others {
                self.links.silence(sim, host, other);
            }
        }
        sim.crash(host);
        self.machines.crashed(host);
        if silently {
            for other in &others {
                self.links.hear(sim, host, other);
            }
        }
    }

    /// Starts the processes that were down and that nothing holds down any more.
    fn restart(&mut self, sim: &mut Sim<'_>, was_down: &BTreeSet<String>) {
        for host in was_down.difference(&self.state.down()) {
            // A process that ended by itself shut its gate behind it.
            if let Some(machine) = self.machines.machine(host)
                && !self.state.is_paused(host)
            {
                machine.gate.open();
            }
            sim.bounce(host.as_str());
        }
    }

    /// Brings all that the fault `id` touches in line with the state.
    fn settle(&mut self, sim: &Sim<'_>, id: u32) {
        if let Some(touched) = self.state.faults.get(&id).cloned() {
            self.settle_hosts(sim, &touched);
        }
    }

    fn settle_hosts(&mut self, sim: &Sim<'_>, touched: &InForce) {
        let everyone = self.cluster.everyone();
        for (a, b) in touched.pairs(&everyone) {
            self.links.settle(sim, &self.state, &a, &b);
            for (from, to) in [(&a, &b), (&b, &a)] {
                if touched.fault.is_weather() {
                    self.machines.weather().set(from, to, self.state.conditions(from, to));
                }
            }
        }
        for host in &touched.hosts {
            let Some(machine) = self.machines.machine(host) else { continue };
            match touched.fault {
                Fault::Pause { .. } if self.state.is_paused(host) => machine.gate.shut(),
                Fault::Pause { .. } => machine.gate.open(),
                Fault::Skew { .. } => self.state.set_clock(host, &machine.clock, sim.elapsed()),
                Fault::Disk { .. } => machine.platter.trouble(self.state.trouble(host)),
                _ => {}
            }
        }
    }

    /// Notes what the fault hit while it was in force.
    fn count(&mut self, fault: &InForce) {
        let mishaps = fault.mishaps_since(self.machines.weather());
        if let Some(word) = strike::word_of(&fault.fault) {
            self.strikes.count(fault.id, word, mishaps);
        }
        if let Fault::Disk { trouble, .. } = fault.fault {
            let troubled = fault.hosts.iter().filter_map(|host| self.machines.machine(host));
            let hits = troubled.map(|machine| machine.platter.take_troubled()).sum();
            self.strikes.count(fault.id, strike::word_of_disk(trouble), hits);
        }
    }
}
