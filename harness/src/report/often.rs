//! How often it happens.

use super::document::{Block, Section};
use super::drawn::{Likeness, command};
use super::story::Story;
use super::words;
use crate::judge::Overall;

/// The part; where nobody has counted, it says how to.
pub(super) fn section(story: &Story<'_>) -> Section {
    let held = story.results.overall == Overall::Valid;
    let title = if held { "How often it holds" } else { "How often it happens" };
    let (likeness, command) = command(story.case, story.case.system.name, "0..50").unzip();
    let is_cut_down = likeness != Some(Likeness::Same);
    let told = match story.often {
        Some(often) => format!(
            "{} of {}, which differ in their seeds alone, ended like {}.",
            often.alike,
            words::count(often.runs, "run"),
            if is_cut_down { "the one that this was cut down from" } else { "this one" }
        ),
        None if is_cut_down => {
            "This run was cut down or changed by hand, so that it does not say how often whole runs end like it."
                .to_owned()
        }
        None => "One run does not say.".to_owned(),
    };
    let mut blocks = vec![Block::Text(told)];
    if let Some(command) = command {
        blocks.push(Block::Text("This counts it over fifty seeds:".to_owned()));
        blocks.push(Block::Command(command));
    }
    Section::new("often", title, blocks)
}
