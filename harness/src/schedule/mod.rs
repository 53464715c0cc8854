//! Schedules as a person writes them: a TOML file with one table a fault.
//!
//! ```toml
//! [[fault]]
//! at = "3s"
//! for = "2s"
//! cut = [["n1", "n2"], ["n3"]]
//! kind = "drop"
//! ```
//!
//! | part | what it is |
//! |---|---|
//! | `kinds` | the kinds of faults and their fields, as serde knows them: a new kind needs no line here |
//! | `write`, `read` | to a file and back |

mod kinds;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{BadSchedule, read};
pub use write::write;

/// Fields of faults that hold names of hosts. The first that a fault has is written beside its name: `crash = "n1"`.
const HOST_FIELDS: [&str; 8] = ["sides", "host", "hosts", "node", "nodes", "from", "to", "peer"];

/// Fields that end so are written as durations, without it.
const MILLISECONDS: &str = "_ms";
