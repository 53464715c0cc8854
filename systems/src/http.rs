//! HTTP on both sides: serving a router on the simulated network, and a client that never retries and knows what it
//! may conclude from a failure.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;

use crate::call::CallError;
use crate::net::{Net, Stream};
use crate::node::{HTTP_PORT, NodeError, spawn};

/// Serves `router` on [`HTTP_PORT`] until the host is stopped.
pub async fn serve(net: &Net, router: Router) -> Result<(), NodeError> {
    let listener = net.listen(HTTP_PORT).await?;
    loop {
        let stream = listener.accept().await?;
        let service = TowerToHyperService::new(router.clone());
        spawn(async move {
            let mut server = hyper::server::conn::http1::Builder::new();
            // The date header would bring the real clock into the run.
            server.auto_date_header(false);
            if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!("a connection ended: {error}");
            }
        });
    }
}

/// A client with one connection to each node that it asks, opened anew after any failure.
#[derive(Debug)]
pub struct Client {
    net: Net,
    deadline: Duration,
    connections: BTreeMap<Arc<str>, SendRequest<Full<Bytes>>>,
    /// Numbers that answers gave its user for later, by name: the tokens of locks.
    pub notes: BTreeMap<String, u64>,
}

impl Client {
    /// A client whose calls take at most `deadline`.
    pub fn new(net: Net, deadline: Duration) -> Client {
        Client { net, deadline, connections: BTreeMap::new(), notes: BTreeMap::new() }
    }

    /// Another client of the same host, with connections of its own, to ask side by side.
    #[must_use]
    pub fn fork(&self) -> Client {
        Client::new(self.net.clone(), self.deadline)
    }

    /// Sends `request` to `node` and awaits the whole answer.
    pub async fn call(&mut self, node: &Arc<str>, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, CallError> {
        let started = tokio::time::Instant::now();
        let mut connection = self.connection(node).await?;
        let left = self.deadline.saturating_sub(started.elapsed());
        let exchange = async {
            let response = connection.send_request(request).await?;
            let (head, body) = response.into_parts();
            Ok::<_, hyper::Error>(Response::from_parts(head, body.collect().await?.to_bytes()))
        };
        match tokio::time::timeout(left, exchange).await {
            Ok(Ok(response)) => {
                self.connections.insert(node.clone(), connection);
                Ok(response)
            }
            Ok(Err(error)) => Err(CallError::Lost(format!("the connection to {node} broke: {error}"))),
            Err(_) => Err(CallError::Lost(format!("{node} did not answer within {:?}", self.deadline))),
        }
    }

    /// A connection that is ready to send; it is the caller's, so that one that failed is never used again.
    async fn connection(&mut self, node: &Arc<str>) -> Result<SendRequest<Full<Bytes>>, CallError> {
        if let Some(mut connection) = self.connections.remove(node)
            && connection.ready().await.is_ok()
        {
            return Ok(connection);
        }
        let stream = self.net.connect(node, HTTP_PORT, self.deadline).await?;
        handshake(stream).await.map_err(|error| CallError::NotSent(format!("no HTTP with {node}: {error}")))
    }
}

async fn handshake(stream: Stream) -> hyper::Result<SendRequest<Full<Bytes>>> {
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    spawn(async move {
        if let Err(error) = connection.await {
            tracing::trace!("a connection ended: {error}");
        }
    });
    Ok(sender)
}
