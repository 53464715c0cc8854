//! Texts: cut into chunks, counted, and shared out among reducers.

use std::collections::BTreeMap;

/// How often each word occurs.
pub type Counts = BTreeMap<String, u64>;

/// How many words a chunk has.
const CHUNK: usize = 8;

/// The chunks of a text, in order: the same text gives the same chunks, so that a chunk's number names it.
pub(super) fn chunks(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.chunks(CHUNK).map(|words| words.join(" ")).collect()
}

/// How often each word occurs in a chunk.
pub(super) fn count(chunk: &str) -> Counts {
    chunk.split_whitespace().fold(Counts::new(), |mut counts, word| {
        *counts.entry(word.to_owned()).or_default() += 1;
        counts
    })
}

/// What each of `reducers` is to count of these: every word is counted by one of them.
pub(super) fn shares(counts: Counts, reducers: usize) -> Vec<Counts> {
    let mut shares = vec![Counts::new(); reducers];
    for (word, count) in counts {
        shares[crc32fast::hash(word.as_bytes()) as usize % reducers].insert(word, count);
    }
    shares
}

/// The sum of many counts.
pub(super) fn sum<'c>(all: impl IntoIterator<Item = &'c Counts>) -> Counts {
    all.into_iter().flatten().fold(Counts::new(), |mut sum, (word, count)| {
        *sum.entry(word.clone()).or_default() += count;
        sum
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{chunks, count, shares, sum};

    proptest! {
        #[test]
        fn the_shares_of_all_chunks_come_to_the_words_of_the_text(text in "([a-f]{1,2} ){0,60}", reducers in 1_usize..7) {
            let shared: Vec<_> = chunks(&text).iter().flat_map(|chunk| shares(count(chunk), reducers)).collect();
            prop_assert_eq!(sum(&shared), count(&text));
        }
    }
}
