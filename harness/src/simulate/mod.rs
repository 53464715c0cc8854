//! Running a plan: the hosts, the clients and the nemesis in one simulated network, and what they leave behind.
//!
//! | part | what it is |
//! |---|---|
//! | `pen` | writes the history, one counter for all |
//! | `clients` | the clients' tasks: scripts, then final reads |
//! | `hosts` | the nodes and Redis, and the machines under them |
//! | `panics` | catches panics of node code as findings |
//! | `log` | the log of every node, in simulated time |

mod clients;
mod hosts;
mod log;
mod panics;
mod pen;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use netsplit_checker::History;
use netsplit_nemesis::Step;
use netsplit_nemesis::inject::Injector;
use netsplit_systems::wire::{Record, Recorder};
use serde::{Deserialize, Serialize};
use turmoil::Sim;

use crate::plan::{CLIENTS, Plan};
use crate::redis_kind::{NoRedis, Redis};
use clients::Tally;
use hosts::Hosts;
pub use panics::Panicked;
use pen::Pen;

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
    /// The panic that ended the run, if one did.
    pub panicked: Option<Panicked>,
    /// Simulated time from start to end.
    pub simulated: Duration,
}

/// Runs a valid plan, on a thread of its own: thread-local state of one run never reaches another.
pub fn run(plan: &Plan) -> Result<Recording, NoRedis> {
    let plan = plan.clone();
    let thread = std::thread::Builder::new().name("run".into()).stack_size(16 << 20);
    let running = thread.spawn(move || run_here(&plan)).expect("the system gives a thread");
    running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn run_here(plan: &Plan) -> Result<Recording, NoRedis> {
    let redis = Redis::of(plan)?;
    let (pen, recorder, tally, logged) = (Pen::default(), Recorder::default(), Tally::default(), log::Log::default());
    let ended = log::with(&logged, || {
        panics::caught(|| {
            let mut sim = build(plan);
            let hosts = Hosts::new(plan, recorder.clone(), redis.clone());
            hosts.start(&mut sim, plan);
            clients::start(&mut sim, plan, hosts.net(CLIENTS), &pen, &tally);
            set_latencies(&sim, plan);
            let injector = Injector::new(plan.cluster().hosts().into_iter().chain([CLIENTS.into()]).collect(), hosts);
            drive(&mut sim, plan, injector, &pen)
        })
    });
    let mut recording = Recording {
        history: pen.take(),
        record: recorder.take(),
        log: logged.take(),
        stuck: tally.stuck(plan),
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

fn set_latencies(sim: &Sim<'_>, plan: &Plan) {
    for link in &plan.latencies {
        sim.set_link_latency(link.a.as_str(), link.b.as_str(), Duration::from_millis(link.ms));
    }
}

/// Steps the simulation until the clients have done everything; faults begin and end between steps.
fn drive(sim: &mut Sim<'_>, plan: &Plan, mut injector: Injector<Hosts>, pen: &Pen) -> Result<Duration, String> {
    let mut due = agenda(plan).into_iter().peekable();
    loop {
        let now_ms = u64::try_from(sim.elapsed().as_millis()).unwrap_or(u64::MAX);
        while let Some((_, begins, step)) = due.next_if(|(at_ms, ..)| *at_ms <= now_ms) {
            pen.fault(sim.elapsed(), step, begins);
            if begins {
                tracing::info!("nemesis: {}", step.fault);
                injector.begin(sim, step);
            } else {
                tracing::info!("nemesis: heal of {}", step.fault);
                injector.end(sim, step);
            }
        }
        match catch_unwind(AssertUnwindSafe(|| sim.step())) {
            Ok(Ok(false)) if now_ms > hard_end_ms(plan) => return Err("the clients did not end in time".into()),
            Ok(Ok(false)) => {}
            Ok(Ok(true)) => return Ok(sim.elapsed()),
            Ok(Err(error)) => return Err(format!("a host ended: {error}")),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Every beginning and end of a fault in the order of its time, ends first; all has ended when the main phase has.
fn agenda(plan: &Plan) -> Vec<(u64, bool, &Step)> {
    let steps = || plan.schedule.iter().filter(|step| step.at_ms < plan.length_ms);
    let mut agenda: Vec<(u64, bool, &Step)> = steps()
        .map(|step| (step.at_ms, true, step))
        .chain(steps().map(|step| (step.ends_ms().clamp(step.at_ms + 1, plan.length_ms), false, step)))
        .collect();
    agenda.sort_by_key(|(at_ms, begins, step)| (*at_ms, *begins, step.id));
    agenda
}
