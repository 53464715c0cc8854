//! `claim`: several clients want the same alias; the first gets it, and everybody must agree who that was.

use netsplit_checker::models;
use netsplit_systems::system::Offer;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::op::{deal, reads_of_all};
use crate::register::invoke;
use crate::{Op, Script, Shape, Workload, over_http};

/// The workload.
pub const CLAIM: Workload = Workload {
    name: "claim",
    about: "clients race for the same alias; one wins, and all agree on who",
    needs: &[Offer::Links, Offer::Claim],
    generate,
    setup: |_| Vec::new(),
    finale: reads_of_all,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |promise| promise.of_registers(models::register::claim()),
    pure: |op| op.f == "read",
};

/// How many operations, claims and reads, an alias gets before the next.
const OPERATIONS_PER_ALIAS: usize = 12;

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut dealt = 0;
    deal(rng, shape, |rng| {
        let alias = format!("a{}", dealt / OPERATIONS_PER_ALIAS);
        let nth = dealt % OPERATIONS_PER_ALIAS;
        dealt += 1;
        if nth == 0 || rng.random_range(0..100) < 60 {
            Op::on(&alias, "claim", &[&format!("https://example.com/{alias}/{nth}")])
        } else {
            Op::on(&alias, "read", &[])
        }
    })
}
