//! What the server keeps for one connection: its transaction and the keys that it watches.

use bytes::Bytes;

use super::keyspace::Keyspace;

/// One connection, from accept to close. Make a new one for each; drop it with the connection,
/// which discards an open transaction as Redis does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    pub(super) transaction: Option<Transaction>,
    pub(super) name: Bytes,
    pub(super) closing: bool,
    watched: Vec<(Bytes, u64)>,
}

/// The commands since `MULTI`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) queue: Vec<Vec<Bytes>>,
    /// A command was refused before it could be queued: `EXEC` may run nothing.
    pub(super) aborted: bool,
}

impl Session {
    /// Whether the host should close this connection after the last reply (`QUIT`).
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    pub(super) fn in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    pub(super) fn watch(&mut self, keyspace: &Keyspace, key: &Bytes) {
        self.watched.push((key.clone(), keyspace.version(key)));
    }

    pub(super) fn unwatch(&mut self) {
        self.watched.clear();
    }

    /// Whether a watched key was touched since, by whomever, this session included.
    pub(super) fn is_dirty(&self, keyspace: &Keyspace) -> bool {
        self.watched.iter().any(|(key, version)| keyspace.version(key) != *version)
    }

    /// A refusal before queueing: the transaction, if there is one, can no longer be executed.
    pub(super) fn abort(&mut self) {
        if let Some(transaction) = &mut self.transaction {
            transaction.aborted = true;
        }
    }
}
