//! How the system's mechanism led there, what would have prevented it, and at what cost.

use netsplit_systems::story::Failure;

use super::beyond;
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
        return Some(without_a_witness(story, blocks));
    };
    let own = told.explains(&evidence.anomaly);
    // What a weakened variant shows comes of the rule that it leaves out.
    let own_first = own.filter(|_| system.claims.iter().any(|claim| claim.weakened));
    match beyond::second_copies(story).or(own_first).or_else(|| beyond::told(story).into_iter().next()).or(own) {
        Some(failure) => blocks.extend(led_there(story, failure)),
        None => blocks.push(Block::Note(format!(
            "The story of {} does not tell of `{}`: this may be a bug of the system, or of netsplit.",
            system.name, evidence.anomaly
        ))),
    }
    Some(Section::new("mechanism", LED_THERE, blocks))
}

const LED_THERE: &str = "How the system's mechanism led there";

/// Nothing contradicts what was promised; nodes may have failed to come back all the same.
fn without_a_witness(story: &Story<'_>, mut blocks: Vec<Block>) -> Section {
    let stuck = beyond::told(story).into_iter().next().filter(|_| story.results.overall == Overall::Liveness);
    if let Some(failure) = stuck {
        blocks.extend(led_there(story, failure));
        return Section::new("mechanism", LED_THERE, blocks);
    }
    let is_weakened = story.case.promised().weakened;
    let held = story.results.overall == Overall::Valid && !is_weakened;
    let title = if held { "Why it held" } else { "How the system works" };
    if is_weakened {
        blocks.push(Block::Text("A rule is left out of it; this seed did not show what that leads to.".to_owned()));
    }
    blocks.push(Block::Text(format!("What it gives up for that: {}.", story.case.system.gives_up)));
    Section::new("mechanism", title, blocks)
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
