//! netsplit: deploys small distributed systems in a simulated network, breaks it, and decides whether they kept what they
//! promise.
//!
//! ```text
//! seed ─▶ plan ─▶ simulate ─▶ history ─▶ checkers ─▶ verdicts ─▶ report
//! ```
//!
//! | stage | module |
//! |---|---|
//! | what there is to run | [`registry`] |
//! | seed ─▶ plan | [`plan`] |
//! | a schedule as a file | [`schedule`] |
//! | plan ─▶ history | [`simulate`] |
//! | history ─▶ verdicts | [`judge`] |
//! | verdicts ─▶ files | [`store`], [`report`] |
//! | all of them in a row | [`trial`]; what was found has a [`signature`] |
//! | do two runs differ, and where | [`digest`], [`transcript`] |
//! | a plan ─▶ a small one that shows the same | [`shrink`] |
//! | the program | [`program`] |
//!
//! **Architecture invariant:** nothing flows back. A run is a pure function of its plan; only this package touches files,
//! threads and real time.

pub mod digest;
pub mod judge;
mod limits;
pub mod plan;
pub mod program;
pub mod redis_kind;
pub mod redis_server;
pub mod registry;
pub mod report;
pub mod schedule;
pub mod shrink;
pub mod signature;
pub mod simulate;
pub mod store;
pub mod transcript;
pub mod trial;
