//! A worker: counts the words of a chunk and delivers the counts, at least once.

use std::sync::Arc;

use futures::future::join_all;

use super::words::{Counts, count, shares};
use super::{DEADLINE, Machine, Reply, Request};

/// How often a delivery is tried, until the coordinator has to see to it.
const TRIES: usize = 3;

impl Machine {
    /// Counts a chunk, and delivers every reducer its share, if only to say that it has none.
    pub(super) async fn map(&self, job: String, chunk: u32, text: &str) {
        let shares = shares(count(text), self.everyone.len());
        let delivering = self.everyone.iter().zip(shares);
        join_all(delivering.map(|(reducer, share)| self.deliver(reducer, &job, chunk, share))).await;
    }

    async fn deliver(&self, reducer: &Arc<str>, job: &str, chunk: u32, counts: Counts) {
        let request = Request::Deliver { job: job.to_owned(), chunk, counts };
        for _ in 0..TRIES {
            // No answer does not mean that it was not delivered.
            if let Ok(Reply::Done) = self.ask(reducer, request.clone(), DEADLINE).await {
                return;
            }
        }
    }
}
