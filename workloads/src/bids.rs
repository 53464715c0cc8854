//! `bids`: servers take bids on items, and announce who won, each by what it sees itself. Cut off from each other, who of
//! them is right?
//!
//! A bid is a link of its own. Whoever announces follows the links of all bids on the item, and claims one alias for the
//! highest that is there; if somebody was faster, the item is sold already, and that winner is announced.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::try_join_all;
use netsplit_checker::Value;
use netsplit_checker::auction::Auction;
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::shortener::client::LinkClient;
use netsplit_systems::shortener::{Answer, code};
use netsplit_systems::system::{Level, Offer};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value as Json;

use crate::op::deal;
use crate::{Invocation, Op, Planned, Script, Shape, Workload, over_http};

/// The workload.
pub const BIDS: Workload = Workload {
    name: "bids",
    about: "servers take bids on items, and announce the winners: one for each item",
    needs: &[Offer::Links, Offer::Claim],
    generate,
    setup: |_| Vec::new(),
    finale,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |promise| {
        let linearizable = promise.level == Level::Linearizable;
        vec![Box::new(Auction { linearizable, settled_from: promise.settled_from })]
    },
    pure: |_| false,
};

const BIDS_PER_ITEM: usize = 12;

/// Bids, and then announcements.
const OPERATIONS_PER_ITEM: usize = BIDS_PER_ITEM + 6;

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut dealt = 0;
    let mut amounts: Vec<i64> = Vec::new();
    deal(rng, shape, |rng| {
        let item = format!("item{}", dealt / OPERATIONS_PER_ITEM);
        let nth = dealt % OPERATIONS_PER_ITEM;
        dealt += 1;
        if nth == 0 {
            amounts.clear();
        }
        if nth >= BIDS_PER_ITEM {
            return on(&item, "announce", &amounts);
        }
        let highest = amounts.last().copied().unwrap_or_default();
        amounts.push(highest + rng.random_range(1..=10));
        on(&item, "bid", &amounts[nth..])
    })
}

fn on(item: &str, f: &str, amounts: &[i64]) -> Op {
    Op { key: Some(item.to_owned()), ..Op::new(f, amounts.iter().copied()) }
}

/// One announcement for each item.
fn finale(scripts: &[Script]) -> Vec<Op> {
    let mut items: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for Planned { op, .. } in scripts.iter().flatten() {
        let bid = op.number(0).filter(|_| op.f == "bid");
        items.entry(op.key()).or_default().extend(bid);
    }
    items.iter().map(|(item, bids)| on(item, "announce", bids)).collect()
}

fn url(item: &str, amount: i64) -> String {
    format!("https://bids.example/{item}/{amount}")
}

/// The amount that a bid's url names.
fn amount(url: &str) -> Value {
    let amount = url.rsplit_once('/').and_then(|(_, amount)| amount.parse().ok());
    amount.map_or_else(|| Value::from(url), Value::Int)
}

async fn bid(client: &mut Client, node: &Arc<str>, op: &Op) -> Result<Value, CallError> {
    let amount = op.number(0).ok_or_else(|| CallError::NotSent("a bid is a whole number".into()))?;
    match LinkClient::new(client).create(node, &url(op.key(), amount)).await? {
        Answer::Done => Ok(Value::Int(amount)),
        // Its code belongs to another url: this bid was not taken.
        refused => Err(CallError::Refused(format!("{refused:?}"))),
    }
}

/// The highest of the bids that are there, if any is.
async fn highest(client: &Client, node: &Arc<str>, op: &Op) -> Result<Option<String>, CallError> {
    let mut amounts: Vec<i64> = op.args.iter().filter_map(Json::as_i64).collect();
    amounts.sort_unstable();
    let looks = amounts.iter().map(async |amount| {
        let url = url(op.key(), *amount);
        let mut client = client.fork();
        let found = LinkClient::new(&mut client).follow(node, &code(&url)).await?;
        Ok(found.filter(|found| *found == url))
    });
    Ok(try_join_all(looks).await?.into_iter().flatten().next_back())
}

async fn announce(client: &mut Client, node: &Arc<str>, op: &Op) -> Result<Value, CallError> {
    let alias = format!("sold-{}", op.key());
    // Until the claim is sent nothing has happened.
    let unsold = |error: CallError| CallError::Refused(error.to_string());
    if let Some(winner) = LinkClient::new(client).follow(node, &alias).await.map_err(unsold)? {
        return Ok(amount(&winner));
    }
    let Some(winner) = highest(client, node, op).await.map_err(unsold)? else { return Ok(Value::Nil) };
    match LinkClient::new(client).claim(node, &alias, &winner).await? {
        Answer::Done => Ok(amount(&winner)),
        Answer::Refused(Some(other)) => Ok(amount(&other)),
        unexpected => Err(CallError::Refused(format!("{unexpected:?}"))),
    }
}

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        match op.f.as_str() {
            "bid" => bid(client, node, op).await,
            "announce" => announce(client, node, op).await,
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}
