//! The ladder: the strongest model that a history still satisfies. A rung that can't be decided is shown as such, with
//! the strongest rung proven.

use serde::{Deserialize, Serialize};

use crate::{Checker, History, Verdict};

/// A rung and how it was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// The checker's name.
    pub model: String,
    /// Its verdict.
    pub verdict: Verdict,
}

/// Every rung, the strongest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    /// As they were given.
    pub rungs: Vec<Rung>,
}

impl Ladder {
    /// Judges `history` by each of `checkers`, which stand from the strongest to the weakest.
    pub fn climb(history: &History, checkers: &[&dyn Checker]) -> Ladder {
        let rung = |checker: &&dyn Checker| Rung { model: checker.name().to_owned(), verdict: checker.check(history) };
        Ladder { rungs: checkers.iter().map(rung).collect() }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::Causal;
    use crate::drawing::draw;
    use crate::linearizable::Limits;
    use crate::sequential::Sequential;

    #[test]
    fn shows_the_strongest_rung_proven_and_the_unknown_ones_above() {
        // each process sees its own write first: causal, but no total order
        let lines = "1 invoke write x=1\n1 ok write x=1\n2 invoke write y=1\n2 ok write y=1\n\
            1 invoke read y=nil\n1 ok read y=nil\n2 invoke read x=nil\n2 ok read x=nil";
        let (history, sequential, causal) = (draw(lines), Sequential::default(), Causal::default());
        let ladder = Ladder::climb(&history, &[&sequential, &causal]);
        assert_eq!((ladder.strongest(), ladder.unknown()), (Some("causal"), vec![]));
        let bounded = Sequential { limits: Limits { states: 1, ..Limits::default() }, ..sequential };
        let ladder = Ladder::climb(&history, &[&bounded, &causal]);
        assert_eq!((ladder.strongest(), ladder.unknown()), (Some("causal"), vec!["sequential"]));
    }
}
