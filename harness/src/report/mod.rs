//! The report of a run.

use netsplit_checker::History;

use crate::judge::Results;
use crate::plan::Plan;

/// The page.
pub fn html(_plan: &Plan, _history: &History, results: &Results, replay: &str) -> String {
    format!("<!doctype html><title>{}</title><p>{replay}", results.overall.word())
}
