//! The faults in force, and what all of them together mean for each link, process, clock and disk.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use netsplit_systems::clock::Clock;
use netsplit_systems::dice::dice;
use netsplit_systems::disk::Trouble;
use netsplit_systems::weather::{Conditions, Weather};
use rand::Rng;

use crate::{CutKind, Delay, DiskTrouble, Fault, Mishap, Skew, Step};

/// What a link does with messages, there and back: `None` lets them pass.
pub(super) type Flow = [Option<CutKind>; 2];

/// The longest latency that an exponential delay can come to, in means.
const LONGEST_IN_MEANS: u64 = 8;

/// An exponential delay is a whole number of eighths of its mean.
const EIGHTHS: u64 = 8;

/// A fault that is there now.
#[derive(Clone, Debug)]
pub(super) struct InForce {
    pub(super) id: u32,
    pub(super) fault: Fault,
    /// Whom it hits, for a fault that aims at hosts one by one.
    pub(super) hosts: Vec<String>,
    since: Duration,
    /// What a slow link adds now.
    delay_ms: u64,
    /// The mishaps on its links before it.
    mishaps: u64,
}

/// All faults in force.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) faults: BTreeMap<u32, InForce>,
    /// Hosts whose process ended by itself.
    pub(super) exited: BTreeSet<String>,
    /// Hosts that never come back.
    pub(super) dead: BTreeSet<String>,
}

impl State {
    /// The hosts whose process must not run.
    pub(super) fn down(&self) -> BTreeSet<String> {
        let stopped = self.faults.values().filter(|fault| fault.fault.stops_processes());
        stopped.flat_map(|fault| fault.hosts.iter().cloned()).chain(self.exited.union(&self.dead).cloned()).collect()
    }

    pub(super) fn is_paused(&self, host: &str) -> bool {
        self.on(host).any(|fault| matches!(fault.fault, Fault::Pause { .. }))
    }

    /// A cut that drops outweighs any that stall.
    pub(super) fn flow(&self, a: &str, b: &str) -> Flow {
        [(a, b), (b, a)].map(|(from, to)| {
            let cuts = self.faults.values().filter(|fault| fault.fault.blocks(&fault.hosts, from, to));
            cuts.filter_map(|fault| fault.fault.cut_kind()).max_by_key(|kind| *kind == CutKind::Drop)
        })
    }

    /// What slow links add, together.
    pub(super) fn delay_ms(&self, a: &str, b: &str) -> u64 {
        self.faults
            .values()
            .filter(|fault| fault.hosts.iter().any(|host| host == a || host == b))
            .map(|it| it.delay_ms)
            .sum()
    }

    /// The mishaps of all faults, each at its worst rate.
    pub(super) fn conditions(&self, from: &str, to: &str) -> Conditions {
        let touching = self.faults.values().filter(|fault| fault.hosts.iter().any(|host| host == from || host == to));
        touching.map(|fault| conditions(&fault.fault)).fold(Conditions::default(), Conditions::worse)
    }

    /// All troubles of a disk at once.
    pub(super) fn trouble(&self, host: &str) -> Trouble {
        let mut all = Trouble::default();
        for fault in self.on(host) {
            match fault.fault {
                Fault::Disk { trouble: DiskTrouble::Full, .. } => all.full = true,
                Fault::Disk { trouble: DiskTrouble::SyncFails, .. } => all.sync_fails = true,
                Fault::Disk { trouble: DiskTrouble::SyncLies, .. } => all.sync_lies = true,
                Fault::Disk { trouble: DiskTrouble::Slow(ms), .. } => {
                    all.sync_delay = all.sync_delay.max(Duration::from_millis(ms));
                }
                _ => {}
            }
        }
        all
    }

    /// Sets a clock to the sum of its skews, each as far as it has come since it began.
    pub(super) fn set_clock(&self, host: &str, clock: &Clock, now: Duration) {
        clock.correct();
        let mut drift_ppm = 0;
        for fault in self.on(host) {
            match fault.fault {
                Fault::Skew { clock: Skew::Jump(ms) | Skew::Strobe(ms, _), .. } => clock.jump(ms),
                Fault::Skew { clock: Skew::Drift(ppm), .. } => {
                    drift_ppm += ppm;
                    let since_ms = i64::try_from((now.saturating_sub(fault.since)).as_millis()).unwrap_or(i64::MAX);
                    clock.jump(since_ms.saturating_mul(ppm) / 1_000_000);
                }
                _ => {}
            }
        }
        clock.drift(drift_ppm, now);
    }

    /// The faults that aim at `host`.
    fn on<'s>(&'s self, host: &'s str) -> impl Iterator<Item = &'s InForce> {
        self.faults.values().filter(move |fault| fault.hosts.iter().any(|hit| hit == host))
    }
}

impl InForce {
    pub(super) fn new(step: &Step, hosts: Vec<String>, now: Duration, weather: &Weather) -> InForce {
        let delay_ms = match step.fault {
            Fault::Slow { delay, .. } => drawn(delay, step.id, now),
            _ => 0,
        };
        let mut fault = InForce { id: step.id, fault: step.fault.clone(), hosts, since: now, delay_ms, mishaps: 0 };
        fault.mishaps = fault.mishaps_since(weather);
        fault
    }

    /// The pairs of hosts whose link it touches.
    pub(super) fn pairs(&self, everyone: &[String]) -> Vec<(String, String)> {
        let of_hosts = self.fault.is_weather() || matches!(self.fault, Fault::Slow { .. });
        let touches = |a: &String, b: &String| {
            self.fault.blocks(&self.hosts, a, b)
                || self.fault.blocks(&self.hosts, b, a)
                || (of_hosts && (self.hosts.contains(a) || self.hosts.contains(b)))
        };
        let mut pairs = Vec::new();
        for (at, a) in everyone.iter().enumerate() {
            pairs.extend(everyone[at + 1..].iter().filter(|b| touches(a, b)).map(|b| (a.clone(), b.clone())));
        }
        pairs
    }

    /// How many mishaps of its kind there were on its links since it began.
    pub(super) fn mishaps_since(&self, weather: &Weather) -> u64 {
        if !self.fault.is_weather() {
            return 0;
        }
        let all: u64 = weather
            .links()
            .into_iter()
            .filter(|(from, to)| self.hosts.contains(from) || self.hosts.contains(to))
            .map(|(from, to)| {
                let mishaps = weather.mishaps(&from, &to);
                match self.fault {
                    Fault::Weather { mishap: Mishap::Loss, .. } => mishaps.lost,
                    Fault::Weather { mishap: Mishap::Duplication, .. } => mishaps.doubled,
                    Fault::Weather { mishap: Mishap::Reordering, .. } => mishaps.overtaken,
                    Fault::Weather { mishap: Mishap::Corruption, .. } => mishaps.damaged,
                    _ => mishaps.queued,
                }
            })
            .sum();
        all - self.mishaps
    }
}

fn conditions(fault: &Fault) -> Conditions {
    let mut conditions = Conditions::default();
    if let Fault::Throttle { bytes_per_s, .. } = fault {
        conditions.bytes_per_s = Some(*bytes_per_s);
    }
    if let Fault::Weather { mishap, permille, .. } = fault {
        match mishap {
            Mishap::Loss => conditions.loss_permille = *permille,
            Mishap::Duplication => conditions.duplication_permille = *permille,
            Mishap::Reordering => conditions.reordering_permille = *permille,
            Mishap::Corruption => conditions.corruption_permille = *permille,
        }
    }
    conditions
}

/// Drawn from a stream of the step and the time alone, so that no other fault changes it.
fn drawn(delay: Delay, id: u32, now: Duration) -> u64 {
    let mut dice = dice(u64::from(id), &format!("delay at {} ms", now.as_millis()));
    match delay {
        Delay::Constant(ms) => ms,
        Delay::Uniform(least, most) => dice.random_range(least..=most.max(least)),
        Delay::Exponential(mean) => {
            // Counted in tosses of whole numbers: a logarithm may differ in its last bit from one machine to the next.
            let goes_on = |_: &u64| dice.random_range(0..=EIGHTHS) != 0;
            let eighths = (0..EIGHTHS * LONGEST_IN_MEANS).take_while(goes_on).count() as u64;
            mean * eighths / EIGHTHS
        }
    }
}
