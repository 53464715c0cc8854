//! Shrinking: from a plan that shows an anomaly to a small one that still shows the same.
//!
//! | part | what it is |
//! |---|---|
//! | `oracle` | asks which of many candidates is the first to show the signature, several at a time |
//! | `ddmin` | removes what can be removed, in chunks that halve (Zeller & Hildebrandt, IEEE TSE 2002) |
//! | `passes` | when operations begin, and what can be left out: the end, families of faults, faults, operations, final reads, clients |
//! | `nodes` | leaving out nodes, and what it does to everything that names them |
//! | `times` | closing gaps, and round numbers |
//!
//! The passes are repeated until a whole round of them leaves nothing out. The last passes of that round tried every single
//! fault and every single operation, so its end is *1-minimal*: without any one of them the anomaly is gone.

mod ddmin;
mod nodes;
mod oracle;
mod passes;
#[cfg(test)]
mod tests;
mod times;

use std::time::Duration;

use netsplit_workloads::Workload;

use crate::plan::Plan;
use crate::redis_kind::NoRedis;
use crate::signature::Signature;
use crate::trial::Trial;
pub(crate) use oracle::Oracle;

/// How to shrink.
pub struct Options<'a> {
    /// How many runs at a time; the result does not depend on it.
    pub jobs: usize,
    /// How much real time the search may take.
    pub budget: Duration,
    /// Asked now and then whether to stop with what there is.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Told of every step: the size so far, and how many runs it took.
    pub progress: &'a (dyn Fn(&Size, usize) + Sync),
}

/// How large a plan is, as far as a reader has to understand it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Faults.
    pub faults: usize,
    /// Operations of the clients' scripts.
    pub operations: usize,
    /// Operations before the main phase.
    pub setup: usize,
    /// Final reads, over all nodes.
    pub final_reads: usize,
    /// Clients.
    pub clients: usize,
    /// Distinct keys.
    pub keys: usize,
    /// Nodes.
    pub nodes: usize,
    /// Length of the main phase.
    pub length: Duration,
}

impl Size {
    /// The size of `plan`.
    pub fn of(plan: &Plan) -> Size {
        Size {
            faults: plan.schedule.len(),
            operations: plan.scripts.iter().map(Vec::len).sum(),
            setup: plan.setup.len(),
            final_reads: plan.finale.len() * plan.finale_nodes.len(),
            clients: plan.scripts.len(),
            keys: netsplit_workloads::op::keys(&plan.scripts).len(),
            nodes: plan.nodes.len(),
            length: Duration::from_millis(plan.length_ms),
        }
    }
}

/// Where a search ended.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The smallest run that was found.
    pub trial: Trial,
    /// What it shows, as the first run did.
    pub signature: Signature,
    /// Whether it is known that no single fault or operation can be left out.
    pub is_minimal: bool,
    /// How many runs the search took.
    pub runs: usize,
}

/// Why there is nothing to show for a search.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// A run could not be made.
    #[error(transparent)]
    NoRedis(#[from] NoRedis),
    /// Two runs of the result differ.
    #[error("two runs of the shrunk plan have the digests {0} and {1}: something in it is not a function of the plan")]
    Differs(String, String),
}

/// Shrinks the plan of `trial`, which shows `signature`. The result was run twice more, with the same digest.
pub fn shrink(trial: Trial, signature: &Signature, options: &Options<'_>) -> Result<Shrunk, Failed> {
    let oracle = Oracle::new(trial.case.clone(), signature.clone(), options);
    let mut search = Search { trial, oracle };
    loop {
        let before = Size::of(search.plan());
        for pass in passes::PASSES {
            pass(&mut search)?;
        }
        if Size::of(search.plan()) == before || search.oracle.is_exhausted() {
            break;
        }
    }
    let digest = &search.trial.results.digest;
    for _ in 0..2 {
        let again = Trial::of(search.trial.case.clone())?.results.digest;
        if again != *digest {
            return Err(Failed::Differs(digest.clone(), again));
        }
    }
    let (is_minimal, runs) = (!search.oracle.is_exhausted(), search.oracle.runs());
    Ok(Shrunk { trial: search.trial, signature: signature.clone(), is_minimal, runs })
}

/// A search under way: the smallest run so far, and whom to ask.
struct Search<'a> {
    trial: Trial,
    oracle: Oracle<'a>,
}

impl Search<'_> {
    fn workload(&self) -> &'static Workload {
        self.trial.case.workload
    }

    fn plan(&self) -> &Plan {
        &self.trial.case.plan
    }

    /// Goes on with the first of `candidates` that still shows the signature, and returns its place.
    fn advance(&mut self, candidates: impl Iterator<Item = Plan> + Send) -> Result<Option<usize>, NoRedis> {
        let Some((place, trial)) = self.oracle.first(candidates)? else { return Ok(None) };
        self.trial = trial;
        self.oracle.tell(self.plan());
        Ok(Some(place))
    }
}
