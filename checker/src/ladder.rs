//! The ladder: the strongest model that a history of registers still satisfies, of linearizable, sequential, causal
//! (causal memory) and each session guarantee.
//!
//! The history is judged as a whole: sequential and causal consistency are not local, so that key by key they would
//! accept what no order of all operations explains. Each rung implies those below it (the session guarantees only stand
//! side by side): a proof carries down, a contradiction up.

use serde::{Deserialize, Serialize};

use crate::causal::Causal;
use crate::linearizable::{Limits, Linearizable};
use crate::models::RegisterSpec;
use crate::sequential::Sequential;
use crate::session::{Guarantee, Session};
use crate::{Checker, History, Value, Verdict};

/// A rung and how it was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// The model's name.
    pub model: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// The rung whose verdict decides this one too, if it was not judged by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows_from: Option<String>,
}

/// Every rung, the strongest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    /// From linearizable down to the session guarantees.
    pub rungs: Vec<Rung>,
}

/// Judges a history of registers that begin empty by every rung. `limits` bound each rung; the search for a
/// sequential order, which is hopeless more often, also keeps the bytes and states that are usual there.
pub fn ladder(history: &History, limits: &Limits) -> Ladder {
    Ladder::of(history, &Value::Nil, limits)
}

impl Ladder {
    /// Judges a history of registers that begin with `initial`, as [`ladder`] does.
    pub fn of(history: &History, initial: &Value, limits: &Limits) -> Ladder {
        let rung = |checker: &dyn Checker| Rung {
            model: checker.name().to_owned(),
            verdict: checker.check(history),
            follows_from: None,
        };
        let linearizable = rung(&Linearizable::new(RegisterSpec::new(initial.clone())).limits(*limits));
        let sessions = Guarantee::ALL.map(|guarantee| Session {
            initial: initial.clone(),
            limits: *limits,
            ..Session::new(guarantee)
        });
        let causal = Causal { initial: initial.clone(), limits: *limits, ..Causal::default() };
        if matches!(linearizable.verdict, Verdict::Valid { .. }) {
            let below = ["sequential", causal.name()].into_iter().chain(sessions.iter().map(Checker::name));
            let below: Vec<Rung> = below.map(|model| follows(model, &linearizable)).collect();
            return Ladder { rungs: std::iter::once(linearizable).chain(below).collect() };
        }
        let mut sessions: Vec<Rung> = sessions.iter().map(|session| rung(session)).collect();
        let broken = sessions.iter().find(|session| session.verdict.is_invalid());
        let mut causal = broken.map_or_else(|| rung(&causal), |session| follows("causal", session));
        let sequential = if causal.verdict.is_invalid() {
            follows("sequential", &causal)
        } else {
            rung(&sequential(initial, limits))
        };
        let linearizable = if sequential.verdict.is_invalid() && !linearizable.verdict.is_invalid() {
            follows("linearizable", &sequential)
        } else {
            linearizable
        };
        prove(&mut causal, &sequential);
        for session in &mut sessions {
            prove(session, &causal);
        }
        Ladder { rungs: [linearizable, sequential, causal].into_iter().chain(sessions).collect() }
    }

    /// The strongest rung proven, if any; a vacuous pass proves nothing.
    pub fn strongest(&self) -> Option<&str> {
        self.rungs.iter().find(|rung| rung.verdict == Verdict::VALID).map(|rung| &*rung.model)
    }

    /// The rungs above the strongest proven that were not decided.
    pub fn unknown(&self) -> Vec<&str> {
        let above = self.rungs.iter().take_while(|rung| rung.verdict != Verdict::VALID);
        above.filter(|rung| !rung.verdict.is_invalid()).map(|rung| &*rung.model).collect()
    }
}

fn sequential(initial: &Value, limits: &Limits) -> Sequential {
    let usual = Sequential::default().limits;
    let (states, bytes) = (limits.states.min(usual.states), limits.bytes.min(usual.bytes));
    Sequential { initial: initial.clone(), limits: Limits { states, bytes, ..*limits } }
}

/// A rung that another one decides.
fn follows(model: &str, from: &Rung) -> Rung {
    let origin = from.follows_from.clone().unwrap_or_else(|| from.model.clone());
    Rung { model: model.to_owned(), verdict: from.verdict.clone(), follows_from: Some(origin) }
}

/// What was not decided below a rung that holds, holds too.
fn prove(rung: &mut Rung, above: &Rung) {
    if above.verdict == Verdict::VALID && matches!(rung.verdict, Verdict::Unknown(_)) {
        *rung = follows(&rung.model, above);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::{draw, registers};
    use crate::random;

    fn climbed(operations: &str, limits: &Limits) -> Ladder {
        ladder(&draw(&registers(operations)), limits)
    }

    fn strongest(operations: &str) -> Option<String> {
        climbed(operations, &Limits::default()).strongest().map(str::to_owned)
    }

    #[test]
    fn each_rung_has_a_history_that_stands_on_it() {
        assert_eq!(strongest("1wx1 2rx1").as_deref(), Some("linearizable"));
        assert_eq!(strongest("1wx1 2rx0").as_deref(), Some("sequential"));
        // each process sees its own write first: causal, but no total order
        assert_eq!(strongest("1wx1 2wy2 1ry0 2rx0").as_deref(), Some("causal"));
        assert_eq!(strongest("1wx1 1rx1 2rx1 2wy2 3ry2 3rx0").as_deref(), Some("read-your-writes"));
        assert_eq!(strongest("1wx1 1rx0 2rx1 2rx1").as_deref(), Some("monotonic-reads"));
        assert_eq!(strongest("1rx7"), None);
    }

    #[test]
    fn created_registers_stand_on_every_rung() {
        assert_eq!(strongest("1cx1 1wx2 2rx1").as_deref(), Some("sequential"));
        assert_eq!(strongest("1cx1 1cy1 1wx2 2wy2 1ry1 2rx1").as_deref(), Some("causal"));
        assert_eq!(strongest("1cx1 1rx1 2rx1 2wy2 3ry2 3rx0").as_deref(), Some("read-your-writes"));
        assert_eq!(strongest("1cx1 1rx0 2rx1 2rx1").as_deref(), Some("monotonic-reads"));
    }

    #[test]
    fn an_undecided_rung_is_told_with_the_strongest_one_proven() {
        let bounded = Limits { states: 1, ..Limits::default() };
        let ladder = climbed("1wx1 2wy2 1ry0 2rx0", &bounded);
        assert_eq!((ladder.strongest(), ladder.unknown()), (Some("causal"), vec!["sequential"]));
    }

    #[test]
    fn a_proof_carries_down_to_what_could_not_be_decided() {
        // equal values: causal and session checks can't tell them apart
        let ladder = climbed("1wx1 2wx1 1rx1", &Limits::default());
        assert!(ladder.rungs.iter().all(|rung| rung.verdict == Verdict::VALID), "{ladder:?}");
        assert_eq!(ladder.rungs[2].follows_from.as_deref(), Some("linearizable"));
        let ladder = climbed("1wx1 2wx1 3wx2 1rx1", &Limits::default());
        assert_eq!(
            (ladder.strongest(), ladder.rungs[6].follows_from.as_deref()),
            (Some("sequential"), Some("sequential"))
        );
    }

    #[test]
    fn no_rung_holds_above_a_broken_one() {
        let mut broken = [0_u64; 7];
        for seed in 0..random::histories() {
            let history = random::registers(seed);
            let sessions = Guarantee::ALL.map(Session::new);
            let (linearizable, sequential, causal) =
                (Linearizable::new(RegisterSpec::new(Value::Nil)), Sequential::default(), Causal::default());
            let mut checkers: Vec<&dyn Checker> = vec![&linearizable, &sequential, &causal];
            checkers.extend(sessions.iter().map(|session| session as &dyn Checker));
            let alone: Vec<bool> = checkers.iter().map(|checker| checker.check(&history).is_invalid()).collect();
            assert!(alone[0] || !alone[1], "seed {seed}: linearizable, not sequential");
            assert!(alone[1] || !alone[2], "seed {seed}: sequential, not causal");
            assert!(alone[2] || alone[3..].iter().all(|broken| !broken), "seed {seed}: causal, {alone:?}");
            let ladder = ladder(&history, &Limits::default());
            for (rung, (alone, broken)) in ladder.rungs.iter().zip(alone.into_iter().zip(&mut broken)) {
                assert_eq!(rung.verdict.is_invalid(), alone, "seed {seed}: {}", rung.model);
                *broken += u64::from(alone);
            }
        }
        println!("broken, rung by rung: {broken:?}");
        assert!(broken.windows(2).take(2).all(|two| two[0] >= two[1]));
    }
}
