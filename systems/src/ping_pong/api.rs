//! The HTTP interface: `POST /ping`, `GET /total`, `GET /count/{producer}`, `GET /counts`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::future::join_all;

use super::{Pinger, Question, Reply};
use crate::disk::DiskError;
use crate::json;
use crate::membership::DEADLINE;
use crate::node::spawn;
use crate::shortener::Unavailable;

/// The routes of a node.
pub(super) fn router(pinger: Pinger) -> Router {
    Router::new()
        .route("/ping", post(ping))
        .route("/total", get(total))
        .route("/count/{producer}", get(count))
        .route("/counts", get(counts))
        .fallback(|| async { (StatusCode::NOT_FOUND, "oops") })
        .with_state(pinger)
}

/// The new count, after this node's own consumer has it; everybody else is told on the way.
async fn ping(State(pinger): State<Pinger>) -> Response {
    let counted = counted(&pinger).await;
    for other in pinger.members.up() {
        spawn(pinger.clone().tell(other));
    }
    match counted {
        Ok(count) => count.to_string().into_response(),
        // A disk that failed may have kept the count all the same.
        Err(error) => Unavailable::MayTakeEffect(error.to_string()).into_response(),
    }
}

/// The new count, durable, and noted by this node's own consumer.
async fn counted(pinger: &Pinger) -> Result<u64, DiskError> {
    let count = pinger.producer.ping().await?;
    pinger.consumer.note(&pinger.me, count).await?;
    Ok(count)
}

async fn total(State(pinger): State<Pinger>) -> String {
    pinger.consumer.total().to_string()
}

async fn count(State(pinger): State<Pinger>, Path(producer): Path<String>) -> String {
    pinger.consumer.count(&producer).to_string()
}

/// The total of every consumer, asked for now; `null` for one that does not answer.
async fn counts(State(pinger): State<Pinger>) -> Response {
    let asked = pinger.members.known().into_iter().map(|other| total_of(pinger.clone(), other));
    let totals: BTreeMap<Arc<str>, Option<u64>> = join_all(asked).await.into_iter().collect();
    json::answer(&totals)
}

async fn total_of(pinger: Pinger, other: Arc<str>) -> (Arc<str>, Option<u64>) {
    if other == pinger.me {
        return (other, Some(pinger.consumer.total()));
    }
    match pinger.peers.ask(&other, Question::AskTotal, DEADLINE).await {
        Ok(Reply::Number(total)) => (other, Some(total)),
        _ => (other, None),
    }
}
