//! The figures show what the run holds.

use netsplit_nemesis::{Skew, Target};

use super::*;

/// Clients ask n1 at 100 ms and it answers at 120 ms; what they send it at 130 ms is lost.
pub(super) fn one_lost_message() -> Record {
    let message = |ms: u64, from, to, dialled, what, size_bytes| Message {
        time_ns: ms * 1_000_000,
        from,
        to,
        port: 4000,
        dialled,
        what,
        size_bytes,
    };
    let messages = vec![
        message(100, 0, 1, true, What::Send, 70),
        message(105, 0, 1, true, What::Deliver, 70),
        message(110, 1, 0, false, What::Send, 30),
        message(120, 1, 0, false, What::Deliver, 10),
        message(120, 1, 0, false, What::Deliver, 20),
        message(130, 0, 1, true, What::Send, 71),
    ];
    Record { hosts: vec!["clients".into(), "n1".into()], messages }
}

#[test]
fn the_diagram_shows_which_messages_a_fault_lost_or_held() {
    let mut told = invalid("http://a");
    told.recording.record = one_lost_message();
    told.case.plan.latencies = vec![Latency { a: "n1".into(), b: "clients".into(), ms: 5 }];
    let page = told.html();
    assert!(page.contains("clients → n1, 70 bytes, sent 0.100 s, arrived: 0.105 s"));
    assert!(page.contains("n1 → clients, 30 bytes, sent 0.110 s, arrived: 0.120 s"));
    assert!(page.contains("n1 answered <a href=\"#e1-0\" data-op=\"e1-0\">#0</a> from what it had itself"));
    assert!(page.contains("clients → n1, 71 bytes, sent 0.130 s, arrived: never read"));
    let cut = |kind, at_ms| {
        let sides = vec![vec!["n1".to_owned()], vec!["clients".to_owned()]];
        vec![Step { id: 0, at_ms, lasts_ms: 20, mid_sync: false, fault: Fault::Cut { kind, sides } }]
    };
    told.case.plan.schedule = cut(CutKind::Drop, 125);
    assert!(told.html().contains("sent 0.130 s, arrived: lost"));
    told.recording.record.messages.push(Message {
        time_ns: 170_000_000,
        what: What::Deliver,
        ..told.recording.record.messages[5]
    });
    told.case.plan.schedule = cut(CutKind::Stall, 125);
    assert!(told.html().contains("sent 0.130 s, arrived: held until 0.170 s"));
}

#[test]
fn draws_the_unknown_write_to_the_end_of_the_window() {
    let page = invalid("http://a").html();
    let bar = page.split("<rect class=\"bar info around").nth(1).expect("the unknown write has a bar");
    let number = |name: &str| -> u64 { attributes(bar, name)[0].parse().unwrap() };
    assert_eq!(number("x") + number("width"), crate::report::axis::RIGHT);
}

#[test]
fn draws_how_wrong_each_clock_was_and_tells_it_as_a_table() {
    let mut told = invalid("http://a");
    assert!(!told.html().contains("How wrong each clock was"));
    let hosts = vec![Target::Host("n2".into())];
    let fault = Fault::Skew { hosts, clock: Skew::Jump(-40) };
    told.case.plan.schedule = vec![Step { id: 0, at_ms: 500, lasts_ms: 700, mid_sync: false, fault }];
    let page = told.html();
    assert!(page.contains("How wrong each clock was over time"));
    let cells =
        ["n2</th>", "<td>0.500 s</td>", "<td>1.200 s</td>", "<td>is 40 ms behind</td>", "<td>40 ms behind</td>"];
    assert!(cells.iter().all(|cell| page.contains(cell)), "{page}");
    assert!(told.report().markdown().contains("| n2 | 0.500 s | 1.200 s | is 40 ms behind | 40 ms behind |"));
}

/// A run that ends with a read at each of two nodes.
fn ends_with(answers: [&str; 2]) -> Told {
    let mut events = vec![(100, 1, Kind::Invoke, "write", "x".into()), (120, 1, Kind::Ok, "write", "x".into())];
    for (process, answer) in (2..).zip(answers) {
        events.push((2600, process, Kind::Invoke, "read", Value::Nil));
        events.push((2600 + 100 * process, process, Kind::Ok, "read", answer.into()));
    }
    let mut history = history(&events);
    for event in &mut history.events[4..] {
        event.node = Some("n2".into());
    }
    let results = results(&history, Overall::Valid, Verdict::VALID);
    let mut told = Told::of(history, results);
    told.case.plan.finale = vec![netsplit_workloads::Op::on("a", "read", &[])];
    told
}

#[test]
fn tells_when_the_nodes_came_to_the_same_or_who_did_not() {
    for text in [ends_with(["x", "x"]).html(), ends_with(["x", "x"]).report().markdown()] {
        assert!(flat(&text).contains("Every node gave the same final answers; 900 ms after the heal"), "{text}");
    }
    let page = ends_with(["x", "y"]).html();
    assert!(page.contains("The nodes did not come to the same: n2 answered otherwise than most."), "{page}");
    assert!(page.contains("class=\"dots bad\" d=\"M"), "no dot is red");
    assert!(!valid().html().contains("Final reads at each node"), "a run without final reads has none to show");
}
