//! The HTTP interface, the same for every variant.

use std::sync::Arc;

use axum::extract::rejection::{FormRejection, StringRejection};
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;

use super::{Answer, Committed, Fenced, Links, Lock, MicroOperation, Target, Unavailable, code};

/// The longest url that is accepted, in bytes.
const LONGEST_URL_BYTES: usize = 2048;

/// The longest alias, in bytes.
const LONGEST_ALIAS_BYTES: usize = 128;

/// Says, on a 503, whether the request may still take effect: `none` or `unknown`.
pub const EFFECT: HeaderName = HeaderName::from_static("effect");

/// On a PUT: the token of a lock. The link keeps the newest that it was written with, and refuses older ones.
pub const FENCING_TOKEN: HeaderName = HeaderName::from_static("fencing-token");

/// One variant, whichever it is: all share the code of these routes.
type Shared = Arc<dyn Links>;

/// The routes, over one variant's way to keep links.
pub fn router(links: impl Links) -> Router {
    let links: Shared = Arc::new(links);
    Router::new()
        .route("/", post(create))
        .route("/txn", post(transact))
        .route("/locks/{name}", post(lock).delete(unlock))
        .route("/{code}", get(follow).put(put).delete(delete))
        .route("/{code}/aggregates", get(aggregates))
        .fallback(async || oops())
        .with_state(links)
}

/// The part of a path that names a link or a lock; a path that is no text leads nowhere.
struct Name(String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Name, Response> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(name)| Name(name)).map_err(|_| oops())
    }
}

#[derive(Deserialize)]
struct Fields {
    url: Option<String>,
    alias: Option<String>,
}

async fn create(
    State(links): State<Shared>,
    headers: HeaderMap,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let (url, alias) = match target(form) {
        Ok(target) => target,
        Err(reason) => return invalid(&reason),
    };
    let (code, answer) = if let Some(alias) = alias {
        let answer = links.claim(&alias, &url).await;
        (alias, answer)
    } else {
        let code = code(&url);
        let answer = links.create(&code, &url).await;
        (code, answer)
    };
    respond(answer, StatusCode::CONFLICT, || {
        (StatusCode::CREATED, [(header::LOCATION, short_link(&headers, &code))], code).into_response()
    })
}

/// The link as a browser takes it: at the host that was asked, as the client names it.
fn short_link(headers: &HeaderMap, code: &str) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.map_or_else(|| format!("/{code}"), |host| format!("http://{host}/{code}"))
}

async fn put(
    State(links): State<Shared>,
    Name(code): Name,
    headers: HeaderMap,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let (url, _) = match target(form) {
        Ok(target) => target,
        Err(reason) => return invalid(&reason),
    };
    if let Some(token) = headers.get(&FENCING_TOKEN) {
        let Some(token) = number(token) else { return invalid("Fencing-Token must be a whole number") };
        return fenced(links.retarget_fenced(&code, token, &url).await, url);
    }
    let answer = match headers.get(header::IF_MATCH).map(|quoted| unquote(quoted.as_bytes())) {
        None => links.retarget(&code, &url).await,
        Some(Some(old)) => links.compare_and_set(&code, &old, &url).await,
        Some(None) => return invalid("If-Match must be a url in double quotes"),
    };
    respond(answer, StatusCode::PRECONDITION_FAILED, || url.into_response())
}

/// A client may ask with `Cache-Control` for a copy of this node's own, or for none at all (RFC 9111, section 5.2.1).
async fn follow(State(links): State<Shared>, Name(code): Name, headers: HeaderMap) -> Response {
    let followed = match headers.get(header::CACHE_CONTROL).map(HeaderValue::as_bytes) {
        Some(b"only-if-cached") => links.follow_cached(&code).await,
        Some(b"no-cache") => links.follow_fresh(&code).await,
        _ => links.follow(&code).await,
    };
    match followed {
        Ok(Some(target)) => found(target),
        Ok(None) => absent(),
        Err(unavailable) => unavailable.into_response(),
    }
}

/// The winner is followed; each sibling that was kept is named in a `Link` header of its own (RFC 8288).
fn found(target: Target) -> Response {
    let mut response = (StatusCode::FOUND, [(header::LOCATION, target.url.clone())], target.url).into_response();
    for sibling in target.siblings {
        let link = HeaderValue::from_str(&format!("<{sibling}>; rel=\"alternate\""));
        response.headers_mut().extend(link.ok().map(|link| (header::LINK, link)));
    }
    response
}

async fn aggregates(State(links): State<Shared>, Name(code): Name) -> Response {
    match links.redirects(&code).await {
        Ok(redirects) => format!("Redirects: {redirects}").into_response(),
        Err(unavailable) => unavailable.into_response(),
    }
}

async fn delete(State(links): State<Shared>, Name(code): Name) -> Response {
    respond(links.delete(&code).await, StatusCode::CONFLICT, || StatusCode::NO_CONTENT.into_response())
}

async fn transact(State(links): State<Shared>, body: Result<String, StringRejection>) -> Response {
    let steps = body.map_err(|error| error.body_text()).and_then(|body| MicroOperation::parse(&body));
    let steps = match steps {
        Ok(steps) => steps,
        Err(reason) => return invalid(&reason),
    };
    match links.transact(steps).await {
        Ok(Committed::Yes(results)) => {
            ([(header::CONTENT_TYPE, "application/json")], results.to_string()).into_response()
        }
        Ok(Committed::Aborted(reason)) => (StatusCode::CONFLICT, reason).into_response(),
        Err(unavailable) => unavailable.into_response(),
    }
}

async fn lock(State(links): State<Shared>, Name(name): Name) -> Response {
    match links.lock(&name).await {
        Ok(Lock::Granted(token)) => token.to_string().into_response(),
        Ok(Lock::Held) => (StatusCode::CONFLICT, "held").into_response(),
        Err(unavailable) => unavailable.into_response(),
    }
}

/// With `If-Match: "<token>"` the lock is given back only if that is its holder's token.
async fn unlock(State(links): State<Shared>, Name(name): Name, headers: HeaderMap) -> Response {
    let token = match headers.get(header::IF_MATCH).map(|quoted| unquote(quoted.as_bytes())) {
        None => None,
        Some(quoted) => match quoted.and_then(|token| token.parse().ok()) {
            None => return invalid("If-Match must be a fencing token in double quotes"),
            token => token,
        },
    };
    let answer = links.unlock(&name, token).await;
    respond(answer, StatusCode::PRECONDITION_FAILED, || StatusCode::NO_CONTENT.into_response())
}

/// The answer to a write with a token; a stale one is answered with the newest.
fn fenced(answer: Result<Fenced, Unavailable>, url: String) -> Response {
    match answer {
        Ok(Fenced::Done) => url.into_response(),
        Ok(Fenced::Absent) => absent(),
        Ok(Fenced::Stale(newest)) => (StatusCode::PRECONDITION_FAILED, newest.to_string()).into_response(),
        Err(unavailable) => unavailable.into_response(),
    }
}

fn number(header: &HeaderValue) -> Option<u64> {
    header.to_str().ok()?.parse().ok()
}

/// The url and the alias of a form, or what is wrong with it.
fn target(form: Result<Form<Fields>, FormRejection>) -> Result<(String, Option<String>), String> {
    let Form(fields) = form.map_err(|error| error.body_text())?;
    let url = fields.url.ok_or("the form field `url` is missing")?;
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err("the url must begin with http:// or https://".into());
    }
    if rest.is_empty() || rest.starts_with(['/', '?', '#']) {
        return Err("the url has no host".into());
    }
    if url.len() > LONGEST_URL_BYTES {
        return Err("the url is longer than 2048 bytes".into());
    }
    // No url has these (RFC 3986, appendix C), and they would end the url in a `Link` or an `If-Match`.
    if !url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"".contains(&byte)) {
        return Err("the url holds a character that must be percent-encoded".into());
    }
    let alias = fields.alias.filter(|alias| !alias.is_empty());
    if alias.as_deref().is_some_and(|alias| !may_be_claimed(alias)) {
        return Err(format!(
            "an alias is 1 to {LONGEST_ALIAS_BYTES} letters, digits, `-`, `_`, `.` or `~`, and no route"
        ));
    }
    Ok((url, alias))
}

/// Whether `GET /alias` would lead to it: a path of one part that means nothing else.
fn may_be_claimed(alias: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    alias.len() <= LONGEST_ALIAS_BYTES && alias.bytes().all(plain) && !["txn", ".", ".."].contains(&alias)
}

/// The answer to a write; a refusal is answered `refused`, with the current url as the body.
fn respond(answer: Result<Answer, Unavailable>, refused: StatusCode, done: impl FnOnce() -> Response) -> Response {
    match answer {
        Ok(Answer::Done) => done(),
        Ok(Answer::Absent) => absent(),
        Ok(Answer::Refused(current)) => (refused, current.unwrap_or_default()).into_response(),
        Err(unavailable) => unavailable.into_response(),
    }
}

impl IntoResponse for Unavailable {
    fn into_response(self) -> Response {
        let text = self.to_string();
        match self {
            Unavailable::NoEffect(_) => (StatusCode::SERVICE_UNAVAILABLE, [(EFFECT, "none")], text).into_response(),
            Unavailable::MayTakeEffect(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, [(EFFECT, "unknown")], text).into_response()
            }
            Unavailable::NotOffered(_) => (StatusCode::NOT_IMPLEMENTED, text).into_response(),
            Unavailable::NotCached => (StatusCode::GATEWAY_TIMEOUT, text).into_response(),
        }
    }
}

fn oops() -> Response {
    (StatusCode::NOT_FOUND, "oops").into_response()
}

fn absent() -> Response {
    (StatusCode::NOT_FOUND, "Not Found").into_response()
}

fn invalid(reason: &str) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, reason.to_owned()).into_response()
}

fn unquote(quoted: &[u8]) -> Option<String> {
    let inner = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    String::from_utf8(inner.to_vec()).ok()
}
