//! How often something may be done, and how much of it at once, so that nobody takes what others need
//! (findings H1, H2, H7). Each bound can be set anew for a tenant, until a day.

use std::fmt;
use std::time::Duration;

use base::{Class, Rate, Refusal, Refuse, TenantId, Timestamp, words};

words! {
    /// What is limited.
    pub enum Limit {
        /// New ACME accounts of one client address.
        AccountsPerAddress = "accounts_per_address",
        /// New ACME accounts of one EAB credential.
        AccountsPerCredential = "accounts_per_credential",
        /// Requests with one API token.
        ApiCalls = "api_calls",
        /// Certificates for names below one registered domain, of one tenant. Renewals do not count.
        CertificatesPerDomain = "certificates_per_domain",
        /// Certificates for exactly one set of names, of one tenant.
        CertificatesPerSet = "certificates_per_set",
        /// Looks for the proof of a domain, of one tenant.
        DomainChecks = "domain_checks",
        /// Mails that ask one address for one domain, of one tenant.
        DomainMails = "domain_mails",
        /// Validations of one name that failed, of one ACME account.
        FailedValidations = "failed_validations",
        /// Mails of one kind to one person.
        MailsPerRecipient = "mails_per_recipient",
        /// New orders of one ACME account.
        OrdersPerAccount = "orders_per_account",
        /// New orders of one tenant.
        OrdersPerTenant = "orders_per_tenant",
        /// Authorizations of one ACME account that wait for a proof.
        PendingAuthorizations = "pending_authorizations",
        /// Orders of one ACME account that were not finalized.
        PendingOrders = "pending_orders",
        /// Changes that one person makes in the portal.
        PortalWrites = "portal_writes",
        /// Secrets that are shown to one person.
        Reveals = "reveals",
        /// Requests of one client address that nobody has signed.
        Unauthenticated = "unauthenticated",
        /// Audit entries of sign-ins with e-mail addresses that nobody has.
        UnknownSignIns = "unknown_sign_ins",
    }
}

/// How much it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    /// So many at the same time.
    AtOnce(u32),
    /// So many in a time.
    Often(Rate),
}

/// A bound of a tenant's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LimitOverride {
    /// Whose.
    pub tenant: TenantId,
    /// Of what.
    pub limit: Limit,
    /// How much.
    pub bound: Bound,
    /// From when on it is as for everybody again.
    pub ends_at: Option<Timestamp>,
    /// Why, for those who read it later.
    pub reason: String,
}

/// What is left of a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Left {
    /// How many can be had at once.
    pub left: u32,
    /// How many that is for who has had none, and in which time how many are earned.
    pub rate: Rate,
}

/// Such as "298 of 300 left".
impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} left", self.left, self.rate.burst)
    }
}

/// A limit was reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateLimited {
    /// Which.
    pub limit: Limit,
    /// How much is allowed.
    pub bound: Bound,
    /// From when on there is room again, if time alone makes some.
    pub until: Option<Timestamp>,
    /// The present moment.
    pub now: Timestamp,
}

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// How much more is allowed in a test directory.
const TEST_FACTOR: u32 = 10;

impl Limit {
    /// What is allowed unless something else was set.
    pub const fn usual(self) -> Bound {
        match self {
            Self::AccountsPerAddress => Bound::Often(Rate::new(60, HOUR, 120)),
            Self::AccountsPerCredential => Bound::Often(Rate::new(20, HOUR, 50)),
            Self::ApiCalls => Bound::Often(Rate::new(10, Duration::from_secs(1), 100)),
            Self::CertificatesPerDomain => Bound::Often(Rate::new(500, WEEK, 500)),
            Self::CertificatesPerSet => Bound::Often(Rate::new(10, WEEK, 10)),
            Self::DomainChecks => Bound::Often(Rate::new(120, HOUR, 30)),
            Self::DomainMails => Bound::Often(Rate::new(5, DAY, 5)),
            Self::FailedValidations => Bound::Often(Rate::new(5, HOUR, 10)),
            Self::MailsPerRecipient => Bound::Often(Rate::new(20, DAY, 20)),
            Self::OrdersPerAccount => {
                Bound::Often(Rate::new(300, Duration::from_secs(3 * 3600), 300))
            }
            Self::OrdersPerTenant => Bound::Often(Rate::new(20_000, DAY, 5_000)),
            Self::PendingAuthorizations => Bound::AtOnce(1_000),
            Self::PendingOrders => Bound::AtOnce(300),
            Self::PortalWrites => Bound::Often(Rate::new(2, Duration::from_secs(1), 60)),
            Self::Reveals => Bound::Often(Rate::new(30, HOUR, 30)),
            Self::Unauthenticated => Bound::Often(Rate::new(20, Duration::from_secs(1), 200)),
            Self::UnknownSignIns => Bound::Often(Rate::new(100, HOUR, 200)),
        }
    }

    /// Whether it is a tenant's, so that it can be set anew for one. Who a client without an account is, is not known.
    pub const fn is_of_tenants(self) -> bool {
        !matches!(
            self,
            Self::AccountsPerAddress | Self::Unauthenticated | Self::UnknownSignIns
        )
    }

    /// What is counted, for a sentence.
    const fn what(self) -> &'static str {
        match self {
            Self::AccountsPerAddress => "new ACME accounts from your address",
            Self::AccountsPerCredential => "new ACME accounts with this EAB key",
            Self::ApiCalls => "requests with this API token",
            Self::CertificatesPerDomain => "certificates for names of this registered domain",
            Self::CertificatesPerSet => "certificates for exactly these names",
            Self::DomainChecks => "looks for proofs of your domains",
            Self::DomainMails => "mails about this domain to this address",
            Self::FailedValidations => "failed validations of this name",
            Self::MailsPerRecipient => "mails of one kind to one person",
            Self::OrdersPerAccount => "new orders of this ACME account",
            Self::OrdersPerTenant => "new orders of your organisation",
            Self::PendingAuthorizations => "authorizations that wait for a proof",
            Self::PendingOrders => "orders that were not finalized",
            Self::PortalWrites => "changes",
            Self::Reveals => "revealed secrets",
            Self::Unauthenticated => "unsigned requests from your address",
            Self::UnknownSignIns => "sign-ins with addresses that nobody has",
        }
    }

    /// What can be done besides waiting.
    const fn advice(self) -> &'static str {
        match self {
            Self::CertificatesPerSet => "use the certificate that you have, ",
            Self::FailedValidations => "put right what failed, then ",
            Self::PendingAuthorizations | Self::PendingOrders => {
                "finish or deactivate those that you have, then "
            }
            Self::AccountsPerAddress
            | Self::AccountsPerCredential
            | Self::ApiCalls
            | Self::CertificatesPerDomain
            | Self::DomainChecks
            | Self::DomainMails
            | Self::MailsPerRecipient
            | Self::OrdersPerAccount
            | Self::OrdersPerTenant
            | Self::PortalWrites
            | Self::Reveals
            | Self::Unauthenticated
            | Self::UnknownSignIns => "",
        }
    }
}

impl Bound {
    /// The same in a test directory.
    #[must_use]
    pub fn in_test(self) -> Self {
        match self {
            Self::AtOnce(most) => Self::AtOnce(most.saturating_mul(TEST_FACTOR)),
            Self::Often(rate) => Self::Often(rate.times(TEST_FACTOR)),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtOnce(most) => write!(f, "{most} at the same time"),
            Self::Often(rate) => {
                write!(f, "{} in {}", rate.count, Span(rate.every))?;
                if rate.burst != rate.count {
                    write!(f, ", {} at once", rate.burst)?;
                }
                Ok(())
            }
        }
    }
}

/// A time in its largest whole unit.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [("day", 24 * 3600), ("hour", 3600), ("minute", 60)];
        let whole =
            |(_, length): &&(&str, u64)| seconds >= *length && seconds.is_multiple_of(*length);
        let (unit, length) = units.iter().find(whole).copied().unwrap_or(("second", 1));
        match seconds / length {
            1 => write!(f, "a{} {unit}", if unit == "hour" { "n" } else { "" }),
            many => write!(f, "{many} {unit}s"),
        }
    }
}

impl LimitOverride {
    /// Whether it still counts.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }
}

impl RateLimited {
    /// Whole seconds until there is room again; a minute where nobody can know.
    pub fn seconds(&self) -> u32 {
        let Some(until) = self.until else { return 60 };
        let wait = until.since(self.now);
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for RateLimited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, advice) = (self.limit.what(), self.limit.advice());
        write!(
            f,
            "too many {what}: {} are allowed; {advice}try again ",
            self.bound
        )?;
        match self.until {
            Some(until) => write!(
                f,
                "after {}",
                until
                    .plus(Duration::from_micros(999_999))
                    .truncated_to_second()
            ),
            None => f.write_str("later"),
        }
    }
}

impl std::error::Error for RateLimited {}

impl Refuse for RateLimited {
    fn refusal(&self) -> Refusal {
        Class::TooMany
            .because("rate_limited", self)
            .again_in(self.seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

    /// The table of the product's limits: what, sustained, in seconds, burst.
    const TABLE: [(&str, u32, u64, u32); 15] = [
        ("api_calls", 10, 1, 100),
        ("accounts_per_credential", 20, 3600, 50),
        ("accounts_per_address", 60, 3600, 120),
        ("orders_per_account", 300, 10_800, 300),
        ("orders_per_tenant", 20_000, 86_400, 5_000),
        ("certificates_per_set", 10, 604_800, 10),
        ("certificates_per_domain", 500, 604_800, 500),
        ("domain_checks", 120, 3600, 30),
        ("domain_mails", 5, 86_400, 5),
        ("failed_validations", 5, 3600, 10),
        ("mails_per_recipient", 20, 86_400, 20),
        ("reveals", 30, 3600, 30),
        ("portal_writes", 2, 1, 60),
        ("unauthenticated", 20, 1, 200),
        ("unknown_sign_ins", 100, 3600, 200),
    ];

    #[test]
    fn h7_the_limits_are_those_of_the_table() {
        for (word, count, seconds, burst) in TABLE {
            let limit = Limit::parse(word).unwrap();
            let rate = Rate::new(count, Duration::from_secs(seconds), burst);
            assert_eq!(limit.usual(), Bound::Often(rate), "{word}");
        }
        let caps = [Limit::PendingAuthorizations, Limit::PendingOrders].map(Limit::usual);
        assert_eq!(caps, [Bound::AtOnce(1_000), Bound::AtOnce(300)]);
        assert_eq!(Limit::ALL.len(), TABLE.len() + caps.len());
    }

    #[test]
    fn h7_a_refusal_says_what_and_when() {
        let limited = RateLimited {
            limit: Limit::OrdersPerAccount,
            bound: Limit::OrdersPerAccount.usual(),
            until: Some(NOW.plus(Duration::from_millis(35_500))),
            now: NOW,
        };
        assert_eq!(
            limited.to_string(),
            "too many new orders of this ACME account: 300 in 3 hours are allowed; try again after 2026-11-23T12:00:36Z"
        );
        let refusal = limited.refusal();
        assert_eq!(
            (refusal.class, refusal.code),
            (Class::TooMany, "rate_limited")
        );
        assert_eq!(refusal.retry_after, Some(36));
    }

    #[test]
    fn a_cap_cannot_say_when() {
        let limited = RateLimited {
            limit: Limit::PendingOrders,
            bound: Limit::PendingOrders.usual().in_test(),
            until: None,
            now: NOW,
        };
        assert_eq!(
            limited.to_string(),
            "too many orders that were not finalized: 3000 at the same time are allowed; finish or deactivate those \
             that you have, then try again later"
        );
        assert_eq!(limited.seconds(), 60);
    }

    #[test]
    fn times_are_told_in_their_largest_unit() {
        let told = |bound: Bound| bound.to_string();
        assert_eq!(
            told(Limit::PortalWrites.usual()),
            "2 in a second, 60 at once"
        );
        assert_eq!(
            told(Limit::OrdersPerTenant.usual()),
            "20000 in a day, 5000 at once"
        );
        assert_eq!(
            told(Limit::FailedValidations.usual()),
            "5 in an hour, 10 at once"
        );
        assert_eq!(told(Limit::CertificatesPerSet.usual()), "10 in 7 days");
    }
}
