//! A trial: one plan, run and judged. The only place where the stages are put together; whoever needs a run, once or a
//! thousand times, asks here.

use std::io;
use std::path::Path;

use crate::case::Case;
use crate::judge::{Results, judge};
use crate::redis_kind::NoRedis;
use crate::report::{Often, Report};
use crate::signature::Signature;
use crate::simulate::{self, Recording};
use crate::store::{self, Capsule, Files, Reports};

/// A plan, what its run left behind, and what that shows.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What was run.
    pub case: Case,
    /// What it left behind.
    pub recording: Recording,
    /// What that shows.
    pub results: Results,
}

impl Trial {
    /// Runs and judges a case.
    pub fn of(case: Case) -> Result<Trial, NoRedis> {
        let recording = simulate::run(&case)?;
        let results = judge(&case, &recording);
        Ok(Trial { case, recording, results })
    }

    /// What was found, each once.
    pub fn signatures(&self) -> Vec<Signature> {
        Signature::all(&self.case, &self.results)
    }

    /// Writes the capsule, the history and the reports to `folder`, which appears when all of it is written, and points the
    /// `latest` beside it there.
    pub fn write(&self, folder: &Path, redis_version: Option<&str>) -> io::Result<()> {
        store::write(folder, &self.files(folder, redis_version, None)?)?;
        store::point_latest(folder)
    }

    /// What is written of it to `folder`; `often` says how many runs like it there are, where that was counted.
    pub fn files(&self, folder: &Path, redis_version: Option<&str>, often: Option<Often>) -> io::Result<Files> {
        let Trial { case, recording, results } = self;
        let capsule = Capsule::of(case, results, redis_version.map(str::to_owned));
        let replay = format!("netsplit replay {}", folder.join("capsule.json").display());
        let report = Report { case, recording, results, replay: &replay, often };
        let reports = Reports { html: report.html(), markdown: report.markdown() };
        store::files(&capsule, recording, results, reports)
    }
}
