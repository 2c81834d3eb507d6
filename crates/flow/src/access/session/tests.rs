use std::time::Duration;

use base::{Random, TenantId, TenantPath, Timestamp, UserId};
use tenancy::role::binding::Binding;
use tenancy::role::{Role, Roles};
use tenancy::tenant::{Tenant, TenantKind, TenantName};
use tenancy::user::{DisplayName, Email, User};

use super::*;

struct Ones;

impl Random for Ones {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0x11);
    }
}

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn found(kind: TenantKind) -> Found {
    let id = TenantId::generate(START, &Ones);
    let invited = User::invited(
        UserId::generate(START, &Ones),
        id,
        Email::parse("mirabel@example.com").unwrap(),
        DisplayName::parse("Mirabel").unwrap(),
        START,
    );
    let user = User {
        status: Status::Active,
        ..invited
    };
    Found {
        session: Session::open(user.id, id, START, &Ones).0,
        host: None,
        user,
        acted_for: None,
        meets_products: true,
        tenant: Tenant {
            id,
            parent: None,
            path: TenantPath::own(id),
            kind,
            name: TenantName::parse("Northwind").unwrap(),
            created_at: START,
            suspended_at: None,
            requires_second_factor: false,
            renews_pre_validations: false,
        },
        suspended_at: None,
        binding: Binding::default(),
        roles: Roles::one(Role::Admin),
        has_second_factor: false,
    }
}

#[track_caller]
fn check(found: &Found, minutes: u64, expected: bool) {
    let now = START.plus(Duration::from_secs(minutes * 60));
    assert_eq!(is_usable(found, now), expected, "after {minutes} minutes");
}

#[test]
fn s21_a_session_lasts_as_long_as_its_tenant_allows() {
    check(&found(TenantKind::Operator), 29, true);
    check(&found(TenantKind::Operator), 30, false);
    check(&found(TenantKind::Reseller), 12 * 60 - 1, true);
    check(&found(TenantKind::Reseller), 12 * 60, false);
}

#[test]
fn s22_disabling_the_user_ends_the_session_at_once() {
    let mut found = found(TenantKind::Reseller);
    found.user.status = Status::Disabled;
    check(&found, 0, false);
}

#[test]
fn f007_s22_suspending_any_tenant_above_ends_the_session_at_once() {
    let mut found = found(TenantKind::Reseller);
    found.suspended_at = Some(START);
    check(&found, 0, false);
}

#[test]
fn a_session_is_shown_by_the_start_of_its_digest() {
    let digest = TokenDigest::from_bytes(&[0x0a; 32]).unwrap();
    assert_eq!(shown_id(&digest), "0a0a0a0a0a0a0a0a");
}
