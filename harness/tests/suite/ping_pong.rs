//! The exercises of the training course on ping-pong, with the exact numbers that every consumer must show.

use std::collections::BTreeMap;
use std::time::Duration;

use netsplit::case::Case;
use netsplit::judge::{self, Overall, Results};
use netsplit::plan::Config;
use netsplit::simulate::{self, Recording};
use netsplit_checker::{Actor, Kind, Value};
use netsplit_nemesis::{CutKind, Fault, Step, Target};
use netsplit_workloads::{Op, Planned};

use crate::cluster::play_with_cookies;
use crate::draw;

/// A story of three nodes: what one client asks, and when what breaks.
struct Story {
    case: Case,
}

impl Story {
    fn of(system: &str) -> Story {
        let config = Config {
            system: system.into(),
            workload: "ping".into(),
            nemesis: "none".into(),
            nodes: 3,
            clients: 1,
            time_limit: Duration::from_secs(10),
            ..Config::default()
        };
        let mut case = draw(1, &config);
        case.plan.scripts[0].clear();
        case.plan.finale.clear();
        Story { case }
    }

    /// At this time, pings once at each of these nodes.
    fn pings(mut self, at_ms: u64, nodes: &[&str]) -> Story {
        for node in nodes {
            self.ask(at_ms, node, Op::on(node, "add", &[]));
        }
        self
    }

    /// At this time, asks every node for its total.
    fn totals(mut self, at_ms: u64) -> Story {
        for node in ["n1", "n2", "n3"] {
            self.ask(at_ms, node, Op::new::<&str>("total", []));
        }
        self
    }

    fn ask(&mut self, at_ms: u64, node: &str, op: Op) {
        self.case.plan.scripts[0].push(Planned { at_ms, node: node.into(), op });
    }

    fn breaks(mut self, at_ms: u64, until_ms: u64, fault: Fault) -> Story {
        let id = u32::try_from(self.case.plan.schedule.len()).expect("a story is short");
        self.case.plan.schedule.push(Step { id, at_ms, lasts_ms: until_ms - at_ms, mid_sync: false, fault });
        self
    }

    /// Cuts n1 from n2; n3 reaches both.
    fn cut(self, at_ms: u64, until_ms: u64) -> Story {
        let sides = vec![vec!["n1".to_owned()], vec!["n2".to_owned()]];
        self.breaks(at_ms, until_ms, Fault::Cut { kind: CutKind::Drop, sides })
    }

    fn crash(self, at_ms: u64, until_ms: u64, host: &str) -> Story {
        self.breaks(at_ms, until_ms, Fault::Crash { hosts: vec![Target::Host(host.into())] })
    }

    fn recorded(&self) -> Recording {
        let case = self.case.with(self.case.plan.clone()).expect("the story can be run");
        let recording = simulate::run(&case).expect("nothing real is needed");
        assert!(recording.panicked.is_none(), "{:?}", recording.panicked);
        recording
    }

    /// What the asked nodes answered to `f`, in order.
    fn hear(&self, f: &str) -> Vec<Value> {
        let answers = self.recorded().history.events.into_iter().filter(|event| {
            matches!(event.process, Actor::Process(_)) && event.kind == Kind::Ok && event.f.as_ref() == f
        });
        answers.map(|event| event.value).collect()
    }

    /// The totals of n1, n2 and n3, each time that they were asked for.
    fn tell(&self) -> Vec<Vec<i64>> {
        let totals: Vec<i64> = self.hear("total").iter().filter_map(Value::as_int).collect();
        totals.chunks(3).map(<[i64]>::to_vec).collect()
    }
}

const ALL: &[&str] = &["n1", "n2", "n3"];

#[test]
fn p1_every_consumer_counts_everybodys_ping() {
    assert_eq!(Story::of("ping-pong").pings(1000, ALL).totals(1500).tell(), [[3, 3, 3]]);
}

#[test]
fn p2_a_producer_asks_every_consumer_for_its_count() {
    let mut story = Story::of("ping-pong").pings(1000, ALL);
    story.ask(1500, "n2", Op::new::<&str>("counts", []));
    let three = |node: &&str| (Value::text(*node), Value::from(3));
    assert_eq!(story.hear("counts"), [Value::map(ALL.iter().map(three))]);
}

#[test]
fn p2_a_consumer_that_is_down_has_no_count_and_the_others_do() {
    let mut story = Story::of("ping-pong").pings(1000, ALL).crash(1500, 3000, "n3");
    story.ask(2000, "n2", Op::new::<&str>("counts", []));
    let counts = BTreeMap::from([("n1", Value::from(3)), ("n2", Value::from(3)), ("n3", Value::Nil)]);
    assert_eq!(story.hear("counts"), [Value::map(counts.into_iter().map(|(node, count)| (Value::text(node), count)))]);
}

#[test]
fn p3_a_consumer_that_comes_back_empty_asks_every_producer() {
    let story = Story::of("ping-pong").pings(1000, &["n1"]).pings(1100, &["n1"]).totals(1500);
    assert_eq!(story.crash(2000, 2500, "n3").totals(3500).tell(), [[2, 2, 2], [2, 2, 2]]);
}

/// Until the heal of P4: one ping each at n1 and n2, a cut between them, one more ping each.
fn netsplit(system: &str) -> Story {
    let story = Story::of(system).pings(1000, &["n1", "n2"]).totals(1500);
    story.cut(2000, 6000).pings(3000, &["n1", "n2"]).totals(4500)
}

#[test]
fn p4_nobody_relays_and_producers_tell_their_count_again_after_the_heal() {
    for system in ["ping-pong", "ping-pong-durable"] {
        assert_eq!(netsplit(system).totals(7500).tell(), [[2, 2, 2], [3, 3, 4], [4, 4, 4]], "{system}");
    }
}

#[test]
fn a_consumer_that_crashes_during_a_netsplit_forgets_what_lies_beyond_it_unless_it_is_on_disk() {
    let told = |system| netsplit(system).crash(4600, 4900, "n1").totals(5500).totals(7500).tell();
    assert_eq!(told("ping-pong"), [[2, 2, 2], [3, 3, 4], [2, 3, 4], [4, 4, 4]]);
    assert_eq!(told("ping-pong-durable"), [[2, 2, 2], [3, 3, 4], [3, 3, 4], [4, 4, 4]]);
}

#[test]
fn a_producer_that_crashes_during_a_netsplit_counts_on_if_its_count_is_on_disk() {
    let told = |system| netsplit(system).crash(4600, 4900, "n1").pings(5500, &["n1"]).totals(7500).tell();
    assert_eq!(told("ping-pong"), [[2, 2, 2], [3, 3, 4], [5, 5, 5]]);
    // Its third ping is its first again. Its own consumer forgot that there were two before; n3 hides it behind them,
    // and n2, cut off since the first, saw one and sees one.
    assert_eq!(told("ping-pong-volatile"), [[2, 2, 2], [3, 3, 4], [3, 3, 4]]);
}

#[test]
fn a_producer_that_crashes_counts_on_only_if_its_count_is_on_disk() {
    let told = |system| {
        let story = Story::of(system).pings(1000, &["n1"]).pings(1100, &["n1"]).totals(1500);
        story.crash(2000, 2500, "n1").pings(3500, &["n1"]).totals(4500).tell()
    };
    assert_eq!(told("ping-pong"), [[2, 2, 2], [3, 3, 3]]);
    // The new count is 1, and whoever remembers 2 keeps it: the ping is lost.
    assert_eq!(told("ping-pong-volatile"), [[2, 2, 2], [1, 2, 2]]);
}

#[test]
fn a_node_that_starts_while_its_seed_is_down_is_found_by_those_that_know_it() {
    // n1 is everybody's seed.
    let story = Story::of("ping-pong").pings(1000, ALL).totals(1500).crash(2000, 5000, "n1");
    let told = story.crash(2500, 3000, "n3").pings(4000, &["n3"]).totals(4800).totals(7000).tell();
    // Nobody tells n3 of n1's ping before n1 is back; n1 itself does not answer.
    assert_eq!(told.concat(), [3, 3, 3, 4, 3, 4, 4, 4]);
}

#[test]
fn a_monitor_hears_of_a_node_that_goes_down_and_of_its_return() {
    let log = Story::of("ping-pong").crash(2000, 4000, "n3").totals(6000).recorded().log;
    for (who, whom) in [("n1", "n3"), ("n2", "n3")] {
        let heard: Vec<&str> = log
            .lines()
            .filter(|line| line.contains(&format!("{who}: ")) && line.contains(&format!("(\"{whom}\")")))
            .map(|line| if line.contains("Up") { "up" } else { "down" })
            .collect();
        assert_eq!(heard, ["up", "down", "up"], "what {who} heard of {whom}:\n{log}");
    }
}

#[test]
fn a_node_with_another_cookie_is_refused_and_counts_alone() {
    let system = netsplit::registry::Registry::builtin().system("ping-pong").expect("it is registered");
    let cookie = |node: &str| if node == "n3" { "another" } else { "cookie" };
    let totals = play_with_cookies(system, cookie, async |scene| {
        for node in ALL {
            assert_eq!(scene.ask(node, "POST", "/ping", &[], "").await.status, 200);
        }
        scene.wait(1000).await;
        let mut totals = Vec::new();
        for node in ALL {
            totals.push(scene.ask(node, "GET", "/total", &[], "").await.body);
        }
        totals
    });
    assert_eq!(totals, ["2", "2", "1"]);
}

fn judged(system: &str, nemesis: &str, seed: u64) -> Results {
    let config = Config {
        system: system.into(),
        workload: "ping".into(),
        nemesis: nemesis.into(),
        time_limit: Duration::from_secs(20),
        ..Config::default()
    };
    let case = draw(seed, &config);
    judge::judge(&case, &simulate::run(&case).expect("nothing real is needed"))
}

#[test]
fn counts_converge_after_cuts_crashes_and_power_losses() {
    for (system, seed) in [("ping-pong", 0), ("ping-pong", 1), ("ping-pong-durable", 2)] {
        let results = judged(system, "partition,crash,power-loss", seed);
        assert_eq!(results.overall, Overall::Valid, "{system}, seed {seed}: {:?}", results.evidence().next());
    }
}

#[test]
fn a_producer_that_counts_in_memory_is_caught_with_lost_pings() {
    let results = judged("ping-pong-volatile", "crash", 0);
    assert_eq!(results.overall, Overall::Invalid);
    assert!(results.evidence().any(|(_, evidence)| evidence.anomaly == "below-lower-bound"), "{:?}", results.verdicts);
}
