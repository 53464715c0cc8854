//! How the system's mechanism led there, what would have prevented it, and at what cost.

use netsplit_systems::story::Failure;

use super::document::{Block, Section};
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
        let held = story.results.overall == Overall::Valid;
        let title = if held { "Why it held" } else { "How the system works" };
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
    if let Some((variant, command)) =
        variant.and_then(|name| Some((name, story.command(name, &story.case.seed.to_string())?)))
    {
        remedy.push(Block::Text(format!("The variant {variant} does that. The same seed on it:")));
        remedy.push(Block::Command(command));
    }
    vec![
        Block::Steps(failure.steps.iter().map(|&step| step.to_owned()).collect()),
        Block::Part("What would have prevented it".to_owned(), remedy),
    ]
}
