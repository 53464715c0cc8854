//! Running a plan: the hosts, the clients and the nemesis in one simulated network, and what they leave behind.
//!
//! | part | what it is |
//! |---|---|
//! | `pen` | writes the history, one counter for all |
//! | `clients` | the clients' tasks: scripts, then final reads |
//! | `hosts` | the nodes and Redis, and the machines under them |
//! | `drive` | steps the simulation; faults begin and end between steps |
//! | `supervisor` | starts processes that ended by themselves again |
//! | `panics` | catches panics of node code as findings |
//! | `log` | the log of every node, in simulated time |

mod clients;
pub(crate) mod drive;
mod hosts;
pub(crate) mod log;
pub(crate) mod panics;
pub(crate) mod pen;
mod supervisor;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use netsplit_checker::History;
use netsplit_nemesis::Step;
use netsplit_nemesis::inject::{Injector, Strike, Strikes};
use netsplit_systems::node::{NodeError, REDIS};
use netsplit_systems::wire::{Record, Recorder};
use serde::{Deserialize, Serialize};
use turmoil::Sim;

use crate::case::Case;
use crate::plan::{CLIENTS, Plan};
use crate::redis_kind::{NoRedis, Redis};
use clients::Tally;
use hosts::Hosts;
pub(crate) use hosts::SYNC_TAKES;
pub use panics::Panicked;
use pen::Pen;
pub use supervisor::Exit;
use supervisor::Supervisor;

/// A node that did not answer the final reads in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stuck {
    /// The node.
    pub node: String,
    /// When it last answered anything, in milliseconds; `None` if it never did.
    pub last_answer_ms: Option<u64>,
    /// What it answered instead.
    pub reason: String,
}

/// As a sentence: who, since when, and why.
impl std::fmt::Display for Stuck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} did not come back: ", self.node)?;
        match self.last_answer_ms {
            Some(ms) => write!(f, "it last answered at {}.{:03} s", ms / 1000, ms % 1000)?,
            None => write!(f, "it never answered")?,
        }
        write!(f, "; then {}", self.reason)
    }
}

/// What a run leaves behind.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// What the clients saw, and what the nemesis did.
    pub history: History,
    /// What crossed the network.
    pub record: Record,
    /// What the nodes logged.
    pub log: String,
    /// The nodes that did not come back.
    pub stuck: Vec<Stuck>,
    /// What each step of the schedule hit, by its id, as far as the simulation itself can tell.
    pub strikes: BTreeMap<u32, Strike>,
    /// The processes that ended by themselves.
    pub exits: Vec<Exit>,
    /// The panic that ended the run, if one did.
    pub panicked: Option<Panicked>,
    /// Simulated time from start to end.
    pub simulated: Duration,
}

impl Recording {
    /// A step of the plan, with the time at which it really began.
    pub(crate) fn begun(&self, step: &Step) -> Step {
        let begun_ms = self.strikes.get(&step.id).and_then(|strike| strike.begun_ms);
        begun_ms.map_or_else(|| step.clone(), |at_ms| step.begun(at_ms))
    }
}

/// Runs a case, on a thread of its own: thread-local state of one run never reaches another.
pub fn run(case: &Case) -> Result<Recording, NoRedis> {
    let thread = std::thread::Builder::new().name("run".into()).stack_size(16 << 20);
    std::thread::scope(|scope| {
        let running = thread.spawn_scoped(scope, || run_here(case)).expect("the system gives a thread");
        running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn run_here(case: &Case) -> Result<Recording, NoRedis> {
    let redis = Redis::of(case)?;
    let (pen, recorder, tally, logged) = (Pen::default(), Recorder::default(), Tally::default(), log::Log::default());
    let (strikes, supervisor) = (Strikes::default(), Supervisor::default());
    let ended = log::with(&logged, || {
        panics::caught(|| {
            let mut sim = build(case);
            let hosts = Hosts::new(case, recorder.clone(), redis.clone(), supervisor.clone());
            hosts.start(&mut sim, case);
            clients::start(&mut sim, case, hosts.net(CLIENTS), &pen, &tally);
            set_latencies(&sim, case);
            let injector = Injector::new(case.cluster(), latencies(case), hosts, strikes.clone());
            drive::drive(&mut sim, case, injector, &supervisor, &pen)
        })
    });
    let mut recording = Recording {
        history: pen.take(),
        record: recorder.take(),
        log: logged.take(),
        stuck: explained(tally.stuck(case), &supervisor.exits(), case.length_ms),
        strikes: strikes.take(),
        exits: supervisor.exits(),
        ..Recording::default()
    };
    match ended {
        Ok(simulated) => recording.simulated = simulated,
        Err(panicked) => {
            recording.log.push_str(&panicked.to_string());
            recording.simulated = recording.history.events.last().map_or(Duration::ZERO, |event| event.time);
            // The run ended before anybody could be asked whether it came back.
            recording.stuck.clear();
            recording.panicked = Some(panicked);
        }
    }
    Ok(recording)
}

/// Steps the hosts of a case for so long while nobody does anything: what that takes is turmoil's own.
pub fn idle(case: &Case, length: Duration) {
    let thread = std::thread::Builder::new().name("idle".into());
    let stepping = || {
        let mut sim = build(case);
        for host in case.cluster().hosts() {
            sim.host(host, std::future::pending::<Result<(), NodeError>>);
        }
        sim.client(CLIENTS, std::future::pending::<Result<(), NodeError>>());
        set_latencies(&sim, case);
        while sim.elapsed() < length {
            sim.step().expect("nobody is there to fail");
        }
    };
    std::thread::scope(|scope| {
        let running = thread.spawn_scoped(scope, stepping).expect("the system gives a thread");
        running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

/// Adds to what is known of the stuck nodes that their process, or Redis's, ended by itself since the heal.
fn explained(mut stuck: Vec<Stuck>, exits: &[Exit], healed_ms: u64) -> Vec<Stuck> {
    for stuck in &mut stuck {
        let concerns = |exit: &&Exit| exit.at_ms >= healed_ms && (exit.host == stuck.node || exit.host == REDIS);
        let exits: Vec<&Exit> = exits.iter().filter(concerns).collect();
        if let Some(last) = exits.last() {
            let times = exits.len();
            stuck.reason = format!(
                "{}; {} ended by itself, {times} times since the heal: {}",
                stuck.reason, last.host, last.reason
            );
        }
    }
    stuck
}

/// The longest that a run can take in simulated time: reads that began in time may end after it.
fn hard_end_ms(plan: &Plan) -> u64 {
    plan.length_ms + plan.quiet_ms + plan.recovery_ms + 100 * plan.deadline_ms
}

fn build(plan: &Plan) -> Sim<'static> {
    let tick = Duration::from_millis(plan.tick_ms);
    turmoil::Builder::new()
        .epoch(SystemTime::UNIX_EPOCH)
        .rng_seed(plan.seed)
        .tick_duration(tick)
        .simulation_duration(Duration::from_millis(2 * hard_end_ms(plan)))
        // One constant latency a link: it is the plan's, and turmoil draws nothing in floating point.
        .min_message_latency(tick)
        .max_message_latency(tick)
        .tcp_capacity(4096)
        .udp_capacity(4096)
        .build()
}

fn latencies(plan: &Plan) -> BTreeMap<(String, String), u64> {
    plan.latencies.iter().map(|link| ((link.a.clone(), link.b.clone()), link.ms)).collect()
}

fn set_latencies(sim: &Sim<'_>, plan: &Plan) {
    for link in &plan.latencies {
        sim.set_link_latency(link.a.as_str(), link.b.as_str(), Duration::from_millis(link.ms));
    }
}
