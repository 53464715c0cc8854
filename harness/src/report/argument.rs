//! Why no order explains it, step by step.
//!
//! A checker's evidence holds its argument; for linearizability it is told anew from the operations, with the times and
//! with what each had to come after: an operation that began after another had ended takes effect after it (Herlihy &
//! Wing 1990).

use netsplit_checker::{Evidence, Operation, Outcome};

use super::story::Story;
use super::words;

/// The steps, each naming operations as `#index`.
pub(super) fn steps(
    story: &Story<'_>,
    checker: &str,
    evidence: &Evidence,
    operations: &[&Operation<'_>],
) -> Vec<String> {
    let culprit = evidence.culprit.and_then(|index| story.operation(index));
    let add = operations.iter().find(|operation| operation.f() == "add");
    match culprit {
        Some(read) if checker == "set-full" && read.f() == "read" => match add {
            Some(add) if matches!(add.outcome(), Outcome::Ok(_)) => missing(story, add, read),
            _ => evidence.steps.clone(),
        },
        Some(culprit) if checker == "linearizable" && operations.len() > 1 => forced(evidence, operations, culprit),
        Some(culprit) if !evidence.legal.is_empty() => {
            let mut steps = grouped(&evidence.steps);
            steps.push(conclusion(evidence, culprit));
            steps
        }
        _ => grouped(&evidence.steps),
    }
}

/// So many operations of a group are named.
const NAMED: usize = 5;

/// Steps in a row that say the same of different operations, as one.
fn grouped(steps: &[String]) -> Vec<String> {
    let mut told = Vec::new();
    for group in
        steps.chunk_by(|one, next| said(one).is_some_and(|(_, one)| said(next).is_some_and(|(_, next)| one == next)))
    {
        match said(&group[0]) {
            Some((_, said)) if group.len() > NAMED => {
                let names: Vec<&str> =
                    group[..NAMED].iter().filter_map(|step| self::said(step)).map(|(name, _)| name).collect();
                let more = group.len() - NAMED;
                told.push(format!("{} and {more} more, each of which {said}", names.join(", ")));
            }
            _ => told.extend_from_slice(group),
        }
    }
    told
}

/// A step that begins with the name of an operation, cut after it: `#7`, and what is said of it.
fn said(step: &str) -> Option<(&str, &str)> {
    let (name, said) = step.split_once(' ')?;
    let is_name = name.strip_prefix('#')?.bytes().all(|byte| byte.is_ascii_digit());
    is_name.then_some((name, said))
}

/// An acknowledged element that a later read does not show.
fn missing(story: &Story<'_>, add: &Operation<'_>, read: &Operation<'_>) -> Vec<String> {
    let acknowledged = add.completion.map_or(add.invocation.time, |event| event.time);
    let (element, began) = (words::clipped(&add.invocation.value.to_string()), read.invocation.time);
    let mut steps =
        vec![happened(add), format!("So, from {} on, every read has to show {element}.", words::at(acknowledged))];
    let between: Vec<_> = story
        .faults()
        .filter(|fault| fault.effective && fault.from < began && fault.to > add.invocation.time)
        .collect();
    let since = between.iter().rev().find(|fault| fault.from >= acknowledged).or(between.last());
    if let Some(fault) = since {
        let more = match between.len() - 1 {
            0 => String::new(),
            more => format!("; and {}", words::count(more, "more fault")),
        };
        let (from, to) = (words::at(fault.from), words::at(fault.to));
        steps.push(format!("Between the two, from {from} to {to}: {}{more}.", words::clipped(fault.name)));
    }
    steps.push(happened(read));
    steps.push(format!(
        "#{} began {} #{} was acknowledged, and {element} is not in its answer: no order explains both.",
        read.index(),
        words::after(began.saturating_sub(acknowledged)),
        add.index()
    ));
    steps
}

/// What each operation has to come after, and what is then left for the culprit.
fn forced(evidence: &Evidence, operations: &[&Operation<'_>], culprit: &Operation<'_>) -> Vec<String> {
    let mut steps: Vec<String> =
        operations.iter().map(|operation| format!("{}{}", happened(operation), after(operation, operations))).collect();
    steps.push(conclusion(evidence, culprit));
    steps
}

/// `#2: at 0.120 s, process 4 asked n1: write "k2" "x"; the answer, at 0.125 s, was: done.`
fn happened(operation: &Operation<'_>) -> String {
    let asked = words::clipped(&words::asked(operation));
    let node = operation.invocation.node.as_deref().unwrap_or("somebody");
    let began = words::at(operation.invocation.time);
    let ended = match (operation.outcome(), operation.completion) {
        (Outcome::Ok(_), Some(event)) => {
            let answer = words::answer(operation).map_or_else(|| "done".to_owned(), |answer| words::clipped(&answer));
            format!("the answer, at {}, was: {answer}.", words::at(event.time))
        }
        (Outcome::Fail, Some(event)) => format!("at {} it was clear that it had no effect.", words::at(event.time)),
        _ => "no answer came, so it may take effect at any time from then on, or never.".to_owned(),
    };
    format!("#{}: at {began}, process {} asked {node}: {asked}; {ended}", operation.index(), operation.process())
}

/// Which of the others it must come after, leaving out those that others of these already come after.
fn after(operation: &Operation<'_>, operations: &[&Operation<'_>]) -> String {
    let precedes =
        |a: &Operation<'_>, b: &Operation<'_>| a.completed_at.is_some_and(|end| end < b.invoked_at) && is_ended(a);
    let before: Vec<&&Operation<'_>> = operations.iter().filter(|other| precedes(other, operation)).collect();
    let last: Vec<String> = before
        .iter()
        .filter(|earlier| !before.iter().any(|later| precedes(earlier, later)))
        .map(|other| format!("#{}", other.index()))
        .collect();
    match last.as_slice() {
        [] => String::new(),
        [one] => format!(" It began after {one} had ended, so it takes effect after {one}."),
        several => {
            let several = words::listed(several);
            format!(" It began after {several} had ended, so it takes effect after all of them.")
        }
    }
}

/// Whether its completion bounds the time of its effect.
fn is_ended(operation: &Operation<'_>) -> bool {
    !matches!(operation.outcome(), Outcome::Info)
}

fn conclusion(evidence: &Evidence, culprit: &Operation<'_>) -> String {
    let index = culprit.index();
    let legal: Vec<String> = evidence.legal.iter().take(8).map(|value| words::clipped(value)).collect();
    match (legal.is_empty(), words::answer(culprit)) {
        (false, Some(answer)) => format!(
            "So, in every order that keeps to this, #{index} can only answer {}. It answered {}: no order explains it.",
            legal.join(" or "),
            words::clipped(&answer)
        ),
        _ => format!(
            "No order of these that keeps to this explains #{index}: {}.",
            words::clipped(&words::asked_and_answered(culprit))
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_many_operations_is_said_once() {
        let each = |n: u64| format!("#{n} adds 1");
        let mut steps = vec!["it starts at 0".to_owned()];
        steps.extend((1..=7).map(each));
        steps.extend([each(8) + " late", "#9".to_owned()]);
        let told = ["it starts at 0", "#1, #2, #3, #4, #5 and 2 more, each of which adds 1", "#8 adds 1 late", "#9"];
        assert_eq!(grouped(&steps), told);
        assert_eq!(grouped(&steps[..6]), steps[..6], "five are not too many to be told one by one");
    }
}
