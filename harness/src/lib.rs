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
//! | seed ─▶ plan | [`case`], its `faults`; [`plan`] is the data |
//! | a schedule as a file | [`schedule`] |
//! | plan ─▶ history | [`simulate`] |
//! | history ─▶ verdicts | [`judge`], [`effects`] |
//! | verdicts ─▶ files | [`store`], [`report`] |
//! | whether all nodes came to the same | [`convergence`] |
//! | what a batch of runs covered | [`coverage`] |
//! | all of them in a row | [`trial`]; what was found has a [`signature`] |
//! | do two runs differ, and where | [`digest`], [`transcript`] |
//! | a plan ─▶ a small one that shows the same | [`shrink`] |
//! | the folder of runs in a browser | [`browse`], the pages' `page` |
//! | many runs: the systems beside each other, the planted bugs | [`matrix`], [`zoo`] |
//! | many runs of everything, on many machines | [`campaign`] |
//! | how fast runs are | [`speed`] |
//! | what many runs need | [`statistics`], [`sheet`], [`gallery`] |
//! | seeds explored from a `#[test]` | [`explore`] |
//! | a simulation of turmoil's, driven | [`direct`] |
//! | the same nodes on real sockets | [`serve`] |
//! | the program | [`program`] |
//!
//! # Your own system
//!
//! A node is a future over a [`Node`](systems::node::Node), a client implements [`workloads::Client`], and a
//! [`System`](systems::system::System) says what it promises. Then a `#[test]` is [`test()`], and the whole program is [`main()`]
//! over a [`Registry`](registry::Registry). `netsplit new NAME` writes a crate that has all of it: the one in
//! `examples/own-system`, whose node, client and choice of a workload are 50 lines.
//!
//! **Architecture invariant:** nothing flows back. A run is a pure function of its plan; only this package touches files,
//! threads and real time.

pub mod browse;
pub mod campaign;
pub mod case;
pub mod convergence;
pub mod coverage;
pub mod digest;
pub mod direct;
pub mod effects;
pub mod explore;
mod faults;
pub mod gallery;
pub mod judge;
mod limits;
pub mod matrix;
mod page;
pub mod plan;
pub mod prelude;
pub mod program;
pub mod redis_kind;
pub mod redis_server;
pub mod registry;
pub mod report;
pub mod schedule;
pub mod seeds;
pub mod serve;
pub mod sheet;
pub mod shrink;
pub mod signature;
pub mod simulate;
pub mod speed;
pub mod statistics;
pub mod store;
pub mod suited;
pub mod transcript;
pub mod trial;
pub mod zoo;

pub use explore::test;
pub use netsplit_checker as checker;
pub use netsplit_nemesis as nemesis;
pub use netsplit_systems as systems;
pub use netsplit_workloads as workloads;
pub use program::main;
