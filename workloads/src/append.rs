//! `append`: transactions that append to the histories of links and read them. Every number is appended once, so a list that
//! was read tells the order of all appends before it.
//!
//! Source: Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations", VLDB 2020.

use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::Checker;
use netsplit_checker::txn::ListAppend;
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::shortener::client::LinkClient;
use netsplit_systems::system::Offer;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value as Json;

use crate::op::deal;
use crate::transaction::{self, TXN, step};
use crate::{Invocation, Op, Script, Shape, Workload, over_http};

/// The workload.
pub const APPEND: Workload = Workload {
    name: "append",
    about: "transactions that append to the histories of several links and read them: isolation as Adya defines it",
    needs: &[Offer::Transactions],
    generate,
    setup: |_| Vec::new(),
    finale,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |promise| -> Vec<Box<dyn Checker>> { vec![Box::new(ListAppend { expected: promise.of_transactions() })] },
    pure: is_read,
};

/// How many lists are in use at a time: few enough for transactions to meet.
const ACTIVE_LISTS: usize = 5;

/// How many transactions begin before the next lists take the place of these: a list that grows on costs every reader.
const TRANSACTIONS_PER_ROUND: usize = 80;

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let (mut dealt, mut appended) = (0, 0);
    deal(rng, shape, |rng| {
        let round = dealt / TRANSACTIONS_PER_ROUND;
        dealt += 1;
        let args = (0..rng.random_range(1..=4)).map(|_| {
            let list = format!("h{}", round * ACTIVE_LISTS + rng.random_range(0..ACTIVE_LISTS));
            if rng.random() {
                return step("r", &list, Json::Null);
            }
            appended += 1;
            step("append", &list, appended)
        });
        Op::new(TXN, args)
    })
}

/// One read of each round's lists, as one transaction.
fn finale(scripts: &[Script]) -> Vec<Op> {
    let steps = scripts.iter().flatten().flat_map(|planned| &planned.op.args);
    let mut lists: Vec<&str> = steps.filter_map(|step| step[1].as_str()).collect();
    lists.sort_unstable();
    lists.dedup();
    let read = |lists: &[&str]| Op::new(TXN, lists.iter().map(|list| step("r", list, Json::Null)));
    lists.chunks(ACTIVE_LISTS).map(read).collect()
}

/// Whether a transaction only reads.
fn is_read(op: &Op) -> bool {
    op.args.iter().all(|step| step[0] == "r")
}

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        match op.f.as_str() {
            TXN => transaction::answer(&LinkClient::new(client).transact(node, transaction::body(&op.args)).await?),
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}
