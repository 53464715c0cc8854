//! The folder over HTTP, for this machine only.
//!
//! Files may come from strangers: a browser is told to load nothing, to run no script but ours, and to take no file for
//! what it is not. A page elsewhere that has its own name point at this machine (DNS rebinding) is not answered.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path as Asked, Query, Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use super::index;
use super::inside::inside;
use super::question::Question;
use super::runs::Runs;
use crate::page::{TABLE_SCRIPT, policy};

/// A socket of this machine that nobody else can reach, and the address of its page; port 0 takes any that is free.
pub async fn listen(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves `root` until the process ends.
pub async fn serve(listener: TcpListener, root: PathBuf) -> io::Result<()> {
    axum::serve(listener, router(root)).await
}

/// What is answered.
pub(super) fn router(root: PathBuf) -> Router {
    Router::new()
        .route("/", get(runs))
        .route("/{*path}", get(file))
        .layer(middleware::from_fn(guarded))
        .with_state(Arc::new(root))
}

type Root = State<Arc<PathBuf>>;

/// The index of what is there now.
async fn runs(State(root): Root, Query(question): Query<Question>) -> Response {
    match Runs::below(&root, &[""]) {
        Ok(mut runs) => {
            question.sort(&mut runs.all);
            page(index::page(&root, &runs, Some(&question)).into_bytes(), true)
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{}: {error}\n", root.display())).into_response(),
    }
}

/// A file; of a folder its report.
async fn file(State(root): Root, Asked(path): Asked<String>) -> Response {
    let Some(found) = inside(&root, &path) else { return absent() };
    if found.is_dir() {
        let is_run = found.join("report.html").is_file();
        let report = format!("/{}/report.html", index::link(path.trim_end_matches('/')));
        return if is_run { Redirect::temporary(&report).into_response() } else { absent() };
    }
    // A pipe would be waited for.
    if !found.is_file() {
        return absent();
    }
    fs::read(&found).map_or_else(|_| absent(), |bytes| with_kind(&found, bytes))
}

fn absent() -> Response {
    (StatusCode::NOT_FOUND, "not here\n").into_response()
}

fn page(bytes: Vec<u8>, may_ask: bool) -> Response {
    let scripts = [crate::report::SCRIPT, TABLE_SCRIPT, crate::matrix::page::SCRIPT];
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, format!("{}; frame-ancestors 'none'", policy(&scripts, may_ask))),
    ];
    (headers, bytes).into_response()
}

/// A page as a page, text as text, and anything else as something to be kept.
fn with_kind(path: &Path, bytes: Vec<u8>) -> Response {
    let kind = match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => return page(bytes, false),
        Some("json") => "application/json",
        Some("txt" | "jsonl" | "md" | "csv") => "text/plain; charset=utf-8",
        _ => return ([(header::CONTENT_DISPOSITION, "attachment")], bytes).into_response(),
    };
    ([(header::CONTENT_TYPE, kind)], bytes).into_response()
}

/// What every answer says, and who gets none.
async fn guarded(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
    if !["127.0.0.1", "localhost"].contains(&name) {
        return (StatusCode::MISDIRECTED_REQUEST, "only for this machine\n").into_response();
    }
    let mut response = next.run(request).await;
    let says = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in says {
        response.headers_mut().insert(name, header::HeaderValue::from_static(value));
    }
    response
}
