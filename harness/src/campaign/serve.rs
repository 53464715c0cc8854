//! The process that runs are done in, seen from inside.

use std::io::{self, Write};
use std::sync::mpsc;

use super::canary;
use super::protocol::{self, Reply, Request, Shrink, Shrunk};
use super::record::{self, Numbers};
use super::regressions;
use super::spec::Draw;
use crate::case::Case;
use crate::gallery;
use crate::registry::Registry;
use crate::shrink::Size;
use crate::store;
use crate::trial::Trial;

/// Answers requests until there are no more; then the process ends, whatever is under way.
pub fn serve(registry: &Registry) {
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for line in io::stdin().lines() {
            let Ok(line) = line else { break };
            if let Some(request) = protocol::request(&line)
                && sender.send(request).is_err()
            {
                break;
            }
        }
        // Whoever asked is gone, perhaps in the middle of a run that never ends.
        std::process::exit(0);
    });
    for request in requests {
        let reply = match request {
            Request::Run(draw) => drawn(&draw, registry).and_then(ran),
            Request::Canary(seed) => ran(canary::case(seed)),
            Request::Shrink(shrink) => smallest(&shrink, registry).map(Reply::Shrunk),
            Request::Replay(file) => Ok(Reply::Kept(regressions::replay(&file, registry))),
        };
        say(&reply.unwrap_or_else(Reply::Failed));
    }
}

fn say(reply: &Reply) {
    let mut output = io::stdout().lock();
    let written = output.write_all(protocol::line(reply).as_bytes()).and_then(|()| output.flush());
    if written.is_err() {
        std::process::exit(0);
    }
}

fn drawn(draw: &Draw, registry: &Registry) -> Result<Case, String> {
    draw.case(registry).map_err(|error| error.to_string())
}

fn trial(case: Case) -> Result<Trial, String> {
    Trial::of(case).map_err(|error| error.to_string())
}

fn ran(case: Case) -> Result<Reply, String> {
    trial(case).map(|trial| Reply::Ran(Numbers::of(&trial)))
}

fn smallest(request: &Shrink, registry: &Registry) -> Result<Shrunk, String> {
    let trial = trial(drawn(&request.draw, registry)?)?;
    let before = Size::of(&trial.case);
    let alive = || {
        say(&Reply::Alive);
        false
    };
    let shrunk = gallery::smallest(trial, &request.signature, request.most, &alive);
    let shrunk = shrunk.map_err(|error| error.to_string())?;
    let files = shrunk.trial.files(&request.name, None, None);
    let written = files.and_then(|files| store::write(&request.folder, &files));
    written.map_err(|error| format!("{} can't be written: {error}", request.folder.display()))?;
    let signature = &request.signature;
    let mut evidence = shrunk.trial.results.evidence();
    let shown = evidence.find(|(checker, one)| *checker == signature.checker && one.anomaly == signature.anomaly);
    let stuck = || shrunk.trial.results.stuck.first().map(ToString::to_string).unwrap_or_default();
    Ok(Shrunk {
        families: record::families(&shrunk.trial.case),
        sizes: (before.into(), Size::of(&shrunk.trial.case).into()),
        is_minimal: shrunk.is_minimal,
        summary: shown.map_or_else(stuck, |(_, evidence)| evidence.summary.clone()),
        steps: shown.map(|(_, evidence)| evidence.steps.clone()).unwrap_or_default(),
    })
}
