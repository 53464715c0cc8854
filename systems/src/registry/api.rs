//! The HTTP interface: `PUT /names/{name}` with a process starts it under that name, `GET /names/{name}` calls it.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::put;

use super::{Names, Registered};
use crate::json;

/// The routes of a node.
pub(super) fn router<N: Names>(names: N) -> Router {
    Router::new()
        .route("/names/{name}", put(register::<N>).get(call::<N>))
        .fallback(|| async { (StatusCode::NOT_FOUND, "oops") })
        .with_state(names)
}

/// The process that holds the name: the one that was to get it, or with 409 another.
async fn register<N: Names>(State(names): State<N>, Path(name): Path<String>, process: String) -> Response {
    match names.register(&name, &process).await {
        Ok(Registered::Done) => json::answer(&process),
        Ok(Registered::Held(holder)) => (StatusCode::CONFLICT, json::answer(&holder)).into_response(),
        Err(unavailable) => unavailable.into_response(),
    }
}

/// The process that answered; `null` if nobody has the name.
async fn call<N: Names>(State(names): State<N>, Path(name): Path<String>) -> Response {
    match names.call(&name).await {
        Ok(process) => json::answer(&process),
        Err(unavailable) => unavailable.into_response(),
    }
}
