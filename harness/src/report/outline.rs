//! Which parts a report has, in which order.

use super::document::{Block, Section};
use super::story::Story;
use super::{agreement, availability, clocks, glossary, latency, mechanism, numbers, often, rates, tried, witness};

/// All parts but the head.
pub(super) fn sections(story: &Story<'_>) -> Vec<Section> {
    let mut sections = vec![Section::new("numbers", "Numbers", numbers::blocks(story))];
    sections.extend(witness::sections(story));
    sections.extend(mechanism::section(story));
    sections.push(often::section(story));
    sections.push(Section::new("tried", "What was tried", tried::blocks(story)));
    sections.push(Section::new("overview", "The whole run over time", over_time(story)));
    let limits = glossary::BLIND.map(str::to_owned).to_vec();
    sections.push(Section::new("blind", "What this check can not see", vec![Block::List(limits)]));
    sections.push(Section::new(
        "replay",
        "Run it again",
        vec![
            Block::Text("This does the same run again, to the same digest:".to_owned()),
            Block::Command(story.replay.to_owned()),
            Block::Note(format!("Digest of the history and the messages: {}", story.results.digest)),
        ],
    ));
    sections.push(Section::new("words", "Words", glossary::blocks(&story.case.registry)));
    sections
}

fn over_time(story: &Story<'_>) -> Vec<Block> {
    let figures = [
        rates::blocks(story),
        latency::blocks(story),
        availability::blocks(story),
        clocks::blocks(story),
        agreement::blocks(story),
    ];
    figures.into_iter().flatten().collect()
}
