//! `lifecycle`: links come and go: clients claim an alias, follow it, re-target it, delete it, and claim it again.
//!
//! A deletion is where an alias can be given away twice, where an old target comes back, and where a copy outlives what
//! it is a copy of.

use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::{Value, models};
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::shortener::client::LinkClient;
use netsplit_systems::system::Offer;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::op::{deal, keys};
use crate::register::shown;
use crate::{Invocation, Op, Script, Shape, Workload, over_http};

/// The workload.
pub const LIFECYCLE: Workload = Workload {
    name: "lifecycle",
    about: "claim, follow, re-target and delete aliases, and claim them again",
    needs: &[Offer::Links, Offer::Retarget, Offer::Claim, Offer::Delete],
    generate,
    setup: |_| Vec::new(),
    finale: |scripts| keys(scripts).iter().map(|key| Op::on(key, "read", &[])).collect(),
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |promise| promise.of_registers(models::register::register()),
    pure: |op| op.f == "read",
};

/// How many aliases are in use at a time.
const ACTIVE_KEYS: usize = 4;

/// How many operations an alias gets before another takes its place: few, so that the last ones are often seen at the end.
const OPERATIONS_PER_KEY: usize = 20;

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut dealt = 0;
    deal(rng, shape, |rng| {
        let slot = rng.random_range(0..ACTIVE_KEYS);
        let alias = format!("l{}", dealt / (ACTIVE_KEYS * OPERATIONS_PER_KEY) * ACTIVE_KEYS + slot);
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

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        let mut client = LinkClient::new(client);
        match op.f.as_str() {
            "read" => Ok(client.follow(node, op.key()).await?.as_deref().map_or(Value::Nil, Value::from)),
            "claim" => Ok(shown(client.claim(node, op.key(), op.arg(0)).await?, op)),
            "write" => Ok(shown(client.retarget(node, op.key(), op.arg(0)).await?, op)),
            "delete" => Ok(shown(client.delete(node, op.key()).await?, op)),
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}
