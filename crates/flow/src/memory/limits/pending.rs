//! How many more pending orders and authorizations an account may make before the database is asked how many there are.
//! Counting them for each order would cost more than the order; so an answer is good for half of the room that it
//! found.

use base::AccountId;
use quick_cache::sync::Cache;

/// Accounts that are remembered; of all others the database is asked.
const ACCOUNTS: usize = 16_384;

/// What is left to accounts before the next question.
pub(crate) struct Pending(Cache<AccountId, Room>);

/// Room for orders and authorizations.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Room {
    pub(crate) orders: u32,
    pub(crate) authorizations: u32,
}

impl Default for Pending {
    fn default() -> Self {
        Self(Cache::new(ACCOUNTS))
    }
}

impl Pending {
    /// Takes room for an order with so many authorizations; `false` if the database has to be asked.
    pub(crate) fn take(&self, account: AccountId, authorizations: u32) -> bool {
        let Some(room) = self.0.get(&account) else {
            return false;
        };
        let (Some(orders), Some(authorizations)) = (
            room.orders.checked_sub(1),
            room.authorizations.checked_sub(authorizations),
        ) else {
            return false;
        };
        let left = Room {
            orders,
            authorizations,
        };
        self.0.insert(account, left);
        true
    }

    /// The room that the database has found after an order.
    pub(crate) fn found(&self, account: AccountId, room: Room) {
        let half = Room {
            orders: room.orders / 2,
            authorizations: room.authorizations / 2,
        };
        self.0.insert(account, half);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h7_an_answer_is_good_for_half_of_the_room() {
        let pending = Pending::default();
        let account = AccountId::FIRST;
        assert!(!pending.take(account, 1));
        let room = Room {
            orders: 10,
            authorizations: 100,
        };
        pending.found(account, room);
        assert!(pending.take(account, 50));
        assert!(!pending.take(account, 1), "authorizations are used up");
        pending.found(account, room);
        assert_eq!((0..9).filter(|_| pending.take(account, 1)).count(), 5);
    }
}
