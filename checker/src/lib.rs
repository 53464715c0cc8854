//! Histories, models, consistency checkers and verdicts.
//!
//! A [`History`] is what the clients of a distributed system saw, as plain data. A [`Checker`] is a pure function
//! from a history to a [`Verdict`]: valid, invalid with evidence, or unknown with its cause.
//!
//! ```
//! use netsplit_checker::{Checker, Verdict, formats, models};
//!
//! let history = br#"
//!     {:process 0, :type :invoke, :f :write, :value 1}
//!     {:process 0, :type :ok,     :f :write, :value 1}
//!     {:process 1, :type :invoke, :f :read,  :value nil}
//!     {:process 1, :type :ok,     :f :read,  :value nil}"#;
//! let history = formats::read(&history[..], None).expect("Jepsen's maps are detected").history;
//! let Verdict::Invalid(evidence) = models::register().check(&history) else { panic!("the read is stale") };
//! assert_eq!(evidence[0].anomaly, "stale-read");
//! assert_eq!(evidence[0].operations, [0, 2]);
//! assert_eq!(evidence[0].legal, ["1"]);
//! ```
//!
//! [`judge::judge`] takes a model by its name, [`models::Specification`] one of your own.
//!
//! **Architecture invariant:** a checker knows nothing of simulations, networks, seeds or files. It is bounded, and past
//! a bound it says unknown: never valid, never invalid.

mod access;
pub mod auction;
pub mod bank;
pub mod causal;
pub mod counter;
#[cfg(test)]
mod drawing;
pub mod eventual;
pub mod fencing;
pub mod final_set;
pub mod formats;
pub mod history;
pub mod judge;
pub mod ladder;
pub mod leader;
pub mod linearizable;
pub mod lint;
pub mod long_fork;
pub mod mailbox;
pub mod models;
pub mod monotonic;
pub mod pn_counter;
pub mod presence;
#[cfg(test)]
mod random;
pub mod sequential;
pub mod session;
pub mod set_full;
pub mod single_holder;
pub mod stats;
pub mod swap;
pub mod timeline;
pub mod total_queue;
pub mod txn;
pub mod unique;
pub mod unordered_queue;
pub mod value;
pub mod verdict;
pub mod word_count;

pub use history::{Actor, Event, History, Kind, Operation, Outcome};
pub use linearizable::Linearizable;
pub use value::Value;
pub use verdict::{Cause, Checker, Evidence, Verdict};
