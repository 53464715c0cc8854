//! Models by their names, and what they say of small histories.

use super::*;
use crate::drawing::draw;

#[test]
fn an_operation_that_the_model_does_not_have_leaves_the_verdict_open() {
    let word = |model: &str, lines: &str| {
        let history = draw(lines);
        match judge(model, None, &history, Options::default()).expect("the model is known").verdict {
            Verdict::Unknown(cause) => cause.to_string(),
            verdict => format!("{}", verdict.is_invalid()),
        }
    };
    let kept = "0 invoke add 1\n0 ok add 1\n1 invoke read\n1 ok read [1]";
    let gone = "0 invoke add 1\n0 ok add 1\n0 invoke del 1\n0 ok del 1\n1 invoke read\n1 ok read []";
    for model in ["set", "set-full"] {
        assert_eq!(word(model, kept), "false");
        assert_eq!(word(model, gone), "the model has no operation `del`; it has add, read");
    }
}

#[test]
fn every_name_has_a_checker_and_no_other_has() {
    for name in names() {
        assert_eq!(knows(name, None), Ok(()), "{name}");
    }
    assert_eq!(knows("kafka", None), Err(Unjudged::Unsupported("kafka".to_owned())));
    assert!(matches!(knows("registre", None), Err(Unjudged::Model(UnknownModel::Name(_)))));
}

#[test]
fn the_strongest_level_that_holds_is_named_alone() {
    let skew = "0 invoke txn [[r x nil] [append y 1]]\n1 invoke txn [[r y nil] [append x 1]]\n\
                0 ok txn [[r x []] [append y 1]]\n1 ok txn [[r y []] [append x 1]]";
    let judged = judge("list-append", None, &draw(skew), Options::default()).expect("a known model");
    assert!(judged.verdict.is_invalid());
    assert_eq!(strongest(&judged.levels), ["strong-snapshot-isolation"]);
    assert!(judged.levels["update-serializable"].is_invalid(), "both write");
}

#[test]
fn every_key_of_tuples_is_an_object_of_its_own() {
    let verdict = |model: &str, lines: &str| match judge(model, None, &draw(lines), Options::default()) {
        Ok(Judgement { verdict: Verdict::Invalid(_), .. }) => "invalid",
        Ok(Judgement { verdict: Verdict::VALID, .. }) => "valid",
        _ => "neither",
    };
    let set = "0 invoke add [a 1]\n0 ok add [a 1]\n1 invoke read [b nil]\n1 ok read [b [2]]\n\
               0 invoke add [b 2]\n0 ok add [b 2]\n1 invoke read [a nil]\n1 ok read [a [1]]\n\
               1 invoke read [b nil]\n1 ok read [b [2]]\n";
    assert_eq!(verdict("independent-set-full", set), "invalid", "2 is read of b before it is added");
    assert_eq!(verdict("independent-set-full", &set.replacen("[b [2]]", "[b []]", 1)), "valid");
    let banks = "0 invoke read [a nil]\n0 ok read [a {x 1}]\n0 invoke read [b nil]\n0 ok read [b {x 2}]\n";
    assert_eq!(verdict("independent-bank", banks), "valid");
    assert_eq!(verdict("independent-bank", &format!("{banks}0 invoke read [a nil]\n0 ok read [a {{x 2}}]")), "invalid");
    let txn = |key: &str, read: &str| {
        format!(
            "0 invoke txn [{key} [[append x 1]]]\n0 ok txn [{key} [[append x 1]]]\n\
                 0 invoke txn [{key} [[r x nil]]]\n0 ok txn [{key} [[r x {read}]]]\n"
        )
    };
    assert_eq!(verdict("independent-list-append", &(txn("a", "[1]") + &txn("b", "[1]"))), "valid");
    assert_eq!(verdict("independent-list-append/serializable", &(txn("a", "[1]") + &txn("b", "[1 1]"))), "invalid");
    assert_eq!(verdict("independent-kafka", banks), "neither");
}

#[test]
fn transactions_are_held_to_the_level_that_is_named() {
    let judged = |model: &str, lines: &str| {
        judge(model, None, &draw(lines), Options::default()).map(|judged| judged.verdict.is_invalid())
    };
    let skew = "0 invoke txn [[r x nil] [append y 1]]\n1 invoke txn [[r y nil] [append x 1]]\n\
                0 ok txn [[r x []] [append y 1]]\n1 ok txn [[r y []] [append x 1]]";
    assert_eq!(judged("list-append/snapshot-isolation", skew), Ok(false));
    assert_eq!(judged("list-append/serializable", skew), Ok(true));
    let stale = "0 invoke txn [[w x 1]]\n0 ok txn [[w x 1]]\n1 invoke txn [[r x nil]]\n1 ok txn [[r x nil]]";
    assert_eq!(judged("rw-register/serializable", stale), Ok(false));
    assert_eq!(judged("rw-register/strict-serializable", stale), Ok(true));
    let back = "0 invoke txn [[w x 1]]\n0 ok txn [[w x 1]]\n0 invoke txn [[w x 2]]\n0 ok txn [[w x 2]]\n\
                1 invoke txn [[r x nil]]\n1 ok txn [[r x 2]]\n1 invoke txn [[r x nil]]\n1 ok txn [[r x 1]]";
    assert_eq!(judged("rw-register/serializable", back), Ok(false));
    assert_eq!(judged("rw-register/strong-session-serializable", back), Ok(true));
    for unknown in ["list-append/serialisable", "rw-register(session)/prefix"] {
        let refused = judged(unknown, skew).expect_err("no such level").to_string();
        assert!(refused.starts_with("no level `") && refused.contains("causal"), "{refused}");
    }
    let unknown = judged("bank/serializable", skew);
    assert!(matches!(unknown, Err(Unjudged::Model(UnknownModel::Name(_)))), "{unknown:?}");
}

#[test]
fn a_value_that_nobody_wrote_may_be_the_first_of_a_published_history() {
    let judged = |text: &str| judge("rw-register", None, &draw(text), Options::default()).expect("a known model");
    let read = |value: &str| format!("0 invoke txn [[r x nil]]\n0 ok txn [[r x {value}]]\n");
    assert!(!judged(&read("7")).verdict.is_invalid());
    assert!(!judged(&(read("7") + &read("7"))).verdict.is_invalid());
    assert!(judged(&(read("7") + &read("8"))).verdict.is_invalid());
    assert!(judged(&(read("nil") + &read("7"))).verdict.is_invalid());
    let overwritten = "0 invoke txn [[w x 1]]\n0 ok txn [[w x 1]]\n".to_owned();
    assert!(!judged(&(read("7") + &overwritten)).verdict.is_invalid());
    assert!(judged(&(overwritten + &read("7"))).verdict.is_invalid());
}

#[test]
fn an_initial_value_is_honoured_or_refused() {
    for model in names() {
        let refused = matches!(knows(model, Some("{")), Err(Unjudged::Model(UnknownModel::Initial { .. })));
        assert!(refused, "{model} takes `{{` as its initial value");
    }
    let read = |f: &str, answer: &str| draw(&format!("0 invoke {f}\n0 ok {f} {answer}"));
    let judged = |model: &str, init: &str, history: &History| {
        judge(model, Some(init), history, Options::default()).map(|judged| judged.verdict.is_invalid())
    };
    for model in ["counter", "pn-counter(final reads)", "counter-lin"] {
        assert_eq!(judged(model, "5", &read("read", "5")), Ok(false), "{model}");
        assert_eq!(judged(model, "0", &read("read", "5")), Ok(true), "{model}");
    }
    assert_eq!(judged("bank", "10", &read("read", "{a 4 b 6}")), Ok(false));
    assert_eq!(judged("bank", "11", &read("read", "{a 4 b 6}")), Ok(true));
    assert!(knows("list-append", Some("7")).is_err() && knows("total-queue", Some("[]")).is_ok());
}
