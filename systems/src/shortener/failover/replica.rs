//! The replica: takes what the primary of the highest epoch that it knows of sends, and drops its own log when it parted from
//! that one.

use super::server::Server;
use super::{Excerpt, Reply};
use crate::disk::DiskError;

impl Server {
    /// Takes what the primary sends, and says where its log ends then.
    pub(super) async fn take(&self, excerpt: Excerpt) -> Reply {
        self.learn(excerpt.reign.clone());
        let taken = match self.merge(excerpt) {
            Ok(()) => self.settle().await.map(drop),
            Err(error) => Err(error),
        };
        match taken {
            Ok(()) => self.whereabouts(),
            Err(error) => Reply::Uncertain(error.to_string()),
        }
    }

    fn merge(&self, excerpt: Excerpt) -> Result<(), DiskError> {
        let mut state = self.state();
        let epoch = excerpt.reign.epoch;
        if excerpt.reign != state.memory.reign || excerpt.reign.primary == self.me {
            return Ok(());
        }
        let end = state.store.end();
        match excerpt.onto {
            Some(onto) if onto == end => {
                state.matched = Some(epoch);
                state.store.append(excerpt.entries)
            }
            // A copy that was sent twice, or was overtaken, must not take back what came after it.
            None if state.matched != Some(epoch) => {
                tracing::info!(
                    "full copy from {}: {end:?} is dropped for {} entries",
                    excerpt.reign.primary,
                    excerpt.entries.len()
                );
                state.matched = Some(epoch);
                state.store.replace(excerpt.entries)
            }
            _ => Ok(()),
        }
    }
}
