//! Replay nonces that cost no write (RFC 8555 §6.5).
//!
//! A nonce is `prefix || counter || tag` in base64url: who issued it, its number, and a truncated
//! HMAC-SHA256 over both. The issuing node keeps one bit for each of its last 2^20 numbers, so memory
//! is fixed and nothing has to expire. Every node shares the key, so any node can tell a genuine
//! nonce of another one and ask it; how it asks is not known here.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::{constant_time, hmac};

use crate::base64url;

/// Names a running node in its nonces, so that the others know whom to ask.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodePrefix([u8; PREFIX]);

impl NodePrefix {
    /// From its four bytes, which no two live nodes share.
    pub const fn from_bytes(bytes: [u8; PREFIX]) -> Self {
        Self(bytes)
    }

    /// Its four bytes.
    pub const fn as_bytes(self) -> [u8; PREFIX] {
        self.0
    }
}

/// Eight hexadecimal digits.
impl fmt::Display for NodePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for NodePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What became of a nonce. Everything but `Fresh` ends in `badNonce`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemed {
    /// Another node issued it; only that one knows whether it was used.
    Foreign {
        /// Whom to ask.
        node: NodePrefix,
    },
    /// Good, and used up by this call.
    Fresh,
    /// Nothing that a node with this key has issued.
    Malformed,
    /// Used before, more than 2^20 nonces old, or from before a restart.
    Used,
}

/// Issues and redeems the nonces of one node; share it by reference between threads.
pub struct Mint {
    key: hmac::Key,
    node: NodePrefix,
    window: Mutex<Window>,
}

impl Mint {
    /// A mint whose first nonce has number `start`. A node that restarts with the same prefix and key
    /// must start above every number it may have issued, for instance at the time in microseconds.
    pub fn new(node: NodePrefix, key: &[u8; 32], start: u64) -> Self {
        let window = Window {
            next: start,
            outstanding: vec![0; WINDOW_WORDS],
        };
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            node,
            window: Mutex::new(window),
        }
    }

    /// This node's prefix.
    pub fn node(&self) -> NodePrefix {
        self.node
    }

    /// A fresh nonce of 38 characters.
    pub fn issue(&self) -> String {
        let counter = self.with_window(Window::issue);
        let mut bytes = [0_u8; PREFIX + COUNTER + TAG];
        let message = message(self.node, counter);
        let tag = hmac::sign(&self.key, &message);
        let parts = message.iter().chain(tag.as_ref());
        bytes
            .iter_mut()
            .zip(parts)
            .for_each(|(place, byte)| *place = *byte);
        base64url::encode(bytes)
    }

    /// Uses a nonce up, if it is this node's and still good.
    pub fn redeem(&self, nonce: &str) -> Redeemed {
        let Some((node, counter)) = self.open(nonce) else {
            return Redeemed::Malformed;
        };
        if node != self.node {
            return Redeemed::Foreign { node };
        }
        if self.with_window(|window| window.redeem(counter)) {
            Redeemed::Fresh
        } else {
            Redeemed::Used
        }
    }

    /// The prefix and number of a nonce whose tag is genuine.
    fn open(&self, nonce: &str) -> Option<(NodePrefix, u64)> {
        let bytes: [u8; PREFIX + COUNTER + TAG] = base64url::decode_exact(nonce)?;
        let (prefix, rest) = bytes.split_first_chunk::<PREFIX>()?;
        let (counter, tag) = rest.split_first_chunk::<COUNTER>()?;
        let node = NodePrefix(*prefix);
        let counter = u64::from_be_bytes(*counter);
        let expected = hmac::sign(&self.key, &message(node, counter));
        let expected = expected.as_ref().first_chunk::<TAG>()?;
        constant_time::verify_slices_are_equal(expected, tag).ok()?;
        Some((node, counter))
    }

    fn with_window<T>(&self, act: impl FnOnce(&mut Window) -> T) -> T {
        // A panic cannot leave the window half changed: each change is one word.
        act(&mut self.window.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mint({})", self.node)
    }
}

fn message(node: NodePrefix, counter: u64) -> [u8; PREFIX + COUNTER] {
    let mut bytes = [0_u8; PREFIX + COUNTER];
    let parts = node.0.into_iter().chain(counter.to_be_bytes());
    bytes
        .iter_mut()
        .zip(parts)
        .for_each(|(place, byte)| *place = byte);
    bytes
}

/// One bit for each of the last numbers: set when issued, cleared when redeemed. A number takes the
/// place of the one 2^20 before it, which is thereby forgotten.
struct Window {
    next: u64,
    outstanding: Vec<u64>,
}

impl Window {
    fn issue(&mut self) -> u64 {
        let counter = self.next;
        self.next = self.next.wrapping_add(1);
        if let Some((word, bit)) = self.place(counter) {
            *word |= bit;
        }
        counter
    }

    fn redeem(&mut self, counter: u64) -> bool {
        let age = self.next.wrapping_sub(counter);
        if age == 0 || age > WINDOW {
            return false;
        }
        let Some((word, bit)) = self.place(counter) else {
            return false;
        };
        let is_outstanding = *word & bit != 0;
        *word &= !bit;
        is_outstanding
    }

    fn place(&mut self, counter: u64) -> Option<(&mut u64, u64)> {
        let slot = counter % WINDOW;
        let word = usize::try_from(slot / 64).ok()?;
        Some((self.outstanding.get_mut(word)?, 1 << (slot % 64)))
    }
}

const PREFIX: usize = 4;
const COUNTER: usize = 8;
const TAG: usize = 16;
/// How many nonces stay good: 128 KiB of bits, some minutes at a thousand issuances a second.
const WINDOW: u64 = 1 << 20;
const WINDOW_WORDS: usize = 1 << 14;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const NODE: NodePrefix = NodePrefix::from_bytes(*b"nod1");

    fn mint(start: u64) -> Mint {
        Mint::new(NODE, &[7; 32], start)
    }

    #[test]
    fn a_nonce_is_good_once() {
        let mint = mint(1_795_435_200_000_000);
        let (first, second) = (mint.issue(), mint.issue());
        assert_eq!(first.len(), 38);
        assert_eq!(mint.redeem(&second), Redeemed::Fresh);
        assert_eq!(mint.redeem(&first), Redeemed::Fresh);
        assert_eq!(mint.redeem(&first), Redeemed::Used);
        assert_eq!(mint.redeem(&second), Redeemed::Used);
    }

    #[test]
    fn what_was_never_issued_is_malformed() {
        let mint = mint(0);
        let nonce = mint.issue();
        for other in ["", "abc", "A".repeat(38).as_str(), &format!("{nonce}=")] {
            assert_eq!(mint.redeem(other), Redeemed::Malformed, "{other}");
        }
        let swap = |(place, letter)| match letter {
            'A' if place == 20 => 'B',
            _ if place == 20 => 'A',
            other => other,
        };
        let flipped: String = nonce.chars().enumerate().map(swap).collect();
        assert_eq!(mint.redeem(&flipped), Redeemed::Malformed);
        let other_key = Mint::new(NODE, &[8; 32], 0);
        assert_eq!(other_key.redeem(&nonce), Redeemed::Malformed);
        assert_eq!(mint.redeem(&nonce), Redeemed::Fresh);
    }

    #[test]
    fn another_nodes_nonce_names_that_node() {
        let there = Mint::new(NodePrefix::from_bytes(*b"nod2"), &[7; 32], 0);
        let nonce = there.issue();
        assert_eq!(
            mint(0).redeem(&nonce),
            Redeemed::Foreign { node: there.node() }
        );
        assert_eq!(there.redeem(&nonce), Redeemed::Fresh);
        assert_eq!(there.node().to_string(), "6e6f6432");
    }

    #[test]
    fn nonces_from_before_a_restart_or_the_window_are_used() {
        let before = mint(100);
        let (old, ahead) = (before.issue(), {
            before.issue();
            before.issue()
        });
        assert_eq!(mint(102).redeem(&old), Redeemed::Used);
        assert_eq!(mint(101).redeem(&ahead), Redeemed::Used);
        for _ in 0..WINDOW - 3 {
            before.with_window(Window::issue);
        }
        assert_eq!(before.redeem(&old), Redeemed::Fresh);
        before.with_window(Window::issue);
        before.with_window(Window::issue);
        before.with_window(Window::issue);
        assert_eq!(before.redeem(&ahead), Redeemed::Used);
    }

    #[test]
    fn the_counter_may_run_over() {
        let mint = mint(u64::MAX);
        let (last, first) = (mint.issue(), mint.issue());
        assert_eq!(mint.redeem(&last), Redeemed::Fresh);
        assert_eq!(mint.redeem(&first), Redeemed::Fresh);
    }

    #[test]
    fn threads_redeem_each_nonce_once_between_them() {
        let mint = mint(5);
        let nonces: Vec<String> = (0..2_000).map(|_| mint.issue()).collect();
        let fresh: usize = std::thread::scope(|scope| {
            let redeem = || {
                nonces
                    .iter()
                    .filter(|n| mint.redeem(n) == Redeemed::Fresh)
                    .count()
            };
            let workers: Vec<_> = (0..4).map(|_| scope.spawn(redeem)).collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap())
                .sum()
        });
        assert_eq!(fresh, nonces.len());
    }

    proptest! {
        #[test]
        fn each_nonce_redeems_exactly_once_in_any_order(
            picks in proptest::collection::vec(0_usize..50, 0..200), start: u64,
        ) {
            let mint = mint(start);
            let nonces: Vec<String> = (0..50).map(|_| mint.issue()).collect();
            prop_assert_eq!(nonces.iter().collect::<HashSet<_>>().len(), 50);
            let mut used = HashSet::new();
            for pick in picks {
                let expected = if used.insert(pick) { Redeemed::Fresh } else { Redeemed::Used };
                prop_assert_eq!(mint.redeem(&nonces[pick]), expected);
            }
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,60}") {
            prop_assert_eq!(mint(0).redeem(&text), Redeemed::Malformed);
        }
    }
}
