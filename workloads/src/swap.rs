//! `swap`: transactions that exchange the targets of two links, and snapshots of all of them: no target is lost or doubled.
//!
//! The bank of Jepsen's tests, with links for accounts: a swap moves everything, and a half of one shows.

use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::swap::Swaps;
use netsplit_checker::{Checker, Value};
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::shortener::client::LinkClient;
use netsplit_systems::shortener::{Answer, code};
use netsplit_systems::system::Offer;
use rand::Rng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use serde_json::Value as Json;

use crate::op::{deal, keys};
use crate::transaction::{self, step};
use crate::{Invocation, Op, Script, Shape, Workload, over_http};

/// The workload.
pub const SWAP: Workload = Workload {
    name: "swap",
    about: "swap the targets of two links in one transaction: every snapshot shows every target once",
    needs: &[Offer::Links, Offer::Transactions],
    generate,
    setup,
    finale: |scripts| keys(scripts).iter().map(|group| snapshot(group)).collect(),
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |_| -> Vec<Box<dyn Checker>> { vec![Box::new(Swaps)] },
    pure: |op| op.f == "read",
};

/// Links are swapped within their group, and a snapshot is of one group.
const GROUPS: usize = 3;
const LINKS_PER_GROUP: usize = 4;

/// All groups live through the whole run, so that every fault falls into every group's life.
fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    deal(rng, shape, |rng| {
        let group = format!("g{}", rng.random_range(0..GROUPS));
        if rng.random_range(0..100) < 60 {
            let links = links(&group);
            let two = sample(rng, links.len(), 2);
            Op::on(&group, "swap", &[&links[two.index(0)], &links[two.index(1)]])
        } else {
            snapshot(&group)
        }
    })
}

fn snapshot(group: &str) -> Op {
    Op { key: Some(group.to_owned()), ..Op::new("read", links(group)) }
}

/// The urls of a group; each link is created under its url's code, and keeps that when its target moves.
fn urls(group: &str) -> impl Iterator<Item = String> {
    (0..LINKS_PER_GROUP).map(move |number| format!("https://example.com/{group}/{number}"))
}

fn links(group: &str) -> Vec<String> {
    urls(group).map(|url| code(&url)).collect()
}

/// Creates the links of every group that is asked for.
fn setup(scripts: &[Script]) -> Vec<Op> {
    let groups = keys(scripts);
    groups.iter().flat_map(|group| urls(group).map(|url| Op::on(group, "create", &[&url]))).collect()
}

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        let mut client = LinkClient::new(client);
        match op.f.as_str() {
            "create" => match client.create(node, op.arg(0)).await? {
                Answer::Done => Ok(op.value()),
                refused => Err(CallError::Refused(format!("{refused:?}"))),
            },
            "swap" => {
                let swap = [step("swap", op.arg(0), op.arg(1))];
                client.transact(node, transaction::body(&swap)).await.map(|_| op.value())
            }
            "read" => {
                let reads: Vec<Json> = op.texts().iter().map(|link| step("r", link, Json::Null)).collect();
                targets(&transaction::answer(&client.transact(node, transaction::body(&reads)).await?)?)
            }
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}

/// The target of each link that was read.
fn targets(answer: &Value) -> Result<Value, CallError> {
    let pair = |read: &Value| match read.as_list()? {
        [_, link, target] => Some((link.clone(), target.clone())),
        _ => None,
    };
    let pairs = answer.as_list().and_then(|reads| reads.iter().map(pair).collect::<Option<Vec<_>>>());
    pairs.map(Value::map).ok_or_else(|| CallError::Lost(format!("the answer {answer} shows no targets")))
}
