//! Judging a run: its checkers' verdicts, whether its faults hit anything, whether every node came back.

use std::time::Duration;

use netsplit_checker::stats::Stats;
use netsplit_checker::{Cause, Evidence, History, Verdict, lint};
use netsplit_systems::wire::What;
use netsplit_workloads::Promise;
use serde::{Deserialize, Serialize};

use crate::case::Case;
pub use crate::effects::Effect;
use crate::effects::effects;
use crate::simulate::{Panicked, Recording, Stuck};

/// What a run shows, as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overall {
    /// Every claim holds, and the run could have refuted them.
    Valid,
    /// Every claim holds, but nothing could have refuted one of them.
    Vacuous,
    /// A checker could not decide.
    Unknown,
    /// After the heal, a node did not answer in time.
    Liveness,
    /// A claim is contradicted, or a node panicked.
    Invalid,
}

impl Overall {
    /// The exit code of a command that ends with this.
    pub fn exit_code(self) -> u8 {
        match self {
            Overall::Valid => 0,
            Overall::Invalid => 1,
            Overall::Unknown | Overall::Vacuous => 2,
            Overall::Liveness => 3,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Overall::Valid => "valid",
            Overall::Vacuous => "vacuous",
            Overall::Unknown => "unknown",
            Overall::Liveness => "liveness",
            Overall::Invalid => "invalid",
        }
    }
}

/// One checker's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The checker.
    pub checker: String,
    /// Its answer.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// The results of a run, as `results.json` holds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// The worst of all below.
    pub overall: Overall,
    /// Every checker's answer.
    pub verdicts: Vec<Judged>,
    /// Why a pass means nothing, if it does.
    pub vacuous: Option<String>,
    /// Nodes that did not answer after the heal.
    pub stuck: Vec<Stuck>,
    /// What the faults hit.
    pub effects: Vec<Effect>,
    /// Availability and latency.
    pub stats: Stats,
    /// Messages that crossed the network.
    pub messages: u64,
    /// Simulated time from start to end.
    pub simulated: Duration,
    /// The digest of the history and of the record of messages.
    pub digest: String,
}

impl Results {
    /// All evidence, the first first.
    pub fn evidence(&self) -> impl Iterator<Item = (&str, &Evidence)> {
        self.verdicts.iter().flat_map(|judged| {
            let evidence: &[Evidence] = match &judged.verdict {
                Verdict::Invalid(evidence) => evidence,
                _ => &[],
            };
            evidence.iter().map(|evidence| (judged.checker.as_str(), evidence))
        })
    }
}

/// Judges `recording`, the run of `case`.
pub fn judge(case: &Case, recording: &Recording) -> Results {
    let effects = effects(case, recording);
    let mut verdicts = checked(case, &recording.history);
    if let Some(panicked) = &recording.panicked {
        verdicts.push(Judged { checker: "no-panic".into(), verdict: Verdict::Invalid(vec![evidence_of(panicked)]) });
    }
    let vacuous = vacuous(&verdicts, &effects);
    let worst = verdicts.iter().map(|judged| overall(&judged.verdict)).max().unwrap_or(Overall::Valid);
    let liveness = if recording.stuck.is_empty() { Overall::Valid } else { Overall::Liveness };
    let emptiness = if vacuous.is_some() { Overall::Vacuous } else { Overall::Valid };
    let windows: Vec<(Duration, Duration)> = effects
        .iter()
        .map(|effect| (Duration::from_millis(effect.window_ms.0), Duration::from_millis(effect.window_ms.1)))
        .collect();
    Results {
        overall: worst.max(liveness).max(emptiness),
        verdicts,
        vacuous,
        stuck: recording.stuck.clone(),
        stats: Stats::of(&recording.history, &windows).unwrap_or_default(),
        effects,
        messages: recording.record.messages.iter().filter(|message| message.what == What::Send).count() as u64,
        simulated: recording.simulated,
        digest: crate::digest::of(recording),
    }
}

/// The checkers' answers, none of them asked about a history that does not pass the lint.
fn checked(case: &Case, history: &History) -> Vec<Judged> {
    if let Some(finding) = lint::own(history).errors.first() {
        let verdict = Verdict::Unknown(Cause::Undecided(format!("the history is not well formed: {finding}")));
        return vec![Judged { checker: "lint".into(), verdict }];
    }
    let settled = Duration::from_millis(case.length_ms + case.quiet_ms);
    let settled_from = history.events.partition_point(|event| event.time < settled) as u64;
    let checkers = (case.workload.checkers)(Promise { level: case.promised().level, settled_from });
    checkers.iter().map(|checker| Judged { checker: checker.name().into(), verdict: checker.check(history) }).collect()
}

/// The exit code of a harness that failed itself.
pub(crate) const HARNESS_FAILED: u8 = 70;

/// The worst of several exit codes: the harness's own, then invalid, liveness, unknown or vacuous, valid.
pub(crate) fn worst(codes: impl Iterator<Item = u8>) -> u8 {
    const ORDER: [u8; 5] = [0, 2, 3, 1, HARNESS_FAILED];
    codes.max_by_key(|code| ORDER.iter().position(|known| known == code)).unwrap_or(0)
}

/// What one verdict alone comes to.
pub(crate) fn overall(verdict: &Verdict) -> Overall {
    match verdict {
        Verdict::Valid { vacuous: None } => Overall::Valid,
        Verdict::Valid { vacuous: Some(_) } => Overall::Vacuous,
        Verdict::Unknown(_) => Overall::Unknown,
        Verdict::Invalid(_) => Overall::Invalid,
    }
}

/// A pass is empty if a checker had nothing to refute, or if faults were promised and none hit anything.
fn vacuous(verdicts: &[Judged], effects: &[Effect]) -> Option<String> {
    let empty = verdicts.iter().find_map(|judged| match &judged.verdict {
        Verdict::Valid { vacuous: Some(reason) } => Some(format!("{}: {reason}", judged.checker)),
        _ => None,
    });
    let missed = !effects.is_empty() && !effects.iter().any(Effect::is_effective);
    empty.or_else(|| missed.then(|| "faults were planned, and none of them hit a message or an operation".to_owned()))
}

fn evidence_of(panicked: &Panicked) -> Evidence {
    Evidence {
        anomaly: "panic".into(),
        summary: format!("node code panicked: {}", panicked.message),
        steps: vec![format!("at {}; the backtrace is in log.txt", panicked.location)],
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests {
    use super::worst;

    #[test]
    fn the_worst_exit_code_is_the_harness_s_then_invalid_then_liveness_then_unknown() {
        assert_eq!(worst([0, 2, 3, 1, 70].into_iter()), 70);
        assert_eq!(worst([0, 2, 3, 1].into_iter()), 1);
        assert_eq!(worst([0, 2, 3].into_iter()), 3);
        assert_eq!(worst([0, 2].into_iter()), 2);
        assert_eq!(worst([].into_iter()), 0);
    }
}
