//! Histories of appends in shorthand, on both sides of every line.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::Checker as _;
use crate::{Actor, Event, History, Kind, Value};

/// `i0 ax1,ry12` invokes `[append x 1] [r y [1 2]]` in process 0; `o`, `f` and `n` answer, fail and lose it. `wx1` writes
/// and `rx=1` reads a register.
pub(super) fn history(lines: &str) -> History {
    let mut open = std::collections::BTreeMap::new();
    let mut events = Vec::new();
    for (index, line) in (0..).zip(lines.split_whitespace().collect::<Vec<_>>().chunks(2)) {
        let (kind, process) = line[0].split_at(1);
        let process: u64 = process.parse().unwrap();
        let kind = match kind {
            "i" => Kind::Invoke,
            "o" => Kind::Ok,
            "f" => Kind::Fail,
            _ => Kind::Info,
        };
        let text = line[1];
        if kind == Kind::Invoke {
            open.insert(process, text);
        }
        let value = Value::list(text.split(',').filter(|mop| *mop != "-").map(mop));
        events.push(Event {
            index,
            time: Duration::ZERO,
            process: Actor::Process(process),
            node: None,
            kind,
            f: Arc::from("txn"),
            key: Value::Nil,
            value,
            error: None,
        });
    }
    History { events }
}

/// Transactions that all overlap, one process each; a leading `!` fails one and `?` loses one.
pub(super) fn concurrent(txns: &str) -> History {
    let mut lines = Vec::new();
    for answer in [false, true] {
        for (process, txn) in txns.split_whitespace().enumerate() {
            let kind = match (answer, txn.as_bytes()[0]) {
                (false, _) => "i",
                (true, b'!') => "f",
                (true, b'?') => "n",
                _ => "o",
            };
            lines.push(format!("{kind}{process} {}", txn.trim_start_matches(['!', '?'])));
        }
    }
    history(&lines.join(" "))
}

fn mop(text: &str) -> Value {
    let (f, rest) = text.split_at(1);
    let (key, value) = rest.split_at(1);
    let number = |text: &str| text.parse().map_or(Value::Nil, Value::Int);
    let value = match (f, value.strip_prefix('=')) {
        (_, Some(register)) => number(register),
        ("r", None) => Value::list(value.chars().map(|c| number(&c.to_string()))),
        _ => number(value),
    };
    let f = match f {
        "a" => "append",
        f => f,
    };
    Value::list([Value::text(f), Value::text(key), value])
}

fn names(analysis: &Analysis) -> Vec<String> {
    analysis.anomalies.keys().map(ToString::to_string).collect()
}

#[track_caller]
fn check(history: &History, expected: &[&str]) -> Analysis {
    let analysis = analyze_list_append(history);
    assert_eq!(names(&analysis), expected, "{:#?}", analysis.anomalies);
    analysis
}

#[test]
fn accepts_a_serial_history() {
    let history = history("i0 ax1 o0 ax1 i1 rx1,ax2 o1 rx1,ax2 i0 rx12 o0 rx12");
    assert_eq!(check(&history, &[]).strongest, vec![Model::StrictSerializable]);
}

#[test]
fn finds_g0_where_two_writers_overwrite_each_other() {
    let analysis = check(&concurrent("ax1,ay1 ax2,ay2 rx12,ry21"), &["G0"]);
    assert!(analysis.not.contains(&Model::ReadUncommitted));
}

#[test]
fn finds_g1c_where_two_transactions_read_each_other() {
    let analysis = check(&concurrent("ax1,ry1 ay1,rx1"), &["G1c"]);
    assert_eq!(analysis.anomalies[&Anomaly::G1c(Scope::Data)][0].steps.len(), 4);
    assert!(!analysis.not.contains(&Model::ReadUncommitted));
}

#[test]
fn finds_g_single_where_a_read_is_split() {
    let analysis = check(&concurrent("ax1,ay1 rx1,ry rx1,ry1"), &["G-single", "fractured-read"]);
    assert!(analysis.not.contains(&Model::SnapshotIsolation) && analysis.not.contains(&Model::ReadAtomic));
    assert!(!analysis.not.contains(&Model::ReadCommitted));
    // what nobody ever read was missed, too
    check(&concurrent("ax1,ay1 rx1,ry"), &["G-single", "fractured-read"]);
}

#[test]
fn finds_write_skew_which_snapshot_isolation_allows() {
    let analysis = check(&concurrent("rx,ay1 ry,ax1"), &["G2-item", "G-update"]);
    assert!(analysis.not.contains(&Model::Serializable) && analysis.not.contains(&Model::UpdateSerializable));
    assert!(analysis.strongest.contains(&Model::StrongSnapshotIsolation));
}

#[test]
fn finds_a_long_fork_which_snapshot_isolation_forbids() {
    let analysis = check(&concurrent("ax1 ay1 rx1,ry rx,ry1"), &["G-nonadjacent"]);
    assert!(analysis.not.contains(&Model::SnapshotIsolation));
}

#[test]
fn a_stale_read_breaks_only_real_time() {
    let analysis = check(&history("i0 ax1 o0 ax1 i1 rx o1 rx i2 rx1 o2 rx1"), &["G-single-realtime"]);
    assert!(analysis.not.contains(&Model::StrictSerializable));
    assert_eq!(analysis.strongest, vec![Model::StrongSessionSerializable, Model::StrongReadCommitted]);
}

#[test]
fn a_stale_read_of_ones_own_write_breaks_the_session() {
    let history = history("i0 ax1 o0 ax1 i0 rx o0 rx i1 rx1 o1 rx1");
    let analysis = check(&history, &["G-single-process", "G-single-realtime"]);
    assert_eq!(analysis.strongest[0], Model::Serializable);
}

#[test]
fn reads_of_failed_appends_are_g1a_and_of_lost_ones_are_not() {
    let analysis = check(&concurrent("!ax1 rx1"), &["G1a"]);
    assert_eq!(analysis.anomalies[&Anomaly::G1a][0].operations, vec![0, 1]);
    check(&concurrent("?ax1 rx1"), &[]);
}

#[test]
fn finds_intermediate_and_impossible_reads() {
    assert!(names(&analyze_list_append(&concurrent("ax1,ax2 rx1 rx12"))).contains(&"G1b".to_owned()));
    check(&concurrent("ax1 rx1 rx11"), &["duplicate-elements"]);
    check(&concurrent("ax1 rx17"), &["garbage-read"]);
    check(&concurrent("ax1 rx1,rx"), &["internal", "G-single"]);
    check(&concurrent("rx1,ax1"), &["future-read"]);
    check(&concurrent("!ax1 ax2 rx12"), &["dirty-update", "G1a"]);
}

#[test]
fn two_orders_of_one_list_are_incompatible() {
    // whoever reads both in another order missed neither
    check(&concurrent("ax1 ax2 rx12 rx21"), &["incompatible-order"]);
}

#[test]
fn two_updates_of_one_version_lose_one() {
    let analysis = check(&concurrent("rx,ax1 rx,ax2"), &["lost-update", "G2-item", "G-update"]);
    assert!(analysis.not.contains(&Model::RepeatableRead) && analysis.not.contains(&Model::SnapshotIsolation));
}

#[test]
fn many_readers_that_missed_many_unread_appends_need_few_edges() {
    let readers = "rx ".repeat(500);
    let updates = (1000..1500).map(|n| format!("rx,ax{n}")).collect::<Vec<_>>().join(" ");
    let analysis = analyze_list_append(&concurrent(&(readers + &updates)));
    assert_eq!(names(&analysis), ["lost-update", "G2-item", "G-update"]);
    assert_eq!(analysis.anomalies[&Anomaly::G2Item(Scope::Data)][0].operations.len(), 2);
}

#[test]
fn an_element_appended_twice_is_undecided() {
    let verdict = ListAppend::default().check(&concurrent("ax1 ax1 rx1"));
    assert!(matches!(verdict, crate::Verdict::Unknown(_)));
}

#[track_caller]
#[test]
fn what_reads_cannot_tell_apart_in_one_place_hides_no_contradiction_in_another() {
    let cycle = "ay1,rz2 az2,ry1";
    check(&concurrent(cycle), &["G1c"]);
    let twice = analyze_list_append(&concurrent(&format!("{cycle} ax1 ax1 rx1")));
    assert_eq!((names(&twice), twice.verdict(Model::ReadCommitted).is_invalid()), (vec!["G1c".to_owned()], true));
    assert!(matches!(twice.verdict(Model::ReadUncommitted), crate::Verdict::Unknown(_)));
    let cycle = "wy=1,rz=2 wz=2,ry=1";
    let twice = analyze_rw_register(&concurrent(&format!("{cycle} wx=1 wx=1 rx=1")), Assumptions::ALL);
    assert_eq!((names(&twice), twice.verdict(Model::ReadCommitted).is_invalid()), (vec!["G1c".to_owned()], true));
    assert!(matches!(twice.verdict(Model::ReadUncommitted), crate::Verdict::Unknown(_)));
}

fn check_registers(history: &History, assumptions: Assumptions, expected: &[&str]) -> Analysis {
    let analysis = analyze_rw_register(history, assumptions);
    assert_eq!(names(&analysis), expected, "{:#?}", analysis.anomalies);
    analysis
}

#[test]
fn registers_in_a_serial_order_are_accepted() {
    let history = history("i0 wx=1 o0 wx=1 i1 rx=1,wx=2 o1 rx=1,wx=2 i0 rx=2 o0 rx=2");
    assert_eq!(check_registers(&history, Assumptions::ALL, &[]).strongest, vec![Model::StrictSerializable]);
}

#[test]
fn a_register_lost_between_two_updates_is_a_lost_update() {
    let history = concurrent("wx=0 rx=0,wx=1 rx=0,wx=2");
    check_registers(&history, Assumptions::NONE, &["lost-update"]);
    check_registers(&history, Assumptions::ALL, &["lost-update", "G2-item", "G-update"]);
}

#[test]
fn a_stale_register_makes_its_versions_a_cycle_in_real_time() {
    let history = history("i0 wx=1 o0 wx=1 i0 wx=2 o0 wx=2 i1 rx=1 o1 rx=1");
    check_registers(&history, Assumptions::NONE, &[]);
    let analysis = check_registers(&history, Assumptions::ALL, &["cyclic-versions", "G-single-realtime"]);
    assert!(analysis.not.contains(&Model::StrictSerializable));
}

#[test]
fn registers_show_aborted_intermediate_internal_and_invented_values() {
    check_registers(&concurrent("!wx=1 rx=1"), Assumptions::ALL, &["G1a"]);
    check_registers(&concurrent("?wx=1 rx=1"), Assumptions::ALL, &[]);
    check_registers(&concurrent("wx=1,wx=2 rx=1"), Assumptions::NONE, &["G1b"]);
    check_registers(&concurrent("wx=1,rx=2 wx=2"), Assumptions::NONE, &["internal"]);
    check_registers(&concurrent("rx=7"), Assumptions::NONE, &["garbage-read"]);
}

#[test]
fn registers_read_in_a_cycle_are_g1c() {
    check_registers(&concurrent("wx=1,ry=1 wy=1,rx=1"), Assumptions::NONE, &["G1c"]);
}

fn holds(history: &str) -> Vec<&'static str> {
    let levels = levels(&self::history(history));
    LEVELS.iter().filter(|level| levels[level] == crate::Verdict::VALID).map(|level| level.name()).collect()
}

#[test]
fn sessions_are_judged_by_their_order_alone() {
    let serial = "i0 wx=1 o0 wx=1 i1 rx= o1 rx= i1 rx=1 o1 rx=1";
    assert_eq!(holds(serial).len(), LEVELS.len());
    assert!(holds("i0 rx=1 o0 rx=1").is_empty());
    // a split read: one effect of a transaction is seen without the other
    assert_eq!(
        holds("i0 wx=1,wy=1 o0 wx=1,wy=1 i1 wx=2,wy=2 o1 wx=2,wy=2 i2 rx=1,ry=2 o2 rx=1,ry=2"),
        ["read-committed"]
    );
    // a long fork: two readers see two writes in different orders
    let fork = "i0 wx=1 o0 wx=1 i1 wy=1 o1 wy=1 i2 rx=1,ry= o2 rx=1,ry= i3 rx=,ry=1 o3 rx=,ry=1";
    assert_eq!(holds(fork), ["read-committed", "read-atomic", "causal"]);
    // write skew: each reads what the other overwrites
    let skew = "i0 rx=,wy=1 o0 rx=,wy=1 i1 ry=,wx=1 o1 ry=,wx=1";
    assert_eq!(holds(skew), ["read-committed", "read-atomic", "causal", "snapshot-isolation"]);
    // a lost update
    let lost = "i0 rx=,wx=1 o0 rx=,wx=1 i1 rx=,wx=2 o1 rx=,wx=2";
    assert_eq!(holds(lost), ["read-committed", "read-atomic", "causal"]);
    // what was not answered may happen after what its process does next
    let late = "i0 wx=1 n0 wx=1 i0 rx= o0 rx= i1 rx=1 o1 rx=1";
    assert_eq!(holds(late).len(), LEVELS.len());
    // the effect is seen, its cause is not
    let cause = "i0 wx=1 o0 wx=1 i1 rx=1,wy=1 o1 rx=1,wy=1 i2 ry=1 o2 ry=1 i2 rx= o2 rx=";
    assert_eq!(holds(cause), ["read-committed", "read-atomic"]);
}

#[test]
fn a_level_that_nothing_contradicts_is_proven_by_a_stronger_one_or_open() {
    let word = |history: &History, model| match analyze_list_append(history).verdict(model) {
        crate::Verdict::Valid { .. } => "valid",
        crate::Verdict::Unknown(_) => "unknown",
        crate::Verdict::Invalid(_) => "invalid",
    };
    let fork = concurrent("ax1 ay1 rx1,ry rx,ry1");
    let cause = concurrent("ax1 rx1,ay1 ry1,rx");
    let serial = concurrent("ax1 rx1,ay1 ry1,rx1");
    for (model, at_fork, at_cause) in [
        (Model::ReadAtomic, "valid", "valid"),
        (Model::Causal, "valid", "unknown"),
        (Model::ParallelSnapshotIsolation, "valid", "invalid"),
        (Model::Prefix, "unknown", "unknown"),
        (Model::SnapshotIsolation, "invalid", "invalid"),
        (Model::UpdateSerializable, "unknown", "invalid"),
    ] {
        assert_eq!((word(&fork, model), word(&cause, model)), (at_fork, at_cause), "{model}");
        assert_eq!(word(&serial, model), "valid", "{model}");
    }
}

#[test]
fn registers_are_also_judged_without_inferring_their_versions() {
    let word = |history: &str, model: Model| {
        let options = crate::models::Options::default();
        let judged = crate::judge::judge(&format!("rw-register/{model}"), None, &self::history(history), options);
        match judged.expect("a known level").verdict {
            crate::Verdict::Valid { .. } => "valid",
            crate::Verdict::Unknown(_) => "unknown",
            crate::Verdict::Invalid(_) => "invalid",
        }
    };
    let split = "i0 wx=1,wy=1 i1 wx=2,wy=2 o0 wx=1,wy=1 o1 wx=2,wy=2 i2 rx=,ry= o2 rx=1,ry=2";
    for model in [Model::ReadAtomic, Model::Causal, Model::Serializable, Model::StrictSerializable] {
        assert_eq!(word(split, model), "invalid", "{model}");
    }
    assert_eq!(word(split, Model::ReadCommitted), "valid");
    // without real time, and with a blind write, a skew is no serial order; what no search decides is not said to hold
    let skew = "i0 wx=1,wy=1 i1 rx=,wy=2 i2 ry=,wx=2 o0 wx=1,wy=1 o1 rx=1,wy=2 o2 ry=1,wx=2";
    let blind = "i0 wx=1,wz=1,ry= i1 wx=2,wy=2,rz= o0 wx=1,wz=1,ry= o1 wx=2,wy=2,rz=";
    for (history, model, expected) in [
        (skew, Model::RepeatableRead, "unknown"),
        (skew, Model::UpdateSerializable, "unknown"),
        (blind, Model::RepeatableRead, "invalid"),
        (blind, Model::ConsistentView, "unknown"),
        (blind, Model::ParallelSnapshotIsolation, "unknown"),
    ] {
        assert_eq!(word(history, model), expected, "{model}: {history}");
    }
    assert_eq!((word(skew, Model::Prefix), word(blind, Model::SnapshotIsolation)), ("valid", "invalid"));
    // what reads two versions of a key is called no anomaly of a repeatable read by those who publish such, and not valid here
    let fuzzy = "i0 wx=1 i1 wx=2 i2 rx=,rx= o0 wx=1 o1 wx=2 o2 rx=1,rx=2";
    assert_eq!(word(fuzzy, Model::ReadCommitted), "valid");
    assert_eq!((word(fuzzy, Model::RepeatableRead), word(fuzzy, Model::ConsistentView)), ("unknown", "unknown"));
    assert_eq!(word(fuzzy, Model::ReadAtomic), "invalid");
    // a write follows what its transaction read already where reads are committed
    let follows = "i0 wy=1 i1 ry=,wx=1,wy=2 i2 rx=,ry= o0 wy=1 o1 ry=1,wx=1,wy=2 o2 rx=1,ry=1";
    assert_eq!((word(follows, Model::ReadCommitted), word(follows, Model::ConsistentView)), ("valid", "invalid"));
    let serial = "i0 wx=1 o0 wx=1 i1 rx=,wx=2 o1 rx=1,wx=2 i2 rx= o2 rx=2";
    for model in Model::ALL {
        assert_eq!(word(serial, *model), "valid", "{model}");
    }
    let fractured = "i0 rx=,ry= i1 wx=1,wy=1 o1 wx=1,wy=1 o0 rx=1,ry=";
    assert_eq!(word(fractured, Model::ReadCommitted), "valid");
    assert_eq!(word(fractured, Model::MonotonicAtomicView), "unknown", "no model that implies it holds");
    assert_eq!(word(fractured, Model::CursorStability), "unknown");
    assert_eq!(word(fractured, Model::ReadAtomic), "invalid");
    // the write of 3 is before the read of it and after the one that was answered: only real time contradicts
    let stale = "i0 wx=1 o0 wx=1 i1 wx=2 o1 wx=2 i2 rx= o2 rx=1";
    assert_eq!(word(stale, Model::Serializable), "valid");
    assert_eq!(word(stale, Model::StrongSessionSerializable), "valid");
    assert_eq!(word(stale, Model::StrictSerializable), "invalid");
    let lost = "i2 wx=1,wy=2 i1 rx=,ry= i0 rx=,ry=,wx=3 o1 rx=,ry= o0 rx=,ry=,wx=3 i4 rx=,ry= o4 rx=3,ry=2";
    assert_eq!(word(lost, Model::StrictSerializable), "invalid", "3 is over 1, so that y was 2 already");
    let nothing_written = "i0 wx=1 o0 wx=1 i0 wx= o0 wx= i1 rx= o1 rx=";
    assert_eq!(word(nothing_written, Model::StrictSerializable), "unknown", "nothing is what was there at first");
}
