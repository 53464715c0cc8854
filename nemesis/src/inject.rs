//! Doing faults to a running simulation, and undoing them.
//!
//! turmoil's primitives act on pairs of hosts and know nothing of one another, so the injector remembers which steps
//! bear on each link and host and sets what all of them together mean: a link that two cuts share heals with the later one.

use std::collections::{BTreeMap, BTreeSet};

use turmoil::Sim;

use crate::{CutKind, Fault, Step};

/// What happens to the machine under a host's process.
pub trait Machines {
    /// The process on `host` was killed; the machine's memory and disk are as they were.
    fn crashed(&mut self, host: &str);
    /// The machine lost power: what its disk has not synced is gone.
    fn lost_power(&mut self, host: &str);
    /// The process on `host` is about to be started again.
    fn starting(&mut self, host: &str);
}

/// The present state of everything that is broken.
pub struct Injector<M> {
    machines: M,
    hosts: Vec<String>,
    cuts: BTreeMap<(String, String), BTreeMap<u32, CutKind>>,
    down: BTreeMap<String, BTreeSet<u32>>,
}

/// What a link does with messages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Up,
    Stalled,
    Dropping,
}

impl<M: Machines> Injector<M> {
    /// Nothing is broken; `hosts` are all that can be, and the clients' besides.
    pub fn new(hosts: Vec<String>, machines: M) -> Injector<M> {
        Injector { machines, hosts, cuts: BTreeMap::new(), down: BTreeMap::new() }
    }

    /// Begins `step`.
    pub fn begin(&mut self, sim: &mut Sim<'_>, step: &Step) {
        if let Fault::Cut { kind, .. } = step.fault {
            self.relink(sim, step, |steps| {
                steps.insert(step.id, kind);
            });
        }
        if let Some(host) = step.fault.stopped_host() {
            let power_lost = matches!(step.fault, Fault::PowerLoss { .. });
            if self.down.entry(host.to_owned()).or_default().is_empty() {
                self.stop(sim, host, power_lost);
            }
            if power_lost {
                self.machines.lost_power(host);
            }
            self.down.entry(host.to_owned()).or_default().insert(step.id);
        }
    }

    /// Ends `step`: heals what it broke, unless another step still breaks it.
    pub fn end(&mut self, sim: &mut Sim<'_>, step: &Step) {
        if matches!(step.fault, Fault::Cut { .. }) {
            self.relink(sim, step, |steps| {
                steps.remove(&step.id);
            });
        }
        if let Some(host) = step.fault.stopped_host()
            && let Some(steps) = self.down.get_mut(host)
            && steps.remove(&step.id)
            && steps.is_empty()
        {
            self.machines.starting(host);
            sim.bounce(host);
        }
    }

    /// Changes the cuts of every pair that `step` names, and does what that means to the links.
    fn relink(&mut self, sim: &Sim<'_>, step: &Step, change: impl Fn(&mut BTreeMap<u32, CutKind>)) {
        for (a, b) in step.fault.cut_pairs() {
            let (a, b) = if a < b { (a, b) } else { (b, a) };
            let cuts = self.cuts.entry((a.to_owned(), b.to_owned())).or_default();
            let before = link(cuts);
            change(cuts);
            set_link(sim, a, b, before, link(cuts));
        }
    }

    /// A power loss is a crash that nobody hears of: the goodbye of the dying sockets is lost too.
    fn stop(&mut self, sim: &mut Sim<'_>, host: &str, silently: bool) {
        let peers: Vec<String> = self.hosts.iter().filter(|peer| *peer != host).cloned().collect();
        if silently {
            for peer in &peers {
                set_link(sim, host, peer, self.link_between(host, peer), Link::Dropping);
            }
        }
        sim.crash(host);
        self.machines.crashed(host);
        if silently {
            for peer in &peers {
                set_link(sim, host, peer, Link::Dropping, self.link_between(host, peer));
            }
        }
    }

    fn link_between(&self, a: &str, b: &str) -> Link {
        let (a, b) = if a < b { (a, b) } else { (b, a) };
        self.cuts.get(&(a.to_owned(), b.to_owned())).map_or(Link::Up, link)
    }
}

/// What all cuts of a link together mean: one that drops outweighs any that stall.
fn link(cuts: &BTreeMap<u32, CutKind>) -> Link {
    match cuts.values().max_by_key(|kind| **kind == CutKind::Drop) {
        None => Link::Up,
        Some(CutKind::Stall) => Link::Stalled,
        Some(CutKind::Drop) => Link::Dropping,
    }
}

fn set_link(sim: &Sim<'_>, a: &str, b: &str, before: Link, after: Link) {
    if before == after {
        return;
    }
    match before {
        Link::Up => {}
        Link::Stalled => sim.release(a, b),
        Link::Dropping => sim.repair(a, b),
    }
    match after {
        Link::Up => {}
        Link::Stalled => sim.hold(a, b),
        Link::Dropping => sim.partition(a, b),
    }
}
