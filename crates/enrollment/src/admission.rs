//! Whether names may be ordered or certified: the one rule, for newOrder, finalize and whoever asks why not.
//!
//! All that it knows is loaded before, in one round trip; the transaction that stores what was admitted loads it anew.

use std::sync::Arc;

use base::{About, Class, DnsName, Identifier, Part, Refusal, Refuse, Timestamp};

use crate::coverage::{self, NotEnrolled};
use crate::delegated::{self, DelegatedDomain, NotAdmitted, Proof};
use crate::policy::{NameAdmission, Policy, RenewalsOnHold};
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

/// Whose enrolled names admit an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coverage {
    /// Those of the account's subscription.
    Subscription,
    /// Those of any live subscription of the server: a directory for tests, whose accounts have no subscription.
    AnyLive,
}

/// What decides about a set of names.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What the subscription was bought under.
    pub policy: Arc<Policy>,
    /// Whose enrolled names count.
    pub coverage: Coverage,
    /// The subscription; `None` when there is none.
    pub subscription: Option<Subscription>,
    /// How its tenant stands.
    pub standing: Standing,
    /// The enrolled names that cover any of those that are asked about.
    pub enrolled: Vec<DnsName>,
    /// The domains above those names that are delegated to whom the subscription is for; asked for where they admit names.
    pub delegated: Vec<DelegatedDomain>,
    /// Whether control of a delegated domain has to be proven: not for certificates that nobody but their owner trusts.
    pub needs_proof: bool,
    /// Whether exactly these names had a certificate before.
    pub is_renewal: bool,
}

/// The names may be issued for, as far as the facts go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Admitted(());

/// Why they may not. The sentence is fit for a problem document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No domain that is validated and delegated to its organization has them.
    #[error(transparent)]
    NotDelegated(#[from] NotAdmitted),
    /// No name of the subscription covers them.
    #[error(transparent)]
    NotEnrolled(#[from] NotEnrolled),
    /// The subscription.
    #[error(transparent)]
    NotIssuing(#[from] NotIssuing),
    /// No live subscription has the name, and the directory is for names that one has.
    #[error(
        "\"{0}\" is not enrolled in any live subscription of this server; add it in the portal"
    )]
    NotEnrolledAnywhere(Identifier),
    /// The tenant is on hold, and these names had no certificate before (C14, B-56).
    #[error(
        "payment is overdue, so certificates are renewed but none is issued for new sets of names; \
         pay what is open in the portal, then order again"
    )]
    OnHold,
    /// The tenant is on hold, and its policy lets it renew nothing (C14).
    #[error(
        "payment is overdue, so nothing is issued, and no certificate is renewed; \
         pay what is open in the portal, then order again"
    )]
    RenewalsOnHold,
    /// The tenant, or one above it.
    #[error(
        "whoever this ACME account belongs to is suspended, so nothing is issued; ask your provider"
    )]
    Suspended,
}

impl Refuse for Refused {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotDelegated(error) => error.refusal(),
            Self::NotEnrolled(error) => error.refusal(),
            Self::NotIssuing(error) => error.refusal(),
            Self::NotEnrolledAnywhere(identifier) => {
                let refusal = Class::Forbidden.because("name_not_enrolled_anywhere", self);
                let about = about(identifier, &refusal);
                refusal.about([about])
            }
            Self::OnHold => Class::Forbidden.because("tenant_on_hold", self),
            Self::RenewalsOnHold => Class::Forbidden.because("tenant_on_hold_renewals", self),
            Self::Suspended => Class::Forbidden.because("tenant_suspended", self),
        }
    }
}

fn about(identifier: &Identifier, refusal: &Refusal) -> About {
    About {
        part: Part::Identifier {
            kind: identifier.kind().as_str().to_owned(),
            value: identifier.to_string(),
        },
        code: refusal.code,
        sentence: refusal.sentence.clone(),
    }
}

/// Decides about all names together. What concerns whoever asks is told before what concerns the names. An open house
/// asks nothing; a policy whose way to admit names is not built is not sold, and is followed as `subscribed_names`.
pub fn decide(facts: &Facts, names: &[Identifier], now: Timestamp) -> Result<Admitted, Refused> {
    if facts.policy.name_admission == NameAdmission::Open {
        return Ok(Admitted(()));
    }
    match facts.coverage {
        Coverage::Subscription => by_subscription(facts, names, now),
        Coverage::AnyLive => by_any(facts, names),
    }
}

fn by_subscription(
    facts: &Facts,
    names: &[Identifier],
    now: Timestamp,
) -> Result<Admitted, Refused> {
    let subscription = facts.subscription.as_ref();
    let subscription = subscription.ok_or(NotIssuing::Deactivated)?;
    if facts.standing == Standing::Suspended {
        return Err(Refused::Suspended);
    }
    subscription.may_issue(now)?;
    match facts.policy.name_admission {
        NameAdmission::ValidatedDelegated => {
            delegated::admit(names, &facts.delegated, facts.needs_proof, now)?;
        }
        NameAdmission::SubscribedNames | NameAdmission::Hook | NameAdmission::Open => {
            coverage::admit(names, |name| facts.enrolled.contains(name))?;
        }
    }
    if facts.standing != Standing::OnHold {
        return Ok(Admitted(()));
    }
    match facts.policy.renewals_on_hold {
        RenewalsOnHold::Deny => Err(Refused::RenewalsOnHold),
        RenewalsOnHold::UntilExhausted if facts.is_renewal => Ok(Admitted(())),
        RenewalsOnHold::UntilExhausted => Err(Refused::OnHold),
    }
}

/// For each of the names, the proof of the domain that admits it; none where an order has to prove it itself.
pub fn proofs(facts: &Facts, names: &[Identifier], now: Timestamp) -> Vec<Option<Proof>> {
    let is_delegated = facts.policy.name_admission == NameAdmission::ValidatedDelegated
        && facts.coverage == Coverage::Subscription;
    let proof = |Identifier::Dns(name): &Identifier| {
        let admitted = delegated::admit_one(name, &facts.delegated, true, now);
        admitted.ok().flatten().filter(|_| is_delegated)
    };
    names.iter().map(proof).collect()
}

fn by_any(facts: &Facts, names: &[Identifier]) -> Result<Admitted, Refused> {
    let is_covered = |Identifier::Dns(name): &Identifier| {
        coverage::covering(name, |name| facts.enrolled.contains(name)).is_some()
    };
    match names.iter().find(|name| !is_covered(name)) {
        Some(name) => Err(Refused::NotEnrolledAnywhere(name.clone())),
        None => Ok(Admitted(())),
    }
}

#[cfg(test)]
mod tests;
