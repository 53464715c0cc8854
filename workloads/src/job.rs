//! `job`: a job that only one node at a time may do is asked to act, through any node.

use std::sync::Arc;

use futures::FutureExt;
use netsplit_checker::leader::Leader;
use netsplit_checker::{Checker, Value};
use netsplit_systems::call::CallError;
use netsplit_systems::http::Client;
use netsplit_systems::leader::client::act;
use netsplit_systems::system::Offer;

use crate::op::deal;
use crate::ping::shown;
use crate::{Invocation, Op, Workload, over_http};

/// The workload.
pub const JOB: Workload = Workload {
    name: "job",
    about: "have a singleton job act, through any node: never two leaders that both act",
    needs: &[Offer::Job],
    generate: |rng, shape| deal(rng, shape, |_| an_act()),
    setup: |_| Vec::new(),
    // Somebody leads again, and every node finds it.
    finale: |_| vec![an_act()],
    client: |net, deadline| over_http(net, deadline, invoke),
    checkers: |_| -> Vec<Box<dyn Checker>> { vec![Box::new(Leader)] },
    // An act that nobody was told of took a number, and numbers may have gaps.
    pure: |_| true,
};

fn an_act() -> Op {
    Op { f: "act".into(), key: None, args: Vec::new() }
}

fn invoke<'a>(client: &'a mut Client, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
    async move {
        match op.f.as_str() {
            "act" => {
                let act = act(client, node).await?;
                Ok(Value::list([shown(act.token)?, shown(act.number)?, Value::text(act.by)]))
            }
            other => Err(CallError::NotSent(format!("no operation `{other}` in this workload"))),
        }
    }
    .boxed_local()
}
