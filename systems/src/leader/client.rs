//! The client of the job.

use std::sync::Arc;

use hyper::Method;

use super::Act;
use crate::call::CallError;
use crate::http::Client;
use crate::json;

/// Has the job act once, through `node`.
pub async fn act(http: &mut Client, node: &Arc<str>) -> Result<Act, CallError> {
    json::call(http, node, Method::POST, "/act", "").await
}
