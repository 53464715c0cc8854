//! The runs of a campaign, each with a number: first the canary's, then, seed by seed, one of every cell.

use netsplit_systems::dice::dice;
use rand::Rng;

use super::canary;
use super::spec::{Draw, Spec};

/// One of so many runs is run again in another process.
const AGAIN_ONE_OF: u64 = 20;

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its number, from 0; the same on every shard.
    pub number: u64,
    /// Its cell's place in the campaign; `None` for the canary.
    pub cell: Option<usize>,
    /// What is run.
    pub draw: Draw,
    /// Whether another process must run it too, and must see the same.
    pub again: bool,
}

impl Spec {
    /// The run of this number, if it is this shard's to do; `None` too if there is no such seed.
    pub fn task(&self, number: u64) -> Option<Task> {
        let again = is_run_again(number);
        let Some(place) = number.checked_sub(self.canary_runs) else {
            let draw = canary::draw(self.first_seed.checked_add(number)?);
            return self.shard.has(number).then_some(Task { number, cell: None, draw, again });
        };
        let cells = self.cells.len() as u64;
        let (round, cell) = (place / cells, place % cells);
        // Every shard gets some of every cell, whatever divides whatever.
        if !self.shard.has(round + cell) || self.seeds.is_some_and(|seeds| round >= seeds) {
            return None;
        }
        let cell = usize::try_from(cell).expect("there are few cells");
        let draw = Draw { cell: self.cells[cell].clone(), size: self.size, seed: self.first_seed.checked_add(round)? };
        Some(Task { number, cell: Some(cell), draw, again })
    }

    /// How many runs are this shard's; `None` if only its budget ends it.
    pub fn own_total(&self) -> Option<u64> {
        let parts = |all: u64, part: u64| (all + self.shard.of() - part) / self.shard.of();
        let total = self.total()?;
        if !self.shard.is_part() {
            return Some(total);
        }
        let cells = self.cells.len() as u64;
        let of_round = |round: u64| {
            // The shard has the cells that are congruent to its part less the round.
            let of = self.shard.of();
            let first = (self.shard.part() - 1 + of - round % of) % of;
            if first < cells { (cells - first).div_ceil(of) } else { 0 }
        };
        let rounds = self.seeds?;
        let whole: u64 = (0..self.shard.of()).map(of_round).sum();
        let rest: u64 = (0..rounds % self.shard.of()).map(of_round).sum();
        let rounds = (rounds / self.shard.of()).saturating_mul(whole).saturating_add(rest);
        Some(parts(self.canary_runs, self.shard.part()).saturating_add(rounds))
    }
}

/// One run of every twenty, another place in each, so that no cell is always or never among them; the very first is one, so
/// that no campaign is without.
fn is_run_again(number: u64) -> bool {
    let (block, place) = (number / AGAIN_ONE_OF, number % AGAIN_ONE_OF);
    place == if block == 0 { 0 } else { dice(block, "run again").random_range(0..AGAIN_ONE_OF) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::campaign::shard::Shard;
    use crate::campaign::tests::spec;

    fn numbers(spec: &Spec) -> Vec<u64> {
        let total = spec.total().expect("it has an end");
        (0..total).filter(|number| spec.task(*number).is_some()).collect()
    }

    #[test]
    fn the_shards_are_disjoint_and_together_all_of_it() {
        for (cells, of) in [(1, 3), (2, 2), (4, 2), (5, 3), (7, 4)] {
            let whole = spec(cells, 10);
            let mut seen = BTreeSet::new();
            for part in 1..=of {
                let shard = Spec { shard: Shard::new(part, of).expect("it is one"), ..whole.clone() };
                let own = numbers(&shard);
                assert_eq!(Some(own.len() as u64), shard.own_total(), "{cells} cells, shard {part} of {of}");
                let of_cells: BTreeSet<_> =
                    own.iter().filter_map(|number| shard.task(*number)).filter_map(|task| task.cell).collect();
                assert_eq!(of_cells.len(), cells, "shard {part} of {of} has some of every cell");
                assert!(own.into_iter().all(|number| seen.insert(number)), "no run is done twice");
            }
            assert_eq!(seen.into_iter().collect::<Vec<_>>(), numbers(&whole));
        }
    }

    #[test]
    fn a_run_is_drawn_alike_on_every_shard() {
        let whole = spec(3, 4);
        let shard = Spec { shard: Shard::new(2, 2).expect("it is one"), ..whole.clone() };
        for number in numbers(&shard) {
            assert_eq!(shard.task(number), whole.task(number));
        }
    }

    #[test]
    fn five_percent_are_run_again_and_no_cell_is_spared() {
        let whole = spec(20, 2000);
        let again: Vec<_> =
            numbers(&whole).into_iter().filter_map(|n| whole.task(n)).filter(|task| task.again).collect();
        let blocks = whole.total().expect("it has an end") / AGAIN_ONE_OF;
        assert!((blocks..=blocks + 1).contains(&(again.len() as u64)), "{}", again.len());
        let cells: BTreeSet<_> = again.iter().filter_map(|task| task.cell).collect();
        assert_eq!(cells.len(), 20);
        assert!(again[0].number == 0, "even the smallest campaign runs one again");
    }
}
