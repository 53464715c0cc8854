//! The client of process groups.

use std::collections::BTreeSet;
use std::sync::Arc;

use hyper::Method;

use crate::call::CallError;
use crate::http::Client;
use crate::json;

/// Lets `member` join a group at `node`.
pub async fn join(http: &mut Client, node: &Arc<str>, group: &str, member: &str) -> Result<bool, CallError> {
    json::call(http, node, Method::POST, &format!("/groups/{group}/{member}"), "").await
}

/// Lets `member` leave that joined at `node`; `false` if it is not there.
pub async fn leave(http: &mut Client, node: &Arc<str>, group: &str, member: &str) -> Result<bool, CallError> {
    json::call(http, node, Method::DELETE, &format!("/groups/{group}/{member}"), "").await
}

/// The members of a group that `node` knows of.
pub async fn members(http: &mut Client, node: &Arc<str>, group: &str) -> Result<BTreeSet<String>, CallError> {
    json::call(http, node, Method::GET, &format!("/groups/{group}"), "").await
}
