//! Histories, models, consistency checkers and verdicts.
//!
//! A [`History`] is what the clients of a distributed system saw, as plain data. A [`Checker`] is a pure function
//! from a history to a [`Verdict`]: valid, invalid with evidence, or unknown with its cause.
//!
//! **Architecture invariant:** a checker knows nothing of simulations, networks, seeds or files. It is bounded, and past
//! a bound it says unknown: never valid, never invalid.

#[cfg(test)]
mod drawing;
pub mod history;
pub mod linearizable;
pub mod models;
pub mod set_full;
pub mod stats;
pub mod formats;
pub mod lint;
pub mod txn;
mod access;
pub mod bank;
pub mod causal;
pub mod counter;
#[cfg(test)]
pub mod eventual;
pub mod ladder;
pub mod long_fork;
pub mod pn_counter;
pub mod sequential;
pub mod total_queue;
pub mod unique;
pub mod unordered_queue;
pub mod value;
pub mod verdict;

pub use history::{Actor, Event, History, Kind, Operation, Outcome};
pub use linearizable::Linearizable;
pub use value::Value;
pub use verdict::{Cause, Checker, Evidence, Verdict};
