//! Campaigns: many runs of many cells, on all cores of one machine or of several, and what they found.
//!
//! | part | what it is |
//! |---|---|
//! | [`mod@file`] | what a person says of it, as a file or as flags |
//! | [`cells`] | which systems, workloads and nemeses, as a person chooses them |
//! | [`spec`] | a campaign with everything chosen |
//! | [`shard`] | the part of it that one machine does |
//! | [`tasks`] | its runs, by number |
//! | [`canary`] | the bug that must be found |
//! | [`pool`], [`worker`], [`serve`], [`protocol`] | the processes that do runs, from outside and inside |
//! | [`record`], [`journal`] | what is kept of a run, and where |
//! | [`findings`] | what was found, each once, and shrunk |
//! | [`regressions`] | capsules that are kept for ever |
//! | [`tally`], [`outcome`] | what it came to, with its verdict |
//! | [`summary`], [`junit`], [`github`] | the forms for people and CI |
//!
//! ```text
//! campaign ─▶ runs, each with a number ─▶ runs.jsonl ─▶ findings, shrunk ─▶ results.json ─▶ the forms for people and CI
//! ```
//!
//! All after `runs.jsonl` is a function of it. So shards are merged by joining that file, and doing the rest once more.

pub mod canary;
pub mod cells;
pub mod file;
pub mod findings;
pub mod github;
pub mod journal;
pub mod junit;
mod memory;
pub mod outcome;
pub mod pool;
pub mod protocol;
pub mod record;
pub mod regressions;
pub mod serve;
pub mod shard;
pub mod spec;
pub mod summary;
pub mod tally;
pub mod tasks;
#[cfg(test)]
pub(crate) mod tests;
mod verdict;
pub mod worker;
