//! The hosts of a run: the nodes and Redis, and the machines under them, which outlive every process.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use netsplit_nemesis::inject::{Machine, Machines};
use netsplit_systems::board::Board;
use netsplit_systems::dice::dice;
use netsplit_systems::disk::{Platter, Trouble};
use netsplit_systems::net::Net;
use netsplit_systems::node::{Node, REDIS};
use netsplit_systems::redis_host;
use netsplit_systems::weather::Weather;
use netsplit_systems::wire::Recorder;
use turmoil::Sim;

use super::supervisor::Supervisor;
use crate::case::Case;
use crate::redis_kind::Redis;

/// The secret that the nodes of a run share.
const COOKIE: &str = "netsplit";

/// How long a sync takes on a healthy disk: longer than the tick of a drawn plan, so that a fault, which begins between two
/// ticks, can meet it.
pub(crate) const SYNC_TAKES: Duration = Duration::from_millis(6);

/// All hosts but the clients'.
pub(crate) struct Hosts {
    machines: BTreeMap<String, Machine>,
    redis: Redis,
    recorder: Recorder,
    weather: Weather,
    board: Board,
    supervisor: Supervisor,
}

impl Hosts {
    pub(crate) fn new(case: &Case, recorder: Recorder, redis: Redis, supervisor: Supervisor) -> Hosts {
        let machine = || Machine { platter: Platter::with_syncs_of(SYNC_TAKES), ..Machine::default() };
        let mut machines: BTreeMap<String, Machine> =
            case.cluster().hosts().into_iter().map(|host| (host, machine())).collect();
        if let (Some(machine), Redis::Embedded(platter)) = (machines.get_mut(REDIS), &redis) {
            machine.platter = platter.clone();
        }
        Hosts { machines, redis, recorder, weather: Weather::fair(case.seed), board: Board::default(), supervisor }
    }

    /// The network as `host` sees it.
    pub(crate) fn net(&self, host: &str) -> Net {
        Net::simulated(host.into(), self.recorder.clone(), self.weather.clone())
    }

    /// Registers every host with the simulation, which starts it now and after every crash.
    pub(crate) fn start(&self, sim: &mut Sim<'_>, case: &Case) {
        let system = case.system;
        if let Some(fsync) = system.redis {
            let (net, redis, gate) = (self.net(REDIS), self.redis.clone(), self.machines[REDIS].gate.clone());
            let supervisor = self.supervisor.clone();
            sim.host(REDIS, move || {
                let (net, redis) = (net.clone(), redis.clone());
                let process = Box::pin(async move { redis_host::serve(net, redis.start()?, fsync).await });
                supervisor.clone().watch(REDIS.to_owned(), gate.clone(), process)
            });
        }
        for name in &case.nodes {
            self.start_node(sim, case, name);
        }
    }

    /// Each life of a node has its own dice.
    fn start_node(&self, sim: &mut Sim<'_>, case: &Case, name: &str) {
        let id: Arc<str> = name.into();
        let peers: Vec<Arc<str>> =
            case.nodes.iter().filter(|peer| *peer != name).map(|peer| peer.as_str().into()).collect();
        let (net, board, machine) = (self.net(name), self.board.clone(), self.machines[name].clone());
        let (seed, system, lives) = (case.seed, case.system, Cell::new(0_u64));
        let supervisor = self.supervisor.clone();
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
            supervisor.clone().watch(id.to_string(), machine.gate.clone(), (system.start)(node))
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

    fn lost_power(&mut self, host: &str, torn_permille: u16) -> u64 {
        if let (REDIS, Redis::Server(_)) = (host, &self.redis) {
            return self.redis.lose_unsynced();
        }
        let Some(Machine { platter, .. }) = self.machines.get(host) else { return 0 };
        let before = platter.present_trouble();
        platter.trouble(Trouble { torn_permille, ..before });
        let lost_bytes = platter.lose_unsynced() as u64;
        platter.trouble(before);
        lost_bytes
    }

    fn forgot(&mut self, host: &str) -> u64 {
        if let (REDIS, Redis::Server(_)) = (host, &self.redis) {
            return self.redis.forget();
        }
        self.machines.get(host).map_or(0, |machine| machine.platter.forget() as u64)
    }

    fn machine(&self, host: &str) -> Option<&Machine> {
        self.machines.get(host)
    }

    fn weather(&self) -> &Weather {
        &self.weather
    }

    fn leader(&self) -> Option<String> {
        self.board.leader().map(|leader| leader.to_string())
    }
}
