//! The client of ping-pong: typed calls over its HTTP interface, each answer an observation.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::Method;
use serde::de::DeserializeOwned;

use crate::call::CallError;
use crate::http;
use crate::json;

/// The interface of ping-pong, over an HTTP client.
#[derive(Debug)]
pub struct PingClient<'c> {
    http: &'c mut http::Client,
}

impl<'c> PingClient<'c> {
    /// Asks through `http`.
    pub fn new(http: &'c mut http::Client) -> PingClient<'c> {
        PingClient { http }
    }

    /// Lets the producer of `node` ping; returns its new count.
    pub async fn ping(&mut self, node: &Arc<str>) -> Result<u64, CallError> {
        self.send(node, Method::POST, "/ping").await
    }

    /// The total of the consumer of `node`.
    pub async fn total(&mut self, node: &Arc<str>) -> Result<u64, CallError> {
        self.send(node, Method::GET, "/total").await
    }

    /// The count of `producer` that the consumer of `node` has.
    pub async fn count(&mut self, node: &Arc<str>, producer: &str) -> Result<u64, CallError> {
        self.send(node, Method::GET, &format!("/count/{producer}")).await
    }

    /// The totals of all consumers, as `node` hears them; `None` for one that does not answer.
    pub async fn counts(&mut self, node: &Arc<str>) -> Result<BTreeMap<String, Option<u64>>, CallError> {
        self.send(node, Method::GET, "/counts").await
    }

    async fn send<T: DeserializeOwned>(&mut self, node: &Arc<str>, method: Method, path: &str) -> Result<T, CallError> {
        json::call(self.http, node, method, path, "").await
    }
}
