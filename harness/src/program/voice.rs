//! Who listens: a person, who reads lines, or a program, which reads one JSON document a line.
//!
//! A document has its `kind` first: `run` and `runs` of `netsplit run`, `verdict` of `check`, `rung` of `check --ladder`, `row` of
//! `check --manifest`, `matrix` and `zoo`, `replay`, `shrink`, `explain`, `meta`, `list`, `doctor`, `bench`, and
//! `campaign` of `campaign` and `merge`, which is what `results.json` holds. Errors go to standard error as they do for people, with
//! the same exit codes.

use std::io::Write;
use std::sync::OnceLock;

use serde::Serialize;

/// What `--format` takes: lines for people, or one JSON document a line.
pub(super) const FORMATS: [&str; 2] = ["human", "json"];

/// The arguments of every command.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "What is told")]
pub(super) struct Arguments {
    /// For whom results are told: people, or a program, which gets one JSON document a line
    #[arg(long, global = true, value_parser = FORMATS, default_value = FORMATS[0])]
    format: String,
    /// Tell findings and errors only
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Tell every finding in full
    #[arg(long, short, global = true)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Voice {
    json: bool,
    quiet: bool,
    verbose: bool,
}

static VOICE: OnceLock<Voice> = OnceLock::new();

impl Arguments {
    /// From here on it is told like this.
    pub(super) fn set(&self) {
        let json = self.format == FORMATS[1];
        VOICE.get_or_init(|| Voice { json, quiet: self.quiet, verbose: self.verbose });
    }
}

fn voice() -> Voice {
    VOICE.get().copied().unwrap_or_default()
}

/// Whether findings are told in full.
pub(super) fn is_verbose() -> bool {
    voice().verbose
}

/// Whether a program listens.
pub(super) fn is_json() -> bool {
    voice().json
}

/// A line for a person who wants to hear everything.
pub(super) fn say(line: &str) {
    if !voice().quiet {
        say_finding(line);
    }
}

/// A line for a person, even one who wants to hear of findings only.
pub(super) fn say_finding(line: &str) {
    if !is_json() {
        print(line);
    }
}

/// A line for everybody: what was asked for is itself a text.
pub(super) fn print(line: &str) {
    // A reader that went away (`| head`) ends the output, not the command.
    let _closed = writeln!(std::io::stdout().lock(), "{line}");
}

/// A document for a program.
pub(super) fn tell(kind: &str, body: &impl Serialize) {
    #[derive(Serialize)]
    struct Document<'a, T> {
        kind: &'a str,
        #[serde(flatten)]
        body: &'a T,
    }
    if is_json() {
        print(&serde_json::to_string(&Document { kind, body }).expect("what is told has names as keys"));
    }
}
