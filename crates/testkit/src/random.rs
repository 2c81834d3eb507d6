//! Chance that is the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use base::Random;

/// Bytes that follow from a seed: SHA-256 of the seed and a counter.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    count: AtomicU64,
}

impl SeededRandom {
    /// Two generators with one seed give the same bytes.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            count: AtomicU64::new(0),
        }
    }

    fn block(&self) -> impl AsRef<[u8]> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut input = [0_u8; 16];
        let (first, second) = input.split_at_mut(8);
        first.copy_from_slice(&self.seed.to_be_bytes());
        second.copy_from_slice(&count.to_be_bytes());
        digest(&SHA256, &input)
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            for (byte, random) in chunk.iter_mut().zip(self.block().as_ref()) {
                *byte = *random;
            }
        }
    }
}
