//! How the system's mechanism led there, what would have prevented it, and at what cost.

use netsplit_systems::story::Failure;

use super::document::{Block, Section};
use super::drawn::{Likeness, command};
use super::story::Story;
use crate::judge::Overall;

/// The part; `None` for a system that has no story.
pub(super) fn section(story: &Story<'_>) -> Option<Section> {
    let system = story.case.system;
    let told = &system.story;
    if told.mechanism.is_empty() {
        return None;
    }
    let mut blocks = vec![Block::Text(told.mechanism.to_owned())];
    let Some((_, evidence)) = story.witness() else {
        let is_weakened = story.case.promised().weakened;
        let held = story.results.overall == Overall::Valid && !is_weakened;
        let title = if held { "Why it held" } else { "How the system works" };
        if is_weakened {
            blocks.push(Block::Text("A rule is left out of it; this seed did not show what that leads to.".to_owned()));
        }
        blocks.push(Block::Text(format!("What it gives up for that: {}.", system.gives_up)));
        return Some(Section::new("mechanism", title, blocks));
    };
    match told.explains(&evidence.anomaly) {
        Some(failure) => blocks.extend(led_there(story, failure)),
        None => blocks.push(Block::Note(format!(
            "The story of {} does not tell of `{}`: this may be a bug of the system, or of netsplit.",
            system.name, evidence.anomaly
        ))),
    }
    Some(Section::new("mechanism", "How the system's mechanism led there", blocks))
}

fn led_there(story: &Story<'_>, failure: &Failure) -> Vec<Block> {
    let mut remedy = vec![Block::Text(failure.remedy.to_owned()), Block::Text(format!("Its cost: {}", failure.cost))];
    // a variant that is told of but not registered could not be run
    let variant = failure.variant.filter(|name| story.case.registry.system(name).is_ok());
    let seed = story.case.seed.to_string();
    if let Some((variant, (likeness, command))) =
        variant.and_then(|name| Some((name, command(story.case, name, &seed)?)))
    {
        let on_it = match likeness {
            Likeness::Same => "The same seed on it",
            Likeness::OfItsKind => "A whole run of it, under the same family of faults",
        };
        remedy.push(Block::Text(format!("The variant {variant} does that. {on_it}:")));
        remedy.push(Block::Command(command));
    }
    vec![
        Block::Steps(failure.steps.iter().map(|&step| step.to_owned()).collect()),
        Block::Part("What would have prevented it".to_owned(), remedy),
    ]
}
