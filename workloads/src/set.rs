//! `set`: clients create links; at the end every link is looked for at every node: is an acknowledged write lost?

use std::sync::Arc;

use futures::FutureExt;
use futures::future::try_join_all;
use netsplit_checker::{Checker, Value, set_full};
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::shortener::client::LinkClient;
use netsplit_systems::shortener::{Answer, code};
use netsplit_systems::system::{Level, Offer};
use rand_chacha::ChaCha8Rng;

use crate::op::deal;
use crate::{Invocation, Op, Script, Shape, Workload, over_http};

/// The workload.
pub const SET: Workload = Workload {
    name: "set",
    about: "create links, at the end look for each at every node: lost writes",
    needs: &[Offer::Links],
    generate,
    setup: |_| Vec::new(),
    finale,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |promise| -> Vec<Box<dyn Checker>> {
        let linearizable = promise.level == Level::Linearizable;
        vec![Box::new(set_full::SetFull { linearizable, settled_from: Some(promise.settled_from) })]
    },
    pure: |op| op.f == "read",
};

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut created = 0;
    deal(rng, shape, |_| {
        created += 1;
        let url = format!("https://example.com/{created}");
        Op::new("add", [url])
    })
}

/// One read: of every link that was ever asked for.
fn finale(scripts: &[Script]) -> Vec<Op> {
    let mut urls: Vec<&str> = scripts.iter().flatten().map(|planned| planned.op.arg(0)).collect();
    urls.sort_unstable();
    vec![Op::new("read", urls)]
}

/// As many links of one read are followed side by side.
const SIDE_BY_SIDE: usize = 32;

/// Those of `urls` whose links are there.
async fn found(mut client: Client, node: &Arc<str>, urls: &[&str]) -> Result<Vec<Value>, CallError> {
    let mut client = LinkClient::new(&mut client);
    let mut found = Vec::new();
    for url in urls {
        found.extend(client.follow(node, &code(url)).await?.as_deref().map(Value::from));
    }
    Ok(found)
}

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        match op.f.as_str() {
            "add" => match LinkClient::new(client).create(node, op.arg(0)).await? {
                Answer::Done => Ok(op.value()),
                // Its code belongs to another url: this link was not created, and the set never held it.
                refused => Err(CallError::Refused(format!("{refused:?}"))),
            },
            "read" => {
                let urls = op.texts();
                let share = urls.len().div_ceil(SIDE_BY_SIDE).max(1);
                let shares = urls.chunks(share).map(|urls| found(client.fork(), node, urls));
                Ok(Value::list(try_join_all(shares).await?.concat()))
            }
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}
