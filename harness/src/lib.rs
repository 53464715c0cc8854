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
//! | seed ─▶ plan | [`plan`], its `faults` |
//! | plan ─▶ history | [`simulate`] |
//! | history ─▶ verdicts | [`judge`], [`effects`] |
//! | verdicts ─▶ files | [`store`], [`report`] |
//! | the program | [`program`] |
//!
//! **Architecture invariant:** nothing flows back. A run is a pure function of its plan; only this package touches files,
//! threads and real time.

pub mod digest;
pub mod effects;
mod faults;
pub mod judge;
pub mod plan;
pub mod program;
pub mod redis_kind;
pub mod redis_server;
pub mod registry;
pub mod report;
pub mod simulate;
pub mod store;
