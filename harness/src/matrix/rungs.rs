//! The strongest model that held in every one of several runs.

use netsplit_checker::Verdict;

/// How a model fared. The order is that of what several runs show together: one broken run breaks it, one undecided run
/// leaves it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// Nothing could have refuted it.
    Vacuous,
    /// It was proven.
    Holds,
    /// It was not decided.
    Unknown,
    /// It was refuted.
    Broken,
}

impl Held {
    /// How a verdict leaves it.
    pub fn of(verdict: &Verdict) -> Held {
        match verdict {
            Verdict::Valid { vacuous: Some(_) } => Held::Vacuous,
            Verdict::Valid { vacuous: None } => Held::Holds,
            Verdict::Unknown(_) => Held::Unknown,
            Verdict::Invalid(_) => Held::Broken,
        }
    }
}

/// A model, and how it fared.
pub type Rung = (String, Held);

/// The models that each imply the next; those after them, the guarantees of sessions, only stand side by side.
const CHAIN: usize = 3;

/// What several runs show of each model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rungs(Vec<Rung>);

impl Rungs {
    /// Takes a run in; nothing if it was not one of registers.
    pub fn add(&mut self, run: &[Rung]) {
        if self.0.is_empty() {
            self.0 = run.to_vec();
        }
        for ((_, held), (_, other)) in self.0.iter_mut().zip(run) {
            *held = (*held).max(*other);
        }
    }

    /// How high the strongest is that held: 4 linearizable, 3 sequential, 2 causal, 1 a guarantee of sessions, 0 none;
    /// `None` if no run was one of registers.
    pub fn height(&self) -> Option<u8> {
        let (chain, sessions) = self.parts()?;
        let first = chain.iter().position(|(_, held)| *held == Held::Holds);
        let guaranteed = sessions.iter().any(|(_, held)| *held == Held::Holds);
        Some(first.map_or(u8::from(guaranteed), |at| u8::try_from(CHAIN + 1 - at).expect("the chain is short")))
    }

    /// The strongest, and above it what was not decided: `causal (unknown: sequential)`.
    pub fn told(&self) -> Option<String> {
        let (chain, sessions) = self.parts()?;
        let first = chain.iter().position(|(_, held)| *held == Held::Holds);
        let named = |part: &[Rung], wanted: Held| {
            let names = part.iter().filter(|(_, held)| *held == wanted).map(|(name, _)| name.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        let strongest = match first {
            Some(at) => chain[at].0.clone(),
            None => named(sessions, Held::Holds),
        };
        let strongest = if strongest.is_empty() { "none".to_owned() } else { strongest };
        let above = match first {
            Some(at) => named(&chain[..at], Held::Unknown),
            None => named(&self.0, Held::Unknown),
        };
        Some(if above.is_empty() { strongest } else { format!("{strongest} (unknown: {above})") })
    }

    fn parts(&self) -> Option<(&[Rung], &[Rung])> {
        self.0.split_at_checked(CHAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `h`olds, `v`acuous, `u`nknown or `b`roken, from linearizable down.
    fn of(runs: &[&str]) -> Rungs {
        let mut all = Rungs::default();
        for run in runs {
            let held = |c| match c {
                'h' => Held::Holds,
                'v' => Held::Vacuous,
                'u' => Held::Unknown,
                _ => Held::Broken,
            };
            let names = ["linearizable", "sequential", "causal", "monotonic-reads", "read-your-writes"];
            let run: Vec<_> = names.into_iter().map(str::to_owned).zip(run.chars().map(held)).collect();
            all.add(&run);
        }
        all
    }

    fn told(runs: &[&str]) -> String {
        of(runs).told().expect("there are runs")
    }

    #[test]
    fn the_weakest_run_decides() {
        assert_eq!(told(&["hhhhh", "bhhhh"]), "sequential");
        assert_eq!(told(&["bbhhh", "hhhhh"]), "causal");
        assert_eq!(told(&["hhhhh", "hhhhh"]), "linearizable");
        assert_eq!(told(&["bbbbb", "hhhhh"]), "none");
        assert_eq!(told(&["bbbhb"]), "monotonic-reads");
    }

    #[test]
    fn what_was_not_decided_is_told_and_never_counts_as_held() {
        assert_eq!(told(&["buhhh", "hhhhh"]), "causal (unknown: sequential)");
        assert_eq!(told(&["bbuuu"]), "none (unknown: causal, monotonic-reads, read-your-writes)");
        assert_eq!(told(&["vvvvv"]), "none");
        assert_eq!(of(&["buuhh"]).height(), Some(1));
        assert_eq!((Rungs::default().told(), Rungs::default().height()), (None, None));
    }
}
