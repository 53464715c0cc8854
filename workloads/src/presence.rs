//! `presence`: members join groups and leave them, each at the node where it lives; everybody is asked who is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::presence::Presence;
use netsplit_checker::{Checker, Value};
use netsplit_systems::call::CallError;
use netsplit_systems::groups::client::{join, leave, members};
use netsplit_systems::http::Client;
use netsplit_systems::system::Offer;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::op::{deal, reads_of_all};
use crate::{Invocation, Op, Script, Shape, Workload, over_http};

/// The workload.
pub const PRESENCE: Workload = Workload {
    name: "presence",
    about: "join groups, leave them, ask who is there: no dead member stays, no live one is lost",
    needs: &[Offer::Groups],
    generate,
    setup: |_| Vec::new(),
    finale: reads_of_all,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |promise| -> Vec<Box<dyn Checker>> {
        vec![Box::new(Presence { settled_from: promise.settled_from, deadly: DEADLY })]
    },
    pure: |op| op.f == "read",
};

/// Faults, and ends, that members die with their node by.
pub(crate) const DEADLY: &[&str] = &["crash", "power-loss", "amnesia", "exit", "dead"];

/// How many groups there are.
const GROUPS: usize = 5;

/// A leave is of one of so many members, the latest.
const LATEST: usize = 20;

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut present: Vec<(String, String)> = Vec::new();
    let mut joined = 0;
    let mut scripts = deal(rng, shape, |rng| {
        let group = format!("g{}", rng.random_range(0..GROUPS));
        match rng.random_range(0..100) {
            0..40 => {
                joined += 1;
                let member = format!("m{joined}");
                present.push((group.clone(), member.clone()));
                Op::on(&group, "join", &[&member])
            }
            40..65 if !present.is_empty() => {
                let (group, member) =
                    present.remove(rng.random_range(present.len().saturating_sub(LATEST)..present.len()));
                Op::on(&group, "leave", &[&member])
            }
            _ => Op::on(&group, "read", &[]),
        }
    });
    at_home(&mut scripts);
    scripts
}

/// Has every member leave where it joined.
fn at_home(scripts: &mut [Script]) {
    let joins = scripts.iter().flatten().filter(|planned| planned.op.f == "join");
    let homes: BTreeMap<String, String> =
        joins.map(|planned| (planned.op.arg(0).to_owned(), planned.node.clone())).collect();
    for planned in scripts.iter_mut().flatten().filter(|planned| planned.op.f == "leave") {
        planned.node.clone_from(&homes[planned.op.arg(0)]);
    }
}

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        match op.f.as_str() {
            "join" => join(client, node, op.key(), op.arg(0)).await.map(Value::Bool),
            "leave" => leave(client, node, op.key(), op.arg(0)).await.map(Value::Bool),
            "read" => Ok(Value::list(members(client, node, op.key()).await?.into_iter().map(Value::text))),
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}
