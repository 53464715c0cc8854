//! Anti-entropy: a node asks each peer in turn for what it has not seen yet, for as long as it lives.
//!
//! The question is a version vector, so that a peer without news costs one small message each way; news comes in chunks of
//! bounded size. The first question after a start, a heal or a peer's return is as good as any: nothing is kept for a peer
//! that is away. Source: Demers et al., "Epidemic Algorithms for Replicated Database Maintenance" (PODC 1987).

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::replica::Chunk;
use super::store::Store;
use super::version::Seen;
use crate::node::{Node, NodeError, spawn};
use crate::peers::{self, Peers};

/// Between two questions to the same peer.
const INTERVAL: Duration = Duration::from_millis(200);

/// How long a peer has for an answer.
const DEADLINE: Duration = Duration::from_millis(400);

/// A question: what do you have that I have not seen, after this code?
#[derive(Debug, Serialize, Deserialize)]
struct Pull {
    seen: Seen,
    after: Option<String>,
}

/// Pulls from every peer, and answers their questions until the host is stopped.
pub(super) async fn run(node: &Node, store: Store) -> Result<(), NodeError> {
    let peers: Peers<Pull, Chunk> = Peers::of(node);
    for peer in node.peers.clone() {
        let (peers, store) = (peers.clone(), store.clone());
        spawn(async move {
            loop {
                if let Err(error) = pull(&peers, &peer, &store).await {
                    tracing::debug!("no news from {peer}: {error}");
                }
                tokio::time::sleep(INTERVAL).await;
            }
        });
    }
    let answer = move |_: Arc<str>, pull: Pull| {
        let chunk = store.newer_than(&pull.seen, pull.after.as_deref());
        async move { chunk }
    };
    peers::serve(node, answer).await
}

/// Takes over all that `peer` has and this node has not seen.
async fn pull(peers: &Peers<Pull, Chunk>, peer: &Arc<str>, store: &Store) -> Result<(), NodeError> {
    let seen = store.seen();
    let (mut after, mut claimable) = (None, None);
    loop {
        let question = Pull { seen: seen.clone(), after: after.take() };
        let chunk = peers.ask(peer, question, DEADLINE).await?;
        after = chunk.links.last().map(|(code, _)| code.clone());
        // What the peer had seen when it sent the first chunk is surely in one of the chunks; later news may not be.
        claimable.get_or_insert(chunk.seen);
        store.absorb(chunk.links)?;
        if !chunk.more {
            break;
        }
    }
    store.claim(claimable.unwrap_or_default()).await?;
    Ok(())
}
