use std::time::Duration;

use netsplit_checker::stats::Stats;
use netsplit_checker::{Actor, Cause, Event, Evidence, History, Kind, Value, Verdict};

use super::{html, markdown};
use crate::judge::{Effect, Judged, Overall, Results};
use crate::plan::{Plan, RedisKind};
use crate::simulate::Stuck;

const REPLAY: &str = "netsplit replay results/runs/redis-register-crash-7/capsule.json";
const HOSTILE: &str = "http://x/\"><script>alert(1)</script></svg></style>|`[a](b)";

fn plan() -> Plan {
    Plan {
        format: 1,
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
        blocked: 0,
        interrupted,
        refused: 0,
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

fn invalid(url: &str) -> (Plan, History, Results) {
    let history = stale(url);
    let results = results(&history, Overall::Invalid, Verdict::Invalid(vec![evidence(url)]));
    (plan(), history, results)
}

#[test]
fn links_every_named_operation_to_its_row() {
    let (plan, history, results) = invalid("http://a");
    let page = html(&plan, &history, &results, REPLAY);
    for index in [0, 3] {
        assert!(page.contains(&format!("<a href=\"#e1-op{index}\">#{index}</a>")), "{page}");
        assert!(page.contains(&format!("id=\"e1-op{index}\"")), "{page}");
    }
    assert!(!page.contains("#e1-op99"), "a link to an operation that is not there");
    assert!(page.contains("can't be explained"));
}

#[test]
fn escapes_what_comes_from_the_history() {
    let (plan, history, results) = invalid(HOSTILE);
    let page = html(&plan, &history, &results, HOSTILE);
    assert!(!page.contains("<script"), "markup of a url is in the page");
    assert!(page.contains("&lt;script&gt;"), "the url is not shown at all");
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    assert_eq!(page.matches("</style>").count(), 1);
    let text = markdown(&plan, &history, &results, REPLAY);
    assert!(!text.contains("<script") && !text.contains("[a](b)"), "{text}");
    assert!(text.contains("&lt;script&gt;"));
}

#[test]
fn loads_and_runs_nothing() {
    let (plan, history, results) = invalid("x");
    let page = html(&plan, &history, &results, REPLAY);
    assert!(page.contains("default-src 'none'"));
    for loading in ["<script", "<link", "src=", "@import", "url("] {
        assert!(!page.contains(loading), "{loading} in the page");
    }
}

#[test]
fn says_what_was_promised_what_was_seen_and_how_to_see_it_again() {
    let (plan, history, results) = invalid("http://a");
    for text in [html(&plan, &history, &results, REPLAY), markdown(&plan, &history, &results, REPLAY)] {
        for said in [
            "promises to be linearizable",
            "this run contradicts it",
            REPLAY,
            "hit",
            "nothing: it tests nothing",
            "abcd",
        ] {
            assert!(text.contains(said), "`{said}` is missing in:\n{text}");
        }
    }
}

#[test]
fn draws_the_unknown_write_to_the_end_of_the_window() {
    let (plan, history, results) = invalid("http://a");
    let page = html(&plan, &history, &results, REPLAY);
    let bar = page.split("<rect class=\"bar info around").nth(1).expect("the unknown write has a bar");
    let number = |name: &str| -> u64 {
        let rest = bar.split(&format!(" {name}=\"")).nth(1).unwrap();
        rest[..rest.find('"').unwrap()].parse().unwrap()
    };
    assert_eq!(number("x") + number("width"), super::axis::RIGHT);
}

#[test]
fn tells_which_nodes_are_stuck_and_why_a_checker_is_undecided() {
    let history = stale("x");
    let cause = Cause::Undecided("no read".into());
    let mut results = results(&history, Overall::Unknown, Verdict::Unknown(cause));
    results.stuck = vec![Stuck { node: "n2".into(), last_answer_ms: Some(1500), reason: "503".into() }];
    for text in [html(&plan(), &history, &results, REPLAY), markdown(&plan(), &history, &results, REPLAY)] {
        assert!(text.contains("could not decide: no read"), "{text}");
        assert!(text.contains("Node n2 is stuck") && text.contains("1.500 s"), "{text}");
    }
}

#[test]
fn stays_below_a_megabyte_and_says_what_it_leaves_out() {
    let url = "&".repeat(5000);
    let mut events = Vec::new();
    for n in 0..20_000_u64 {
        events.push((n, n % 500, Kind::Invoke, "write", Value::from(url.as_str())));
        events.push((n + 1, n % 500, Kind::Ok, "write", Value::from(url.as_str())));
    }
    let history = history(&events);
    let every = Evidence {
        operations: (0..40_000).collect(),
        steps: vec![url.clone(); 500],
        legal: vec![url.clone(); 500],
        ..evidence(&url)
    };
    let mut results = results(&history, Overall::Invalid, Verdict::Invalid(vec![every; 200]));
    let effect = Effect { fault: "cut ".repeat(500), ..results.effects[0].clone() };
    results.effects = vec![effect; 10_000];
    let page = html(&plan(), &history, &results, REPLAY);
    assert!(page.len() <= 1_000_000, "{} bytes", page.len());
    assert!(page.contains("Shown: the first") && page.contains("Left out") && page.contains("are left out here"));
}

#[test]
fn shows_a_valid_run_without_contradictions() {
    let history = stale("x");
    let results = results(&history, Overall::Valid, Verdict::VALID);
    let page = html(&plan(), &history, &results, REPLAY);
    assert!(!page.contains("id=\"evidence\""));
    assert!(page.contains("Outcomes over time") && page.contains("Latency over time"));
    assert_eq!(page, html(&plan(), &history, &results, REPLAY));
}
