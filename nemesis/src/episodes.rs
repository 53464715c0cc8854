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
/// a second in phases so short that nothing would fit otherwise).
pub(crate) fn episodes(rng: &mut ChaCha8Rng, phase: Phase) -> Vec<Episode> {
    let length_ms = u64::try_from(phase.length.as_millis()).unwrap_or(u64::MAX);
    let unit_ms = (length_ms / 10).clamp(1, 1000);
    let calm_ms = (unit_ms * u64::from(phase.calm_permille) / 1000).max(1);
    let mut episodes = Vec::new();
    let mut at_ms = rng.random_range(calm_ms..=4 * calm_ms);
    loop {
        let lasts_ms = rng.random_range(unit_ms..=5 * unit_ms);
        if at_ms + lasts_ms > length_ms {
            return episodes;
        }
        episodes.push(Episode { at_ms, lasts_ms });
        at_ms += lasts_ms + rng.random_range(calm_ms..=4 * calm_ms);
    }
}

/// One fault an episode.
pub(crate) fn one_each(rng: &mut ChaCha8Rng, phase: Phase, mut draw: impl FnMut(&mut ChaCha8Rng) -> Fault) -> Schedule {
    let episodes = episodes(rng, phase);
    numbered(episodes.into_iter().map(|Episode { at_ms, lasts_ms }| (at_ms, lasts_ms, draw(rng))))
}

/// Steps of these times and faults.
pub(crate) fn numbered(faults: impl IntoIterator<Item = (u64, u64, Fault)>) -> Schedule {
    let steps = faults.into_iter().zip(0..);
    steps.map(|((at_ms, lasts_ms, fault), id)| Step { id, at_ms, lasts_ms, fault }).collect()
}
