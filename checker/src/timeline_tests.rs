//! Hand-drawn timelines on both sides of the line, and random ones against the definition.

use std::fmt::Write;

use super::*;
use crate::drawing::{anomalies, draw};
use crate::random::{self, SplitMix};

const TWO_WRITES: &str =
    "1 invoke write x=1\n1 ok write x=1\n1 invoke write x=2\n1 ok write x=2\n2 invoke read x=nil\n2 ok read x=1\n";

fn check(lines: &str) -> String {
    anomalies(&Timeline { settled_from: 6 }, lines)
}

#[test]
fn a_read_may_be_old_until_all_is_quiet() {
    assert_eq!(check(&format!("{TWO_WRITES}2 invoke read x=nil\n2 ok read x=2")), "valid");
    assert_eq!(check(&format!("{TWO_WRITES}2 invoke read x=nil\n2 ok read x=1")), "stale-read");
}

#[test]
fn an_update_is_never_lost_however_old_the_reads_are() {
    let both = "1 invoke cas x=[1 3]\n1 ok cas x=[1 3]\n2 invoke cas x=[1 4]\n2 ok cas x=[1 4]\n";
    assert_ne!(
        check(&format!("1 invoke claim x=1\n1 ok claim x=1\n{both}2 invoke read x=nil\n2 ok read x=4")),
        "valid"
    );
    let refused = "1 invoke claim x=1\n1 ok claim x=1\n2 invoke claim x=2\n2 ok claim x=2\n";
    let refused = format!("{refused}2 invoke read x=nil\n2 ok read x=2\n");
    assert_ne!(check(&format!("{refused}2 invoke read x=nil\n2 ok read x=2")), "valid");
}

#[test]
fn a_read_never_shows_what_is_not_written_yet() {
    let early = "2 invoke read x=nil\n2 ok read x=1\n1 invoke write x=1\n1 ok write x=1\n";
    let late = "2 invoke read x=nil\n2 ok read x=1\n";
    assert_eq!(check(&format!("{early}{late}{late}")), "thin-air-read");
}

const PENDING: &str = "1 invoke write x=1\n1 info write x=1\n2 invoke read x=nil\n2 ok read x=1\n";

#[test]
fn a_read_proves_that_a_write_without_an_answer_had_taken_effect() {
    // what is written later stays, although the first write was never answered
    let overwritten = format!("{PENDING}2 invoke write x=2\n2 ok write x=2\n");
    let read = |value: &str| format!("3 invoke read x=nil\n3 ok read x={value}");
    assert_eq!(check(&format!("{overwritten}{}", read("2"))), "valid");
    assert_eq!(check(&format!("{overwritten}{}", read("1"))), "stale-read");
    // without the early read the write may come last
    let unseen = "1 invoke write x=1\n1 info write x=1\n2 invoke read x=nil\n2 ok read x=nil\n";
    assert_eq!(check(&format!("{unseen}2 invoke write x=2\n2 ok write x=2\n{}", read("1"))), "valid");
    // answers to writes agree, whoever is asked
    assert_eq!(check(&format!("{PENDING}2 invoke claim x=2\n2 ok claim x=2")), "stale-read");
    assert_eq!(check(&format!("{PENDING}2 invoke claim x=2\n2 ok claim x={{refused 1}}")), "valid");
    // a copy may be old, and older than another
    assert_eq!(check(&format!("{PENDING}2 invoke read x=nil\n2 ok read x=nil\n{}", read("1"))), "valid");
}

#[test]
fn a_read_proves_it_before_the_answer_comes() {
    let late =
        "1 invoke write x=1\n2 invoke read x=nil\n2 ok read x=1\n2 invoke write x=2\n2 ok write x=2\n1 ok write x=1\n";
    assert_eq!(check(&format!("{late}3 invoke read x=nil\n3 ok read x=2")), "valid");
    assert_eq!(check(&format!("{late}3 invoke read x=nil\n3 ok read x=1")), "stale-read");
    let history = draw(&format!("{late}3 invoke read x=nil\n3 ok read x=1"));
    let Verdict::Invalid(all) = (Timeline { settled_from: 6 }).check(&history) else { panic!("1 was overwritten") };
    assert_eq!(all[0].operations, [0, 1, 3, 6]);
    assert_eq!(all[0].steps.last().unwrap(), "#0 had taken effect when #1 was answered: it shows 1");
}

#[test]
fn of_two_writes_of_one_value_either_may_be_the_one_that_was_read() {
    let twice = "1 invoke write x=1\n1 info write x=1\n4 invoke write x=1\n2 invoke read x=nil\n2 ok read x=1\n";
    let then = "2 invoke write x=2\n2 ok write x=2\n3 invoke read x=nil\n3 ok read x=";
    assert_eq!(check(&format!("{twice}{then}1")), "valid");
    assert_eq!(check(&format!("{twice}{then}nil")), "stale-read");
}

/// What the definition says: the writes and the reads after the quiet period have one order, an operation that ended before
/// another began comes first, and an early read shows the state at its own place in it, or any before.
struct Definition<'a, 'h> {
    /// Each with its place and its answer's, and whether it is an early read.
    all: &'a [(Access<'h>, usize, usize, bool)],
}

impl Definition<'_, '_> {
    fn holds(&self, taken: u32, past: &mut Vec<Value>) -> bool {
        let open = |at: &usize| taken >> at & 1 == 0;
        if (0..self.all.len()).filter(open).all(|at| self.all[at].0.pending()) {
            return true;
        }
        let next = |at: &usize| (0..self.all.len()).filter(open).all(|other| self.all[other].2 > self.all[*at].1);
        (0..self.all.len()).filter(open).filter(next).any(|at| {
            let ((access, .., early), taken) = (&self.all[at], taken | 1 << at);
            let current = past.last().expect("it begins empty").clone();
            if *early {
                return access.observed().is_some_and(|seen| past.contains(seen)) && self.holds(taken, past);
            }
            if !access.fits(&current) {
                return false;
            }
            past.push(access.wrote().cloned().unwrap_or(current));
            let found = self.holds(taken, past);
            past.pop();
            found
        })
    }
}

/// Overlapping operations on a register, most values written once.
fn overlapping(seed: u64) -> String {
    let mut random = SplitMix(seed);
    let (mut lines, mut open): (String, [Option<(&str, String)>; 3]) = (String::new(), Default::default());
    let mut processes = [0, 1, 2];
    for at in 0..(6 + random.below(9)) {
        let client = usize::try_from(random.below(3)).unwrap();
        let value =
            |random: &mut SplitMix| random.below(at + 1).checked_sub(1).map_or("nil".to_owned(), |v| v.to_string());
        let Some((f, given)) = open[client].take() else {
            let f = ["read", "read", "read", "write", "write", "cas", "claim", "delete"]
                [usize::try_from(random.below(8)).unwrap()];
            let new = if random.below(6) == 0 { random.below(at + 1) } else { at };
            let given = match f {
                "read" | "delete" => "nil".to_owned(),
                "cas" => format!("[{} {new}]", value(&mut random)),
                _ => new.to_string(),
            };
            writeln!(lines, "{} invoke {f} x={given}", processes[client]).unwrap();
            open[client] = Some((f, given));
            continue;
        };
        let (kind, answer) = match (random.below(8), f) {
            (0, _) => ("info", given),
            (1, "cas" | "claim") => ("ok", format!("{{refused {}}}", value(&mut random))),
            (_, "read") => ("ok", value(&mut random)),
            _ => ("ok", given),
        };
        writeln!(lines, "{} {kind} {f} x={answer}", processes[client]).unwrap();
        processes[client] += if kind == "info" { 3 } else { 0 };
    }
    lines
}

#[test]
fn agrees_with_every_order_tried_on_random_histories() {
    let mut counts = [0_u64; 2];
    for seed in 0..random::histories() {
        let lines = overlapping(seed);
        let history = draw(&lines);
        let settled_from = SplitMix(!seed).below(history.events.len() as u64 + 2);
        let operations = history.operations().unwrap();
        let all: Vec<(Access<'_>, usize, usize, bool)> = accesses(&history, &Value::Nil)
            .unwrap()
            .into_iter()
            .map(|access| {
                let operation = operations.iter().find(|one| one.index() == access.index).unwrap();
                let ended = if access.pending() { usize::MAX } else { operation.completed_at.unwrap() };
                (access, operation.invoked_at, ended, operation.f() == "read" && operation.index() < settled_from)
            })
            .collect();
        let truth = Definition { all: &all }.holds(0, &mut vec![Value::Nil]);
        let verdict = Timeline { settled_from }.check(&history);
        assert_eq!(verdict.is_invalid(), !truth, "seed {seed}, settled from {settled_from}: {verdict:?}\n{lines}");
        assert!(!matches!(verdict, Verdict::Unknown(_)), "seed {seed}: {verdict:?}");
        counts[usize::from(truth)] += 1;
    }
    println!("(broken, kept): {counts:?}");
    assert!(random::histories() < 20_000 || counts.iter().all(|count| *count > 100), "{counts:?}");
}
