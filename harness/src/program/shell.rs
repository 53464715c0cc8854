//! `netsplit completions` and `netsplit man`: what a shell and `man` want to know, made from the arguments' definition.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Arguments as Program, Failure};

/// Arguments of `completions`.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  netsplit completions bash > ~/.local/share/bash-completion/completions/netsplit")]
pub(super) struct Arguments {
    /// The shell
    shell: Shell,
}

/// Prints the completions of a shell.
pub(super) fn completions(arguments: &Arguments) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Program::command(), "netsplit", &mut script);
    print(&script).map_err(Failure::harness)
}

/// Prints the manual page.
pub(super) fn man() -> Result<u8, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Program::command()).render(&mut page).map_err(Failure::harness)?;
    print(&page).map_err(Failure::harness)
}

/// Writes to standard output; a reader that went away has what it wanted.
fn print(bytes: &[u8]) -> io::Result<u8> {
    match io::stdout().lock().write_all(bytes) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(0),
    }
}
