//! Interfaces that speak JSON: how a node answers, and how a client asks.

use std::sync::Arc;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::HOST;
use hyper::{Method, Request, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::CallError;
use crate::http::Client;
use crate::shortener::client::failure;

/// An answer that is this value.
pub(crate) fn answer(value: &impl Serialize) -> Response {
    let json = serde_json::to_string(value).expect("answers have string keys and no failing parts");
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// Asks `node` and reads its answer; a refusal (409) is an answer, too. An `Err` of anything else that is no success.
pub async fn call<T: DeserializeOwned>(
    http: &mut Client,
    node: &Arc<str>,
    method: Method,
    path: &str,
    body: impl Into<Bytes>,
) -> Result<T, CallError> {
    let request = Request::builder().method(method).uri(path).header(HOST, node.as_ref()).body(Full::new(body.into()));
    let response = http.call(node, request.map_err(|error| CallError::NotSent(error.to_string()))?).await?;
    if !response.status().is_success() && response.status() != StatusCode::CONFLICT {
        return Err(failure(&response));
    }
    serde_json::from_slice(response.body()).map_err(|error| CallError::Lost(format!("unreadable answer: {error}")))
}
