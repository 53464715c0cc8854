//! Links between nodes: requests, replies and one-way messages, framed, on connections that are opened again after a failure.
//!
//! What a link promises: in order while a connection lives, no delivery, perhaps twice. What was damaged on the way is
//! thrown away, as a checksum makes a network do. Whoever shows another cookie is not talked to.

mod connection;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::call::CallError;
use crate::net::{Net, Stream};
use crate::node::{Node, NodeError, PEER_PORT, spawn};
use connection::{Connection, Reader, outbox};

/// What can be sent to a peer, or back.
pub trait Message: Serialize + DeserializeOwned + Send + 'static {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Message for T {}

/// What travels on a link.
#[derive(Debug, Serialize, Deserialize)]
enum Frame<Q, R> {
    /// Says who opened the connection, and that it is one of us.
    Hello { from: Arc<str>, cookie: Arc<str> },
    /// A request, and the number that its reply will have.
    Ask(u64, Q),
    /// A request that nobody awaits the reply of.
    Tell(Q),
    /// The reply to the request of this number.
    Reply(u64, R),
}

/// A node's links to its peers: requests of type `Q`, replies of type `R`. Clones share the links.
#[derive(Debug)]
pub struct Peers<Q, R> {
    me: Arc<str>,
    cookie: Arc<str>,
    net: Net,
    links: Arc<Mutex<Links<Q, R>>>,
}

/// The link to each peer.
type Links<Q, R> = BTreeMap<Arc<str>, Link<Q, R>>;

/// The connection to one peer, if there is one; whoever opens it keeps the others waiting.
type Link<Q, R> = Arc<tokio::sync::Mutex<Option<Connection<Q, R>>>>;

impl<Q, R> Clone for Peers<Q, R> {
    fn clone(&self) -> Peers<Q, R> {
        Peers { me: self.me.clone(), cookie: self.cookie.clone(), net: self.net.clone(), links: self.links.clone() }
    }
}

impl<Q: Message, R: Message> Peers<Q, R> {
    /// The links of `node`; a connection is opened when it is first needed.
    pub fn of(node: &Node) -> Peers<Q, R> {
        Peers { me: node.id.clone(), cookie: node.cookie.clone(), net: node.net.clone(), links: Arc::default() }
    }

    /// Asks `peer` and awaits its reply until the deadline.
    ///
    /// `NotSent` means that the peer can't have seen the request; `Lost`, that it may have, or may yet.
    pub async fn ask(&self, peer: &Arc<str>, request: Q, deadline: Duration) -> Result<R, CallError> {
        let started = tokio::time::Instant::now();
        let opened = tokio::time::timeout(deadline, self.connection(peer, deadline)).await;
        let connection = opened.map_err(|_| CallError::NotSent(format!("no link to {peer} within {deadline:?}")))??;
        let left = deadline.saturating_sub(started.elapsed());
        let answered = tokio::time::timeout(left, connection.ask(request)).await;
        match answered {
            Ok(Some(reply)) => Ok(reply),
            Ok(None) => Err(CallError::Lost(format!("the link to {peer} broke"))),
            Err(_) => {
                // A connection that lost a segment is silent for ever: the next request opens a new one.
                self.replace(peer, &connection).await;
                Err(CallError::Lost(format!("{peer} did not reply within {deadline:?}")))
            }
        }
    }

    /// Sends `peer` a message that has no reply; it is lost if no link can be opened within the deadline.
    pub async fn tell(&self, peer: &Arc<str>, message: Q, deadline: Duration) {
        if let Ok(Ok(connection)) = tokio::time::timeout(deadline, self.connection(peer, deadline)).await {
            connection.tell(message);
        }
    }

    async fn connection(&self, peer: &Arc<str>, deadline: Duration) -> Result<Connection<Q, R>, CallError> {
        let link = self.links.lock().expect("no holder panics").entry(peer.clone()).or_default().clone();
        let mut link = link.lock().await;
        if let Some(connection) = link.as_ref().filter(|connection| connection.is_open()) {
            return Ok(connection.clone());
        }
        let stream = self.net.connect(peer, PEER_PORT, deadline).await?;
        let connection = Connection::open(stream, Frame::Hello { from: self.me.clone(), cookie: self.cookie.clone() });
        *link = Some(connection.clone());
        Ok(connection)
    }

    async fn replace(&self, peer: &Arc<str>, dead: &Connection<Q, R>) {
        let link = self.links.lock().expect("no holder panics").get(peer).cloned();
        if let Some(link) = link {
            let mut link = link.lock().await;
            if link.as_ref().is_some_and(|present| present.is(dead)) {
                *link = None;
            }
        }
    }
}

/// Has `ask` ask each of these nodes at once. The answers come out as they come in, and then nothing; who has enough of them
/// may leave, and all are asked all the same.
pub fn ask_each<R: 'static, F: Future<Output = Option<R>> + 'static>(
    nodes: &[Arc<str>],
    ask: impl Fn(Arc<str>) -> F,
) -> mpsc::UnboundedReceiver<R> {
    let (sender, answers) = mpsc::unbounded_channel();
    for node in nodes {
        let (answer, sender) = (ask(node.clone()), sender.clone());
        spawn(async move {
            if let Some(answer) = answer.await {
                let _enough = sender.send(answer);
            }
        });
    }
    answers
}

/// Serves the peers of `node` until the host is stopped: `handler` gets each request with the name of who asks. Handlers
/// start in the order in which the requests of a connection arrive, and then run side by side.
pub async fn serve<Q, R, F, Fut>(node: &Node, handler: F) -> Result<(), NodeError>
where
    Q: Message,
    R: Message,
    F: Fn(Arc<str>, Q) -> Fut + Clone + 'static,
    Fut: Future<Output = R> + 'static,
{
    let listener = node.net.listen(PEER_PORT).await?;
    loop {
        let stream = listener.accept().await?;
        spawn(converse::<Q, R, F, Fut>(stream, node.cookie.clone(), handler.clone()));
    }
}

async fn converse<Q, R, F, Fut>(stream: Stream, cookie: Arc<str>, handler: F)
where
    Q: Message,
    R: Message,
    F: Fn(Arc<str>, Q) -> Fut + Clone + 'static,
    Fut: Future<Output = R> + 'static,
{
    let (reader, replies) = outbox::<Q, R>(stream);
    let mut reader: Reader<Q, R> = reader;
    let from = match reader.next().await {
        Some(Frame::Hello { from, cookie: theirs }) if theirs == cookie => from,
        Some(Frame::Hello { from, .. }) => return tracing::warn!("refused {from}: it has another cookie"),
        _ => return,
    };
    while let Some(frame) = reader.next().await {
        let (handler, replies, from) = (handler.clone(), replies.clone(), from.clone());
        match frame {
            Frame::Ask(number, request) => spawn(async move {
                let reply = handler(from, request).await;
                // Whoever asked may have gone.
                let _gone = replies.send(Frame::Reply(number, reply));
            }),
            Frame::Tell(message) => spawn(async move {
                handler(from, message).await;
            }),
            Frame::Hello { .. } | Frame::Reply(..) => return tracing::warn!("{from} does not keep to the protocol"),
        }
    }
}

#[cfg(test)]
mod tests;
