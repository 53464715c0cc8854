//! What campaigns reckon with: intervals of a share, of a count, and of a median wait.

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

/// The most that the share of something can be, at 95 %, which happened in none of `all` trials: the rule of three
/// (Hanley & Lippman-Hand, JAMA 1983); 1 if there are too few trials to say anything.
pub fn rule_of_three(all: u64) -> f64 {
    (3.0 / small(all.max(1))).min(1.0)
}

/// The fewest and the most of `all` trials in which something of this `share` happens, each of them missed with a chance of
/// at most half of `alarm`: the exact tails of the binomial distribution.
pub fn binomial_interval(all: u64, share: f64, alarm: f64) -> (u64, u64) {
    let (tail, odds) = (alarm / 2.0, share / (1.0 - share));
    // The chance of `hits`, from that of one less; its logarithm, since that of none is too small for a number of many trials.
    let mut log_chance = small(all) * (1.0 - share).ln();
    let (mut below, mut least) = (0.0, None);
    for hits in 0..=all {
        let upto = below + log_chance.exp();
        // That so many or fewer happen is too rare for all numbers before `least`.
        least = least.or((upto > tail).then_some(hits));
        if 1.0 - upto <= tail {
            return (least.unwrap_or(hits), hits);
        }
        below = upto;
        log_chance += (small(all - hits) * odds / small(hits + 1)).ln();
    }
    (least.unwrap_or(0), all)
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
    fn a_binomial_count_stays_within_its_exact_tails() {
        // Of 10 fair coins at 95 %: P(X <= 1) = 0.0107, P(X <= 2) = 0.0547.
        assert_eq!(binomial_interval(10, 0.5, 0.05), (2, 8));
        // (1 - 0.01)^100 = 0.366: none at all is nothing rare.
        assert_eq!(binomial_interval(100, 0.01, 0.05).0, 0);
        // 0.99^1000 = 4.3e-5, and P(X <= 1) = 4.8e-4.
        assert_eq!(binomial_interval(1000, 0.01, 1e-4).0, 1);
        assert_eq!(binomial_interval(0, 0.01, 1e-4), (0, 0));
        let (least, most) = binomial_interval(1_000_000, 0.01, 1e-4);
        assert!((9600..9640).contains(&least) && (10_360..10_400).contains(&most), "{least} {most}");
    }

    #[test]
    fn none_of_so_many_bounds_the_share_by_three_of_them() {
        assert!((rule_of_three(300) - 0.01).abs() < 1e-12);
        assert!((rule_of_three(0) - 1.0).abs() < 1e-12 && (rule_of_three(2) - 1.0).abs() < 1e-12);
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
