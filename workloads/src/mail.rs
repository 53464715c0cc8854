//! `mail`: nodes send messages to one another, and mailboxes are read: in order for each pair.

use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::mailbox::Mailbox;
use netsplit_checker::{Checker, Value};
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::mailbox::client::{arrived, send};
use netsplit_systems::system::Offer;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::op::deal;
use crate::{Invocation, Op, Script, Shape, Workload, over_http};

/// The workload.
pub const MAIL: Workload = Workload {
    name: "mail",
    about: "send messages from node to node, and read the mailboxes: in order for each pair",
    needs: &[Offer::Mail],
    generate,
    setup: |_| Vec::new(),
    // Every node is asked for its own.
    finale: |_| vec![Op { f: "read".into(), key: None, args: Vec::new() }],
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |_| -> Vec<Box<dyn Checker>> { vec![Box::new(Mailbox)] },
    pure: |op| op.f == "read",
};

/// The key of an operation is whose mailbox it is about.
fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut sent = 0;
    deal(rng, shape, |rng| {
        if rng.random_range(0..100) < 10 {
            return Op { f: "read".into(), key: None, args: Vec::new() };
        }
        sent += 1;
        let receiver = shape.nodes.choose(rng).expect("a cluster has a node");
        Op::on(receiver, "send", &[&format!("m{sent}")])
    })
}

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        match op.f.as_str() {
            "send" => send(client, node, op.key(), op.arg(0)).await.map(|_| Value::Nil),
            "read" => {
                let letters = arrived(client, node).await?.into_iter();
                Ok(Value::list(letters.map(|letter| Value::list([Value::text(letter.from), Value::text(letter.text)]))))
            }
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}
