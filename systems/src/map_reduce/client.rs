//! The client of word counts.

use std::sync::Arc;

use hyper::Method;

use super::Counts;
use crate::call::CallError;
use crate::http::Client;
use crate::json;

/// Submits a job: the words of `text` are to be counted.
pub async fn submit(http: &mut Client, node: &Arc<str>, job: &str, text: &str) -> Result<bool, CallError> {
    json::call(http, node, Method::PUT, &format!("/jobs/{job}"), text.to_owned()).await
}

/// The counts of a job that is done; `None` if nobody submitted it, and an `Err` while it is worked on.
pub async fn result(http: &mut Client, node: &Arc<str>, job: &str) -> Result<Option<Counts>, CallError> {
    json::call(http, node, Method::GET, &format!("/jobs/{job}"), "").await
}
