//! Labelled streams of randomness: the same seed and label give the same dice, whatever else is drawn.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// The stream of `seed` that `label` names.
pub fn dice(seed: u64, label: &str) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(label.as_bytes());
    ChaCha8Rng::from_seed(hash.finalize().into())
}
