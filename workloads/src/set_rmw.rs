//! `set-rmw`: an application keeps a set as one value under one link: it reads the link, adds an element, re-targets blindly.
//!
//! Source: Kingsbury 2013, "Call me maybe: Riak", last write wins. No register prevents the lost updates, not even a
//! linearizable one: two clients that read the same value overwrite each other. What is judged is the application on top
//! of its store; a store that only claims registers breaks no promise here.

use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::{Checker, Value, set_full};
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::shortener::client::LinkClient;
use netsplit_systems::shortener::{Answer, code};
use netsplit_systems::system::Offer;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::op::{creates, deal, reads_of_all};
use crate::{Invocation, Op, Script, Shape, Workload, over_http};

/// The workload.
pub const SET_RMW: Workload = Workload {
    name: "set-rmw",
    about: "a set kept in one link by read, add, re-target: shows the updates that an application loses without a lock",
    needs: &[Offer::Links, Offer::Retarget],
    generate,
    setup,
    finale: reads_of_all,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |promise| -> Vec<Box<dyn Checker>> {
        vec![Box::new(set_full::SetFull { linearizable: false, settled_from: Some(promise.settled_from) })]
    },
    pure: |op| op.f == "read",
};

/// As many elements as a url has room for, at five characters each.
const ELEMENTS_PER_SET: u128 = 350;

/// All sets live through the whole run, so that every fault falls into every set's life.
fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let elements = shape.length.as_millis() * u128::from(shape.rate) / 1000;
    let sets = elements / ELEMENTS_PER_SET + 1;
    let mut dealt = 0;
    deal(rng, shape, |rng| {
        dealt += 1;
        Op::on(&code(&empty(rng.random_range(0..sets))), "add", &[&dealt.to_string()])
    })
}

/// The url of an empty set; the link's code is its hash.
fn empty(number: u128) -> String {
    format!("https://example.com/set/{number}?")
}

/// Creates every set that the scripts add to.
fn setup(scripts: &[Script]) -> Vec<Op> {
    creates(scripts, |number| empty(number as u128))
}

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        let mut client = LinkClient::new(client);
        match op.f.as_str() {
            "create" => client.create(node, op.arg(0)).await.map(|_| op.value()),
            "read" => Ok(Value::list(elements(&present(&mut client, node, op).await?).map(Value::from))),
            "add" => {
                let present = present(&mut client, node, op).await.map_err(|error| nothing_written(&error))?;
                let comma = if present.ends_with('?') { "" } else { "," };
                match client.retarget(node, op.key(), &format!("{present}{comma}{}", op.arg(0))).await? {
                    Answer::Done => Ok(op.value()),
                    refused => Err(CallError::Refused(format!("{refused:?}"))),
                }
            }
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}

/// The url that holds the set.
async fn present(client: &mut LinkClient<'_>, node: &Arc<str>, op: &Op) -> Result<String, CallError> {
    let found = client.follow(node, op.key()).await?;
    found.ok_or_else(|| CallError::Refused(format!("the set {} does not exist", op.key())))
}

/// An add that ended at its read has written nothing, whatever became of the read.
fn nothing_written(error: &CallError) -> CallError {
    CallError::NotSent(error.to_string())
}

/// The elements in a url.
fn elements(url: &str) -> impl Iterator<Item = &str> {
    url.split_once('?').map_or("", |(_, elements)| elements).split(',').filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::elements;

    #[test]
    fn a_set_is_read_back_from_its_url() {
        assert_eq!(elements("https://example.com/set/0?").count(), 0);
        assert_eq!(elements("https://example.com/set/0?7,12").collect::<Vec<_>>(), ["7", "12"]);
    }
}
