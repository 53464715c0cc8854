//! `claim`: several clients want the same alias; the first gets it, and everybody must agree who that was.

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
pub const CLAIM: Workload = Workload {
    name: "claim",
    about: "clients race for the same alias; one wins, and all agree on who",
    needs: &[Offer::Links, Offer::Claim],
    generate,
    setup: |_| Vec::new(),
    finale: |scripts| keys(scripts).iter().map(|key| Op::on(key, "read", &[])).collect(),
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

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        let mut client = LinkClient::new(client);
        match op.f.as_str() {
            "read" => Ok(client.follow(node, op.key()).await?.as_deref().map_or(Value::Nil, Value::from)),
            "claim" => Ok(shown(client.claim(node, op.key(), op.arg(0)).await?, op)),
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}
