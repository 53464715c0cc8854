//! Faults one after another, with healthy times between them: the common shape of a schedule.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::{Fault, Phase, Schedule, Step};

/// A time that a fault has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Episode {
    pub(crate) at_ms: u64,
    pub(crate) lasts_ms: u64,
}

/// Fills the main phase: each episode lasts 1 to 5 seconds, with 1 to 4 healthy seconds before it (a tenth of the phase for
/// a second in phases so short that nothing would fit otherwise). One of three healthy times is a burst of short episodes
/// instead.
///
/// What a fault breaks, it breaks where it begins and ends: whoever is half way through something then. And a process that is
/// back before anybody missed it, or a link that is whole again before a time-out, leaves what a long fault never does. But
/// only a long one leaves a node far behind, so that the short ones take the place of none.
pub(crate) fn episodes(rng: &mut ChaCha8Rng, phase: Phase) -> Vec<Episode> {
    let length_ms = u64::try_from(phase.length.as_millis()).unwrap_or(u64::MAX);
    let unit_ms = (length_ms / 10).clamp(1, 1000);
    let calm_ms = (unit_ms * u64::from(phase.calm_permille) / 1000).max(1);
    let mut episodes = Vec::new();
    let mut from_ms = 0;
    loop {
        let at_ms = from_ms + rng.random_range(calm_ms..=4 * calm_ms);
        let lasts_ms = rng.random_range(unit_ms..=5 * unit_ms);
        if at_ms + lasts_ms > length_ms {
            return episodes;
        }
        if rng.random_range(0..BURST_ONE_IN) == 0 {
            burst(rng, (from_ms, at_ms), unit_ms, &mut episodes);
        }
        episodes.push(Episode { at_ms, lasts_ms });
        from_ms = at_ms + lasts_ms;
    }
}

/// One in so many healthy times is a burst.
const BURST_ONE_IN: u32 = 3;

/// Short episodes between two times, with healthy times between them that are as short: from 50 to 800 milliseconds, if the
/// unit is a second.
fn burst(rng: &mut ChaCha8Rng, (from_ms, to_ms): (u64, u64), unit_ms: u64, episodes: &mut Vec<Episode>) {
    let short_ms = (unit_ms / 20).max(1)..=(unit_ms * 4 / 5).max(1);
    let mut at_ms = from_ms;
    loop {
        at_ms += rng.random_range(short_ms.clone());
        let lasts_ms = rng.random_range(short_ms.clone());
        if at_ms + lasts_ms >= to_ms {
            return;
        }
        episodes.push(Episode { at_ms, lasts_ms });
        at_ms += lasts_ms;
    }
}

/// One fault an episode.
pub(crate) fn one_each(rng: &mut ChaCha8Rng, phase: Phase, mut draw: impl FnMut(&mut ChaCha8Rng) -> Fault) -> Schedule {
    let episodes = episodes(rng, phase);
    numbered(episodes.into_iter().map(|Episode { at_ms, lasts_ms }| (at_ms, lasts_ms, draw(rng))))
}

/// The same, and every other fault waits for a sync: of what stops a host, that is what hurts most.
pub(crate) fn one_each_mid_sync(
    rng: &mut ChaCha8Rng,
    phase: Phase,
    draw: impl FnMut(&mut ChaCha8Rng) -> Fault,
) -> Schedule {
    let mut schedule = one_each(rng, phase, draw);
    for step in &mut schedule {
        step.mid_sync = rng.random();
    }
    schedule
}

/// Steps of these times and faults.
pub(crate) fn numbered(faults: impl IntoIterator<Item = (u64, u64, Fault)>) -> Schedule {
    let steps = faults.into_iter().zip(0..);
    steps.map(|((at_ms, lasts_ms, fault), id)| Step { id, at_ms, lasts_ms, mid_sync: false, fault }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{rng, seconds};

    #[test]
    fn episodes_follow_one_another_long_and_short_and_fill_a_phase_of_any_length() {
        for length in [1, 30, 300] {
            let mut all = Vec::new();
            for seed in 0..50 {
                let episodes = episodes(&mut rng(seed), seconds(length));
                let ends: Vec<u64> = episodes.iter().map(|one| one.at_ms + one.lasts_ms).collect();
                assert!(episodes.iter().skip(1).zip(&ends).all(|(next, end)| next.at_ms > *end), "{episodes:?}");
                assert!(ends.iter().all(|end| *end <= length * 1000), "{episodes:?}");
                all.extend(episodes);
            }
            let unit_ms = 100 * length.min(10);
            let long = all.iter().filter(|one| one.lasts_ms >= unit_ms).count();
            assert!(all.iter().all(|one| (1..=5 * unit_ms).contains(&one.lasts_ms)));
            assert!(long > all.len() / 4 && long < all.len() * 3 / 4, "{long} of {} are long", all.len());
        }
    }
}
