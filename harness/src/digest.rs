//! The digest of a run: two runs with one digest were the same, byte for byte.

use netsplit_checker::formats::{self, Format};
use sha2::{Digest, Sha256};

use crate::simulate::Recording;

/// SHA-256 over the history, the record of the network, and who was stuck, in hexadecimal.
pub fn of(recording: &Recording) -> String {
    let mut hash = Sha256::new();
    hash.update(history(recording));
    for host in &recording.record.hosts {
        hash.update(host.as_bytes());
        hash.update([0]);
    }
    for message in &recording.record.messages {
        hash.update(message.time_ns.to_le_bytes());
        hash.update(message.from.to_le_bytes());
        hash.update(message.to.to_le_bytes());
        hash.update(message.port.to_le_bytes());
        hash.update([message.what as u8]);
        hash.update(message.size_bytes.to_le_bytes());
    }
    for stuck in &recording.stuck {
        hash.update(stuck.node.as_bytes());
    }
    if let Some(panicked) = &recording.panicked {
        hash.update(panicked.message.as_bytes());
    }
    format!("{:x}", hash.finalize())
}

/// The history in its canonical form.
pub fn history(recording: &Recording) -> Vec<u8> {
    let mut bytes = Vec::new();
    formats::write(Format::Jsonl, &recording.history, &mut bytes).expect("writing to memory does not fail");
    bytes
}
