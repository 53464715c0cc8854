//! The program `netsplit`.

use std::process::ExitCode;

use netsplit::registry::Registry;

fn main() -> ExitCode {
    netsplit::main(&Registry::builtin())
}
