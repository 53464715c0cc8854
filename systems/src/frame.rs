//! Frames: how a value is written where bytes may be cut short or damaged, on a link or in a journal.
//!
//! A frame is the length of its body, the CRC-32 of that length, the CRC-32 of the body, and the body as JSON, so that a
//! frame that was cut short can be told from one that was damaged.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes before the body.
pub(crate) const HEAD_BYTES: usize = 12;

/// What some bytes begin with.
#[derive(Debug)]
pub(crate) enum First<T> {
    /// Nothing, or the beginning of a frame.
    Incomplete,
    /// A value, with the length of its frame in bytes.
    Frame(T, usize),
    /// A complete frame that is not as it was written, with its length.
    Damaged(usize),
    /// A head that is not as it was written: nobody knows where the next frame begins.
    Lost,
}

/// The value that `bytes` begin with.
pub(crate) fn first<T: DeserializeOwned>(bytes: &[u8]) -> First<T> {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else { return First::Incomplete };
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if crc32fast::hash(&head[..4]) != word(4) {
        return First::Lost;
    }
    let length_bytes = word(0) as usize;
    let Some(body) = rest.get(..length_bytes) else { return First::Incomplete };
    match serde_json::from_slice(body) {
        Ok(value) if crc32fast::hash(body) == word(8) => First::Frame(value, HEAD_BYTES + length_bytes),
        _ => First::Damaged(HEAD_BYTES + length_bytes),
    }
}

/// The frame of `value`.
pub(crate) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let body = serde_json::to_vec(value).expect("a value has string keys and no failing parts");
    let length = u32::try_from(body.len()).expect("a value is smaller than 4 GB").to_le_bytes();
    let checks = [crc32fast::hash(&length), crc32fast::hash(&body)].map(u32::to_le_bytes);
    [&length[..], &checks[0], &checks[1], &body].concat()
}
