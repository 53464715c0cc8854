//! Reports: what was promised, what was seen, and why that is so, as one offline page and as Markdown.
//!
//! Both are pure functions of the plan, the history and the results: the same run gives the same bytes. Everything that
//! comes from a history is hostile until it is escaped, which `maud` does for HTML and SVG and [`markdown`] for itself.

mod axis;
mod evidence;
mod glossary;
mod markdown;
mod overview;
mod page;
mod story;
mod table;
mod tables;
mod timeline;
mod words;

#[cfg(test)]
mod tests;

use netsplit_checker::History;

use crate::judge::Results;
use crate::plan::Plan;
use story::Story;

/// The report as one HTML file that needs neither a network nor JavaScript, of at most one megabyte; `replay` is the
/// command that does the run again.
pub fn html(plan: &Plan, history: &History, results: &Results, replay: &str) -> String {
    page::html(&Story::of(plan, history, results, replay))
}

/// The same story for issues and terminals, without the figures, whose numbers it has as tables.
pub fn markdown(plan: &Plan, history: &History, results: &Results, replay: &str) -> String {
    markdown::markdown(&Story::of(plan, history, results, replay))
}
