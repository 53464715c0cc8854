//! Hand-drawn histories for tests: one event a line, as in `3@n1 ok read x=[1 2]`.
//!
//! A line is `process[@node] kind f [key=]value`; a value is `nil`, a number, a word, `[a b]` or `{k v}`. The time of an
//! event is its place in milliseconds; `~` as the process is the nemesis.

use std::time::Duration;

use crate::{Actor, Checker, Event, History, Kind, Value, Verdict};

/// The history of these lines; empty lines are skipped.
pub(crate) fn draw(lines: &str) -> History {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    History { events: lines.enumerate().map(|(at, line)| event(at, line)).collect() }
}

/// The lines of operations on registers that are done at once. Each word is one: process, `r`, `w` or `c` (read, write,
/// create), key, value (0 is nil).
pub(crate) fn registers(words: &str) -> String {
    let line = |word: &str| {
        let (process, what, key, value) = (&word[..1], &word[1..2], &word[2..3], word[3..].replace('0', "nil"));
        let f = match what {
            "r" => "read",
            "w" => "write",
            "c" => "create",
            _ => panic!("no operation: {word}"),
        };
        format!("{process} invoke {f} {key}={value}\n{process} ok {f} {key}={value}\n")
    };
    words.split(' ').map(line).collect()
}

/// The verdict in one word, or the anomalies, on a hand-drawn history.
pub(crate) fn anomalies(checker: &dyn Checker, lines: &str) -> String {
    match checker.check(&draw(lines)) {
        Verdict::Valid { vacuous: None } => "valid".to_owned(),
        Verdict::Valid { vacuous: Some(_) } => "vacuous".to_owned(),
        Verdict::Unknown(_) => "unknown".to_owned(),
        Verdict::Invalid(all) => all.iter().map(|one| one.anomaly.as_str()).collect::<Vec<_>>().join(" "),
    }
}

fn event(at: usize, line: &str) -> Event {
    let mut words = line.splitn(4, ' ');
    let mut next = || words.next().unwrap_or("nil");
    let (who, kind, f, rest) = (next(), next(), next(), next());
    let (process, node) = who.split_once('@').map_or((who, None), |(process, node)| (process, Some(node.into())));
    let (key, value) = rest.split_once('=').unwrap_or(("nil", rest));
    Event {
        index: at as u64,
        time: Duration::from_millis(at as u64),
        process: process.parse().map_or(Actor::Other("nemesis".into()), Actor::Process),
        node,
        kind: match kind {
            "invoke" => Kind::Invoke,
            "ok" => Kind::Ok,
            "fail" => Kind::Fail,
            "info" => Kind::Info,
            _ => panic!("no kind of event: {line}"),
        },
        f: f.into(),
        key: value_of(key),
        value: value_of(value),
        error: None,
    }
}

fn value_of(text: &str) -> Value {
    let spaced =
        ["[", "]", "{", "}"].iter().fold(text.to_owned(), |text, sign| text.replace(sign, &format!(" {sign} ")));
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    parse(&words, &mut at)
}

fn parse(words: &[&str], at: &mut usize) -> Value {
    let word = words.get(*at).copied().unwrap_or("nil");
    *at += 1;
    match word {
        "[" => Value::list(until(words, at, "]")),
        "{" => Value::map(until(words, at, "}").chunks(2).map(|pair| (pair[0].clone(), pair[1].clone()))),
        "nil" => Value::Nil,
        word => word.parse().map_or_else(|_| Value::text(word), Value::Int),
    }
}

fn until(words: &[&str], at: &mut usize, end: &str) -> Vec<Value> {
    let mut items = Vec::new();
    while words.get(*at).is_some_and(|word| *word != end) {
        items.push(parse(words, at));
    }
    *at += 1;
    items
}
