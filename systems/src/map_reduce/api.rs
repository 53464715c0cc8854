//! The HTTP interface: `PUT /jobs/{name}` with a text, `GET /jobs/{name}` for how often each of its words occurs.

use axum::Router;
use axum::extract::{Path, State as Of};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::put;

use super::{DEADLINE, Machine, Reply, Request, State};
use crate::call::CallError;
use crate::json;
use crate::shortener::Unavailable;

/// The routes of a node.
pub(super) fn router(machine: Machine) -> Router {
    Router::new()
        .route("/jobs/{name}", put(submit).get(result))
        .fallback(|| async { (StatusCode::NOT_FOUND, "oops") })
        .with_state(machine)
}

async fn submit(Of(machine): Of<Machine>, Path(job): Path<String>, text: String) -> Response {
    let home = machine.home(&job).clone();
    match machine.ask(&home, Request::Submit { job, text }, DEADLINE).await {
        Ok(Reply::Done) => (StatusCode::ACCEPTED, "true").into_response(),
        Err(CallError::NotSent(reason)) => Unavailable::NoEffect(reason).into_response(),
        other => Unavailable::MayTakeEffect(format!("{home}: {other:?}")).into_response(),
    }
}

/// The counts; `null` for a job that nobody submitted, and 503 for one that is not done.
async fn result(Of(machine): Of<Machine>, Path(job): Path<String>) -> Response {
    let home = machine.home(&job).clone();
    match machine.ask(&home, Request::Ask { job }, DEADLINE).await {
        Ok(Reply::State(State::Done(counts))) => json::answer(&Some(counts)),
        Ok(Reply::State(State::Unknown)) => json::answer(&()),
        Ok(Reply::State(State::Running)) => Unavailable::NoEffect("the job is not done".into()).into_response(),
        other => Unavailable::NoEffect(format!("{home}: {other:?}")).into_response(),
    }
}
