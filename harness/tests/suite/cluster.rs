//! A small cluster of any system in a simulation, asked in plain HTTP by a scene that may break things between its requests.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response};
use netsplit_systems::board::Board;
use netsplit_systems::clock::Clock;
use netsplit_systems::dice::dice;
use netsplit_systems::disk::Platter;
use netsplit_systems::http::Client;
use netsplit_systems::net::Net;
use netsplit_systems::node::{Node, NodeError, REDIS};
use netsplit_systems::redis::Embedded;
use netsplit_systems::redis_host;
use netsplit_systems::system::System;
use netsplit_systems::weather::Weather;
use netsplit_systems::wire::Recorder;
use turmoil::Sim;

/// The three nodes of every scene.
pub(crate) const ALL: [&str; 3] = ["n1", "n2", "n3"];

/// What the scene wants done between two steps of the simulation.
enum Order {
    Crash(String),
    LosePower(String),
    Restart(String),
}

/// The side of the scene that asks and breaks.
pub(crate) struct Scene {
    client: Client,
    orders: Rc<RefCell<Vec<Order>>>,
}

/// An answer; status 0 if there was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// Plays `scene` on three nodes of `system`, once there was time for an election.
pub(crate) fn play<T: 'static>(system: &'static System, scene: impl AsyncFnOnce(&mut Scene) -> T + 'static) -> T {
    play_with_cookies(system, |_| "cookie", scene)
}

/// The same with a cookie for each node.
pub(crate) fn play_with_cookies<T: 'static>(
    system: &'static System,
    cookie: fn(&str) -> &'static str,
    scene: impl AsyncFnOnce(&mut Scene) -> T + 'static,
) -> T {
    let mut sim = simulation();
    let weather = Weather::fair(1);
    let mut platters = BTreeMap::from([(REDIS.to_owned(), Platter::default())]);
    start_redis(&mut sim, system, &weather, &platters[REDIS]);
    let board = Board::default();
    for name in ALL {
        let platter = platters.entry(name.to_owned()).or_default();
        start_node(&mut sim, system, (name, cookie(name)), platter, &weather, &board);
    }
    let (orders, answer) = (Rc::new(RefCell::new(Vec::new())), Rc::new(RefCell::new(None)));
    let client = Client::new(Net::simulated("client".into(), Recorder::default(), weather), Duration::from_secs(1));
    let mut played = Scene { client, orders: orders.clone() };
    let told = answer.clone();
    sim.client("client", async move {
        played.wait(1500).await;
        *told.borrow_mut() = Some(scene(&mut played).await);
        Ok::<_, NodeError>(())
    });
    while answer.borrow().is_none() {
        sim.step().expect("no host ends");
        for order in orders.take() {
            match order {
                Order::Crash(host) => sim.crash(host),
                Order::LosePower(host) => {
                    sim.crash(host.as_str());
                    platters[&host].lose_unsynced();
                }
                Order::Restart(host) => sim.bounce(host),
            }
        }
    }
    answer.take().expect("the loop ends when there is one")
}

fn simulation() -> Sim<'static> {
    let tick = Duration::from_millis(5);
    let mut builder = turmoil::Builder::new();
    builder.epoch(SystemTime::UNIX_EPOCH).rng_seed(1).tick_duration(tick).tcp_capacity(4096);
    builder.min_message_latency(tick).max_message_latency(tick).simulation_duration(Duration::from_mins(10));
    builder.build()
}

fn start_redis(sim: &mut Sim<'_>, system: &System, weather: &Weather, platter: &Platter) {
    let Some(fsync) = system.redis else { return };
    let (net, platter) = (Net::simulated(REDIS.into(), Recorder::default(), weather.clone()), platter.clone());
    sim.host(REDIS, move || {
        let (net, platter) = (net.clone(), platter.clone());
        async move { redis_host::serve(net, Rc::new(Embedded::load(platter.disk())?), fsync).await }
    });
}

fn start_node(
    sim: &mut Sim<'_>,
    system: &'static System,
    (name, cookie): (&str, &'static str),
    platter: &Platter,
    weather: &Weather,
    board: &Board,
) {
    let id: Arc<str> = name.into();
    let peers: Vec<Arc<str>> = ALL.iter().filter(|peer| **peer != name).map(|peer| (*peer).into()).collect();
    let (net, platter, lives) =
        (Net::simulated(id.clone(), Recorder::default(), weather.clone()), platter.clone(), Cell::new(0));
    let board = board.clone();
    sim.host(name, move || {
        lives.set(lives.get() + 1);
        (system.start)(Node {
            id: id.clone(),
            peers: peers.clone(),
            cookie: cookie.into(),
            rng: dice(lives.get(), &id),
            disk: platter.disk(),
            clock: Clock::default(),
            net: net.clone(),
            board: board.clone(),
        })
    });
}

impl Scene {
    /// Asks a node.
    pub(crate) async fn ask(
        &mut self,
        node: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", node);
        if !body.is_empty() {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request =
            request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).expect("tests ask what can be asked");
        match self.client.call(&node.into(), request).await {
            Ok(response) => Answer::of(&response),
            Err(error) => Answer { status: 0, headers: BTreeMap::new(), body: error.to_string() },
        }
    }

    /// Creates a link.
    pub(crate) async fn create(&mut self, node: &str, url: &str) -> Answer {
        self.ask(node, "POST", "/", &[], &format!("url={url}")).await
    }

    /// Follows a link.
    pub(crate) async fn follow(&mut self, node: &str, code: &str) -> Answer {
        self.ask(node, "GET", &format!("/{code}"), &[], "").await
    }

    /// Follows a link by the node's own copy and by nothing else; whether it has one.
    pub(crate) async fn caches(&mut self, node: &str, code: &str) -> bool {
        let answer = self.ask(node, "GET", &format!("/{code}"), &[("cache-control", "only-if-cached")], "").await;
        assert!([302, 504].contains(&answer.status), "{answer:?}");
        answer.status == 302
    }

    /// What each node shows of a link's redirects.
    pub(crate) async fn redirects(&mut self, code: &str) -> [String; 3] {
        let mut shown = <[String; 3]>::default();
        for (shown, node) in shown.iter_mut().zip(ALL) {
            *shown = self.ask(node, "GET", &format!("/{code}/aggregates"), &[], "").await.body;
        }
        shown
    }

    /// Cuts the first hosts from the others: nothing gets through.
    #[expect(clippy::unused_self, reason = "what breaks the network is asked of the scene like everything else")]
    pub(crate) fn cut(&self, some: &[&str], others: &[&str]) {
        pairs(some, others).for_each(|(one, other)| turmoil::partition(one, other));
    }

    /// Ends such a cut.
    #[expect(clippy::unused_self, reason = "what breaks the network is asked of the scene like everything else")]
    pub(crate) fn heal(&self, some: &[&str], others: &[&str]) {
        pairs(some, others).for_each(|(one, other)| turmoil::repair(one, other));
    }

    /// Ends a host's process.
    pub(crate) fn crash(&self, host: &str) {
        self.orders.borrow_mut().push(Order::Crash(host.to_owned()));
    }

    /// Takes the power from a host: what was not synced is gone.
    pub(crate) fn lose_power(&self, host: &str) {
        self.orders.borrow_mut().push(Order::LosePower(host.to_owned()));
    }

    /// Starts it again.
    pub(crate) fn restart(&self, host: &str) {
        self.orders.borrow_mut().push(Order::Restart(host.to_owned()));
    }

    /// Lets time pass.
    pub(crate) async fn wait(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

fn pairs<'a>(some: &'a [&'a str], others: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
    some.iter().flat_map(|one| others.iter().map(|other| (*one, *other)))
}

impl Answer {
    fn of(response: &Response<Bytes>) -> Answer {
        let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: String::from_utf8_lossy(response.body()).into_owned(),
        }
    }

    /// A header; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}
