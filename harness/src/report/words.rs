//! How times, shares and operations are put into words, the same in every part of a report.

use std::time::Duration;

use netsplit_checker::{Operation, Outcome};

/// The longest text that a cell shows of a value.
const LONGEST: usize = 100;

/// Seconds with milliseconds: for points in time.
pub(super) fn at(time: Duration) -> String {
    format!("{}.{:03} s", time.as_secs(), time.subsec_millis())
}

/// Milliseconds, with a fraction if there is one: for how long something took.
pub(super) fn took(time: Duration) -> String {
    match time.subsec_micros() % 1000 {
        0 => format!("{} ms", time.as_millis()),
        micros => format!("{}.{micros:03} ms", time.as_millis()),
    }
}

/// A length of time as one says it: `31.4 s`, `2 s`, `80 ms`.
pub(super) fn about(time: Duration) -> String {
    match (time.as_secs(), time.subsec_millis() / 100) {
        (0, _) => format!("{} ms", time.as_millis()),
        (seconds, 0) => format!("{seconds} s"),
        (seconds, tenths) => format!("{seconds}.{tenths} s"),
    }
}

/// How long after something else: `right after`, `80 ms after`.
pub(super) fn after(time: Duration) -> String {
    if time.is_zero() { "right after".to_owned() } else { format!("{} after", about(time)) }
}

/// `None` is a share of nothing.
pub(super) fn share(permille: Option<u32>) -> String {
    permille.map_or_else(|| "–".to_owned(), |share| format!("{}.{} %", share / 10, share % 10))
}

/// At most so many characters that a table stays a table.
pub(super) fn clipped(text: &str) -> String {
    clipped_to(text, LONGEST)
}

/// At most `most` characters, with an ellipsis for what is left out.
pub(super) fn clipped_to(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// `1 fault`, `2 faults`.
pub(super) fn count(n: impl TryInto<u64>, one: &str) -> String {
    let n = n.try_into().unwrap_or(u64::MAX);
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}

/// A remark on what a figure does not show; empty if it shows all.
pub(super) fn left_out(n: usize, one: &str) -> String {
    if n == 0 { String::new() } else { format!(" Left out: {} in this time.", count(n, one)) }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => "nothing".to_owned(),
        [one] => one.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}

/// The field's word for how an operation ended.
pub(super) fn outcome(operation: &Operation<'_>) -> &'static str {
    match operation.outcome() {
        Outcome::Ok(answer) if answer.as_refused().is_some() => "ok (refused)",
        Outcome::Ok(_) => "ok",
        Outcome::Fail => "fail",
        Outcome::Info => "info",
    }
}

/// The class that colours it.
pub(super) fn class(operation: &Operation<'_>) -> &'static str {
    match operation.outcome() {
        Outcome::Ok(_) => "ok",
        Outcome::Fail => "fail",
        Outcome::Info => "info",
    }
}

/// What was asked, of what: `read "k2"`, `write "k2" "a"`, `cas "k2" from "a" to "b"`.
pub(super) fn asked(operation: &Operation<'_>) -> String {
    let (f, key, value) = (operation.f(), &operation.invocation.key, &operation.invocation.value);
    match (f, key.is_nil(), value.is_nil(), value.as_list()) {
        (_, true, true, _) => f.to_owned(),
        (_, false, true, _) => format!("{f} {key}"),
        (_, true, false, Some(many)) if many.len() > 3 => format!("{f} {} and {} more", many[0], many.len() - 1),
        (_, true, false, _) => format!("{f} {value}"),
        ("cas", false, false, Some([old, new])) => format!("{f} {key} from {old} to {new}"),
        (_, false, false, _) => format!("{f} {key} {value}"),
    }
}

/// What was asked, and what was answered: `write "k2" "a"`, `read "k2" → "a"`.
pub(super) fn asked_and_answered(operation: &Operation<'_>) -> String {
    match answer(operation) {
        Some(answer) => format!("{} → {answer}", asked(operation)),
        None => asked(operation),
    }
}

/// The answer, where it says more than that there was one.
pub(super) fn answer(operation: &Operation<'_>) -> Option<String> {
    let Outcome::Ok(answer) = operation.outcome() else {
        let error = operation.completion.and_then(|event| event.error.as_deref());
        return error.map(str::to_owned);
    };
    match answer.as_refused() {
        Some(current) => Some(format!("refused, it is {current}")),
        None if *answer == operation.invocation.value && !answer.is_nil() => None,
        None if answer.is_nil() && operation.f() != "read" => None,
        None => match answer.as_list() {
            // a read of a whole set: its size says more than its first members
            Some([]) => Some("nothing".to_owned()),
            Some(items) if items.len() > 6 => Some(format!("{} elements", items.len())),
            _ => Some(answer.to_string()),
        },
    }
}
