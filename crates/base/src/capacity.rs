use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Room for so much at once: in all, and for each of those who share it.
#[derive(Debug)]
pub struct Capacity<K> {
    shared: Arc<Shared<K>>,
}

/// What was taken of a [`Capacity`]; dropping it gives it back.
#[derive(Debug)]
pub struct Taken<K: Eq + Hash> {
    shared: Arc<Shared<K>>,
    key: Option<K>,
    amount: usize,
}

/// Why nothing was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Full {
    /// All of it is in use.
    All,
    /// Whoever asked has the most that one may have.
    Share,
}

#[derive(Debug)]
struct Shared<K> {
    all: usize,
    each: usize,
    held: Mutex<Held<K>>,
}

#[derive(Debug)]
struct Held<K> {
    in_all: usize,
    by: HashMap<K, usize>,
}

impl<K> Clone for Capacity<K> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<K: Eq + Hash + Clone> Capacity<K> {
    /// Room for `all`, of which one may have `each`.
    pub fn new(all: usize, each: usize) -> Self {
        let held = Held {
            in_all: 0,
            by: HashMap::new(),
        };
        let shared = Shared {
            all,
            each,
            held: Mutex::new(held),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Takes some for whoever it is. Nobody's has no share and may take whatever is left.
    pub fn take(&self, key: Option<K>, amount: usize) -> Result<Taken<K>, Full> {
        let mut taken = Taken {
            shared: Arc::clone(&self.shared),
            key,
            amount: 0,
        };
        taken.more(amount)?;
        Ok(taken)
    }
}

impl<K: Eq + Hash + Clone> Taken<K> {
    /// Takes more for the same.
    pub fn more(&mut self, amount: usize) -> Result<(), Full> {
        let mut held = self.shared.held();
        let in_all = held.in_all.saturating_add(amount);
        if in_all > self.shared.all {
            return Err(Full::All);
        }
        if let Some(key) = &self.key {
            let has = held.by.get(key).copied().unwrap_or_default();
            let has = has.saturating_add(amount);
            if has > self.shared.each {
                return Err(Full::Share);
            }
            held.by.insert(key.clone(), has);
        }
        held.in_all = in_all;
        drop(held);
        self.amount = self.amount.saturating_add(amount);
        Ok(())
    }
}

impl<K> Shared<K> {
    fn held(&self) -> MutexGuard<'_, Held<K>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for Taken<K> {
    fn drop(&mut self) {
        let mut held = self.shared.held();
        held.in_all = held.in_all.saturating_sub(self.amount);
        let Some(key) = self.key.take() else { return };
        if let Entry::Occupied(mut entry) = held.by.entry(key) {
            let left = entry.get().saturating_sub(self.amount);
            if left == 0 {
                entry.remove();
            } else {
                entry.insert(left);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_cannot_take_what_others_need() {
        let capacity = Capacity::new(10, 6);
        let mut first = capacity.take(Some('a'), 4).unwrap();
        assert_eq!(first.more(3), Err(Full::Share));
        assert_eq!(first.more(2), Ok(()));
        assert_eq!(capacity.take(Some('b'), 5).err(), Some(Full::All));
        let nobody = capacity.take(None, 4).unwrap();
        assert_eq!(capacity.take(Some('b'), 1).err(), Some(Full::All));
        drop((first, nobody));
        assert!(capacity.take(Some('b'), 6).is_ok());
    }

    proptest! {
        #[test]
        fn all_that_was_taken_comes_back(asked in prop::collection::vec((0_u8..4, 0_usize..8), 0..40)) {
            let capacity = Capacity::new(20, 9);
            let mut taken: Vec<_> = asked
                .iter()
                .filter_map(|(key, amount)| capacity.take(Some(*key), *amount).ok())
                .collect();
            while taken.pop().is_some() {}
            let held = capacity.shared.held();
            prop_assert_eq!((held.in_all, held.by.len()), (0, 0));
        }
    }
}
