//! A cell of the comparison: one system under one nemesis, all its runs together.

use std::time::Duration;

use netsplit_systems::system::Level;

use super::exhibits::{self, FOLDER};
use super::measure::{Measure, Service, Share};
use super::rungs::Rungs;
use crate::signature::Signature;

/// One system under one nemesis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The system.
    pub system: String,
    /// The nemesis.
    pub nemesis: String,
    /// What is claimed, and whether that is deliberately too much; `None` if the faults are beyond what it tolerates.
    pub claim: Option<(Level, bool)>,
    /// The workloads that were run.
    pub workloads: Vec<String>,
    /// Runs that contradict the claim.
    pub broken: Share,
    /// The first finding: its workload, seed and signature.
    pub first: Option<(String, u64, Signature)>,
    /// Runs of that workload that show the same.
    pub alike: u64,
    /// Runs in which a checker could not decide.
    pub unknown: u64,
    /// Runs whose pass means nothing.
    pub vacuous: Share,
    /// The models that held.
    pub rungs: Rungs,
    /// Lost, of the acknowledged writes.
    pub lost: Share,
    /// What clients met; the latencies in ascending order.
    pub service: Service,
    /// Runs that converged, and the longest that it took.
    pub converged: (Share, Duration),
}

impl Cell {
    /// A cell without runs.
    pub fn new(system: &str, nemesis: &str) -> Cell {
        Cell { system: system.into(), nemesis: nemesis.into(), ..Cell::default() }
    }

    /// Takes a run in. `first` says whether its workload is the one that stands for what clients meet.
    pub fn add(&mut self, workload: &str, seed: u64, measure: Measure, first: bool) {
        if !self.workloads.iter().any(|known| known == workload) {
            self.workloads.push(workload.to_owned());
        }
        self.claim = measure.claim;
        self.broken.count(!measure.signatures.is_empty());
        if let (None, Some(signature)) = (&self.first, measure.signatures.first()) {
            self.first = Some((workload.to_owned(), seed, signature.clone()));
        }
        let is_alike =
            |(of, _, signature): &(String, u64, Signature)| of == workload && measure.signatures.contains(signature);
        self.alike += u64::from(self.first.as_ref().is_some_and(is_alike));
        self.unknown += u64::from(measure.is_unknown);
        self.vacuous.count(measure.is_vacuous);
        self.rungs.add(&measure.rungs);
        self.lost.add(measure.lost);
        let (share, longest) = &mut self.converged;
        share.count(measure.converged.is_some());
        *longest = (*longest).max(measure.converged.unwrap_or_default());
        if first {
            self.serve(measure.service);
        }
    }

    /// Whether it contradicts what is claimed under these faults; what is not claimed is not broken.
    pub fn is_broken(&self) -> bool {
        self.claim.is_some() && self.broken.hits > 0
    }

    /// Where the smallest run is that shows what was found first, beside the page.
    pub fn exhibit(&self) -> Option<String> {
        let (_, _, signature) = self.first.as_ref()?;
        Some(format!("{FOLDER}/{}", exhibits::name(&signature.system, &signature.anomaly)))
    }

    fn serve(&mut self, other: Service) {
        let service = &mut self.service;
        service.answered.add(other.answered);
        service.majority.add(other.majority);
        service.minority.add(other.minority);
        service.messages += other.messages;
        service.latencies.extend(other.latencies);
        service.latencies.sort_unstable();
    }

    /// The latency that `percent` of the answers did not exceed (nearest rank).
    pub fn latency(&self, percent: usize) -> Option<Duration> {
        let rank = (self.service.latencies.len() * percent).div_ceil(100);
        self.service.latencies.get(rank.checked_sub(1)?).copied()
    }
}
