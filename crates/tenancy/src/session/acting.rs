//! Somebody of the operator who stands in for a tenant, to help it: for half an hour, for a reason that the tenant reads,
//! and with less than its own people may do.
//!
//! It is a state of a session, which keeps its user and the tenant that they belong to.

use std::fmt;
use std::time::Duration;

use base::{TenantId, Timestamp};

use crate::role::{Permission, Role};
use crate::tenant::TenantKind;

/// How long it lasts at most; a sign-in does not make it longer.
pub const LONGEST: Duration = Duration::from_secs(30 * 60);
/// The longest reason, in characters.
const MAX_REASON: usize = 200;
/// The shortest reason, in characters.
const MIN_REASON: usize = 3;

/// As whom a session acts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acting {
    /// The tenant.
    pub tenant: TenantId,
    /// Why.
    pub reason: ActingReason,
    /// The first moment at which it is over.
    pub until: Timestamp,
}

impl Acting {
    /// As a tenant, from now on.
    pub fn begin(tenant: TenantId, reason: ActingReason, now: Timestamp) -> Self {
        Self {
            tenant,
            reason,
            until: now.plus(LONGEST),
        }
    }

    /// Whether it is over. At its very end it is.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.until
    }
}

/// Why somebody acts as a tenant, in words that the tenant reads: one line of 3 to 200 characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActingReason(String);

/// The text is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("say why, on one line of 3 to 200 characters; they read it")]
pub struct ActingReasonError;

impl ActingReason {
    /// Reads what a person typed.
    pub fn parse(text: &str) -> Result<Self, ActingReasonError> {
        let text = text.trim();
        let length = text.chars().count();
        let is_line = !text.chars().any(char::is_control);
        (is_line && (MIN_REASON..=MAX_REASON).contains(&length))
            .then(|| Self(text.to_owned()))
            .ok_or(ActingReasonError)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ActingReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether somebody who acts as a tenant of that level may do it there: the daily work of those whom it stands for, but
/// nothing by which they sign in, nothing secret, nothing about people, and never again as somebody else.
pub const fn permits(level: TenantKind, permission: Permission) -> bool {
    if matches!(level, TenantKind::Operator) {
        return false;
    }
    let is_open = match permission {
        Permission::ManageAccounts
        | Permission::ViewAccounts
        | Permission::ViewActivity
        | Permission::RevokeCertificates
        | Permission::ViewCertificates
        | Permission::ManageDomains
        | Permission::ViewDomains
        | Permission::ManageOrganizations
        | Permission::ViewOrganizations
        | Permission::ViewTenants
        | Permission::ViewUsers => true,
        Permission::ActAs
        | Permission::DecidePreValidations
        | Permission::ManageBrand
        | Permission::ManageOffers
        | Permission::ManageResellers
        | Permission::ManageTenants
        | Permission::ManageUsers
        | Permission::RevealSecrets
        | Permission::RotateCredentials
        | Permission::UnlockUsers
        | Permission::ViewAuthorities
        | Permission::ViewOffers
        | Permission::ViewResellers => false,
    };
    is_open && Role::highest(level).permits(level, permission)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

    /// The permissions of somebody who acts as a tenant of a level, in the order of their words.
    #[track_caller]
    fn check(level: TenantKind, expected: &[&str]) {
        let held: Vec<_> = Permission::ALL
            .iter()
            .filter(|permission| permits(level, **permission))
            .map(|permission| permission.as_str())
            .collect();
        assert_eq!(held, expected, "{level}");
    }

    #[test]
    fn s35_who_acts_as_a_tenant_does_its_daily_work_and_meets_no_secret_and_no_person() {
        let with_some_below = [
            "account.manage",
            "account.view",
            "activity.view",
            "cert.revoke",
            "cert.view",
            "domain.manage",
            "domain.view",
            "organization.manage",
            "organization.view",
            "tenant.view",
            "user.view",
        ];
        check(TenantKind::Distributor, &with_some_below);
        check(TenantKind::Reseller, &with_some_below);
        let last: Vec<_> = with_some_below
            .into_iter()
            .filter(|word| *word != "tenant.view")
            .collect();
        check(TenantKind::Customer, &last);
        check(TenantKind::Operator, &[]);
    }

    #[test]
    fn s35_it_is_over_after_half_an_hour() {
        let reason = ActingReason::parse("Ticket 4711").unwrap();
        let acting = Acting::begin(TenantId::from_bytes([1; 16]), reason, NOW);
        let end = NOW.plus(Duration::from_secs(30 * 60));
        assert!(!acting.is_over(end.minus(Duration::from_micros(1))));
        assert!(acting.is_over(end));
    }

    #[test]
    fn s35_a_reason_is_a_line_that_says_something() {
        let read = |text: &str| ActingReason::parse(text).map(|reason| reason.to_string());
        assert_eq!(read("  Ticket 4711 "), Ok("Ticket 4711".to_owned()));
        for wrong in ["", "  ", "no", "a\nb c", &"x".repeat(201)] {
            assert_eq!(read(wrong), Err(ActingReasonError), "{wrong:?}");
        }
    }
}
