//! The hosts of a run: the nodes and Redis, and the machines under them, whose disks outlive every process.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use netsplit_nemesis::inject::Machines;
use netsplit_systems::disk::Disk;
use netsplit_systems::net::Net;
use netsplit_systems::node::{Clock, Node, REDIS};
use netsplit_systems::redis_host;
use netsplit_systems::system::System;
use netsplit_systems::wire::Recorder;
use turmoil::Sim;

use crate::plan::{Plan, dice};
use crate::redis_kind::Redis;

/// All hosts but the clients'.
pub(crate) struct Hosts {
    disks: BTreeMap<String, Disk>,
    redis: Redis,
    recorder: Recorder,
}

impl Hosts {
    pub(crate) fn new(plan: &Plan, recorder: Recorder, redis: Redis) -> Hosts {
        let disks = plan.nodes.iter().map(|node| (node.clone(), Disk::default())).collect();
        Hosts { disks, redis, recorder }
    }

    /// Registers every host with the simulation, which starts it now and after every crash.
    pub(crate) fn start(&self, sim: &mut Sim<'_>, plan: &Plan) {
        let system = plan.system();
        if let Some(fsync) = system.redis {
            let (net, redis) = (Net::simulated(REDIS.into(), self.recorder.clone()), self.redis.clone());
            sim.host(REDIS, move || {
                let (net, redis) = (net.clone(), redis.clone());
                async move { redis_host::serve(net, redis.start()?, fsync).await }
            });
        }
        for name in &plan.nodes {
            self.start_node(sim, plan, system, name);
        }
    }

    /// Each life of a node has its own dice.
    fn start_node(&self, sim: &mut Sim<'_>, plan: &Plan, system: &'static System, name: &str) {
        let id: Arc<str> = name.into();
        let peers: Vec<Arc<str>> = plan.nodes.iter().filter(|peer| *peer != name).map(|peer| peer.as_str().into()).collect();
        let net = Net::simulated(id.clone(), self.recorder.clone());
        let (seed, disk, lives) = (plan.seed, self.disks[name].clone(), Cell::new(0_u64));
        sim.host(name, move || {
            let life = lives.replace(lives.get() + 1);
            let node = Node {
                id: id.clone(),
                peers: peers.clone(),
                rng: dice(seed, &format!("node {id} life {life}")),
                disk: disk.clone(),
                clock: Clock,
                net: net.clone(),
            };
            (system.start)(node)
        });
    }
}

impl Machines for Hosts {
    fn crashed(&mut self, host: &str) {
        if host == REDIS {
            self.redis.killed();
        }
    }

    fn lost_power(&mut self, host: &str) {
        if host == REDIS {
            self.redis.lose_unsynced();
        } else if let Some(disk) = self.disks.get(host) {
            disk.lose_unsynced();
        }
    }

    fn starting(&mut self, _: &str) {}
}
