//! The program `netsplit`.

use std::process::ExitCode;

fn main() -> ExitCode {
    netsplit::program::main()
}
