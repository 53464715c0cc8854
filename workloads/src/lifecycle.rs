//! `lifecycle`: links come and go: clients claim an alias, follow it, re-target it, delete it, and claim it again.
//!
//! A deletion is where an alias can be given away twice, where an old target comes back, and where a copy outlives what
//! it is a copy of.

use netsplit_checker::models;
use netsplit_systems::system::Offer;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::op::{Rotation, deal, reads_of_all};
use crate::register::invoke;
use crate::{Op, Script, Shape, Workload, over_http};

/// The workload.
pub const LIFECYCLE: Workload = Workload {
    name: "lifecycle",
    about: "claim, follow, re-target and delete aliases, and claim them again",
    needs: &[Offer::Links, Offer::Retarget, Offer::Claim, Offer::Delete],
    generate,
    setup: |_| Vec::new(),
    finale: reads_of_all,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |promise| promise.of_registers(models::register::register()),
    pure: |op| op.f == "read",
};

/// Aliases get few operations each, so that the last ones are often seen at the end.
const ALIASES: Rotation = Rotation { in_use: 3, operations: 20 };

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut dealt = 0;
    deal(rng, shape, |rng| {
        let alias = format!("l{}", ALIASES.next(rng, dealt));
        dealt += 1;
        let url = format!("https://example.com/{alias}/{dealt}");
        match rng.random_range(0..100) {
            0..40 => Op::on(&alias, "read", &[]),
            40..65 => Op::on(&alias, "claim", &[&url]),
            65..85 => Op::on(&alias, "write", &[&url]),
            _ => Op::on(&alias, "delete", &[]),
        }
    })
}
