//! Fail-stop: a node whose disk has failed ends, and answers nobody any more, since nobody knows what of its promises is
//! durable. Whoever starts it again reads what is.
//!
//! Source: Schlichting and Schneider, "Fail-stop processors" (1983). A sync that succeeds after one that failed says nothing of
//! what the first one lost: Rebello et al., "Can applications recover from fsync failures?" (2020).

use std::future::{Future, pending};

use tokio::sync::watch;

use crate::disk::DiskError;
use crate::node::NodeError;

/// Ends the node when its disk fails; clones end the same node.
#[derive(Clone, Debug)]
pub(crate) struct FailStop(watch::Sender<Option<DiskError>>);

impl FailStop {
    /// For a node whose disk is well.
    pub(crate) fn new() -> FailStop {
        FailStop(watch::Sender::new(None))
    }

    /// What the disk gave. Of a disk that has failed nobody ever gets an answer.
    pub(crate) async fn checked<T>(&self, result: Result<T, DiskError>) -> T {
        match result {
            Ok(done) if self.0.borrow().is_none() => done,
            Ok(_) => pending().await,
            Err(error) => {
                self.0.send_replace(Some(error));
                pending().await
            }
        }
    }

    /// Does the node's work until the disk fails.
    pub(crate) async fn guard(&self, work: impl Future<Output = Result<(), NodeError>>) -> Result<(), NodeError> {
        let mut failure = self.0.subscribe();
        tokio::select! {
            biased;
            Ok(error) = failure.wait_for(Option::is_some) => Err(error.clone().expect("it was awaited").into()),
            ended = work => ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::FailStop;
    use crate::disk::DiskError;

    #[test]
    fn a_node_whose_disk_has_failed_ends_and_answers_nobody_any_more() {
        let fail_stop = FailStop::new();
        assert_eq!(fail_stop.checked(Ok(1)).now_or_never(), Some(1));
        let mut node = Box::pin(fail_stop.guard(std::future::pending()));
        assert!((&mut node).now_or_never().is_none(), "the disk is well");
        assert_eq!(fail_stop.checked::<u8>(Err(DiskError::SyncFailed)).now_or_never(), None);
        assert_eq!(fail_stop.checked(Ok(2)).now_or_never(), None, "what goes well after it is of no use");
        let ended = node.now_or_never().expect("it ends").expect_err("its disk failed");
        assert_eq!(ended.to_string(), DiskError::SyncFailed.to_string());
    }
}
