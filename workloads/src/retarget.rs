//! `retarget`: every link is a register that is read and re-targeted blindly. The links exist from the beginning, so that
//! a system without consensus can serve it: nobody claims, compares or deletes anything. A link that is created again is
//! acknowledged while it has its first target, and else refused with the one that it has.

use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::{Value, models};
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::shortener::client::LinkClient;
use netsplit_systems::shortener::code;
use netsplit_systems::system::Offer;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::op::{ROTATION, creates, deal, reads_of_all};
use crate::register::shown;
use crate::{Invocation, Op, Script, Shape, Workload, over_http};

/// The workload.
pub const RETARGET: Workload = Workload {
    name: "retarget",
    about: "read and blindly re-target links that exist from the beginning",
    needs: &[Offer::Links, Offer::Retarget],
    generate,
    setup,
    finale: reads_of_all,
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |promise| promise.of_registers(models::register::cas_register()),
    pure: |op| op.f == "read",
};

/// Several reads come between two writes of a link: an order that they disagree on shows only then.
const READS_PERCENT: u32 = 72;

/// How many create the link again.
const CREATES_PERCENT: u32 = 4;

fn generate(rng: &mut ChaCha8Rng, shape: &Shape) -> Vec<Script> {
    let mut dealt = 0;
    deal(rng, shape, |rng| {
        let number = ROTATION.next(rng, dealt);
        dealt += 1;
        let key = code(&first_url(number));
        let chance = rng.random_range(0..100);
        if chance < READS_PERCENT {
            Op::on(&key, "read", &[])
        } else if chance < READS_PERCENT + CREATES_PERCENT {
            Op::on(&key, "create", &[&first_url(number)])
        } else {
            Op::on(&key, "write", &[&format!("https://example.com/{number}/{dealt}")])
        }
    })
}

/// The url that a link is created with: the link's code is its hash.
pub(crate) fn first_url(number: usize) -> String {
    format!("https://example.com/{number}")
}

/// Creates every link that the scripts ask for.
pub(crate) fn setup(scripts: &[Script]) -> Vec<Op> {
    creates(scripts, first_url)
}

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        let mut client = LinkClient::new(client);
        match op.f.as_str() {
            "read" => Ok(client.follow(node, op.key()).await?.as_deref().map_or(Value::Nil, Value::from)),
            "write" => Ok(shown(client.retarget(node, op.key(), op.arg(0)).await?, op)),
            "create" => Ok(shown(client.create(node, op.arg(0)).await?, op)),
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}
