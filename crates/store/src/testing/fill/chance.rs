//! Chance that can be repeated: what comes follows from a seed and from what it is for.

use base::Random;

/// A source of bytes for one purpose.
#[derive(Clone, Copy)]
pub(super) struct Chance(u64);

impl Chance {
    /// For this purpose.
    pub(super) fn of(seed: u64, purpose: [u64; 3]) -> Self {
        let mixed = purpose.into_iter().fold(mix(seed), |state, part| {
            mix(state ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93))
        });
        Self(mixed)
    }

    /// A number below `limit`, which is not 0.
    pub(super) fn below(self, limit: u64) -> u64 {
        self.0 % limit
    }

    /// Some bytes.
    pub(super) fn bytes(self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes);
        bytes
    }
}

impl Random for Chance {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0;
        for chunk in bytes.chunks_mut(8) {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            for (byte, random) in chunk.iter_mut().zip(mix(state).to_le_bytes()) {
                *byte = random;
            }
        }
    }
}

/// The finalizer of SplitMix64.
fn mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
