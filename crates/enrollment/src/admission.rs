//! Whether names may be ordered or certified: the one rule, for newOrder, finalize and whoever asks why not.
//!
//! All that it knows is loaded before, in one round trip; the transaction that stores what was admitted loads it anew.

use base::{Class, DnsName, Identifier, Refusal, Refuse, Timestamp};

use crate::coverage::{self, NotEnrolled};
use crate::subscription::{NotIssuing, Subscription};

/// How the tenant stands that a subscription is for, with all above it: the worst of them counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Standing {
    /// A person has stopped it (F-007).
    Suspended,
    /// It owes money (C14).
    OnHold,
    /// Nothing is against it.
    Good,
}

/// What decides about a set of names.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The subscription; `None` when there is none.
    pub subscription: Option<Subscription>,
    /// How its tenant stands.
    pub standing: Standing,
    /// The enrolled names that cover any of those that are asked about.
    pub enrolled: Vec<DnsName>,
    /// Whether exactly these names had a certificate before.
    pub is_renewal: bool,
}

/// The names may be issued for, as far as the facts go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Admitted(());

/// Why they may not. The sentence is fit for a problem document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No name of the subscription covers them.
    #[error(transparent)]
    NotEnrolled(#[from] NotEnrolled),
    /// The subscription.
    #[error(transparent)]
    NotIssuing(#[from] NotIssuing),
    /// The tenant is on hold, and these names had no certificate before (C14, B-56).
    #[error(
        "payment is overdue, so certificates are renewed but none is issued for new sets of names; \
         pay what is open in the portal, then order again"
    )]
    OnHold,
    /// The tenant, or one above it.
    #[error(
        "whoever this ACME account belongs to is suspended, so nothing is issued; ask your provider"
    )]
    Suspended,
}

impl Refuse for Refused {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotEnrolled(error) => error.refusal(),
            Self::NotIssuing(error) => error.refusal(),
            Self::OnHold => Class::Forbidden.because("tenant_on_hold", self),
            Self::Suspended => Class::Forbidden.because("tenant_suspended", self),
        }
    }
}

/// Decides about all names together. What concerns whoever asks is told before what concerns the names.
pub fn decide(facts: &Facts, names: &[Identifier], now: Timestamp) -> Result<Admitted, Refused> {
    let subscription = facts.subscription.as_ref();
    let subscription = subscription.ok_or(NotIssuing::Deactivated)?;
    if facts.standing == Standing::Suspended {
        return Err(Refused::Suspended);
    }
    subscription.may_issue(now)?;
    coverage::admit(names, |name| facts.enrolled.contains(name))?;
    if facts.standing == Standing::OnHold && !facts.is_renewal {
        return Err(Refused::OnHold);
    }
    Ok(Admitted(()))
}

#[cfg(test)]
mod tests;
