//! Systems that use turmoil directly, with hosts, sockets and a simulation of their own: netsplit draws the faults and does them
//! between the steps, and writes the history that checkers judge.
//!
//! What netsplit can do to such a simulation is what turmoil itself can: cut links, in every way, and crash hosts. Everything
//! else (pauses, clocks, disks, the fate of single messages) acts on what a [`netsplit_systems::node::Node`] is given, and is
//! refused here. Nor is the network recorded: a run is a function of its seed as far as the system's own code lets it be.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use netsplit_checker::{History, Kind, Outcome, Value};
use netsplit_nemesis::inject::{Injector, Machine, Machines, Strikes};
use netsplit_nemesis::{Cluster, Schedule};
use netsplit_systems::call::CallError;
use netsplit_systems::weather::Weather;
use netsplit_workloads::{Op, outcome};
use turmoil::{Builder, Sim};

use crate::registry::{Registry, Unknown};
use crate::simulate::drive::{Agenda, do_faults};
use crate::simulate::panics::{self, Panicked};
use crate::simulate::pen::{Entry, Pen};

/// The families of faults that turmoil itself can do.
const FAMILIES: &[&str] = &["none", "partition", "one-way", "flapping", "crash"];

/// The longest that clients may take after the main phase, in simulated time.
const MOST_AFTER: Duration = Duration::from_mins(5);

/// What is done to a simulation.
#[derive(Clone, Copy, Debug)]
pub struct Trouble<'a> {
    /// The hosts that faults can aim at, by the names that the simulation has them under.
    pub hosts: &'a [&'a str],
    /// Where the faults come from: names joined by commas.
    pub nemesis: &'a str,
    /// For how long there are faults; all have ended then.
    pub length: Duration,
}

/// Why a simulation is not driven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDriven {
    /// No nemesis has that name.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// It draws what can't be done.
    #[error("nemesis `{0}` can't be done to a simulation of your own; {list} can", list = FAMILIES.join(", "))]
    Refused(&'static str),
}

/// What a simulation left behind.
#[derive(Clone, Debug)]
pub struct Driven {
    /// What the clients saw, and what the nemesis did.
    pub history: History,
    /// Simulated time from start to end.
    pub simulated: Duration,
    /// The panic, or the error of a host, that ended it, if one did.
    pub panicked: Option<Panicked>,
}

/// Steps the simulation that `set_up` builds until its clients have ended, with the faults that `seed` draws. `set_up` gets a
/// builder whose epoch and seeds are set, and the scribe that writes the history; its clients run on a host of the name
/// [`crate::plan::CLIENTS`], so that cuts know them.
pub fn drive(
    seed: u64,
    trouble: &Trouble<'_>,
    registry: &Registry,
    set_up: impl FnOnce(Builder, Scribe) -> Sim<'static>,
) -> Result<Driven, NotDriven> {
    let cluster =
        Cluster { nodes: trouble.hosts.iter().map(|&host| host.to_owned()).collect(), redis: None, leads: false };
    let schedule = schedule(seed, trouble, &cluster, registry)?;
    let scribe = Scribe::default();
    let pen = scribe.pen.clone();
    let ended = panics::caught(|| {
        let mut builder = Builder::new();
        builder.epoch(SystemTime::UNIX_EPOCH).rng_seed(seed).simulation_duration(trouble.length + 2 * MOST_AFTER);
        let mut sim = set_up(builder, scribe);
        let bare = Bare(Weather::fair(seed));
        let mut injector = Injector::new(cluster, BTreeMap::new(), bare, Strikes::default());
        let length_ms = u64::try_from(trouble.length.as_millis()).unwrap_or(u64::MAX);
        let mut agenda = Agenda::of(&schedule, length_ms);
        loop {
            let now_ms = u64::try_from(sim.elapsed().as_millis()).unwrap_or(u64::MAX);
            do_faults(&mut sim, &mut agenda, now_ms, &mut injector, &pen);
            match sim.step() {
                Ok(true) => return Ok(sim.elapsed()),
                Ok(false) if sim.elapsed() > trouble.length + MOST_AFTER => {
                    return Err(format!("the clients did not end within {MOST_AFTER:?} after the faults"));
                }
                Ok(false) => {}
                Err(error) => return Err(format!("the simulation ended: {error}")),
            }
        }
    });
    let history = pen.take();
    let last = history.events.last().map_or(Duration::ZERO, |event| event.time);
    Ok(match ended {
        Ok(simulated) => Driven { history, simulated, panicked: None },
        Err(panicked) => Driven { history, simulated: last, panicked: Some(panicked) },
    })
}

fn schedule(seed: u64, trouble: &Trouble<'_>, cluster: &Cluster, registry: &Registry) -> Result<Schedule, NotDriven> {
    let nemeses = registry.nemeses_named(trouble.nemesis)?;
    let refused = nemeses.iter().find(|nemesis| {
        nemesis.families.is_empty() || nemesis.families.iter().any(|family| !FAMILIES.contains(family))
    });
    if let Some(nemesis) = refused {
        return Err(NotDriven::Refused(nemesis.name));
    }
    let nemeses: Vec<_> = nemeses.into_iter().map(|nemesis| (nemesis, 1000)).collect();
    Ok(crate::faults::schedule(seed, &nemeses, cluster, trouble.length))
}

/// Machines of which nothing is known but their names.
struct Bare(Weather);

impl Machines for Bare {
    fn machine(&self, _host: &str) -> Option<&Machine> {
        None
    }

    fn weather(&self) -> &Weather {
        &self.0
    }

    fn leader(&self) -> Option<String> {
        None
    }

    fn crashed(&mut self, _host: &str) {}

    fn lost_power(&mut self, _host: &str, _torn_permille: u16) -> u64 {
        0
    }

    fn forgot(&mut self, _host: &str) -> u64 {
        0
    }
}

/// Writes the history of a simulation; clones write the same one.
#[derive(Clone, Default)]
pub struct Scribe {
    pen: Pen,
    processes: Rc<Cell<u64>>,
}

impl Scribe {
    /// A client, which asks one thing at a time.
    pub fn client(&self) -> Client {
        Client { scribe: self.clone(), process: self.next_process() }
    }

    fn next_process(&self) -> u64 {
        self.processes.replace(self.processes.get() + 1)
    }
}

/// A client whose operations are written down.
pub struct Client {
    scribe: Scribe,
    process: u64,
}

impl Client {
    /// Does one operation at `host`, recorded on both ends. The error of `call` says what may be concluded from it.
    pub async fn invoke(
        &mut self,
        host: &str,
        op: &Op,
        call: impl Future<Output = Result<Value, CallError>>,
    ) -> Result<Value, CallError> {
        let (host, f): (Arc<str>, Arc<str>) = (host.into(), op.f.as_str().into());
        let note = |process, kind, value, error| {
            self.scribe.pen.client(Entry { process, node: &host, kind, f: &f, key: op.key_value(), value, error });
        };
        note(self.process, Kind::Invoke, op.value(), None);
        let result = call.await;
        let error = result.as_ref().err().map(ToString::to_string);
        match outcome(&result, false) {
            Outcome::Ok(value) => note(self.process, Kind::Ok, value.clone(), None),
            Outcome::Fail => note(self.process, Kind::Fail, op.value(), error),
            Outcome::Info => {
                note(self.process, Kind::Info, op.value(), error);
                // It may take effect at any time: this process never asks again.
                self.process = self.scribe.next_process();
            }
        }
        result
    }
}
