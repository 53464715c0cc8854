//! The program as a person runs it: what it printed, and the code that it ended with.

use std::process::Command;

/// Where cargo put the program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_netsplit");

/// The program, without arguments yet.
pub(crate) fn netsplit() -> Command {
    Command::new(PROGRAM)
}

/// How a command ended, and what it printed.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// What it printed on both, standard output first.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Runs a command, with nothing to read, to its end.
#[track_caller]
pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.output().expect("the program starts");
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("it prints text"));
    let Some(code) = output.status.code() else {
        panic!("{command:?} ended by {}\nstdout: {stdout}\nstderr: {stderr}", output.status)
    };
    Ended { code, stdout, stderr }
}

/// Runs a command that must end with `code`.
#[track_caller]
pub(crate) fn ended_with(code: i32, command: &mut Command) -> Ended {
    let ended = ended(command);
    let Ended { stdout, stderr, .. } = &ended;
    assert_eq!(ended.code, code, "the exit code of {command:?}\nstdout: {stdout}\nstderr: {stderr}");
    ended
}
