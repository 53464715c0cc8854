//! A fast hasher without a random seed, for tables whose order nobody sees.

use std::hash::{BuildHasherDefault, Hash, Hasher};

/// Multiply and rotate, a word at a time. Not proof against chosen collisions: the search's time bound is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WordHasher(u64);

/// Builds [`WordHasher`]s.
pub(crate) type BuildWordHasher = BuildHasherDefault<WordHasher>;

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.write_u64(u64::from_le_bytes(word.try_into().expect("a chunk has eight bytes")));
        }
        let rest = words.remainder();
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(last));
        }
    }

    fn write_u8(&mut self, n: u8) {
        self.write_u64(n.into());
    }

    fn write_u32(&mut self, n: u32) {
        self.write_u64(n.into());
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(23) ^ n).wrapping_mul(ODD);
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }

    fn write_i64(&mut self, n: i64) {
        self.write_u64(n.cast_unsigned());
    }

    fn write_isize(&mut self, n: isize) {
        self.write_u64(n.cast_unsigned() as u64);
    }

    fn finish(&self) -> u64 {
        // the table takes its tag from the top bits and its bucket from the low ones
        self.0 ^ (self.0 >> 32)
    }
}

/// The hash of anything.
pub(crate) fn hash_of(thing: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = WordHasher::default();
    thing.hash(&mut hasher);
    hasher.finish()
}
