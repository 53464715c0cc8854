//! A small cluster in a simulation, for the tests of this package.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use turmoil::Sim;

use crate::board::Board;
use crate::clock::Clock;
use crate::dice::dice;
use crate::disk::Platter;
use crate::gate::Gate;
use crate::net::Net;
use crate::node::{Node, NodeError, NodeFuture};
use crate::weather::Weather;
use crate::wire::Recorder;

/// A cluster whose nodes all run the same code.
pub(crate) struct Cluster {
    pub(crate) sim: Sim<'static>,
    pub(crate) weather: Weather,
    pub(crate) gates: BTreeMap<String, Gate>,
    pub(crate) platters: BTreeMap<String, Platter>,
}

/// A node with this disk that has no peers, for what needs none.
pub(crate) fn alone(name: &str, platter: &Platter) -> Node {
    Node {
        id: name.into(),
        peers: Vec::new(),
        cookie: "cookie".into(),
        rng: dice(1, name),
        disk: platter.disk(),
        clock: Clock::default(),
        net: Net::simulated(name.into(), Recorder::default(), Weather::fair(1)),
        board: Board::default(),
    }
}

impl Cluster {
    /// Nodes `n1` to `n<size>`.
    pub(crate) fn start(size: usize, start: impl Fn(Node) -> NodeFuture + Clone + 'static) -> Cluster {
        let sim = turmoil::Builder::new()
            .epoch(SystemTime::UNIX_EPOCH)
            .rng_seed(1)
            .tick_duration(Duration::from_millis(5))
            .min_message_latency(Duration::from_millis(5))
            .max_message_latency(Duration::from_millis(5))
            .simulation_duration(Duration::from_mins(10))
            .tcp_capacity(4096)
            .build();
        let (weather, board) = (Weather::fair(1), Board::default());
        let mut cluster = Cluster { sim, weather, gates: BTreeMap::new(), platters: BTreeMap::new() };
        let names: Vec<Arc<str>> = (1..=size).map(|n| format!("n{n}").into()).collect();
        for name in &names {
            let (gate, platter) = (Gate::default(), Platter::default());
            let node = Node {
                id: name.clone(),
                peers: names.iter().filter(|peer| *peer != name).cloned().collect(),
                cookie: "cookie".into(),
                rng: dice(1, name),
                disk: platter.disk(),
                clock: Clock::default(),
                net: Net::simulated(name.clone(), Recorder::default(), cluster.weather.clone()),
                board: board.clone(),
            };
            cluster.gates.insert(name.to_string(), gate.clone());
            cluster.platters.insert(name.to_string(), platter);
            let start = start.clone();
            cluster.sim.host(name.as_ref(), move || gate.clone().guard(start(node.clone())));
        }
        cluster
    }

    /// Runs `client` on a host of its own and returns what it returns.
    pub(crate) fn ask<T: 'static, F: Future<Output = T> + 'static>(&mut self, client: impl FnOnce(Net) -> F) -> T {
        self.drive(client, |_, _| ())
    }

    /// The same, with `between` called after every step, with the simulated time in milliseconds.
    pub(crate) fn drive<T: 'static, F: Future<Output = T> + 'static>(
        &mut self,
        client: impl FnOnce(Net) -> F,
        mut between: impl FnMut(&mut Cluster, u64),
    ) -> T {
        let answer = Rc::new(RefCell::new(None));
        let name = format!("client-{}", self.sim.elapsed().as_millis());
        let asking = client(Net::simulated(name.as_str().into(), Recorder::default(), self.weather.clone()));
        let answered = answer.clone();
        self.sim.client(name, async move {
            *answered.borrow_mut() = Some(asking.await);
            Ok::<_, NodeError>(())
        });
        while answer.borrow().is_none() {
            self.sim.step().expect("no host ends");
            let now_ms = u64::try_from(self.sim.elapsed().as_millis()).unwrap_or(u64::MAX);
            between(self, now_ms);
        }
        answer.take().expect("the loop ends when there is one")
    }
}
