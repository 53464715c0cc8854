//! Isolation of transactions: the anomalies of Adya and Elle, the models that they rule out, and levels of isolation of
//! sessions without time.
//!
//! [`ListAppend`] and [`RwRegister`] build a graph of dependencies between transactions and look for cycles in it.
//! [`levels`] decides what sessions of reads and writes satisfy when nothing is known about real time.

mod analysis;
mod append;
mod append_cases;
mod cycles;
mod decode;
mod graph;
mod lost;
mod model;
#[cfg(test)]
mod oracle_tests;
mod order;
mod register;
mod session;
#[cfg(test)]
mod tests;
mod versions;

pub use analysis::Analysis;
pub use append::{ListAppend, analyze as analyze_list_append};
pub use model::{Anomaly, Model, Scope, ruled_out, strongest};
pub use register::{Assumptions, RwRegister, Unwritten, analyze as analyze_rw_register, levels as register_levels};
pub use session::{LEVELS, levels};
