//! `netsplit doctor`: is everything here that netsplit can use, and is a run on this machine what it must be?

use std::process::{Command, Stdio};

use super::voice::{self, say};
use super::{Failure, HARNESS_FAILED, cores, meta};
use crate::case::Case;
use crate::plan::Config;
use crate::redis_server;
use crate::registry::Registry;
use serde_json::json;

/// The browsers that the tests of the reports look for.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Exit code 0 if netsplit works here, whatever optional thing is missing; 70 if two processes disagree on a run.
pub(super) fn doctor(registry: &Registry) -> Result<u8, Failure> {
    tell("cores", &format!("{}: as many runs at a time, unless `--jobs` says otherwise", cores()));
    match redis_server::version() {
        Ok(version) => tell("redis-server", &format!("version {version}: `run --redis server` works")),
        Err(error) => tell("redis-server", &format!("missing, needed only for `run --redis server` ({error})")),
    }
    match BROWSERS.iter().find_map(|name| version_of(name)) {
        Some(version) => tell("browser", &format!("{version}: the tests of the reports run in it")),
        None => tell("browser", "missing: the tests that open a report in a browser skip themselves"),
    }
    let Some(config) = Config::first_of(registry) else { return Err(Failure::wrong_use("no system is registered")) };
    let case = Case::draw(0, &config, registry).map_err(Failure::wrong_use)?;
    match meta::twice(&case)? {
        Ok(lines) => {
            tell("determinism", &format!("two processes agreed on all {lines} events and messages of a run"));
            Ok(0)
        }
        Err(difference) => {
            let told = difference.told("one process", "the other");
            tell("determinism", &format!("two processes differ, first in line {}{told}", difference.line));
            Ok(HARNESS_FAILED)
        }
    }
}

fn tell(what: &str, found: &str) {
    voice::tell("doctor", &json!({ "what": what, "found": found }));
    say(&format!("{what:<14}{found}"));
}

/// What a program says that it is, if it is there.
fn version_of(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !told.is_empty()).then_some(told)
}
