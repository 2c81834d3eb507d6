use std::sync::atomic::{AtomicUsize, Ordering};

use base::Id as _;
use proptest::prelude::*;

use super::*;

fn tenant(number: u8) -> Option<TenantId> {
    Some(TenantId::of_bytes([number; 16]))
}

fn take_all(slots: &Slots, who: Option<TenantId>) -> Vec<Slot> {
    std::iter::from_fn(|| slots.take(who)).collect()
}

#[test]
fn sb7_one_tenant_has_half_and_there_is_one_for_everybody_else() {
    let slots = Slots::new(512, || {});
    let greedy = take_all(&slots, tenant(1));
    assert_eq!((greedy.len(), slots.free()), (256, 256));
    let second = take_all(&slots, tenant(2));
    assert_eq!(second.len(), 128);
    assert!(slots.take(tenant(3)).is_some());
    // What it gives back it does not get again while others have more.
    drop(greedy.into_iter().take(1).collect::<Vec<_>>());
}

#[test]
fn work_of_our_own_takes_whatever_is_free() {
    let slots = Slots::new(4, || {});
    let taken = take_all(&slots, None);
    assert_eq!(taken.len(), 4);
    assert!(slots.take(None).is_none());
    assert!(slots.take(tenant(1)).is_none());
}

#[test]
fn a_dropped_slot_is_free_and_says_so() {
    let freed = Arc::new(AtomicUsize::new(0));
    let count = freed.clone();
    let slots = Slots::new(2, move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let slot = slots.take(tenant(1));
    assert_eq!(slots.free(), 1);
    drop(slot);
    assert_eq!((slots.free(), freed.load(Ordering::Relaxed)), (2, 1));
    assert!(slots.inner.held().by.is_empty(), "nobody is remembered");
}

proptest! {
    /// Whatever was taken and given back, the books are right, and a tenant without a slot gets one while any is free.
    #[test]
    fn the_books_are_right(steps in prop::collection::vec((0_u8..5, any::<bool>()), 0..200)) {
        let slots = Slots::new(16, || {});
        let mut taken: Vec<(u8, Slot)> = Vec::new();
        for (who, takes) in steps {
            let own = taken.iter().filter(|(other, _)| *other == who).count();
            if takes {
                let free = slots.free();
                match slots.take(tenant(who)) {
                    Some(slot) => {
                        prop_assert!(own < free);
                        taken.push((who, slot));
                    }
                    None => prop_assert!(own >= free && (own > 0 || free == 0)),
                }
            } else if let Some(place) = taken.iter().position(|(other, _)| *other == who) {
                taken.swap_remove(place);
            }
            prop_assert_eq!(slots.free(), 16 - taken.len());
        }
    }
}
