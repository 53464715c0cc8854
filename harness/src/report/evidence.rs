//! A contradiction: its operations as a table, the argument with links to them, and its timeline.

use std::collections::BTreeSet;

use maud::{Markup, html};
use netsplit_checker::{Evidence, Operation};

use super::story::Story;
use super::table::{Row, Table};
use super::{timeline, words};

/// Pieces of evidence that a page shows; the first ones are the first that were found.
pub(super) const MOST_EVIDENCE: usize = 12;
const MOST_OPERATIONS: usize = 60;
const MOST_STEPS: usize = 40;
const LONGEST_STEP: usize = 400;

/// The operations that evidence is about: those it lists, its culprit, and those that its steps name.
pub(super) fn operations<'s, 'a>(story: &'s Story<'a>, evidence: &Evidence) -> Vec<&'s Operation<'a>> {
    let told = evidence.steps.iter().take(MOST_STEPS).chain(std::iter::once(&evidence.summary));
    let named = told.flat_map(|text| pieces(text)).filter_map(|piece| match piece {
        Piece::Operation(index) => Some(index),
        Piece::Text(_) => None,
    });
    let indices: BTreeSet<u64> = evidence.operations.iter().copied().chain(evidence.culprit).chain(named).collect();
    indices.into_iter().filter_map(|index| story.operation(index)).take(MOST_OPERATIONS).collect()
}

/// Their table; row ids begin with `prefix`.
pub(super) fn table(evidence: &Evidence, operations: &[&Operation<'_>], prefix: &str) -> Table {
    let head = ["operation", "process", "node", "invoked", "completed", "f", "value", "outcome", "answer or error"];
    let mut table = Table::words("Its operations", &head);
    for operation in operations {
        let is_culprit = evidence.culprit == Some(operation.index());
        let mark = if is_culprit { " ◀ can't be explained" } else { "" };
        let completed = operation.completion.map_or_else(|| "never".to_owned(), |event| words::at(event.time));
        let value = &operation.invocation.value;
        table.rows.push(Row {
            id: Some(format!("{prefix}{}", operation.index())),
            class: if is_culprit { "culprit" } else { "" },
            cells: vec![
                format!("#{}{mark}", operation.index()),
                operation.process().to_string(),
                operation.invocation.node.as_deref().unwrap_or("–").to_owned(),
                words::at(operation.invocation.time),
                completed,
                words::clipped(operation.f()),
                if value.is_nil() { "–".to_owned() } else { words::clipped(&value.to_string()) },
                words::outcome(operation).to_owned(),
                words::answer(operation).map_or_else(|| "–".to_owned(), |answer| words::clipped(&answer)),
            ],
        });
    }
    table
}

/// The argument, cut to what a page can hold.
pub(super) fn steps(evidence: &Evidence) -> Vec<String> {
    let mut steps: Vec<String> =
        evidence.steps.iter().take(MOST_STEPS).map(|step| words::clipped_to(step, LONGEST_STEP)).collect();
    if evidence.steps.len() > MOST_STEPS {
        steps.push(format!(
            "{} more are left out here; results.json has them",
            words::count(evidence.steps.len() - MOST_STEPS, "step")
        ));
    }
    steps
}

/// The values that would have been legal, cut to what a page can hold.
pub(super) fn legal(evidence: &Evidence) -> Vec<String> {
    evidence.legal.iter().take(30).map(|value| words::clipped(value)).collect()
}

/// `lost, of key "a"`.
pub(super) fn heading(evidence: &Evidence) -> String {
    match evidence.key.as_str() {
        "" => words::clipped(&evidence.anomaly),
        key => format!("{}, of {}", words::clipped(&evidence.anomaly), words::clipped(key)),
    }
}

/// One contradiction on the page, the `number`th.
pub(super) fn html(story: &Story<'_>, number: usize, checker: &str, evidence: &Evidence) -> Markup {
    let prefix = format!("e{number}-op");
    let operations = operations(story, evidence);
    let known: BTreeSet<u64> = operations.iter().map(|operation| operation.index()).collect();
    let linked = |text: &str| linked(text, &prefix, &known);
    let legal = legal(evidence);
    html! {
        article.evidence aria-labelledby=(format!("e{number}")) {
            h3 id=(format!("e{number}")) { (number) ". " (heading(evidence)) }
            p { "Found by checker " strong { (checker) } ". " (linked(&words::clipped_to(&evidence.summary, LONGEST_STEP))) }
            @if !operations.is_empty() {
                (timeline::html(story, number, evidence, &operations))
                (table(evidence, &operations, &prefix).html())
            }
            @if !evidence.steps.is_empty() {
                h4 { "Step by step" }
                ol { @for step in steps(evidence) { li { (linked(&step)) } } }
            }
            @if !legal.is_empty() {
                p { "Legal there would have been: " @for value in &legal { code { (value) } " " } }
            }
        }
    }
}

enum Piece<'t> {
    Text(&'t str),
    Operation(u64),
}

/// A text, cut at each `#index`.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(at) = rest[from..].find('#').map(|at| at + from) {
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let end = at + 1 + digits;
        match rest[at + 1..end].parse() {
            Ok(index) => {
                pieces.push(Piece::Text(&rest[..at]));
                pieces.push(Piece::Operation(index));
                (rest, from) = (&rest[end..], 0);
            }
            Err(_) => from = end,
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

fn linked(text: &str, prefix: &str, known: &BTreeSet<u64>) -> Markup {
    html! {
        @for piece in pieces(text) {
            @match piece {
                Piece::Text(text) => (text),
                Piece::Operation(index) if known.contains(&index) => a href=(format!("#{prefix}{index}")) { "#" (index) },
                Piece::Operation(index) => { "#" (index) },
            }
        }
    }
}
