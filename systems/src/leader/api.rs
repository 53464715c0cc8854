//! The HTTP interface: `POST /act` has the job act once, from any node.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use super::job::Desk;
use crate::json;
use crate::shortener::Unavailable;

/// The routes of a node.
pub(super) fn router(desk: Desk) -> Router {
    Router::new().route("/act", post(act)).fallback(|| async { (StatusCode::NOT_FOUND, "oops") }).with_state(desk)
}

/// A number that nobody was told is no effect that anybody can see.
async fn act(State(desk): State<Desk>) -> Response {
    match desk.act_anywhere().await {
        Ok(act) => json::answer(&act),
        Err(reason) => Unavailable::NoEffect(reason).into_response(),
    }
}
