//! The two intervals that campaigns report: of a share, and of a median wait.

/// The 95 % quantile of the normal distribution, on both sides.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % interval of the share `hits / all` (Wilson 1927), which is sound near 0 and 1 too; `None` of nothing.
pub fn wilson(hits: u64, all: u64) -> Option<(f64, f64)> {
    let (hits, all) = (small(hits), Some(all).filter(|all| *all > 0).map(small)?);
    let share = hits / all;
    let (centre, scale) = (share + Z * Z / (2.0 * all), 1.0 + Z * Z / all);
    let half = Z * (share * (1.0 - share) / all + Z * Z / (4.0 * all * all)).sqrt();
    let least = if hits == 0.0 { 0.0 } else { (centre - half) / scale };
    let most = if hits >= all { 1.0 } else { (centre + half) / scale };
    Some((least.max(0.0), most.min(1.0)))
}

/// A count as a number to reckon with.
fn small(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// How many trials it takes until something happens for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// How many trials a block has.
    pub block: u64,
    /// How many blocks there are.
    pub blocks: u64,
    /// Of the blocks' waits; `None` if it did not happen within half of the blocks.
    pub median: Option<u64>,
    /// The 95 % interval of the median; `None` with fewer than six blocks, and an end of `None` is beyond a block.
    pub interval: Option<(Option<u64>, Option<u64>)>,
}

/// Cuts trials into about as many blocks as a block has trials, but at least six where there are as many trials, and
/// looks at the first hit of each: its place, counted from 1. What does not fill a block is left out. The interval is that
/// of order statistics, which assumes nothing of the waits but that the blocks are independent.
pub fn waits(hits: &[bool]) -> Waits {
    let block = (hits.len() / hits.len().isqrt().max(6)).max(1);
    let mut waits: Vec<Option<u64>> =
        hits.chunks_exact(block).map(|block| block.iter().position(|hit| *hit).map(|place| place as u64 + 1)).collect();
    waits.sort_by_key(|wait| wait.unwrap_or(u64::MAX));
    let interval = rank(waits.len()).map(|rank| (waits[rank], waits[waits.len() - 1 - rank]));
    let median = waits.len().checked_sub(1).and_then(|last| waits[last / 2]);
    Waits { block: block as u64, blocks: waits.len() as u64, median, interval }
}

/// The largest rank, from zero, so that the median lies below the value of that rank, or above its mirror image, with at
/// most 5 %; `None` if there are too few values for any.
fn rank(values: usize) -> Option<usize> {
    let mut chance = 0.5_f64.powi(i32::try_from(values).unwrap_or(i32::MAX));
    let mut below = chance;
    let mut rank = None;
    for next in 0..values / 2 {
        if below > 0.025 {
            break;
        }
        rank = Some(next);
        chance *= small((values - next) as u64) / small(next as u64 + 1);
        below += chance;
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_gives_the_published_intervals() {
        // Newcombe 1998, table I: 81/263, 15/148, 0/20, 1/29
        for (hits, all, least, most) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let (low, high) = wilson(hits, all).expect("there are trials");
            assert!((low - least).abs() < 5e-5 && (high - most).abs() < 5e-5, "{hits}/{all}: {low} {high}");
        }
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(7, 7).map(|(_, most)| most.to_bits()), Some(1.0_f64.to_bits()));
    }

    #[test]
    fn the_rank_of_the_interval_is_that_of_the_binomial_table() {
        let ranks: Vec<Option<usize>> = [5, 6, 8, 9, 20, 25].map(rank).to_vec();
        assert_eq!(ranks, [None, Some(0), Some(0), Some(1), Some(5), Some(7)]);
    }

    #[test]
    fn a_wait_is_counted_from_the_beginning_of_its_block() {
        let every_third: Vec<bool> = (0..36).map(|n| n % 3 == 2).collect();
        let counted = waits(&every_third);
        assert_eq!((counted.block, counted.blocks, counted.median), (6, 6, Some(3)));
        assert_eq!(counted.interval, Some((Some(3), Some(3))));
        let never = waits(&[false; 36]);
        assert_eq!((never.median, never.interval), (None, Some((None, None))));
        assert_eq!(waits(&[true; 3]).interval, None);
        assert_eq!(waits(&[]).median, None);
    }
}
