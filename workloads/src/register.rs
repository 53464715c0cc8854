//! `register`: every link is a register that is read, re-targeted, and re-targeted only if it still has a known target.
//!
//! Urls are unique, so that a read names the write that it saw; keys rotate, so that no key's history grows long.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::{Value, models};
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::shortener::Answer;
use netsplit_systems::shortener::client::LinkClient;
use netsplit_systems::system::Offer;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::op::{ROTATION, deal, reads_of_all};
use crate::{Invocation, Op, Script, Shape, Workload, over_http};

/// The workload.
pub const REGISTER: Workload = Workload {
    name: "register",
    about: "read, re-target and compare-and-set links; every link is linearizable on its own",
    needs: &[Offer::Links, Offer::Retarget, Offer::Claim, Offer::CompareAndSet],
    generate,
    setup: |_| Vec::new(),
    finale: reads_of_all,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |promise| promise.of_registers(models::register::cas_register()),
    pure: |op| op.f == "read",
};

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut dealt = 0;
    let mut targets: BTreeMap<String, (usize, String)> = BTreeMap::new();
    deal(rng, shape, |rng| {
        let key = format!("k{}", ROTATION.next(rng, dealt));
        dealt += 1;
        let Some((writes, target)) = targets.get_mut(&key) else {
            let url = url(&key, 0);
            targets.insert(key.clone(), (0, url.clone()));
            return Op::on(&key, "claim", &[&url]);
        };
        match rng.random_range(0..100) {
            0..50 => Op::on(&key, "read", &[]),
            50..80 => {
                *writes += 1;
                *target = url(&key, *writes);
                Op::on(&key, "write", &[target])
            }
            _ => {
                *writes += 1;
                let old = std::mem::replace(target, url(&key, *writes));
                Op::on(&key, "cas", &[&old, target])
            }
        }
    })
}

fn url(key: &str, write: usize) -> String {
    format!("https://example.com/{key}/{write}")
}

/// One operation on a link, whatever workload asks for it.
pub(crate) fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        let mut client = LinkClient::new(client);
        match op.f.as_str() {
            "read" => Ok(client.follow(node, op.key()).await?.as_deref().map_or(Value::Nil, Value::from)),
            "claim" => Ok(shown(client.claim(node, op.key(), op.arg(0)).await?, op)),
            "write" => Ok(shown(client.retarget(node, op.key(), op.arg(0)).await?, op)),
            "delete" => Ok(shown(client.delete(node, op.key()).await?, op)),
            "cas" => Ok(shown(client.compare_and_set(node, op.key(), op.arg(0), op.arg(1)).await?, op)),
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}

/// What the answer to a write shows: that it was done, or the present target.
pub(crate) fn shown(answer: Answer, op: &Op) -> Value {
    match answer {
        Answer::Done => op.value(),
        Answer::Absent | Answer::Refused(None) => Value::refused(Value::Nil),
        Answer::Refused(Some(current)) => Value::refused(current.as_str().into()),
    }
}
