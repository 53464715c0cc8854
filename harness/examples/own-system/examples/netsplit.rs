//! The whole program over this crate's system: `cargo run --example netsplit -- run --seed 0..20`.

use std::process::ExitCode;

use netsplit::registry::Registry;
use own_system::{REGISTER, WORKLOAD};

fn main() -> ExitCode {
    netsplit::main(&Registry::of(&[REGISTER]).with_workloads(&[WORKLOAD]))
}
