//! The client of mailboxes.

use std::sync::Arc;

use hyper::Method;

use super::Letter;
use crate::call::CallError;
use crate::http::Client;
use crate::json;

/// Has `node` send a message to another.
pub async fn send(http: &mut Client, node: &Arc<str>, to: &str, text: &str) -> Result<bool, CallError> {
    json::call(http, node, Method::POST, &format!("/mail/{to}"), text.to_owned()).await
}

/// What has arrived at `node` since it was started, in order.
pub async fn arrived(http: &mut Client, node: &Arc<str>) -> Result<Vec<Letter>, CallError> {
    json::call(http, node, Method::GET, "/mail", "").await
}
