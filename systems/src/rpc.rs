//! Requests and replies in a protocol of one's own: types that serde knows, one frame each, over [`Net`]. For nodes and clients
//! that speak no protocol of the world; links between nodes that carry several requests at a time are [`crate::peers`].

use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::call::CallError;
use crate::frame::{First, encode, first};
use crate::net::{Net, Stream};
use crate::node::{NodeError, spawn};

/// Serves requests of type `Q` on `port` until the host is stopped. A connection's requests are answered in order, those of
/// different connections side by side.
///
/// ```
/// use netsplit_systems::node::{Node, NodeFuture};
/// use netsplit_systems::rpc;
///
/// fn doubler(node: Node) -> NodeFuture {
///     Box::pin(async move { rpc::serve(&node.net, 1234, |number: u32| async move { number * 2 }).await })
/// }
/// ```
pub async fn serve<Q, R, F, Fut>(net: &Net, port: u16, handler: F) -> Result<(), NodeError>
where
    Q: DeserializeOwned + 'static,
    R: Serialize + 'static,
    F: Fn(Q) -> Fut + Clone + 'static,
    Fut: Future<Output = R> + 'static,
{
    let listener = net.listen(port).await?;
    loop {
        let (mut wire, handler) = (Wire::new(listener.accept().await?), handler.clone());
        spawn(async move {
            // An error is the end of the connection: whoever asked opens another.
            while let Ok(request) = wire.read().await
                && wire.write(&handler(request).await).await.is_ok()
            {}
        });
    }
}

/// Asks nodes on one port, one request at a time, on one connection to each, which is opened anew after any failure.
#[derive(Debug)]
pub struct Caller<Q, R> {
    net: Net,
    port: u16,
    deadline: Duration,
    wires: BTreeMap<Arc<str>, Wire>,
    types: PhantomData<fn(Q) -> R>,
}

impl<Q: Serialize, R: DeserializeOwned> Caller<Q, R> {
    /// A caller whose calls take at most `deadline`.
    pub fn new(net: Net, port: u16, deadline: Duration) -> Caller<Q, R> {
        Caller { net, port, deadline, wires: BTreeMap::new(), types: PhantomData }
    }

    /// Asks `node` and awaits its reply. `NotSent` means that it can't have seen the request; `Lost`, that it may have, or may yet.
    pub async fn call(&mut self, node: &Arc<str>, request: &Q) -> Result<R, CallError> {
        let started = tokio::time::Instant::now();
        let mut wire = match self.wires.remove(node) {
            Some(wire) => wire,
            None => Wire::new(self.net.connect(node, self.port, self.deadline).await?),
        };
        let exchange = async {
            wire.write(request).await?;
            wire.read().await
        };
        match tokio::time::timeout(self.deadline.saturating_sub(started.elapsed()), exchange).await {
            Ok(Ok(reply)) => {
                self.wires.insert(node.clone(), wire);
                Ok(reply)
            }
            Ok(Err(error)) => Err(CallError::Lost(format!("the connection to {node} broke: {error}"))),
            Err(_) => Err(CallError::Lost(format!("{node} did not answer within {:?}", self.deadline))),
        }
    }
}

/// A connection, and what came in on it and was not read yet.
#[derive(Debug)]
struct Wire {
    stream: Stream,
    unread: Vec<u8>,
}

impl Wire {
    fn new(stream: Stream) -> Wire {
        Wire { stream, unread: Vec::new() }
    }

    async fn write(&mut self, value: &impl Serialize) -> std::io::Result<()> {
        self.stream.write_all(&encode(value)).await?;
        self.stream.flush().await
    }

    async fn read<T: DeserializeOwned>(&mut self) -> std::io::Result<T> {
        loop {
            match first(&self.unread) {
                First::Frame(value, length_bytes) => {
                    self.unread.drain(..length_bytes);
                    return Ok(value);
                }
                First::Incomplete => {
                    if self.stream.read_buf(&mut self.unread).await? == 0 {
                        return Err(std::io::ErrorKind::UnexpectedEof.into());
                    }
                }
                // Answers belong to requests by their order: after one that can't be read, none can be told from the next.
                First::Damaged(_) | First::Lost => return Err(std::io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Cluster;
    use crate::node::NodeFuture;

    const PORT: u16 = 1234;

    fn slow_doubler(node: crate::node::Node) -> NodeFuture {
        let double = |number: u32| async move {
            tokio::time::sleep(Duration::from_millis(u64::from(number))).await;
            number * 2
        };
        Box::pin(async move { serve(&node.net, PORT, double).await })
    }

    async fn ask(mut caller: Caller<u32, u32>, numbers: &[u32]) -> Vec<Result<u32, CallError>> {
        let mut answers = Vec::new();
        for number in numbers {
            answers.push(caller.call(&"n1".into(), number).await);
        }
        answers
    }

    #[test]
    fn an_answer_that_comes_too_late_is_lost_and_not_taken_for_the_next() {
        let mut cluster = Cluster::start(1, slow_doubler);
        let answers =
            cluster.ask(|net| async { ask(Caller::new(net, PORT, Duration::from_millis(300)), &[7, 400, 8]).await });
        assert!(matches!(answers[..], [Ok(14), Err(CallError::Lost(_)), Ok(16)]), "{answers:?}");
    }

    #[test]
    fn what_nobody_listens_to_is_not_sent() {
        let mut cluster = Cluster::start(1, slow_doubler);
        let answers = cluster.ask(|net| async { ask(Caller::new(net, PORT + 1, Duration::from_secs(1)), &[7]).await });
        assert!(matches!(answers[..], [Err(CallError::NotSent(_))]), "{answers:?}");
    }
}
