//! The hosts of a run: the nodes and Redis, and the machines under them, which outlive every process.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use netsplit_nemesis::inject::Machines;
use netsplit_systems::board::Board;
use netsplit_systems::clock::Clock;
use netsplit_systems::dice::dice;
use netsplit_systems::disk::Platter;
use netsplit_systems::gate::Gate;
use netsplit_systems::net::Net;
use netsplit_systems::node::{Node, REDIS};
use netsplit_systems::redis_host;
use netsplit_systems::system::System;
use netsplit_systems::weather::Weather;
use netsplit_systems::wire::Recorder;
use turmoil::Sim;

use crate::plan::Plan;
use crate::redis_kind::Redis;

/// The secret that the nodes of a run share.
const COOKIE: &str = "netsplit";

/// All hosts but the clients'.
pub(crate) struct Hosts {
    machines: BTreeMap<String, Machine>,
    redis: Redis,
    recorder: Recorder,
    weather: Weather,
    board: Board,
}

/// What is under a node's process.
#[derive(Clone, Default)]
struct Machine {
    platter: Platter,
    clock: Clock,
    gate: Gate,
}

impl Hosts {
    pub(crate) fn new(plan: &Plan, recorder: Recorder, redis: Redis) -> Hosts {
        let machines = plan.cluster().hosts().into_iter().map(|host| (host, Machine::default())).collect();
        Hosts { machines, redis, recorder, weather: Weather::fair(plan.seed), board: Board::default() }
    }

    /// The network as `host` sees it.
    pub(crate) fn net(&self, host: &str) -> Net {
        Net::simulated(host.into(), self.recorder.clone(), self.weather.clone())
    }

    /// Registers every host with the simulation, which starts it now and after every crash.
    pub(crate) fn start(&self, sim: &mut Sim<'_>, plan: &Plan) {
        let system = plan.system();
        if let Some(fsync) = system.redis {
            let (net, redis, gate) = (self.net(REDIS), self.redis.clone(), self.machines[REDIS].gate.clone());
            sim.host(REDIS, move || {
                let (net, redis) = (net.clone(), redis.clone());
                gate.clone().guard(async move { redis_host::serve(net, redis.start()?, fsync).await })
            });
        }
        for name in &plan.nodes {
            self.start_node(sim, plan, system, name);
        }
    }

    /// Each life of a node has its own dice.
    fn start_node(&self, sim: &mut Sim<'_>, plan: &Plan, system: &'static System, name: &str) {
        let id: Arc<str> = name.into();
        let peers: Vec<Arc<str>> =
            plan.nodes.iter().filter(|peer| *peer != name).map(|peer| peer.as_str().into()).collect();
        let (net, board, machine) = (self.net(name), self.board.clone(), self.machines[name].clone());
        let (seed, lives) = (plan.seed, Cell::new(0_u64));
        sim.host(name, move || {
            let life = lives.replace(lives.get() + 1);
            let node = Node {
                id: id.clone(),
                peers: peers.clone(),
                cookie: COOKIE.into(),
                rng: dice(seed, &format!("node {id} life {life}")),
                disk: machine.platter.disk(),
                clock: machine.clock.clone(),
                net: net.clone(),
                board: board.clone(),
            };
            board.follow(&id);
            machine.gate.clone().guard((system.start)(node))
        });
    }
}

impl Machines for Hosts {
    fn crashed(&mut self, host: &str) {
        if host == REDIS {
            self.redis.killed();
        } else {
            self.board.follow(&host.into());
        }
    }

    fn lost_power(&mut self, host: &str) {
        if host == REDIS {
            self.redis.lose_unsynced();
        } else if let Some(machine) = self.machines.get(host) {
            machine.platter.lose_unsynced();
        }
    }

    fn starting(&mut self, _: &str) {}
}
