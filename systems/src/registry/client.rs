//! The client of global names.

use std::sync::Arc;

use hyper::Method;

use crate::call::CallError;
use crate::http::Client;
use crate::json;

/// Starts `process` at `node` under a name; answers the process that has it then.
pub async fn register(http: &mut Client, node: &Arc<str>, name: &str, process: &str) -> Result<String, CallError> {
    json::call(http, node, Method::PUT, &format!("/names/{name}"), process.to_owned()).await
}

/// Calls the process of a name, and answers who that is; `None` if nobody has it.
pub async fn call(http: &mut Client, node: &Arc<str>, name: &str) -> Result<Option<String>, CallError> {
    json::call(http, node, Method::GET, &format!("/names/{name}"), "").await
}
