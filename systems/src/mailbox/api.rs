//! The HTTP interface: `POST /mail/{node}` sends a message to that node, `GET /mail` shows what has arrived at this one.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::{Link, Post};
use crate::json;

/// The routes of a node.
pub(super) fn router(mail: Post) -> Router {
    Router::new()
        .route("/mail", get(show))
        .route("/mail/{node}", post(send))
        .fallback(|| async { (StatusCode::NOT_FOUND, "oops") })
        .with_state(mail)
}

/// That it was handed to the link is all that is known.
async fn send(State(mail): State<Post>, Path(node): Path<String>, letter: String) -> Response {
    if node == *mail.me {
        mail.letters.arrive(mail.me.clone(), Link::default(), letter);
    } else if let Some(lane) = mail.lanes.get(node.as_str()) {
        lane.send(letter);
    } else {
        return (StatusCode::UNPROCESSABLE_ENTITY, format!("there is no node `{node}`")).into_response();
    }
    json::answer(&true)
}

async fn show(State(mail): State<Post>) -> Response {
    json::answer(&mail.letters.all())
}
