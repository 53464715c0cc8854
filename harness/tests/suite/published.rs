//! Published results whose shape must come out: five nodes, five clients, each of which creates links at its own node, and a
//! cut between n1, n2 and n3, n4, n5 over the middle half of the run. Then the network heals, and what was acknowledged is
//! looked for. Source of the shapes: Kingsbury 2013, the "Call me maybe" series.
//!
//! Both sides write as much: n1 and n2 have two clients, the other side three slower ones. The time until a promotion then
//! puts the log of the old primary, n1, ahead, as it was in the published run of an election by the highest offset.

use std::collections::BTreeMap;
use std::time::Duration;

use netsplit::case::Case;
use netsplit::plan::{BY_HAND, Config};
use netsplit::registry::Registry;
use netsplit::simulate;
use netsplit_checker::{History, Outcome, Value};
use netsplit_nemesis::{CutKind, Fault, Step};
use netsplit_systems::dice::dice;
use netsplit_systems::node::REDIS;
use netsplit_workloads::{Op, Planned, Script};
use rand::Rng;

use crate::draw;

pub(crate) const SEEDS: std::ops::Range<u64> = 0..3;
pub(crate) const LENGTH_MS: u64 = 40_000;
pub(crate) const CUT_MS: u64 = LENGTH_MS / 4;
pub(crate) const HEAL_MS: u64 = LENGTH_MS * 3 / 4;

/// The side with the first primary, and the side with the majority, each with the time between a client's creates.
pub(crate) const OLD_SIDE: (&[&str], u64) = (&["n1", "n2"], 400);
pub(crate) const NEW_SIDE: (&[&str], u64) = (&["n3", "n4", "n5"], 600);

/// What a system loses of what it acknowledged.
#[derive(Clone, Copy)]
enum Loses {
    Nothing,
    /// More than `permille` of it, and exactly what was acknowledged during the cut on the side of `nodes`.
    Side {
        nodes: &'static [&'static str],
        permille: usize,
    },
}

/// A system, what was published of its like, and what it must lose. Systems that are not there yet are passed over.
const ROWS: &[(&str, &str, Loses)] = &[
    ("redis", "Postgres, one node: 0", Loses::Nothing),
    ("redis-failover", "Redis Sentinel 2.6.13: 56 %", Loses::Side { nodes: OLD_SIDE.0, permille: 100 }),
    ("redis-wait", "fewer than without", Loses::Nothing),
    ("redis-wait-longest", "Redis with WAIT: 45 %", Loses::Side { nodes: NEW_SIDE.0, permille: 200 }),
    ("quorum", "MongoDB majority: 0.02 %", Loses::Nothing),
    ("raft", "MongoDB majority: 0.02 %", Loses::Nothing),
    ("crdt", "Riak, CRDT set: 0", Loses::Nothing),
];

#[test]
fn the_published_shapes_come_out() {
    println!(
        "{:20} {:28} {:>4} {:>7} {:>12} {:>5} {:>7}",
        "system", "published", "seed", "created", "acknowledged", "lost", "share"
    );
    for (system, published, loses) in ROWS {
        if Registry::builtin().system(system).is_err() {
            println!("{system:20} {published:28} not there yet");
            continue;
        }
        for seed in SEEDS {
            let counted = Counted::of(&run(system, seed));
            let lost = counted.lost().count();
            let permille = lost * 1000 / counted.acknowledged.len();
            println!(
                "{system:20} {published:28} {seed:>4} {:>7} {:>12} {lost:>5} {:>5}.{} %",
                counted.created,
                counted.acknowledged.len(),
                permille / 10,
                permille % 10
            );
            counted.check(*loses, &format!("{system}, seed {seed}"));
        }
    }
}

/// A create that was acknowledged.
pub(crate) struct Acknowledged {
    pub(crate) node: String,
    pub(crate) began_ms: u128,
    pub(crate) ended_ms: u128,
    pub(crate) survived: bool,
}

pub(crate) struct Counted {
    created: usize,
    pub(crate) acknowledged: BTreeMap<String, Acknowledged>,
}

impl Counted {
    pub(crate) fn of(history: &History) -> Counted {
        let operations = history.operations().expect("a run writes well-formed histories");
        let last_read = operations.iter().rev().find_map(|operation| match operation.outcome() {
            Outcome::Ok(value) if operation.f() == "read" => value.as_list(),
            _ => None,
        });
        let survivors = last_read.expect("after the heal a node answers");
        let acknowledged = operations.iter().filter(|operation| operation.f() == "add").filter_map(|operation| {
            let (Outcome::Ok(url), Some(end)) = (operation.outcome(), operation.completion) else { return None };
            let acknowledged = Acknowledged {
                node: operation.invocation.node.as_ref()?.to_string(),
                began_ms: operation.invocation.time.as_millis(),
                ended_ms: end.time.as_millis(),
                survived: survivors.contains(url),
            };
            Some((text(url), acknowledged))
        });
        let created = operations.iter().filter(|operation| operation.f() == "add").count();
        Counted { created, acknowledged: acknowledged.collect() }
    }

    pub(crate) fn lost(&self) -> impl Iterator<Item = (&String, &Acknowledged)> {
        self.acknowledged.iter().filter(|(_, create)| !create.survived)
    }

    fn check(&self, loses: Loses, of: &str) {
        let share = self.acknowledged.len() / 3;
        assert!(self.created > 300 && share > 50, "{of}: too little was acknowledged to lose any of it");
        let Loses::Side { nodes, permille } = loses else {
            return assert_eq!(self.lost().count(), 0, "{of}: acknowledged writes are gone");
        };
        assert!(self.lost().count() * 1000 > self.acknowledged.len() * permille, "{of}: too few are gone");
        for (url, create) in &self.acknowledged {
            let Acknowledged { node, began_ms, ended_ms, survived } = create;
            let on_side = nodes.contains(&node.as_str());
            let during = *began_ms >= u128::from(CUT_MS) && *ended_ms < u128::from(HEAL_MS);
            assert!(
                !(on_side && during && *survived),
                "{of}: {url}, acknowledged by {node} during the cut, is still there"
            );
            // What was on its way when the network was cut, and what a primary executed before it knew of the heal.
            let about = *ended_ms + 50 > u128::from(CUT_MS) && *began_ms < u128::from(HEAL_MS + 3000);
            let may_go = about && (on_side || !during);
            assert!(*survived || may_go, "{of}: {url}, acknowledged by {node} at {ended_ms} ms, is gone");
        }
    }
}

fn text(value: &Value) -> String {
    value.as_text().expect("urls are text").to_owned()
}

fn run(system: &str, seed: u64) -> History {
    let sides = [OLD_SIDE, NEW_SIDE].into_iter();
    let scripts = sides.flat_map(|(nodes, gap_ms)| nodes.iter().map(move |node| script(seed, node, gap_ms)));
    played(system, "set", seed, scripts.collect(), true)
}

/// The history of clients that do what `scripts` say, with a cut over the middle half if `is_cut`.
pub(crate) fn played(system: &str, workload: &str, seed: u64, scripts: Vec<Script>, is_cut: bool) -> History {
    let config = Config {
        system: system.into(),
        workload: workload.into(),
        nemesis: "none".into(),
        clients: 5,
        time_limit: Duration::from_millis(LENGTH_MS),
        ..Config::default()
    };
    let case = draw(seed, &config);
    let mut plan = case.plan.clone();
    plan.nemesis = BY_HAND.into();
    plan.setup = (case.workload.setup)(&scripts);
    plan.finale = (case.workload.finale)(&scripts);
    plan.scripts = scripts;
    plan.finale_nodes = vec!["n5".into()];
    plan.quiet_ms = 5000;
    if is_cut {
        plan.schedule =
            vec![Step { id: 0, at_ms: CUT_MS, lasts_ms: HEAL_MS - CUT_MS, mid_sync: false, fault: cut(&case) }];
    }
    let case = case.with(plan).expect("the plan is well formed");
    simulate::run(&case).expect("embedded Redis needs nothing").history
}

/// A client that creates links at one node, all its own.
fn script(seed: u64, node: &str, gap_ms: u64) -> Script {
    let mut rng = dice(seed, node);
    (0..LENGTH_MS / gap_ms)
        .map(|number| Planned {
            at_ms: number * gap_ms + rng.random_range(0..gap_ms / 4),
            node: node.into(),
            op: Op::new("add", [format!("https://example.com/{node}/{number}")]),
        })
        .collect()
}

/// A Redis of its own stands on the majority's side.
fn cut(case: &Case) -> Fault {
    let mut sides = [OLD_SIDE.0, NEW_SIDE.0].map(|nodes| nodes.iter().map(|&node| node.to_owned()).collect::<Vec<_>>());
    sides[1].extend(case.cluster().hosts().into_iter().filter(|host| host == REDIS));
    Fault::Cut { kind: CutKind::Drop, sides: sides.into() }
}
