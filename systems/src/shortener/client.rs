//! The link shortener's client: typed calls over its HTTP interface, each answer an observation.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, IF_MATCH};
use hyper::{Method, Request, Response, StatusCode};

use super::api::{EFFECT, FENCING_TOKEN};
use super::{Answer, Fenced, Lock};
use crate::call::CallError;
use crate::http;

/// The link shortener's interface, over an HTTP client.
#[derive(Debug)]
pub struct LinkClient<'c> {
    http: &'c mut http::Client,
}

impl<'c> LinkClient<'c> {
    /// Asks through `http`.
    pub fn new(http: &'c mut http::Client) -> LinkClient<'c> {
        LinkClient { http }
    }

    /// Creates a link under the code of its url.
    pub async fn create(&mut self, node: &Arc<str>, url: &str) -> Result<Answer, CallError> {
        let response = self.send(node, Method::POST, "/", None, &[("url", url)]).await?;
        written(&response)
    }

    /// Creates a link under `alias`, if nobody has it.
    pub async fn claim(&mut self, node: &Arc<str>, alias: &str, url: &str) -> Result<Answer, CallError> {
        let response = self.send(node, Method::POST, "/", None, &[("url", url), ("alias", alias)]).await?;
        written(&response)
    }

    /// Re-targets a link.
    pub async fn retarget(&mut self, node: &Arc<str>, code: &str, url: &str) -> Result<Answer, CallError> {
        let response = self.send(node, Method::PUT, &format!("/{code}"), None, &[("url", url)]).await?;
        written(&response)
    }

    /// Re-targets a link whose target is `old`.
    pub async fn compare_and_set(
        &mut self,
        node: &Arc<str>,
        code: &str,
        old: &str,
        new: &str,
    ) -> Result<Answer, CallError> {
        let response =
            self.send(node, Method::PUT, &format!("/{code}"), Some((IF_MATCH, quoted(old))), &[("url", new)]).await?;
        written(&response)
    }

    /// Deletes a link.
    pub async fn delete(&mut self, node: &Arc<str>, code: &str) -> Result<Answer, CallError> {
        let response = self.send(node, Method::DELETE, &format!("/{code}"), None, &[]).await?;
        written(&response)
    }

    /// The target of a link.
    pub async fn follow(&mut self, node: &Arc<str>, code: &str) -> Result<Option<String>, CallError> {
        let response = self.send(node, Method::GET, &format!("/{code}"), None, &[]).await?;
        match response.status() {
            StatusCode::FOUND => Ok(Some(body(&response))),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(failure(&response)),
        }
    }

    /// How often a link was followed.
    pub async fn redirects(&mut self, node: &Arc<str>, code: &str) -> Result<u64, CallError> {
        let response = self.send(node, Method::GET, &format!("/{code}/aggregates"), None, &[]).await?;
        let count = body(&response).strip_prefix("Redirects: ").and_then(|count| count.parse().ok());
        count.ok_or_else(|| failure(&response))
    }

    /// Takes a lock.
    pub async fn lock(&mut self, node: &Arc<str>, name: &str) -> Result<Lock, CallError> {
        let response = self.send(node, Method::POST, &format!("/locks/{name}"), None, &[]).await?;
        match (response.status(), body(&response).parse()) {
            (StatusCode::OK, Ok(token)) => Ok(Lock::Granted(token)),
            (StatusCode::CONFLICT, _) => Ok(Lock::Held),
            _ => Err(failure(&response)),
        }
    }

    /// Gives back a lock that was taken with this token.
    pub async fn unlock(&mut self, node: &Arc<str>, name: &str, token: u64) -> Result<Answer, CallError> {
        let tag = quoted(&token.to_string());
        let response = self.send(node, Method::DELETE, &format!("/locks/{name}"), Some((IF_MATCH, tag)), &[]).await?;
        written(&response)
    }

    /// Re-targets a link with a lock's token.
    pub async fn retarget_fenced(
        &mut self,
        node: &Arc<str>,
        code: &str,
        token: u64,
        url: &str,
    ) -> Result<Fenced, CallError> {
        let header = Some((FENCING_TOKEN, token.to_string()));
        let response = self.send(node, Method::PUT, &format!("/{code}"), header, &[("url", url)]).await?;
        match (response.status(), body(&response).parse()) {
            (StatusCode::OK, _) => Ok(Fenced::Done),
            (StatusCode::NOT_FOUND, _) => Ok(Fenced::Absent),
            (StatusCode::PRECONDITION_FAILED, Ok(newest)) => Ok(Fenced::Stale(newest)),
            _ => Err(failure(&response)),
        }
    }

    /// Runs a JSON list of micro-operations as one; returns them with their results. An aborted transaction had no effect.
    pub async fn transact(&mut self, node: &Arc<str>, steps: String) -> Result<String, CallError> {
        let request = Request::builder().method(Method::POST).uri("/txn").header(HOST, node.as_ref());
        let request = request.header(CONTENT_TYPE, "application/json").body(Full::new(steps.into()));
        let request = request.map_err(|error| CallError::NotSent(error.to_string()))?;
        let response = self.http.call(node, request).await?;
        match response.status() {
            StatusCode::OK => Ok(body(&response)),
            StatusCode::CONFLICT => Err(CallError::Refused(format!("aborted: {}", body(&response)))),
            _ => Err(failure(&response)),
        }
    }

    async fn send(
        &mut self,
        node: &Arc<str>,
        method: Method,
        path: &str,
        condition: Option<(HeaderName, String)>,
        form: &[(&str, &str)],
    ) -> Result<Response<Bytes>, CallError> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, node.as_ref());
        if let Some((name, value)) = condition {
            request = request.header(name, value);
        }
        let mut content = Bytes::new();
        if !form.is_empty() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            let fields: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
            content = fields.join("&").into();
        }
        let request = request.body(Full::new(content)).map_err(|error| CallError::NotSent(error.to_string()))?;
        self.http.call(node, request).await
    }
}

/// What the answer to a write shows.
fn written(response: &Response<Bytes>) -> Result<Answer, CallError> {
    match response.status() {
        StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT => Ok(Answer::Done),
        StatusCode::NOT_FOUND => Ok(Answer::Absent),
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => {
            let current = body(response);
            Ok(Answer::Refused((!current.is_empty()).then_some(current)))
        }
        _ => Err(failure(response)),
    }
}

/// What may be concluded from any other answer: only one that says so had no effect.
pub(crate) fn failure(response: &Response<Bytes>) -> CallError {
    let reason = format!("{}: {}", response.status().as_u16(), body(response));
    let none = response.headers().get(EFFECT).is_some_and(|effect| effect == "none");
    match response.status() {
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::NOT_IMPLEMENTED => CallError::Refused(reason),
        StatusCode::SERVICE_UNAVAILABLE if none => CallError::Refused(reason),
        _ => CallError::Lost(reason),
    }
}

fn quoted(tag: &str) -> String {
    format!("\"{tag}\"")
}

fn body(response: &Response<Bytes>) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

/// Percent-encodes a form value.
fn encode(value: &str) -> String {
    value.bytes().fold(String::with_capacity(value.len()), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            _ => {
                encoded.push('%');
                for nibble in [byte >> 4, byte & 15] {
                    encoded.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
                }
            }
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, effect: Option<&str>, body: &'static str) -> Response<Bytes> {
        let mut response = Response::builder().status(status);
        if let Some(effect) = effect {
            response = response.header(EFFECT, effect);
        }
        response.body(Bytes::from_static(body.as_bytes())).expect("the status and the header are right")
    }

    #[test]
    fn only_what_says_so_had_no_effect() {
        for (status, effect, refused) in [
            (503, Some("none"), true),
            (503, Some("unknown"), false),
            (503, None, false),
            (422, None, true),
            (501, None, true),
            (500, Some("none"), false),
            (504, None, false),
            (200, None, false),
        ] {
            let failure = failure(&response(status, effect, "why"));
            assert_eq!(matches!(failure, CallError::Refused(_)), refused, "{status} {effect:?}: {failure}");
            assert_eq!(matches!(failure, CallError::Lost(_)), !refused, "{status} {effect:?}: {failure}");
        }
    }

    #[test]
    fn an_answer_to_a_write_is_what_was_observed() {
        for (status, body, answer) in [
            (200, "https://one.example", Answer::Done),
            (201, "code", Answer::Done),
            (204, "", Answer::Done),
            (404, "Not Found", Answer::Absent),
            (409, "https://one.example", Answer::Refused(Some("https://one.example".into()))),
            (412, "https://one.example", Answer::Refused(Some("https://one.example".into()))),
            (412, "", Answer::Refused(None)),
        ] {
            assert_eq!(written(&response(status, None, body)), Ok(answer), "{status}");
        }
    }
}
