//! The program: its commands, and what it tells a person.
//!
//! Exit codes: 0 valid, 1 invalid, 2 unknown or vacuous, 3 recovery did not happen, 64 wrong use, 70 the harness itself
//! failed. Of several the worst, in the order 70, 1, 3, 2, 0.

mod check;
mod list;
mod manifest;
mod replay;
mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Wrong use: arguments, or a file that does not parse.
const WRONG_USE: u8 = 64;

/// The harness itself failed.
const HARNESS_FAILED: u8 = 70;

/// Deploys small distributed systems in a simulated network, breaks it under load, and checks what the clients saw.
///
/// A bare `netsplit run` runs a link shortener on one Redis through partitions and crashes, and writes a report. Every
/// run is a function of its seed: the command that is printed at the end replays it, byte for byte.
#[derive(Parser)]
#[command(name = "netsplit", version, max_term_width = 110)]
#[command(after_help = "Exit codes: 0 valid · 1 invalid · 2 unknown or vacuous · 3 recovery did not happen · \
                        64 wrong use · 70 the harness itself failed")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Draw a plan from each seed, run it, check it, and write its files
    Run(run::Arguments),
    /// Run a capsule again and compare its verdict and digest
    Replay(replay::Arguments),
    /// Check a recorded history, of any source
    Check(check::Arguments),
    /// Show the systems, workloads, nemeses and models
    List(list::Arguments),
}

/// Why a command did not come to a verdict.
#[derive(Debug)]
struct Failure {
    exit_code: u8,
    message: String,
}

impl Failure {
    fn wrong_use(message: impl std::fmt::Display) -> Failure {
        Failure { exit_code: WRONG_USE, message: message.to_string() }
    }

    fn harness(message: impl std::fmt::Display) -> Failure {
        Failure { exit_code: HARNESS_FAILED, message: message.to_string() }
    }
}

/// Runs the program with this process's arguments.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let told = error.print();
            let asked_for = !error.use_stderr() && told.is_ok();
            return ExitCode::from(if asked_for { 0 } else { WRONG_USE });
        }
    };
    let ended = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Replay(arguments) => replay::replay(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::List(arguments) => list::list(&arguments),
    };
    match ended {
        Ok(exit_code) => ExitCode::from(exit_code),
        Err(failure) => {
            eprintln!("netsplit: {}", failure.message);
            ExitCode::from(failure.exit_code)
        }
    }
}

/// Writes a line to standard output; a reader that went away (`| head`) ends the output, not the command.
fn say(line: &str) {
    use std::io::Write;
    let _closed = writeln!(std::io::stdout().lock(), "{line}");
}

/// The worst of several exit codes.
fn worst(codes: impl Iterator<Item = u8>) -> u8 {
    const ORDER: [u8; 5] = [0, 2, 3, 1, HARNESS_FAILED];
    codes.max_by_key(|code| ORDER.iter().position(|known| known == code)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_exit_code_is_the_harness_s_then_invalid_then_liveness_then_unknown() {
        assert_eq!(worst([0, 2, 3, 1, 70].into_iter()), 70);
        assert_eq!(worst([0, 2, 3, 1].into_iter()), 1);
        assert_eq!(worst([0, 2, 3].into_iter()), 3);
        assert_eq!(worst([0, 2].into_iter()), 2);
        assert_eq!(worst([].into_iter()), 0);
    }

    #[test]
    fn the_definition_of_the_arguments_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
