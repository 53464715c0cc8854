//! `names`: processes register under global names, and are called by them; the answer is the process that was reached.

use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::eventual::Eventual;
use netsplit_checker::single_holder::SingleHolder;
use netsplit_checker::{Checker, Value};
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::registry::client::{call, register};
use netsplit_systems::system::{Level, Offer};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::op::{deal, reads_of_all};
use crate::{Invocation, Op, Promise, Script, Shape, Workload, over_http};

/// The workload.
pub const NAMES: Workload = Workload {
    name: "names",
    about: "register processes under global names and call them: one holder a name",
    needs: &[Offer::Names],
    generate,
    setup: |_| Vec::new(),
    finale: reads_of_all,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers,
    pure: |op| op.f == "read",
};

/// How many names are in use at a time.
const ACTIVE_NAMES: usize = 5;

/// How many operations a name gets before another takes its place: as long as several faults last.
const OPERATIONS_PER_NAME: usize = 100;

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut dealt = 0;
    deal(rng, shape, |rng| {
        let round = dealt / (ACTIVE_NAMES * OPERATIONS_PER_NAME);
        let name = format!("name{}", round * ACTIVE_NAMES + rng.random_range(0..ACTIVE_NAMES));
        dealt += 1;
        if rng.random_range(0..100) < 30 {
            Op::on(&name, "claim", &[&format!("p{dealt}")])
        } else {
            Op::on(&name, "read", &[])
        }
    })
}

/// Where two holders are promised never to be, none are; else all agree on one when all is quiet.
fn checkers(promise: Promise) -> Vec<Box<dyn Checker>> {
    match promise.level {
        Level::Linearizable => vec![Box::new(SingleHolder)],
        // A process ends with its node, and its name is free again.
        _ => vec![Box::new(Eventual { settled_from: promise.settled_from, ephemeral: true, ..Eventual::default() })],
    }
}

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        match op.f.as_str() {
            "claim" => {
                let holder = register(client, node, op.key(), op.arg(0)).await?;
                let answer = Value::from(holder.as_str());
                Ok(if holder == op.arg(0) { answer } else { Value::refused(answer) })
            }
            "read" => Ok(call(client, node, op.key()).await?.as_deref().map_or(Value::Nil, Value::from)),
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}
