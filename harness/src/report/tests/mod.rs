//! A small run, told in every form.

mod figures;
mod strangers;

use std::collections::BTreeMap;
use std::time::Duration;

use netsplit_checker::stats::Stats;
use netsplit_checker::{Actor, Cause, Event, Evidence, History, Kind, Value, Verdict};
use netsplit_nemesis::{CutKind, Fault, Mishap, Step};
use netsplit_systems::shortener::failover::REDIS_WAIT;
use netsplit_systems::shortener::redis::weakened::STALE_CACHE;
use netsplit_systems::wire::{Message, Record, What};

use super::{Often, Paper, Report};
use crate::case::Case;
use crate::judge::{Effect, Judged, Overall, Results};
use crate::plan::{Latency, Plan, RedisKind};
use crate::registry::Registry;
use crate::simulate::{Recording, Stuck};

const REPLAY: &str = "netsplit replay results/runs/redis-register-crash-7/capsule.json";

fn plan() -> Plan {
    Plan {
        setup: Vec::new(),
        swarm: Vec::new(),
        dead: Vec::new(),
        start_ms: 0,
        format: crate::plan::FORMAT,
        seed: 7,
        system: "redis".into(),
        workload: "register".into(),
        nemesis: "crash".into(),
        redis: RedisKind::Embedded,
        nodes: vec!["n1".into(), "n2".into()],
        tick_ms: 5,
        latencies: Vec::new(),
        length_ms: 2000,
        quiet_ms: 500,
        recovery_ms: 1000,
        deadline_ms: 1000,
        schedule: Vec::new(),
        scripts: vec![Vec::new(); 2],
        finale: Vec::new(),
        finale_nodes: vec!["n1".into(), "n2".into()],
    }
}

fn history(events: &[(u64, u64, Kind, &str, Value)]) -> History {
    let event = |(index, (ms, process, kind, f, value)): (usize, &(u64, u64, Kind, &str, Value))| Event {
        index: index as u64,
        time: Duration::from_millis(*ms),
        process: Actor::Process(*process),
        node: Some("n1".into()),
        kind: *kind,
        f: (*f).into(),
        key: Value::from("a"),
        value: value.clone(),
        error: None,
    };
    History { events: events.iter().enumerate().map(event).collect() }
}

/// A write of `url`, an unknown write, and a read that misses the first.
fn stale(url: &str) -> History {
    history(&[
        (100, 1, Kind::Invoke, "write", Value::from(url)),
        (120, 1, Kind::Ok, "write", Value::from(url)),
        (125, 2, Kind::Invoke, "write", Value::from("other")),
        (130, 3, Kind::Invoke, "read", Value::Nil),
        (150, 3, Kind::Ok, "read", Value::Nil),
        (900, 2, Kind::Info, "write", Value::Nil),
    ])
}

fn evidence(text: &str) -> Evidence {
    Evidence {
        anomaly: "stale-read".into(),
        summary: format!("#3 does not see {text}"),
        operations: vec![0, 3],
        steps: vec![format!("#0 writes {text}"), "#3 begins after #0, and #99 is nothing".into()],
        culprit: Some(3),
        legal: vec![text.into()],
        key: text.into(),
    }
}

fn results(history: &History, overall: Overall, verdict: Verdict) -> Results {
    let effect = |step, interrupted| Effect {
        step,
        fault: format!("crash n{step}"),
        window_ms: (100 + 300 * u64::from(step), 300 + 300 * u64::from(step)),
        hits: BTreeMap::from([("operations interrupted".to_owned(), interrupted)])
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect(),
    };
    let windows = [(Duration::from_millis(400), Duration::from_millis(600))];
    Results {
        overall,
        verdicts: vec![Judged { checker: "linearizable".into(), verdict }],
        vacuous: None,
        stuck: Vec::new(),
        effects: vec![effect(1, 3), effect(2, 0)],
        stats: Stats::of(history, &windows).unwrap(),
        messages: 42,
        simulated: Duration::from_millis(2500),
        digest: "abcd".into(),
    }
}

/// A run to be told.
struct Told {
    case: Case,
    recording: Recording,
    results: Results,
    often: Option<Often>,
}

impl Told {
    fn of(history: History, results: Results) -> Told {
        let recording = Recording { history, ..Recording::default() };
        Told { case: Case::of(plan(), &Registry::builtin()).expect("it can be run"), recording, results, often: None }
    }

    fn report(&self) -> Report<'_> {
        let Told { case, recording, results, often } = self;
        Report { case, recording, results, replay: REPLAY, often: *often }
    }

    fn html(&self) -> String {
        self.report().html()
    }

    fn terminal(&self) -> String {
        self.report().terminal(Paper { width: 80, is_coloured: false })
    }

    /// In all three forms.
    fn everywhere(&self) -> [String; 3] {
        [self.html(), self.report().markdown(), self.terminal()]
    }
}

fn invalid(url: &str) -> Told {
    let history = stale(url);
    let results = results(&history, Overall::Invalid, Verdict::Invalid(vec![evidence(url)]));
    Told::of(history, results)
}

fn valid() -> Told {
    let history = stale("x");
    let results = results(&history, Overall::Valid, Verdict::VALID);
    Told::of(history, results)
}

/// A text without its line breaks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The quoted values of an attribute, wherever it stands in a tag of the page.
fn attributes<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
    let from = format!(" {name}=\"");
    page.split(&from).skip(1).map(|rest| &rest[..rest.find('"').unwrap()]).collect()
}

#[test]
fn links_every_named_operation_to_its_row_and_from_there_to_its_bar() {
    let page = invalid("http://a").html();
    for index in [0, 3] {
        assert!(page.contains(&format!("<a href=\"#e1-{index}\" data-op=\"e1-{index}\">#{index}</a>")), "#{index}");
        assert!(page.contains(&format!("<tr id=\"e1-{index}\"")), "#{index} has no row");
        assert!(page.contains(&format!("<a id=\"e1-{index}-bar\" href=\"#e1-{index}\"")), "#{index} has no bar");
    }
    assert!(!page.contains("e1-99"), "a link to an operation that is not there");
    assert!(page.contains("can't be explained"));
}

#[test]
fn says_what_was_promised_what_was_seen_and_how_to_see_it_again() {
    for text in invalid("http://a").everywhere() {
        for said in ["redis promises to be linearizable", "the read", "no order explains it", REPLAY, "abcd"] {
            assert!(flat(&text).contains(said), "`{said}` is missing in:\n{text}");
        }
    }
}

#[test]
fn has_its_parts_in_order() {
    let mut told = invalid("http://a");
    told.recording.record = figures::one_lost_message();
    let page = told.html();
    let parts = [
        "numbers",
        "witness",
        "argument",
        "messages",
        "mechanism",
        "often",
        "tried",
        "overview",
        "blind",
        "replay",
        "words",
    ];
    let places: Vec<usize> = parts
        .iter()
        .map(|part| page.find(&format!("<h2 id=\"{part}\"")).unwrap_or_else(|| panic!("no {part}")))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn a_claim_is_told_of_the_faults_of_the_run_and_of_no_others() {
    let mut told = valid();
    let says = |told: &Told, said: &str| assert!(told.html().contains(said), "`{said}` is missing");
    says(&told, "redis promises to be linearizable under crash;");
    told.case.plan.nemesis = "none".into();
    says(&told, "redis promises to be linearizable as long as nothing fails;");
    told.case.system = &STALE_CACHE;
    says(&told, "claims to be linearizable as long as nothing fails, but is built to break that claim;");
    told.case.plan.nemesis = "crash".into();
    says(&told, "redis-stale-cache does not promise to be linearizable under crash (only as long as nothing fails);");
}

#[test]
fn the_mechanism_names_the_variant_that_prevents_it_and_how_to_run_it() {
    let mut told = invalid("http://a");
    told.case.system = &STALE_CACHE;
    for text in told.everywhere() {
        assert!(text.contains("The variant redis does that"), "{text}");
        assert!(text.contains("netsplit run --system redis --workload register --nemesis crash"), "{text}");
    }
    told.case.plan.nemesis = "crash; rm -rf /".into();
    for text in told.everywhere() {
        assert!(!text.contains("--nemesis crash;"), "a stranger's words in a command:\n{text}");
    }
}

/// The same run, during which a disk was lost.
fn after_amnesia(mut told: Told) -> Told {
    let fault = Fault::Amnesia { hosts: vec!["n1".to_owned().into()] };
    told.case.plan.nemesis = "amnesia".into();
    told.case.plan.schedule = vec![Step { id: 1, at_ms: 50, lasts_ms: 20, mid_sync: false, fault }];
    told
}

#[test]
fn beyond_its_promises_a_system_s_fault_is_told_before_its_own_story_and_no_bug_is_suspected() {
    let forgotten = "a machine that has forgotten";
    let untold = "this may be a bug";
    let promised = invalid("http://a").terminal();
    assert!(flat(&promised).contains(untold) && !flat(&promised).contains(forgotten), "{promised}");
    for text in after_amnesia(invalid("http://a")).everywhere() {
        assert!(flat(&text).contains(forgotten) && !flat(&text).contains(untold), "{text}");
    }
    let mut weakened = after_amnesia(invalid("http://a"));
    weakened.case.system = &STALE_CACHE;
    assert!(!flat(&weakened.terminal()).contains(forgotten), "its own rule is what it lacks");
    let twice = Fault::Weather { hosts: vec!["n1".to_owned().into()], mishap: Mishap::Duplication, permille: 500 };
    weakened.case.plan.nemesis = "duplication".into();
    weakened.case.plan.schedule[0].fault = twice;
    assert!(!flat(&weakened.terminal()).contains("delivers a packet twice"), "it promises nothing that it could hold");
    weakened.case.system = &REDIS_WAIT;
    assert!(flat(&weakened.terminal()).contains("delivers a packet twice"), "no cut was there to tell of");
}

#[test]
fn nodes_that_do_not_come_back_are_explained_by_faults_beyond_the_promises_alone() {
    let mut told = after_amnesia(valid());
    assert!(!told.html().contains("a machine that has forgotten"), "nothing was wrong");
    told.results.overall = Overall::Liveness;
    assert!(told.html().contains("a machine that has forgotten"));
    told.case.plan.schedule.clear();
    assert!(!told.html().contains("a machine that has forgotten"), "no disk was lost");
}

#[test]
fn says_how_often_it_happens_where_that_was_counted() {
    let mut told = invalid("http://a");
    assert!(told.html().contains("--seed 0..50"));
    told.often = Some(Often { alike: 3, runs: 50 });
    for text in told.everywhere() {
        assert!(text.contains("3 of 50 runs, which differ in their seeds alone"), "{text}");
    }
}

#[test]
fn tells_the_survivors_of_a_set() {
    let list = |urls: &[&str]| Value::list(urls.iter().map(|&url| Value::from(url)));
    let history = history(&[
        (100, 1, Kind::Invoke, "add", "a".into()),
        (120, 1, Kind::Ok, "add", "a".into()),
        (200, 1, Kind::Invoke, "add", "b".into()),
        (220, 1, Kind::Ok, "add", "b".into()),
        (300, 1, Kind::Invoke, "add", "c".into()),
        (320, 1, Kind::Info, "add", Value::Nil),
        (900, 2, Kind::Invoke, "read", Value::Nil),
        (950, 2, Kind::Ok, "read", list(&["b", "c"])),
    ]);
    let missing = Evidence { anomaly: "lost".into(), operations: vec![0, 6], culprit: Some(6), ..Evidence::default() };
    let mut results = results(&history, Overall::Invalid, Verdict::Invalid(vec![missing]));
    results.verdicts[0].checker = "set-full".into();
    let told = Told::of(history, results);
    let terminal = flat(&told.terminal());
    for said in ["2 survivors", "1 lost", "1 unacknowledged but found", "1 indeterminate"] {
        assert!(terminal.contains(said), "`{said}` is missing in:\n{terminal}");
    }
    for said in ["was acknowledged (", "is missing from the read", "has to show \"a\"", "crash n1"] {
        assert!(terminal.contains(said), "`{said}` is missing in:\n{terminal}");
    }
}

#[test]
fn tells_how_many_winners_were_announced_of_each_item() {
    let history = history(&[
        (100, 1, Kind::Invoke, "bid", Value::Int(10)),
        (120, 1, Kind::Ok, "bid", Value::Int(10)),
        (200, 1, Kind::Invoke, "announce", Value::Nil),
        (220, 1, Kind::Ok, "announce", Value::Int(10)),
        (900, 2, Kind::Invoke, "announce", Value::Nil),
        (950, 2, Kind::Ok, "announce", Value::Int(20)),
    ]);
    let mut results = results(&history, Overall::Valid, Verdict::VALID);
    results.verdicts[0].checker = "auction".into();
    let terminal = flat(&Told::of(history, results).terminal());
    for said in ["1 items sold", "1 sold to several", "2 most winners of one item"] {
        assert!(terminal.contains(said), "`{said}` is missing in:\n{terminal}");
    }
}

#[test]
fn tells_which_nodes_are_stuck_and_why_a_checker_is_undecided() {
    let history = stale("x");
    let cause = Cause::Undecided("no read".into());
    let mut results = results(&history, Overall::Unknown, Verdict::Unknown(cause));
    results.stuck = vec![Stuck { node: "n2".into(), last_answer_ms: Some(1500), reason: "503".into() }];
    for text in Told::of(history, results).everywhere() {
        assert!(text.contains("could not decide: no read"), "{text}");
        assert!(text.contains("Node n2 is stuck") && text.contains("1.500 s"), "{text}");
    }
}

#[test]
fn shows_a_valid_run_without_contradictions() {
    let told = valid();
    let page = told.html();
    assert!(!page.contains("id=\"witness\"") && !page.contains("id=\"argument\""));
    for said in ["Outcomes over time", "Latency over time", "Availability of each node over time", "Why it held", "hit"]
    {
        assert!(page.contains(said), "{said}");
    }
    assert!(page.contains("no message and no operation"));
    assert_eq!(page, told.html());
}

#[test]
fn a_terminal_s_lines_keep_to_its_width_and_are_plain_unless_colours_are_wanted() {
    let told = invalid("http://a");
    let long = |text: &str, width: usize| {
        text.lines()
            .filter(|line| !line.trim_start().starts_with("netsplit "))
            .find(|line| console::measure_text_width(line) > width)
            .map(str::to_owned)
    };
    for width in [40, 80, 120] {
        let text = told.report().terminal(Paper { width, is_coloured: false });
        assert_eq!(long(&text, width), None);
        assert!(!text.contains('\u{1b}'));
    }
    let coloured = told.report().terminal(Paper { width: 80, is_coloured: true });
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(console::strip_ansi_codes(&coloured), told.terminal());
}

#[test]
fn the_glossary_has_the_eight_fallacies() {
    let page = valid().html();
    for belief in ["The network is reliable", "Latency is zero", "Bandwidth is infinite", "The network is secure"]
        .into_iter()
        .chain([
            "Topology doesn't change",
            "There is one administrator",
            "Transport cost is zero",
            "The network is homogeneous",
        ])
    {
        assert!(page.contains(belief), "{belief}");
    }
    assert!(page.contains("--nemesis partition,crash"));
}
