//! Hand-drawn histories on both sides of the line.

use std::sync::Arc;
use std::time::Duration;

use netsplit_checker::models::{Options, by_name};
use netsplit_checker::{Actor, Event, History, Kind, Value, Verdict};

/// A history drawn as one event a word: process, kind (`(` invoke, `)` ok, `!` fail, `?` info), f and value, such as
/// `0(write:1 0)write:1 1(read 1)read:1`. Values are JSON; `refused:1` is a refusal that shows 1.
fn drawn(drawing: &str) -> History {
    let events = drawing.split_whitespace().enumerate().map(|(index, word)| {
        let at = word.find(['(', ')', '!', '?']).expect("a kind");
        let (f, value) = word[at + 1..].split_once(':').unwrap_or((&word[at + 1..], "null"));
        let value = match value.strip_prefix("refused:") {
            Some(current) => Value::refused(json(current)),
            None => json(value),
        };
        let kind = match &word[at..=at] {
            "(" => Kind::Invoke,
            ")" => Kind::Ok,
            "!" => Kind::Fail,
            _ => Kind::Info,
        };
        Event {
            index: index as u64,
            time: Duration::ZERO,
            process: Actor::Process(word[..at].parse().expect("a process")),
            node: None,
            kind,
            f: Arc::from(f),
            key: Value::Nil,
            value,
            error: None,
        }
    });
    History { events: events.collect() }
}

fn json(text: &str) -> Value {
    fn value(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Nil,
            serde_json::Value::Bool(b) => Value::Bool(*b),
            serde_json::Value::Number(n) => Value::Int(n.as_i64().expect("a whole number")),
            serde_json::Value::String(text) => Value::text(text.as_str()),
            serde_json::Value::Array(items) => Value::list(items.iter().map(value)),
            serde_json::Value::Object(entries) => {
                Value::map(entries.iter().map(|(key, item)| (Value::text(key.as_str()), value(item))))
            }
        }
    }
    value(&serde_json::from_str(text).expect("JSON"))
}

fn verdict(model: &str, init: &str, drawing: &str) -> Verdict {
    by_name(model, Some(init), Options::default()).expect("a model").check(&drawn(drawing))
}

fn check(model: &str, init: &str, drawing: &str, valid: bool) {
    let verdict = verdict(model, init, drawing);
    assert!(!matches!(verdict, Verdict::Unknown(_)), "{drawing}: {verdict:?}");
    assert_eq!(!verdict.is_invalid(), valid, "{drawing}: {verdict:?}");
}

#[test]
fn accepts_a_read_of_the_last_write() {
    check("register", "nil", "0(write:1 0)write:1 1(read 1)read:1", true);
}

#[test]
fn rejects_a_stale_read() {
    check("register", "nil", "0(write:1 0)write:1 0(write:2 0)write:2 1(read 1)read:1", false);
}

#[test]
fn accepts_either_value_while_a_write_is_open() {
    check("register", "0", "0(write:1 1(read 1)read:0 1(read 1)read:1 0)write:1", true);
}

#[test]
fn rejects_a_new_value_followed_by_the_old_one() {
    check("register", "0", "0(write:1 1(read 1)read:1 1(read 1)read:0 0)write:1", false);
}

#[test]
fn a_pending_write_may_take_effect_late_or_never() {
    check("register", "0", "0(write:1 0?write:1 1(read 1)read:0 1(read 1)read:1", true);
    check("register", "0", "0(write:1 0?write:1 1(read 1)read:0 1(read 1)read:0", true);
    check("register", "0", "0(write:1 0?write:1 1(read 1)read:1 1(read 1)read:0", false);
}

#[test]
fn rejects_a_read_of_a_failed_write() {
    check("register", "0", "0(write:1 0!write:1 1(read 1)read:1", false);
}

#[test]
fn rejects_a_read_before_its_write() {
    check("register", "0", "1(read 1)read:1 0(write:1 0)write:1", false);
}

#[test]
fn two_compare_and_sets_from_one_value_cannot_both_succeed() {
    check("cas-register", "0", "0(cas:[0,1] 1(cas:[0,2] 0)cas:[0,1] 1!cas:[0,2]", true);
    check("cas-register", "0", "0(cas:[0,1] 1(cas:[0,2] 0)cas:[0,1] 1)cas:[0,2]", false);
}

#[test]
fn a_refusal_is_a_read_of_what_it_shows() {
    check("cas-register", "0", "0(cas:[1,2] 0)cas:refused:0", true);
    check("cas-register", "0", "0(cas:[1,2] 0)cas:refused:3", false);
    check("cas-register", "0", "0(cas:[0,2] 0)cas:refused:0", false);
}

#[test]
fn the_first_claim_wins() {
    check("claim", "nil", "0(claim:1 1(claim:2 1)claim:2 0)claim:refused:2 0(read 0)read:2", true);
    check("claim", "nil", "0(claim:1 1(claim:2 1)claim:2 0)claim:1", false);
    check("claim", "nil", "0(claim:1 0)claim:1 1(claim:2 1)claim:refused:2", false);
}

#[test]
fn what_was_deleted_is_absent() {
    check("register", "nil", "0(create:1 0)create:1 0(delete 0)delete 1(read 1)read", true);
    let again = "0(claim:2 0)claim:2 0(write:5 1(write:1 0)write:5 0(create:1 0)create:1";
    check("register", "nil", again, true);
    check("register", "nil", &again.replace("1(write:1", "1(write:3"), false);
    check("register", "nil", "0(create:1 0)create:1 0(delete 0)delete 1(read 1)read:1", false);
    check("register", "nil", "0(delete 0)delete:refused:null", true);
    check("register", "nil", "0(delete 0)delete", false);
}

#[test]
fn a_nil_read_is_absence_unless_the_register_began_with_a_value() {
    check("cas-register", "nil", "0(write:1 0)write:1 0(read 0)read", false);
    check("cas-register", "0", "0(write:1 0)write:1 0(read 0)read", true);
}

#[test]
fn a_history_without_an_observation_is_vacuous() {
    let verdict = verdict("register", "nil", "0(write:1 0)write:1 1(read 1!read");
    assert!(matches!(verdict, Verdict::Valid { vacuous: Some(_) }), "{verdict:?}");
}

#[test]
fn an_operation_that_the_model_lacks_is_said_to_be_unknown() {
    let verdict = verdict("register", "nil", "0(jump 0)jump");
    let Verdict::Unknown(cause) = verdict else { panic!("{verdict:?}") };
    assert!(cause.to_string().contains("no operation `jump`"), "{cause}");
}

#[test]
fn evidence_is_minimal_names_the_culprit_and_what_was_legal() {
    let drawing =
        "0(write:1 0)write:1 0(write:2 0)write:2 1(read 1)read:2 0(write:3 0)write:3 1(read 1)read:2 1(read 1)read:3";
    let Verdict::Invalid(evidence) = verdict("register", "nil", drawing) else { panic!("a stale read") };
    assert_eq!(evidence.len(), 1);
    assert_eq!(evidence[0].anomaly, "stale-read");
    assert_eq!(evidence[0].operations, [2, 6, 8]);
    assert_eq!(evidence[0].culprit, Some(8));
    assert_eq!(evidence[0].legal, ["3"]);
}

#[test]
fn evidence_never_takes_a_write_from_its_reads() {
    let drawing = "0(write:1 0)write:1 0(write:2 0)write:2 0(write:1 0)write:1 1(read 1)read:1 1(read 1)read:2";
    let Verdict::Invalid(evidence) = verdict("register", "nil", drawing) else { panic!("a stale read") };
    assert!(evidence[0].operations.contains(&2), "{evidence:?}");
    assert_eq!(evidence[0].culprit, Some(8));
}

#[test]
fn queues_keep_their_order_if_they_have_one() {
    let swapped = "0(enqueue:1 0)enqueue:1 0(enqueue:2 0)enqueue:2 1(dequeue 1)dequeue:2";
    check("fifo-queue", "[]", swapped, false);
    check("unordered-queue", "[]", swapped, true);
    check("unordered-queue", "[]", &format!("{swapped} 1(dequeue 1)dequeue:2"), false);
    check("fifo-queue", "[]", "0(enqueue:1 0)enqueue:1 1(dequeue 1?dequeue 2(dequeue 2)dequeue", true);
    check("fifo-queue", "[]", "0(enqueue:1 0)enqueue:1 2(dequeue 2)dequeue", false);
    check("unordered-queue", "[]", "0(enqueue:1 0)enqueue:1 1(dequeue 1?dequeue 2(dequeue 2)dequeue", true);
}

#[test]
fn accepts_a_pop_of_the_last_value_pushed() {
    let two = "0(push:1 0)push:1 0(push:2 0)push:2";
    check("stack", "[]", &format!("{two} 1(pop 1)pop:2 1(pop 1)pop:1 1(pop 1)pop"), true);
    check("stack", "[]", "0(push:1 1(push:2 0)push:1 1)push:2 1(pop 1)pop:1 1(pop 1)pop:2", true);
    check("stack", "[]", "0(push:1 0)push:1 1(push:1 1)push:1 1(pop 1)pop:1 1(pop 1)pop:1", true);
}

#[test]
fn rejects_a_pop_of_a_value_under_another_of_none_and_of_one_too_many() {
    let one = "0(push:1 0)push:1";
    check("stack", "[]", &format!("{one} 0(push:2 0)push:2 1(pop 1)pop:1"), false);
    check("stack", "[]", &format!("{one} 1(pop 1)pop"), false);
    check("stack", "[]", &format!("{one} 1(pop 1)pop:1 1(pop 1)pop:1"), false);
    check("stack", "[]", &format!("{one} 1(pop 1)pop:2"), false);
    check("stack", "[]", "1(pop 1)pop:1 0(push:1 0)push:1", false);
    check("stack", "[]", "0(push:1 0!push:1 1(pop 1)pop:1", false);
}

#[test]
fn rejects_values_of_which_none_can_lie_under_all_others() {
    let crossed = "0(push:1 0)push:1 1(push:2 1)push:2 0(pop 0)pop:1 1(pop 1)pop:2";
    check("stack", "[]", crossed, false);
    check("stack", "[]", "0(push:1 1(push:2 0)push:1 1)push:2 0(pop 0)pop:1 1(pop 1)pop:2", true);
    // any two of these could be popped so: 2 lies over 1 or over 3, but one of them is over the other
    let three = "1(push:1 1)push:1 3(push:3 2(push:2 2)push:2 1(pop 3)push:3 2(pop 1)pop:1 2)pop:2 3(pop 3)pop:3";
    check("stack", "[]", three, false);
    for process in ['1', '2', '3'] {
        let others: Vec<&str> = three.split(' ').filter(|word| !word.starts_with(process)).collect();
        check("stack", "[]", &others.join(" "), true);
    }
}

#[test]
fn an_unanswered_push_or_pop_of_a_stack_may_take_effect_late_or_never() {
    let lost = "0(push:1 0)push:1 0(push:2 0)push:2 1(pop 1?pop";
    check("stack", "[]", &format!("{lost} 2(pop 2)pop:1 2(pop 2)pop"), true);
    check("stack", "[]", &format!("{lost} 2(pop 2)pop:2 2(pop 2)pop"), true);
    check("stack", "[]", &format!("{lost} 2(pop 2)pop"), false);
    check("stack", "[]", "0(push:1 0?push:1 1(pop 1)pop 1(pop 1)pop:1", true);
    check("stack", "[]", "0(push:1 0?push:1 1(pop 1)pop:1 1(pop 1)pop:1", false);
}

#[test]
fn a_stack_begins_empty_and_has_no_enqueue() {
    assert!(by_name("stack", Some("1"), Options::default()).is_err());
    let Verdict::Unknown(cause) = verdict("stack", "[]", "0(enqueue:1 0)enqueue:1") else {
        panic!("no such operation")
    };
    assert!(cause.to_string().contains("it has push, pop"), "{cause}");
    let Verdict::Invalid(evidence) = verdict("stack", "[]", "0(push:1 0)push:1 1(pop 1)pop") else {
        panic!("not empty")
    };
    assert_eq!(evidence[0].summary, "#2 (pop, empty) can't be put into any legal order; the others leave only 1 legal");
}

#[test]
fn sets_counters_and_stores_show_all_that_was_added() {
    check("set-lin", "#{}", "0(add:1 0)add:1 1(add:2 0(read 0)read:[1] 1)add:2", true);
    check("set-lin", "#{}", "0(add:1 0)add:1 0(read 0)read:[]", false);
    check("counter-lin", "0", "0(add:1 1(add:2 1)add:2 1(read 1)read:2 0)add:1", true);
    check("counter-lin", "0", "0(add:1 0)add:1 1(read 1)read:0", false);
    check("counter-lin", "0", "0(dec 0)dec 0(dec:2 0)dec:2 1(read 1)read:-3", true);
    check("counter-lin", "0", "0(dec:2 0)dec:2 1(read 1)read:2", false);
    check("kv", "\"\" per key", r#"0(append:"a" 0)append:"a" 0(append:"b" 0)append:"b" 1(get 1)get:"ab""#, true);
    check("kv", "\"\" per key", r#"0(append:"a" 0)append:"a" 0(append:"b" 0)append:"b" 1(get 1)get:"ba""#, false);
}

#[test]
fn a_transaction_is_atomic() {
    let both = r#"0(txn:[["write","x",1],["write","y",1]] 0)txn:[["write","x",1],["write","y",1]]"#;
    let read = |x: u8, y: u8| {
        format!(r#"{both} 1(txn:[["read","x",null],["read","y",null]] 1)txn:[["read","x",{x}],["read","y",{y}]]"#)
    };
    check("multi-register", "{:x 0 :y 0}", &read(1, 1), true);
    check("multi-register", "{:x 0 :y 0}", &read(1, 0), false);
}

#[test]
fn a_lock_has_one_holder_and_only_an_owner_aware_one_asks_who_releases() {
    check("mutex", "unlocked", "0(acquire 0)acquire 1(acquire 1)acquire", false);
    check("mutex", "unlocked", "0(acquire 0)acquire 1(release 1)release", true);
    check("owner-mutex", "unlocked", "0(acquire 0)acquire 1(release 1)release", false);
}

#[test]
fn no_set_shows_an_element_twice() {
    check("set-lin", "nil", "0(add:1 0)add:1 1(read 1)read:[1]", true);
    check("set-lin", "nil", "0(add:1 0)add:1 1(read 1)read:[1,1]", false);
    check("set-lin", "nil", "0(add:1 0)add:1 0(add:1 0)add:1 1(read 1)read:[1,1]", false);
}

#[test]
fn what_is_refused_has_no_effect() {
    for (model, put, take) in
        [("fifo-queue", "enqueue", "dequeue"), ("unordered-queue", "enqueue", "dequeue"), ("stack", "push", "pop")]
    {
        check(model, "nil", &format!("0({put}:1 0){put}:refused:null 1({take} 1){take}"), true);
        check(model, "nil", &format!("0({put}:1 0){put}:refused:null 1({take} 1){take}:1"), false);
    }
    check("set-lin", "nil", "0(add:1 0)add:refused:[] 1(read 1)read:[]", true);
    check("set-lin", "nil", "0(add:1 0)add:refused:[] 1(read 1)read:[1]", false);
    check("counter-lin", "0", "0(add:1 0)add:refused:0 1(read 1)read:0", true);
    check("counter-lin", "0", "0(add:1 0)add:refused:0 1(read 1)read:1", false);
}
