//! A trial: one plan, run and judged. The only place where the stages are put together; whoever needs a run, once or a
//! thousand times, asks here.

use std::io;
use std::path::Path;

use crate::judge::{Results, judge};
use crate::plan::Plan;
use crate::redis_kind::NoRedis;
use crate::report::Report;
use crate::signature::Signature;
use crate::simulate::{self, Recording};
use crate::store::{self, Capsule, Reports};

/// A plan, what its run left behind, and what that shows.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What was run.
    pub plan: Plan,
    /// What it left behind.
    pub recording: Recording,
    /// What that shows.
    pub results: Results,
}

impl Trial {
    /// Runs and judges a valid plan.
    pub fn of(plan: Plan) -> Result<Trial, NoRedis> {
        let recording = simulate::run(&plan)?;
        let results = judge(&plan, &recording);
        Ok(Trial { plan, recording, results })
    }

    /// What was found, each once.
    pub fn signatures(&self) -> Vec<Signature> {
        Signature::all(&self.plan, &self.results)
    }

    /// Writes the capsule, the history and the reports to `folder`, which appears when all of it is written.
    pub fn write(&self, folder: &Path, redis_version: Option<&str>) -> io::Result<()> {
        let Trial { plan, recording, results } = self;
        let capsule = Capsule::of(plan, results, redis_version.map(str::to_owned));
        let replay = format!("netsplit replay {}", folder.join("capsule.json").display());
        let report = Report { plan, recording, results, replay: &replay, often: None };
        let reports = Reports { html: report.html(), markdown: report.markdown() };
        store::write(folder, &capsule, recording, results, &reports)
    }
}
