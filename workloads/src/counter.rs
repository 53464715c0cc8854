//! `counter`: every redirect of a link is counted once: following it is an increment, its aggregates are the reads.
//!
//! A GET is no pure read here: one that was not answered may have been counted.

use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::counter::Counter;
use netsplit_checker::{Checker, Value};
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::shortener::client::LinkClient;
use netsplit_systems::shortener::{Answer, code};
use netsplit_systems::system::{Level, Offer};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::op::{ROTATION, deal, reads_of_all};
use crate::ping::shown;
use crate::retarget::{first_url, setup};
use crate::{Invocation, Op, Promise, Script, Shape, Workload, over_http};

/// The workload.
pub const COUNTER: Workload = Workload {
    name: "counter",
    about: "follow links and read how often they were followed: every redirect counts once",
    needs: &[Offer::Links, Offer::Count],
    generate,
    setup,
    finale: reads_of_all,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers,
    pure: |op| op.f == "read",
};

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut dealt = 0;
    deal(rng, shape, |rng| {
        let key = code(&first_url(ROTATION.next(rng, dealt)));
        dealt += 1;
        Op::on(&key, if rng.random_range(0..100) < 60 { "increment" } else { "read" }, &[])
    })
}

/// Where recency is not promised a count may lag behind, but never show more than was asked for; when all is quiet it is
/// exact.
fn checkers(promise: Promise) -> Vec<Box<dyn Checker>> {
    let may_lag = !matches!(promise.level, Level::Linearizable | Level::Serializable);
    vec![Box::new(Counter { initial: 0, settled_from: Some(promise.settled_from), may_lag })]
}

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        let mut client = LinkClient::new(client);
        match op.f.as_str() {
            "increment" => match client.follow(node, op.key()).await? {
                Some(_) => Ok(Value::Nil),
                // What does not exist is not counted.
                None => Err(CallError::Refused("the link does not exist".into())),
            },
            "read" => shown(client.redirects(node, op.key()).await?),
            "create" => match client.create(node, op.arg(0)).await? {
                Answer::Done => Ok(op.value()),
                refused => Err(CallError::Refused(format!("{refused:?}"))),
            },
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}
