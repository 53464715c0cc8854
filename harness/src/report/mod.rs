//! Reports: what was promised, what was seen, and why that is so, as one offline page, as Markdown, and on a terminal.
//!
//! | part | what it is |
//! |---|---|
//! | [`story`], [`headline`] | the run as a report tells it, and the sentence at the top |
//! | [`document`], [`table`] | what is said, apart from how it is shown |
//! | [`outline`] | which parts there are, in which order |
//! | [`drawn`] | the command that draws the run's plan |
//! | [`numbers`], [`witness`], [`argument`], [`mechanism`], [`tried`], [`often`], [`glossary`] | the parts |
//! | [`axis`], [`timeline`], [`flights`], [`space_time`], [`rates`], [`latency`], [`availability`], [`clocks`], [`agreement`] | the figures |
//! | [`page`], [`markdown`], [`terminal`] | the three forms |
//!
//! All are pure functions of the run: the same run gives the same bytes. Everything that comes from a history is hostile
//! until it is escaped, which `maud` does for HTML and SVG, and [`markdown`] and [`terminal`] for themselves.

mod agreement;
mod argument;
mod availability;
mod axis;
mod beyond;
mod clocks;
mod document;
mod drawn;
mod flights;
mod glossary;
mod headline;
mod latency;
mod markdown;
mod mechanism;
mod numbers;
mod often;
mod outline;
mod page;
mod rates;
mod space_time;
mod story;
mod table;
mod terminal;
mod timeline;
mod tried;
mod witness;
mod words;

#[cfg(test)]
mod tests;

use crate::case::Case;
use crate::judge::Results;
use crate::simulate::Recording;
use story::Story;

pub(crate) use markdown::escaped as escaped_for_markdown;
pub(crate) use page::SCRIPT;
pub use terminal::Paper;

/// How many of several runs, which differ in their seeds alone, ended like this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Often {
    /// Runs that ended like this one; at least 1.
    pub alike: u64,
    /// Runs in all.
    pub runs: u64,
}

/// A run that is to be told.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// What was to be done.
    pub case: &'a Case,
    /// What happened. Without a record of messages, there is no diagram of them.
    pub recording: &'a Recording,
    /// How it was judged.
    pub results: &'a Results,
    /// The command that does the run again.
    pub replay: &'a str,
    /// How often it happens, where that was counted.
    pub often: Option<Often>,
}

impl Report<'_> {
    /// As one HTML file that needs neither a network nor JavaScript, of at most half a megabyte.
    pub fn html(&self) -> String {
        page::html(&Story::of(self))
    }

    /// For issues: without the figures, whose numbers it has as tables.
    pub fn markdown(&self) -> String {
        markdown::markdown(&Story::of(self))
    }

    /// For a terminal: without the figures, and without what only some readers want.
    pub fn terminal(&self, paper: Paper) -> String {
        terminal::terminal(&Story::of(self), paper)
    }
}
