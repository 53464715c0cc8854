//! Every fault really hits a message, an operation or a byte, and its heal really heals.

use std::time::Duration;

use netsplit::case::Case;
use netsplit::judge::{self, Results};
use netsplit::plan::Config;
use netsplit::registry::Registry;
use netsplit::simulate::{self, Recording};
use netsplit_checker::{Actor, Kind};
use netsplit_nemesis::{CutKind, Delay, DiskTrouble, Fault, Mishap, Skew, Step, Target};
use netsplit_systems::wire::What;

use crate::draw;

/// The run of `redis` with these faults, from 2 s to 5 s each, in a main phase of 10 s.
fn run(faults: Vec<Fault>) -> (Results, Recording) {
    let config = Config { nemesis: "none".into(), time_limit: Duration::from_secs(10), ..Config::default() };
    let mut case = draw(3, &config);
    let steps =
        faults.into_iter().zip(0..).map(|(fault, id)| Step { id, at_ms: 2000, lasts_ms: 3000, mid_sync: false, fault });
    case.plan.schedule = steps.collect();
    let case = case.with(case.plan.clone()).expect("the faults are sound");
    let recording = simulate::run(&case).expect("embedded Redis needs nothing");
    (judge::judge(&case, &recording), recording)
}

fn hosts(names: &[&str]) -> Vec<Target> {
    names.iter().map(|name| Target::Host((*name).to_owned())).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The share of operations at `node` that were answered, of those invoked between two times, in percent.
fn answered(recording: &Recording, node: &str, from_ms: u64, to_ms: u64) -> usize {
    let during = Duration::from_millis(from_ms)..Duration::from_millis(to_ms);
    let (mut asked, mut ok, mut open) = (0, 0, Vec::new());
    for event in recording.history.events.iter().filter(|event| matches!(event.process, Actor::Process(_))) {
        if event.kind == Kind::Invoke && during.contains(&event.time) && event.node.as_deref() == Some(node) {
            asked += 1;
            open.push(&event.process);
        } else if let Some(at) = open.iter().position(|process| *process == &event.process) {
            open.swap_remove(at);
            ok += usize::from(event.kind == Kind::Ok);
        }
    }
    assert!(asked > 1, "{node} was asked {asked} times");
    100 * ok / asked
}

/// `fault` hits `what`, and a second after its heal every node answers again.
fn hits_and_heals(fault: Fault, what: &str) {
    let told = fault.to_string();
    let (results, recording) = run(vec![fault]);
    let hits = results.effects[0].hits.get(what).copied().unwrap_or(0);
    assert!(hits > 0, "{told}: no {what}, but {:?}", results.effects[0].hits);
    assert_eq!(results.stuck, [], "{told}");
    for node in ["n1", "n2", "n3", "n4", "n5"] {
        let share = answered(&recording, node, 6500, 10_000);
        assert!(share > 90, "{told}: {node} answers {share} % after the heal");
    }
}

#[test]
fn cuts_of_every_shape_block_messages_until_they_are_healed() {
    for kind in [CutKind::Stall, CutKind::Drop] {
        let sides = vec![names(&["n1", "n2"]), names(&["n3", "n4", "n5", "redis"])];
        hits_and_heals(Fault::Cut { kind, sides: sides.clone() }, "messages blocked");
        hits_and_heals(Fault::Flap { kind, sides, period_ms: 400 }, "messages blocked");
        hits_and_heals(Fault::CutLinks { kind, links: vec![("n1".into(), "redis".into())] }, "messages blocked");
        hits_and_heals(Fault::Isolate { kind, hosts: hosts(&["redis"]) }, "messages blocked");
        let sides = vec![names(&["n1", "n2"]), names(&["n3", "n4", "n5", "redis", "clients"])];
        hits_and_heals(Fault::Cut { kind, sides }, "messages blocked");
    }
}

#[test]
fn a_cut_node_does_not_answer_and_the_others_do() {
    let sides = vec![names(&["n1"]), names(&["redis"])];
    let (_, recording) = run(vec![Fault::Cut { kind: CutKind::Drop, sides }]);
    assert_eq!(answered(&recording, "n1", 2100, 4800), 0);
    assert!(answered(&recording, "n2", 2100, 4800) > 95);
}

#[test]
fn a_one_way_cut_loses_messages_in_one_direction_only() {
    for (from, to) in [("n1", "redis"), ("redis", "n1")] {
        let fault = Fault::OneWay { from: names(&[from]), to: names(&[to]) };
        hits_and_heals(fault.clone(), "messages blocked");
        let (_, recording) = run(vec![fault]);
        assert_eq!(answered(&recording, "n1", 2500, 4800), 0, "{from} to {to}");
    }
}

#[test]
fn stopped_processes_refuse_connections_and_come_back() {
    for names in [&["n1"][..], &["n1", "n2", "n3"], &["n1", "n2", "n3", "n4", "n5"], &["redis"]] {
        hits_and_heals(Fault::Crash { hosts: hosts(names) }, "connections refused");
        hits_and_heals(Fault::PowerLoss { hosts: hosts(names), torn_permille: 500 }, "connections refused");
    }
}

#[test]
fn a_paused_process_keeps_messages_waiting_and_goes_on() {
    for name in ["n1", "redis"] {
        hits_and_heals(Fault::Pause { hosts: hosts(&[name]) }, "messages kept waiting");
        let (_, recording) = run(vec![Fault::Pause { hosts: hosts(&[name]) }]);
        assert_eq!(answered(&recording, "n1", 2100, 3800), 0, "{name} is paused");
    }
}

#[test]
fn amnesia_takes_bytes_that_were_synced() {
    let (results, _) = run(vec![Fault::Amnesia { hosts: hosts(&["redis"]) }]);
    assert!(results.effects[0].hits["bytes lost"] > 1000);
    assert_eq!(results.overall, judge::Overall::Invalid, "Redis promises nothing without its disk");
}

#[test]
fn clocks_go_wrong_under_operations() {
    for clock in [Skew::Jump(-5000), Skew::Drift(1000), Skew::Strobe(200, 100)] {
        hits_and_heals(Fault::Skew { hosts: hosts(&["n1"]), clock }, "operations under a wrong clock");
    }
}

#[test]
fn slow_links_delay_messages_and_are_fast_again() {
    for delay in [Delay::Constant(300), Delay::Uniform(200, 400), Delay::Exponential(300)] {
        let fault = Fault::Slow { hosts: hosts(&["redis"]), delay };
        hits_and_heals(fault.clone(), "messages delayed");
        let (results, _) = run(vec![fault]);
        let slow = results.stats.windows[0].overall.latency.as_ref().map(|latency| latency.p50);
        let usual = results.stats.outside.latency.as_ref().map(|latency| latency.p50);
        assert!(slow > usual, "{delay:?}: {slow:?} is not more than {usual:?}");
    }
}

#[test]
fn messages_queue_on_narrow_links_and_no_longer_when_they_are_wide_again() {
    let fault = Fault::Throttle { hosts: hosts(&["redis"]), bytes_per_s: 500 };
    hits_and_heals(fault.clone(), "messages queued");
    let (results, _) = run(vec![fault]);
    let narrow = results.stats.windows[0].overall.latency.as_ref().map(|latency| latency.p50);
    let usual = results.stats.outside.latency.as_ref().map(|latency| latency.p50);
    assert!(narrow > usual, "{narrow:?} is not more than {usual:?}");
}

#[test]
fn segments_that_are_lost_or_damaged_are_counted_and_those_that_tcp_hides_are_not() {
    let weather = |mishap| Fault::Weather { hosts: hosts(&["redis"]), mishap, permille: 200 };
    hits_and_heals(weather(Mishap::Loss), "messages lost");
    hits_and_heals(weather(Mishap::Corruption), "messages damaged");
    for mishap in [Mishap::Duplication, Mishap::Reordering] {
        let (results, _) = run(vec![weather(mishap)]);
        assert!(!results.effects[0].is_effective(), "{:?}", results.effects[0]);
        assert_eq!(results.overall, judge::Overall::Vacuous);
    }
}

#[test]
fn a_disk_in_trouble_is_met_and_redis_ends_itself_rather_than_to_answer_from_memory() {
    for (trouble, what) in [
        (DiskTrouble::Full, "writes refused"),
        (DiskTrouble::SyncFails, "syncs failed"),
        (DiskTrouble::Slow(200), "slow syncs"),
        (DiskTrouble::SyncLies, "syncs that did nothing"),
    ] {
        let fault = Fault::Disk { hosts: hosts(&["redis"]), trouble };
        hits_and_heals(fault.clone(), what);
        let (results, recording) = run(vec![fault]);
        let ends_itself = matches!(trouble, DiskTrouble::Full | DiskTrouble::SyncFails);
        assert_eq!(!recording.exits.is_empty(), ends_itself, "{trouble}: {:?}", recording.exits);
        assert_eq!(results.overall, judge::Overall::Valid, "{trouble}");
    }
}

#[test]
fn a_disk_that_lies_loses_what_it_said_it_synced_when_the_power_fails() {
    let lies = Fault::Disk { hosts: hosts(&["redis"]), trouble: DiskTrouble::SyncLies };
    let config = Config { nemesis: "none".into(), time_limit: Duration::from_secs(10), ..Config::default() };
    let mut case = draw(3, &config);
    let fails = Fault::PowerLoss { hosts: hosts(&["redis"]), torn_permille: 0 };
    case.plan.schedule = vec![
        Step { id: 0, at_ms: 2000, lasts_ms: 3000, mid_sync: false, fault: lies },
        Step { id: 1, at_ms: 4000, lasts_ms: 500, mid_sync: false, fault: fails },
    ];
    let results = judge::judge(&case, &simulate::run(&case).expect("embedded Redis needs nothing"));
    assert!(results.effects[1].hits["unsynced bytes lost"] > 0, "{:?}", results.effects);
    assert_eq!(results.overall, judge::Overall::Invalid);
}

/// The run of `system` with a power loss at n2 from 2 s to 5 s that waits for a sync.
fn mid_sync(system: &str, workload: &str) -> (Results, Recording) {
    let config = Config {
        system: system.into(),
        workload: workload.into(),
        nemesis: "none".into(),
        time_limit: Duration::from_secs(10),
        ..Config::default()
    };
    let mut case = draw(3, &config);
    let fault = Fault::PowerLoss { hosts: hosts(&["n2"]), torn_permille: 0 };
    case.plan.schedule = vec![Step { id: 0, at_ms: 2000, lasts_ms: 3000, mid_sync: true, fault }];
    let recording = simulate::run(&case).expect("embedded Redis needs nothing");
    (judge::judge(&case, &recording), recording)
}

#[test]
fn a_fault_that_waits_for_a_sync_interrupts_one_or_comes_after_half_of_its_length_and_ends_in_time() {
    let (results, recording) = mid_sync("quorum", "retarget");
    let effect = &results.effects[0];
    assert_eq!(effect.hits["syncs interrupted"], 1);
    assert!((2001..3500).contains(&effect.window_ms.0) && effect.window_ms.1 == 5000, "{effect:?}");
    let of_the_nemesis = recording.history.events.iter().filter(|event| matches!(event.process, Actor::Other(_)));
    let times: Vec<u128> = of_the_nemesis.map(|event| event.time.as_millis()).collect();
    assert_eq!(times, [u128::from(effect.window_ms.0), 5000]);
    let logged: Vec<&str> = recording.log.lines().filter(|line| line.contains("nemesis: ")).collect();
    assert!(logged[1].trim_start().starts_with("5.000s"), "{logged:?}");
    assert!(answered(&recording, "n2", 6500, 10_000) > 90);
    // These nodes keep everything in Redis.
    let (results, _) = mid_sync("redis", "register");
    assert_eq!(results.effects[0].hits.get("syncs interrupted"), None);
    assert_eq!(results.effects[0].window_ms, (3500, 5000));
}

#[test]
fn what_a_machine_sent_before_it_lost_power_still_arrives() {
    let config = Config { nemesis: "none".into(), time_limit: Duration::from_secs(10), ..Config::default() };
    let mut case = draw(3, &config);
    let step = |id: u32| {
        let fault = Fault::PowerLoss { hosts: hosts(&["redis"]), torn_permille: 0 };
        Step { id, at_ms: 1000 + 800 * u64::from(id), lasts_ms: 100, mid_sync: false, fault }
    };
    case.plan.schedule = (0..10).map(step).collect();
    let record = simulate::run(&case).expect("embedded Redis needs nothing").record;
    let redis = record.hosts.iter().position(|host| &**host == "redis").expect("it was asked");
    let is_down = |time_ns: u64| {
        let down = |step: &Step| (step.at_ms * 1_000_000..step.ends_ms() * 1_000_000).contains(&time_ns);
        case.schedule.iter().any(down)
    };
    let of_redis = record.messages.iter().filter(|message| usize::from(message.from) == redis);
    let while_down: Vec<What> =
        of_redis.filter(|message| is_down(message.time_ns)).map(|message| message.what).collect();
    assert!(while_down.contains(&What::Deliver) && !while_down.contains(&What::Send), "{while_down:?}");
}

#[test]
fn a_bit_flips_and_a_process_that_ends_again_and_again_is_found_stuck() {
    let (results, recording) = run(vec![Fault::FlipBit { hosts: hosts(&["redis"]), at_permille: 0, bit: 6 }]);
    assert_eq!(results.effects[0].hits["bits flipped"], 1);
    assert_eq!(results.overall, judge::Overall::Liveness, "{:?}", results.verdicts);
    assert!(recording.exits.len() > 3, "a supervisor starts it again: {:?}", recording.exits);
    assert_eq!(results.stuck.len(), 5);
    assert!(results.stuck[0].reason.contains("redis ended by itself"), "{:?}", results.stuck);
}

#[test]
fn cuts_that_overlap_heal_with_the_later_one() {
    let config = Config { nemesis: "none".into(), time_limit: Duration::from_secs(10), ..Config::default() };
    let mut case = draw(3, &config);
    let cut = |kind| Fault::Isolate { kind, hosts: hosts(&["redis"]) };
    case.plan.schedule = vec![
        Step { id: 0, at_ms: 1000, lasts_ms: 3000, mid_sync: false, fault: cut(CutKind::Drop) },
        Step { id: 1, at_ms: 2000, lasts_ms: 4000, mid_sync: false, fault: cut(CutKind::Stall) },
        Step { id: 2, at_ms: 5000, lasts_ms: 2000, mid_sync: false, fault: Fault::Crash { hosts: hosts(&["redis"]) } },
    ];
    let recording = simulate::run(&case).expect("embedded Redis needs nothing");
    assert_eq!(answered(&recording, "n1", 1100, 3900), 0, "dropped");
    assert_eq!(answered(&recording, "n1", 4100, 4900), 0, "still held by the second");
    assert_eq!(answered(&recording, "n1", 6100, 6500), 0, "healed, but down");
    assert!(answered(&recording, "n1", 8000, 10_000) > 90);
}

#[test]
fn a_fault_that_aims_at_a_leader_hits_nobody_where_nobody_leads() {
    let (results, _) = run(vec![Fault::Crash { hosts: vec![Target::Leader] }]);
    assert!(!results.effects[0].is_effective());
    assert_eq!(results.effects[0].fault, "crash leader (nobody leads)");
}

#[test]
fn the_systems_that_say_that_a_node_leads_are_those_in_which_one_does() {
    let registry = Registry::builtin();
    for system in registry.systems() {
        let workload = registry.workload_for(system).expect("every system serves a workload").name;
        let config = Config {
            system: system.name.into(),
            workload: workload.into(),
            nemesis: "none".into(),
            time_limit: Duration::from_secs(6),
            ..Config::default()
        };
        let mut case = draw(1, &config);
        let fault = Fault::Crash { hosts: vec![Target::Leader] };
        case.plan.schedule = vec![Step { id: 0, at_ms: 4000, lasts_ms: 1000, mid_sync: false, fault }];
        let recording = simulate::run(&case).expect("embedded Redis needs nothing");
        let told = &judge::judge(&case, &recording).effects[0].fault;
        assert_eq!(told == "crash leader (nobody leads)", !system.leads, "{}: {told}", system.name);
    }
}

/// The plan of `seed` for `redis` with this nemesis.
fn drawn(seed: u64, nemesis: &str, change: impl Fn(&mut Config)) -> Case {
    let mut config = Config { nemesis: nemesis.into(), time_limit: Duration::from_secs(10), ..Config::default() };
    change(&mut config);
    draw(seed, &config)
}

#[test]
fn a_swarm_stays_inside_what_the_system_tolerates_unless_it_is_told_to_leave_it() {
    let mut beyond = 0;
    for seed in 0..100 {
        let inside = drawn(seed, "swarm", |_| ());
        assert_eq!(inside.beyond(), Vec::<&str>::new(), "seed {seed}: {:?}", inside.swarm);
        beyond += usize::from(!drawn(seed, "swarm", |config| config.beyond = true).beyond().is_empty());
    }
    assert!(beyond > 50, "`--beyond` left it in {beyond} of 100 seeds");
    assert_eq!(drawn(1, "amnesia,crash", |_| ()).beyond(), ["amnesia"]);
}

#[test]
fn a_swarm_finds_nothing_in_a_right_system_and_is_the_same_twice() {
    for seed in 0..3 {
        let case = drawn(seed, "swarm", |_| ());
        let run = || simulate::run(&case).expect("embedded Redis needs nothing");
        let (one, two) = (run(), run());
        assert_eq!(netsplit::digest::of(&one), netsplit::digest::of(&two), "seed {seed}");
        let results = judge::judge(&case, &one);
        assert_eq!(results.stuck, [], "seed {seed}");
        assert!(results.evidence().next().is_none(), "netsplit run --nemesis swarm --time-limit 10s --seed {seed}");
    }
}

#[test]
fn with_a_core_a_minority_stays_dead_and_a_majority_goes_on() {
    let case = drawn(1, "partition", |config| config.core = true);
    assert_eq!(case.dead.len(), 2);
    let recording = simulate::run(&case).expect("embedded Redis needs nothing");
    assert_eq!(recording.stuck, []);
    let end = Duration::from_millis(case.length_ms + case.quiet_ms);
    for node in &case.nodes {
        let late = recording.history.events.iter().filter(|event| event.time > end && event.kind == Kind::Ok);
        let answers = late.filter(|event| event.node.as_deref() == Some(node)).count();
        assert_eq!(answers == 0, case.dead.contains(node), "{node} answered {answers} times after the end");
    }
}

#[test]
fn nodes_that_never_recover_are_named_with_their_last_progress() {
    let mut case = drawn(1, "none", |config| config.system = "planted-no-recovery".into());
    case.plan.schedule = vec![Step {
        id: 0,
        at_ms: 2000,
        lasts_ms: 1000,
        mid_sync: false,
        fault: Fault::Crash { hosts: hosts(&["n2"]) },
    }];
    let results = judge::judge(&case, &simulate::run(&case).expect("embedded Redis needs nothing"));
    assert_eq!(results.overall, judge::Overall::Liveness);
    assert_eq!(results.overall.exit_code(), 3);
    let [stuck] = results.stuck.as_slice() else { panic!("{:?}", results.stuck) };
    assert_eq!(stuck.node, "n2");
    assert!(stuck.last_answer_ms.is_some_and(|ms| ms <= 2000), "{stuck}");
    assert!(stuck.to_string().starts_with("n2 did not come back: it last answered at 1."), "{stuck}");
}
