//! The HTTP interface: `POST` and `DELETE /groups/{group}/{member}` to join and to leave, `GET /groups/{group}` for its members.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::Groups;
use crate::json;

/// The routes of a node.
pub(super) fn router(groups: Groups) -> Router {
    Router::new()
        .route("/groups/{group}", get(members))
        .route("/groups/{group}/{member}", post(join).delete(leave))
        .fallback(|| async { (StatusCode::NOT_FOUND, "oops") })
        .with_state(groups)
}

async fn join(State(groups): State<Groups>, Path((group, member)): Path<(String, String)>) -> Response {
    groups.join(group, member);
    json::answer(&true)
}

/// Whether the member was at this node.
async fn leave(State(groups): State<Groups>, Path((group, member)): Path<(String, String)>) -> Response {
    json::answer(&groups.leave(&group, &member))
}

async fn members(State(groups): State<Groups>, Path(group): Path<String>) -> Response {
    json::answer(&groups.members(&group))
}
