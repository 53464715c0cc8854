//! A swarm: per seed another mix of fault families, each at another rate.
//!
//! Groce, Zhang, Eide, Chen & Regehr, "Swarm Testing" (ISSTA 2012): leaving features out finds more than always using all of them,
//! because some hide the bugs of others: a cluster that is cut all the time never gets far enough to lose a write in a crash.

use std::collections::BTreeSet;

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{Nemesis, Schedule};

/// The name on the command line. What it draws depends on the system, so that it has no schedule of its own.
pub const SWARM: Nemesis = Nemesis {
    name: "swarm",
    about: "for each seed another mix of the families that the system tolerates, at other rates (`--beyond`: of all families)",
    families: &[],
    schedule: |_, _, _| Schedule::new(),
};

/// The shortest and the longest healthy time between the faults of one family, in a thousandth of what is usual: with several
/// families at once, less often each.
const CALM_PERMILLE: std::ops::RangeInclusive<u32> = 500..=5000;

/// A nemesis of a swarm, and its rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name.
    pub nemesis: String,
    /// How long the healthy times between its faults are, in a thousandth of what is usual.
    pub calm_permille: u32,
}

impl Member {
    /// About how many seconds there are from one of its faults to the next: 3 that it lasts, and 2.5 usual healthy ones.
    pub fn every_s(&self) -> u32 {
        3 + 25 * self.calm_permille / 10_000
    }
}

/// Draws which of the `allowed` families are on, and for each a nemesis of `all` that draws no fault of a family that is off.
pub fn draw(rng: &mut ChaCha8Rng, allowed: &BTreeSet<&str>, all: &[&Nemesis]) -> Vec<Member> {
    let on = families(rng, allowed);
    let mut members = Vec::new();
    for family in &on {
        let of_it: Vec<&Nemesis> = all
            .iter()
            .copied()
            .filter(|nemesis| nemesis.families.first() == Some(family))
            .filter(|nemesis| nemesis.families.iter().all(|family| on.contains(family)))
            .collect();
        let calm_permille = rng.random_range(CALM_PERMILLE);
        members.extend(of_it.choose(rng).map(|nemesis| Member { nemesis: nemesis.name.to_owned(), calm_permille }));
    }
    members
}

/// The fewest families of which a mix is of few or of most.
const MANY: usize = 5;

/// The most families of a mix of few.
const FEW: usize = 3;

/// Each family is on in about half of the seeds. Of many families that would nearly always be half of them at once, under which
/// a system does little else than to start again: so a mix is of few, or else of most.
fn families<'f>(rng: &mut ChaCha8Rng, allowed: &BTreeSet<&'f str>) -> BTreeSet<&'f str> {
    let all: Vec<&str> = allowed.iter().copied().collect();
    if all.len() < MANY {
        return all.into_iter().filter(|_| rng.random()).collect();
    }
    if rng.random() {
        let count = rng.random_range(1..=FEW);
        return all.choose_multiple(rng, count).copied().collect();
    }
    // With the mixes of few, 2 of all on average, each is on in 45 of 100 seeds.
    let percent = 90 - 200 / u32::try_from(all.len()).unwrap_or(u32::MAX);
    all.into_iter().filter(|_| rng.random_ratio(percent, 100)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::tests::{ALL, rng};

    #[test]
    fn each_family_is_absent_in_about_half_of_the_seeds_and_no_other_is_ever_there() {
        let few: BTreeSet<&str> = ["partition", "crash", "pause", "skew", "loss"].into();
        // A family of which no nemesis is without faults of another one is there less often.
        let every: BTreeSet<&str> =
            ALL.iter().filter(|nemesis| nemesis.families.len() == 1).map(|nemesis| nemesis.families[0]).collect();
        assert!(every.len() > 12);
        for allowed in [few, every] {
            are_about_half(&allowed);
        }
    }

    fn are_about_half(allowed: &BTreeSet<&str>) {
        let family = |name: &str| ALL.iter().find(|nemesis| nemesis.name == name).expect("it was drawn").families;
        let mut present: BTreeMap<&str, usize> = BTreeMap::new();
        for seed in 0..1000 {
            let members = draw(&mut rng(seed), allowed, &ALL.iter().collect::<Vec<_>>());
            let families: BTreeSet<&str> = members.iter().flat_map(|member| family(&member.nemesis)).copied().collect();
            assert!(families.is_subset(allowed), "{families:?}");
            for family in families {
                *present.entry(family).or_default() += 1;
            }
        }
        for family in allowed {
            assert!((400..=600).contains(&present[family]), "{family} is there in {} of 1000", present[family]);
        }
    }
}
