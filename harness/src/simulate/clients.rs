//! The clients: tasks on one host, each with its share of the set-up and its script; then the final reads of every object from every node.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use netsplit_checker::{Kind, Outcome, Value};
use netsplit_systems::net::Net;
use netsplit_workloads::{Client, Op, Script, Workload, outcome};
use tokio::time::{Duration as Wait, Instant, sleep, sleep_until};
use turmoil::Sim;

use super::Stuck;
use super::pen::{Entry, Pen};
use crate::case::Case;
use crate::plan::{CLIENTS, Plan};

/// How long a client waits before it asks again for a final read.
const AGAIN: Wait = Wait::from_millis(100);

/// What the clients know of each node's progress.
#[derive(Clone, Default)]
pub(crate) struct Tally(Arc<Mutex<BTreeMap<String, Progress>>>);

#[derive(Default)]
struct Progress {
    last_answer_ms: Option<u64>,
    unanswered: Option<String>,
}

impl Tally {
    fn answered(&self, node: &str) {
        let now_ms = u64::try_from(netsplit_systems::wire::now().as_millis()).unwrap_or(u64::MAX);
        self.0.lock().expect("no holder panics").entry(node.to_owned()).or_default().last_answer_ms = Some(now_ms);
    }

    fn gave_up(&self, node: &str, reason: String) {
        self.0.lock().expect("no holder panics").entry(node.to_owned()).or_default().unanswered.get_or_insert(reason);
    }

    /// The nodes of `plan` that left a final read unanswered.
    pub(crate) fn stuck(&self, plan: &Plan) -> Vec<Stuck> {
        let progress = self.0.lock().expect("no holder panics");
        plan.nodes
            .iter()
            .filter_map(|node| {
                let progress = progress.get(node)?;
                let reason = progress.unanswered.clone()?;
                Some(Stuck { node: node.clone(), last_answer_ms: progress.last_answer_ms, reason })
            })
            .collect()
    }
}

/// Starts all clients of `case` on their host.
pub(crate) fn start(sim: &mut Sim<'_>, case: &Case, net: Net, pen: &Pen, tally: &Tally) {
    let (plan, workload) = (Arc::new(case.plan.clone()), case.workload);
    let (pen, tally) = (pen.clone(), tally.clone());
    sim.client(CLIENTS, async move {
        let started = Instant::now();
        let mut running = Vec::new();
        for number in 0..plan.scripts.len() {
            let caller = Caller {
                client: (workload.client)(net.clone(), Duration::from_millis(plan.deadline_ms)),
                workload,
                process: number as u64,
                processes: plan.scripts.len() as u64,
                pen: pen.clone(),
                tally: tally.clone(),
                started,
            };
            running.push(tokio::task::spawn_local(caller.live(plan.clone(), number)));
        }
        for client in running {
            client.await?;
        }
        Ok(())
    });
}

/// One client.
struct Caller {
    client: Box<dyn Client>,
    workload: &'static Workload,
    process: u64,
    processes: u64,
    pen: Pen,
    tally: Tally,
    started: Instant,
}

impl Caller {
    async fn live(mut self, plan: Arc<Plan>, number: usize) {
        self.set_up(&plan, number).await;
        self.main_phase(&plan, &plan.scripts[number]).await;
        sleep_until(self.at(plan.length_ms + plan.quiet_ms)).await;
        self.final_reads(&plan, number).await;
    }

    fn at(&self, ms: u64) -> Instant {
        self.started + Duration::from_millis(ms)
    }

    /// This client's share of the set-up, each operation repeated until it is answered or the main phase begins.
    async fn set_up(&mut self, plan: &Plan, number: usize) {
        for (at, op) in plan.setup.iter().enumerate().skip(number).step_by(plan.scripts.len()) {
            let mut nodes = plan.nodes.iter().cycle().skip(at);
            while let Some(node) = nodes.next()
                && Instant::now() + AGAIN < self.at(plan.start_ms)
                && self.invoke(&node.as_str().into(), op).await.is_err()
            {
                sleep(AGAIN).await;
            }
        }
    }

    /// The script, as far as the main phase reaches.
    async fn main_phase(&mut self, plan: &Plan, script: &Script) {
        let nodes: BTreeMap<&str, Arc<str>> =
            plan.nodes.iter().map(|node| (node.as_str(), node.as_str().into())).collect();
        for planned in script {
            sleep_until(self.at(planned.at_ms)).await;
            if Instant::now() >= self.at(plan.length_ms) {
                return;
            }
            // A failure is recorded and the client goes on: it never asks again.
            let _recorded = self.invoke(&nodes[planned.node.as_str()], &planned.op).await;
        }
    }

    /// This client's share of the final reads, each repeated until it is answered or the time for recovery is over.
    async fn final_reads(&mut self, plan: &Plan, number: usize) {
        let end = self.at(plan.length_ms + plan.quiet_ms + plan.recovery_ms);
        let reads = plan.finale_nodes.iter().flat_map(|node| plan.finale.iter().map(move |op| (node, op)));
        for (node, op) in reads.skip(number).step_by(plan.scripts.len()) {
            let node: Arc<str> = node.as_str().into();
            while let Err(reason) = self.invoke(&node, op).await {
                if Instant::now() + AGAIN >= end {
                    self.tally.gave_up(&node, reason);
                    break;
                }
                sleep(AGAIN).await;
            }
        }
    }

    /// One operation, recorded on both ends; an `Err` says why it was not answered.
    async fn invoke(&mut self, node: &Arc<str>, op: &Op) -> Result<(), String> {
        let f: Arc<str> = op.f.as_str().into();
        self.write(node, &f, op, Kind::Invoke, op.value(), None);
        let result = self.client.invoke(node, op).await;
        let error = result.as_ref().err().map(ToString::to_string);
        match outcome(&result, (self.workload.pure)(op)) {
            Outcome::Ok(value) => {
                self.tally.answered(node);
                self.write(node, &f, op, Kind::Ok, value.clone(), None);
            }
            Outcome::Fail => self.write(node, &f, op, Kind::Fail, op.value(), error.clone()),
            Outcome::Info => {
                self.write(node, &f, op, Kind::Info, op.value(), error.clone());
                self.process += self.processes;
            }
        }
        error.map_or(Ok(()), Err)
    }

    fn write(&self, node: &Arc<str>, f: &Arc<str>, op: &Op, kind: Kind, value: Value, error: Option<String>) {
        let process = self.process;
        self.pen.client(Entry { process, node, kind, f, key: op.key_value(), value, error });
    }
}
