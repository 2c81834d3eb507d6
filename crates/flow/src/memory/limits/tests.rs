use std::time::Duration;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

fn charge(of: &[u8]) -> Charge {
    Charge::within(Limit::CertificatesPerSet, of, TenantId::FIRST, false)
}

fn allowed(limits: &Limits, charge: Charge, now: Timestamp) -> usize {
    (0..5_000)
        .take_while(|_| limits.spend(charge, now).is_ok())
        .count()
}

#[test]
fn h7_each_subject_has_its_own() {
    let limits = Limits::new(true);
    assert_eq!(allowed(&limits, charge(b"a"), NOW), 10);
    assert_eq!(allowed(&limits, charge(b"b"), NOW), 10);
    let test = Charge::within(Limit::CertificatesPerSet, b"a", TenantId::FIRST, true);
    assert_eq!(allowed(&limits, test, NOW), 100);
    assert!(limits.look(charge(b"a"), NOW).is_err());
    limits.refund(charge(b"a"), NOW);
    assert_eq!(allowed(&limits, charge(b"a"), NOW), 1);
}

#[test]
fn h7_all_or_none_is_counted() {
    let limits = Limits::new(true);
    assert_eq!(allowed(&limits, charge(b"full"), NOW), 10);
    let both = [charge(b"free"), charge(b"full")];
    assert!(limits.spend_all(&both, NOW).is_err());
    assert_eq!(allowed(&limits, charge(b"free"), NOW), 10);
}

#[test]
fn h7_limits_can_be_off() {
    assert_eq!(allowed(&Limits::new(false), charge(b"a"), NOW), 5_000);
}

#[test]
fn h7_a_tenant_can_have_its_own_bound_until_a_day() {
    let limits = Limits::new(true);
    let end = NOW.plus(Duration::from_secs(60));
    limits.take_overrides(vec![LimitOverride {
        tenant: TenantId::FIRST,
        limit: Limit::CertificatesPerSet,
        bound: Bound::Often(Rate::new(3, Duration::from_secs(1), 3)),
        ends_at: Some(end),
        reason: "an incident".to_owned(),
    }]);
    assert_eq!(allowed(&limits, charge(b"a"), NOW), 3);
    let other = Charge::within(Limit::CertificatesPerSet, b"b", TenantId::LAST, false);
    assert_eq!(allowed(&limits, other, NOW), 10);
    assert_eq!(allowed(&limits, charge(b"a"), end), 10);
}

#[test]
fn only_what_comes_near_its_bound_is_told_and_once() {
    let limits = Limits::new(true);
    for _ in 0..2 {
        limits.spend(charge(b"a"), NOW).unwrap();
    }
    assert_eq!(limits.untold(10), []);
    limits.spend(charge(b"a"), NOW).unwrap();
    let told = limits.untold(10);
    let interval = Duration::from_secs(7 * 24 * 3600 / 10);
    let moved: Vec<_> = told.iter().map(|told| told.moved).collect();
    assert_eq!(moved, [3 * i64::try_from(interval.as_micros()).unwrap()]);
    assert_eq!(limits.untold(10), []);
    let other = Limits::new(true);
    for shared in told {
        other.told(shared.key, NOW.plus(interval * 3));
    }
    assert_eq!(allowed(&other, charge(b"a"), NOW), 7);
}

#[test]
fn what_is_remembered_has_an_end() {
    let limits = Limits::new(true);
    for number in 0..SHARDS * BUCKETS * 2 {
        limits.spend(charge(&number.to_be_bytes()), NOW).unwrap();
    }
    let remembered: usize = limits.shards.iter().map(|shard| held(shard).len()).sum();
    assert!(remembered <= SHARDS * BUCKETS);
    limits.sweep(NOW.plus(Duration::from_secs(7 * 24 * 3600)));
    assert_eq!(held(&limits.shards[0]).len(), 0);
}
