//! `ping`: producers ping, and consumers are asked what they have counted of each.

use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::counter::Counter;
use netsplit_checker::monotonic::Monotonic;
use netsplit_checker::{Checker, Value};
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::ping_pong::client::PingClient;
use netsplit_systems::system::Offer;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::op::deal;
use crate::{Invocation, Op, Promise, Script, Shape, Workload, over_http};

/// The workload.
pub const PING: Workload = Workload {
    name: "ping",
    about: "ping at every node, and ask every consumer for every producer's count",
    needs: &[Offer::Pings],
    generate,
    setup: |_| Vec::new(),
    finale,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers,
    pure: |op| op.f != "add",
};

/// Faults that a consumer that keeps nothing on disk may forget its counts at.
const FORGETFUL: &[&str] = &["crash", "power-loss"];

/// The key of an operation is the producer that it is about.
fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut scripts = deal(rng, shape, |rng| {
        let producer = shape.nodes.choose(rng).expect("a cluster has a node");
        Op::on(producer, if rng.random() { "add" } else { "read" }, &[])
    });
    for planned in scripts.iter_mut().flatten().filter(|planned| planned.op.f == "add") {
        planned.op.key = Some(planned.node.clone());
    }
    scripts
}

/// Every node's count is asked of every node.
fn finale(scripts: &[Script]) -> Vec<Op> {
    let mut nodes: Vec<&str> = scripts.iter().flatten().map(|planned| planned.node.as_str()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes.into_iter().map(|node| Op::on(node, "read", &[])).collect()
}

/// A consumer may lag, but never shows a ping that nobody sent and never goes back while its node lives; when all is
/// quiet, every consumer shows every producer's count.
fn checkers(promise: Promise) -> Vec<Box<dyn Checker>> {
    let counted = Counter { initial: 0, settled_from: Some(promise.settled_from), may_lag: true };
    vec![Box::new(counted), Box::new(Monotonic { forgetful: FORGETFUL })]
}

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        let mut client = PingClient::new(client);
        match op.f.as_str() {
            // The checker counts pings, not what the producer says that it has counted.
            "add" => client.ping(node).await.map(|_| Value::Nil),
            "read" => shown(client.count(node, op.key()).await?),
            "total" => shown(client.total(node).await?),
            "counts" => {
                let counts = client.counts(node).await?;
                let entries: Result<Vec<_>, CallError> = counts
                    .into_iter()
                    .map(|(node, count)| Ok((Value::text(node), count.map_or(Ok(Value::Nil), shown)?)))
                    .collect();
                entries.map(Value::map)
            }
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}

/// A number as a history shows it; one that is too large for that is no observation.
pub(crate) fn shown(number: u64) -> Result<Value, CallError> {
    i64::try_from(number).map(Value::from).map_err(|error| CallError::Lost(error.to_string()))
}
