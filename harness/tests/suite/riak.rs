//! A set kept as one value in a store in which the newest write wins. Riak lost 72 % of what it acknowledged so with no fault
//! at all, and 91 % with locks and quorums under a cut (Kingsbury 2013, "Call me maybe: Riak"): a lock on each side keeps
//! apart only the clients of that side.
//!
//! Riak's stand-ins began with nothing, so that the winner of the cut had lost what was there before, too; here a node on
//! every side holds the value, and what is lost under the cut is all that the side that wrote less late was told.

use netsplit_systems::dice::dice;
use netsplit_systems::shortener::code;
use netsplit_workloads::{Op, Planned, Script};
use rand::Rng;

use crate::published::{Acknowledged, CUT_MS, Counted, HEAL_MS, LENGTH_MS, NEW_SIDE, OLD_SIDE, SEEDS, played};

/// A client that adds an element to the set every so often, each time at one of these nodes.
fn adder(seed: u64, nodes: &[&str], number: usize, (gap_ms, length_ms): (u64, u64)) -> Script {
    let mut rng = dice(seed, &format!("adder {number}"));
    let key = code("https://example.com/set/0?");
    let add = |nth: u64| Planned {
        at_ms: nth * gap_ms + number as u64 * gap_ms / 2,
        node: nodes[rng.random_range(0..nodes.len())].into(),
        op: Op::on(&key, "add", &[&format!("{number}{nth:03}")]),
    };
    (0..length_ms / gap_ms).map(add).collect()
}

#[test]
fn without_a_lock_most_updates_of_a_set_in_one_value_are_lost_with_no_fault_at_all() {
    let everywhere = [OLD_SIDE.0, NEW_SIDE.0].concat();
    for seed in SEEDS {
        let lost = |clients: usize| {
            let scripts = (0..clients).map(|client| adder(seed, &everywhere, client, (10, 2000))).collect();
            let counted = Counted::of(&played("quorum-lww", "set-rmw", seed, scripts, false));
            (counted.lost().count(), counted.acknowledged.len())
        };
        let (gone, of) = lost(5);
        println!("seed {seed}: {gone} of {of} lost by five clients at once");
        assert!(of > 300 && gone * 2 > of, "seed {seed}: {gone} of {of} are lost");
        let (gone, of) = lost(1);
        assert!(of > 50 && gone == 0, "seed {seed}: one client after another, as with a lock, lost {gone} of {of}");
    }
}

#[test]
fn a_lock_on_each_side_does_not_keep_the_other_side_from_overwriting_all_that_this_one_acknowledged() {
    for seed in SEEDS {
        let sides = [OLD_SIDE.0, NEW_SIDE.0];
        let scripts = (0..2).map(|side| adder(seed, sides[side], side, (200, LENGTH_MS))).collect();
        let counted = Counted::of(&played("quorum-sloppy-lww", "set-rmw", seed, scripts, true));
        let during_cut =
            |add: &&Acknowledged| add.began_ms >= u128::from(CUT_MS) && add.ended_ms + 500 < u128::from(HEAL_MS);
        let [old, new] = sides.map(|nodes| {
            let of_side = counted.acknowledged.values().filter(|add| nodes.contains(&add.node.as_str()));
            let (survived, gone): (Vec<_>, Vec<_>) = of_side.filter(during_cut).partition(|add| add.survived);
            (survived.len(), gone.len())
        });
        let (lost, all) = (counted.lost().count(), counted.acknowledged.len());
        println!("seed {seed}: {lost} of {all} lost; during the cut survived and gone on each side {old:?} {new:?}");
        let is_overwritten =
            |loser: (usize, usize), winner: (usize, usize)| loser.0 == 0 && loser.1 > 40 && winner.1 == 0;
        assert!(is_overwritten(old, new) || is_overwritten(new, old), "seed {seed}: {old:?} {new:?}");
        assert!(lost * 5 > all, "seed {seed}: only {lost} of {all} are lost");
    }
}
