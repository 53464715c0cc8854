//! How often it happens.

use super::document::{Block, Section};
use super::story::Story;
use super::words;
use crate::judge::Overall;

/// The part; where nobody has counted, it says how to.
pub(super) fn section(story: &Story<'_>) -> Section {
    let held = story.results.overall == Overall::Valid;
    let title = if held { "How often it holds" } else { "How often it happens" };
    let blocks = match (story.often, story.command(story.case.system.name, "0..50")) {
        (Some(often), _) => vec![Block::Text(format!(
            "{} of {}, which differ in their seeds alone, ended like this one.",
            often.alike,
            words::count(often.runs, "run")
        ))],
        (None, Some(command)) => vec![
            Block::Text("One run does not say. This counts it over fifty seeds:".to_owned()),
            Block::Command(command),
        ],
        (None, None) => vec![Block::Text("One run does not say.".to_owned())],
    };
    Section::new("often", title, blocks)
}
