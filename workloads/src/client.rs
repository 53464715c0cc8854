//! Clients: how an operation of a script becomes a call to a node, in whatever protocol the system speaks.

use std::sync::Arc;
use std::time::Duration;

use futures::future::LocalBoxFuture;
use netsplit_checker::Value;
use netsplit_systems::call::CallError;
use netsplit_systems::http;
use netsplit_systems::net::Net;

use crate::Op;

/// An operation under way: what was observed, or why nothing was.
pub type Invocation<'a> = LocalBoxFuture<'a, Result<Value, CallError>>;

/// One client of a run. Its calls end by its deadline, it never asks twice for one operation, and after any failure it opens a
/// connection anew: a late answer to one operation must not be taken for the answer to the next.
pub trait Client {
    /// Does one operation at a node. The error says what may be concluded: only what surely had no effect is not sent, or
    /// refused.
    fn invoke<'a>(&'a mut self, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a>;
}

/// Does one operation at a node over HTTP.
pub type OverHttp = for<'a> fn(&'a mut http::Client, &'a Arc<str>, &'a Op) -> Invocation<'a>;

/// A client that speaks HTTP.
pub fn over_http(net: Net, deadline: Duration, invoke: OverHttp) -> Box<dyn Client> {
    Box::new(Http { client: http::Client::new(net, deadline), invoke })
}

struct Http {
    client: http::Client,
    invoke: OverHttp,
}

impl Client for Http {
    fn invoke<'a>(&'a mut self, node: &'a Arc<str>, op: &'a Op) -> Invocation<'a> {
        (self.invoke)(&mut self.client, node, op)
    }
}
