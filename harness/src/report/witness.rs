//! The contradictions: the first in full, a few more folded, the rest counted.

use std::collections::BTreeSet;

use netsplit_checker::{Evidence, Operation};

use super::document::{Block, Piece, Scope, Section, pieces};
use super::story::Story;
use super::table::{Row, Table};
use super::{argument, headline, space_time, timeline, words};

/// Contradictions that a report tells, the first in full.
const MOST_EVIDENCE: usize = 5;
const LONGEST_STEP: usize = 300;

/// How much is told of a contradiction.
#[derive(Clone, Copy)]
struct Room {
    operations: usize,
    steps: usize,
    /// Other operations on the same objects, in the timeline.
    around: usize,
}

const FIRST: Room = Room { operations: 24, steps: 30, around: 100 };
const OTHERS: Room = Room { operations: 12, steps: 10, around: 20 };

/// A contradiction, as far as it is told.
struct Contradiction<'s, 'a> {
    story: &'s Story<'a>,
    checker: &'a str,
    evidence: &'a Evidence,
    room: Room,
    operations: Vec<&'s Operation<'a>>,
    left_out: usize,
    scope: Scope,
}

/// The parts that tell of contradictions; none for a run without.
pub(super) fn sections(story: &Story<'_>) -> Vec<Section> {
    let Some((checker, evidence)) = story.witness() else { return Vec::new() };
    let first = Contradiction::new(story, 1, checker, evidence, FIRST);
    let about = |blocks| vec![Block::About(first.scope.clone(), blocks)];
    let mut witness =
        vec![Block::Text(format!("Its kind: {}. It was found by the checker {checker}.", heading(evidence)))];
    witness.extend(first.shown());
    let title = "The witness: the fewest operations that contradict it";
    let mut sections = vec![Section::new("witness", title, about(witness))];
    let steps = first.steps();
    if !steps.is_empty() {
        let title = "Step by step: why no order explains it";
        sections.push(Section::new("argument", title, about(vec![Block::Steps(steps)])));
    }
    if let Some(blocks) = space_time::blocks(story, &first.operations, &first.scope) {
        sections.push(Section::new("messages", "The messages around it", about(blocks)));
    }
    sections.extend(others(story));
    sections
}

/// The contradictions after the first.
fn others(story: &Story<'_>) -> Option<Section> {
    let all = story.results.evidence().count();
    if all < 2 {
        return None;
    }
    let mut blocks = Vec::new();
    if all > MOST_EVIDENCE {
        let (told, more) = (MOST_EVIDENCE - 1, all - MOST_EVIDENCE);
        blocks.push(Block::Note(format!("The next {told} are told here, and {more} more are in results.json.")));
    }
    for (at, (checker, evidence)) in story.results.evidence().enumerate().take(MOST_EVIDENCE).skip(1) {
        let other = Contradiction::new(story, at + 1, checker, evidence, OTHERS);
        let mut told = vec![Block::Text(format!("Checker {checker}: {}.", headline::finding(story, evidence)))];
        told.extend(other.shown());
        told.push(Block::Steps(other.steps()));
        blocks.push(Block::More(format!("{}. {}", at + 1, heading(evidence)), vec![Block::About(other.scope, told)]));
    }
    Some(Section::new("others", words::count(all - 1, "more contradiction"), blocks))
}

impl<'s, 'a> Contradiction<'s, 'a> {
    fn new(
        story: &'s Story<'a>,
        number: usize,
        checker: &'a str,
        evidence: &'a Evidence,
        room: Room,
    ) -> Contradiction<'s, 'a> {
        let mut operations = operations(story, evidence);
        let all = operations.len();
        // what can't be explained is mostly the last one
        let culprit =
            operations.iter().skip(room.operations).find(|last| Some(last.index()) == evidence.culprit).copied();
        operations.truncate(room.operations);
        operations.extend(culprit);
        let left_out = all - operations.len();
        let indices = operations.iter().map(|operation| operation.index()).collect();
        let scope = Scope { prefix: format!("e{number}"), operations: indices };
        Contradiction { story, checker, evidence, room, operations, left_out, scope }
    }

    /// Its table and its timeline, if it names operations.
    fn shown(&self) -> Vec<Block> {
        if self.operations.is_empty() {
            return vec![Block::Text(words::clipped_to(&self.evidence.summary, LONGEST_STEP))];
        }
        let mut table = table(self.evidence, &self.operations);
        table.left_out = self.left_out;
        let (figure, caption) =
            timeline::figure(self.story, self.evidence, &self.operations, &self.scope, self.room.around);
        vec![Block::Table(table), Block::Figure(figure, caption)]
    }

    /// The argument, cut to what a page can hold.
    fn steps(&self) -> Vec<String> {
        let steps = argument::steps(self.story, self.checker, self.evidence, &self.operations);
        let mut told: Vec<String> =
            steps.iter().take(self.room.steps).map(|step| words::clipped_to(step, LONGEST_STEP)).collect();
        if steps.len() > self.room.steps {
            let more = words::count(steps.len() - self.room.steps, "more step");
            told.push(format!("{more} are left out here; results.json has them."));
        }
        told
    }
}

/// The operations that evidence is about: those it lists, its culprit, and those that its steps name.
fn operations<'s, 'a>(story: &'s Story<'a>, evidence: &Evidence) -> Vec<&'s Operation<'a>> {
    let told = evidence.steps.iter().chain(std::iter::once(&evidence.summary));
    let named = told.flat_map(|text| pieces(text)).filter_map(|piece| match piece {
        Piece::Operation(index) => Some(index),
        Piece::Text(_) => None,
    });
    let indices: BTreeSet<u64> = evidence.operations.iter().copied().chain(evidence.culprit).chain(named).collect();
    indices.into_iter().filter_map(|index| story.operation(index)).collect()
}

/// Their table.
fn table(evidence: &Evidence, operations: &[&Operation<'_>]) -> Table {
    let head = ["operation", "process", "node", "invoked", "completed", "asked", "outcome", "answer or error"];
    let mut table = Table::words("Its operations", &head);
    for operation in operations {
        let is_culprit = evidence.culprit == Some(operation.index());
        let completed = operation.completion.map_or_else(|| "never".to_owned(), |event| words::at(event.time));
        table.rows.push(Row {
            operation: Some(operation.index()),
            class: if is_culprit { "culprit" } else { "" },
            cells: vec![
                format!("#{}", operation.index()),
                operation.process().to_string(),
                operation.invocation.node.as_deref().unwrap_or("–").to_owned(),
                words::at(operation.invocation.time),
                completed,
                words::clipped(&words::asked(operation)),
                format!("{}{}", words::outcome(operation), if is_culprit { ", can't be explained" } else { "" }),
                words::answer(operation).map_or_else(|| "–".to_owned(), |answer| words::clipped(&answer)),
            ],
        });
    }
    table
}

/// `lost of "a"`.
fn heading(evidence: &Evidence) -> String {
    match evidence.key.as_str() {
        "" => words::clipped(&evidence.anomaly),
        key => format!("{} of {}", words::clipped(&evidence.anomaly), words::clipped(key)),
    }
}
