//! What adding a name means before anything is written: which names come, which one is charged,
//! which are free, and which are there already. The preview and the write use the same plan.

use std::collections::HashMap;

use base::{
    Actor, Class, DnsName, DnsNameError, EnrolledDomainId, Random, SubscriptionId, TenantId,
    Timestamp,
};

use super::EnrolledDomain;
use crate::companion::{companion_of, sponsors, without_www};

/// Whether companions come along (policy `companion_mode`, C21).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Companions {
    /// As the name suggests (F-073 to F-076).
    Auto,
    /// Only the name that was entered (F-077). It is still free if it qualifies (F-079).
    Off,
}

/// How a name is enrolled in the subscription now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Enrolled {
    /// As a free companion.
    Companion,
    /// As a paid name.
    Paid,
}

/// A name that will be added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Addition {
    /// The name.
    pub name: DnsName,
    /// The paid name with which it is free; `None` when it is charged itself.
    pub companion_of: Option<DnsName>,
}

/// What adding a name means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// What was entered, normalised.
    pub entered: DnsName,
    /// The name that the others hang on: what was entered, or `example.com` when that was
    /// `www.example.com` (F-074).
    pub primary: DnsName,
    /// What is added, the charged name first. Empty when there is nothing to do.
    pub additions: Vec<Addition>,
    /// What is there already and stays as it is.
    pub present: Vec<DnsName>,
    /// The enrolled wildcard that admits the entered name already. With [`Companions::Auto`]
    /// nothing is added then; with [`Companions::Off`] the name is added all the same.
    pub covered_by: Option<DnsName>,
}

/// Why a name cannot be enrolled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not a name that a certificate can carry.
    #[error(transparent)]
    Name(#[from] DnsNameError),
    /// Whatever is enrolled, no order for it would be admitted; in the words that the order would be refused with.
    #[error("{0}")]
    NeverIssued(String),
}

/// A companion's paid name is neither new nor enrolled: it was removed meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not enrolled any more; look at the domains and add the name again")]
pub struct SponsorMissing(pub DnsName);

impl base::Refuse for SponsorMissing {
    fn refusal(&self) -> base::Refusal {
        Class::Conflict.because("sponsor_missing", self).at("names")
    }
}

/// Plans what a person typed; see [`plan_name`].
pub fn plan(
    input: &str,
    companions: Companions,
    already: &dyn Fn(&DnsName) -> Option<Enrolled>,
) -> Result<Plan, Refusal> {
    Ok(plan_name(&DnsName::parse(input)?, companions, already))
}

/// Plans the addition of `name`; `already` tells how a name is enrolled in this subscription now. Whether certificates
/// are issued for it is asked with [`Plan::issuable`].
pub fn plan_name(
    name: &DnsName,
    companions: Companions,
    already: &dyn Fn(&DnsName) -> Option<Enrolled>,
) -> Plan {
    let mut plan = Plan {
        entered: name.clone(),
        primary: name.clone(),
        additions: Vec::new(),
        present: Vec::new(),
        covered_by: name
            .covering_wildcard()
            .filter(|wildcard| already(wildcard).is_some()),
    };
    if already(name).is_none() {
        plan.add_entered(companions, already);
    } else {
        plan.present.push(name.clone());
    }
    // An enrolled paid name may lack its companion: it was left out or removed. Now it is wanted.
    let is_charged = already(&plan.primary) == Some(Enrolled::Paid) || plan.charged().is_some();
    if companions == Companions::Auto && is_charged {
        plan.add_companion(already);
    }
    plan
}

impl Plan {
    /// The plan without the free names that no certificate is issued for; a refusal when that is so for what was entered
    /// or for what is charged, since nobody shall pay for such a name. `never` says why, if it is so.
    pub fn issuable(mut self, never: &dyn Fn(&DnsName) -> Option<String>) -> Result<Self, Refusal> {
        let names = [Some(&self.entered), self.charged()];
        if let Some(why) = names.into_iter().flatten().find_map(never) {
            return Err(Refusal::NeverIssued(why));
        }
        self.additions.retain(|new| never(&new.name).is_none());
        Ok(self)
    }

    /// The name that will be charged; `None` when everything is free or there.
    pub fn charged(&self) -> Option<&DnsName> {
        self.additions
            .iter()
            .find(|new| new.companion_of.is_none())
            .map(|new| &new.name)
    }

    /// The names that come free.
    pub fn companions(&self) -> impl Iterator<Item = &DnsName> {
        self.additions
            .iter()
            .filter(|new| new.companion_of.is_some())
            .map(|new| &new.name)
    }

    /// Whether there is nothing to add (F-081: not an error).
    pub fn is_already_included(&self) -> bool {
        self.additions.is_empty()
    }

    fn add_entered(
        &mut self,
        companions: Companions,
        already: &dyn Fn(&DnsName) -> Option<Enrolled>,
    ) {
        let name = self.entered.clone();
        if let Some(sponsor) = sponsors(&name).find(|name| already(name) == Some(Enrolled::Paid)) {
            self.primary = sponsor.clone();
            self.present.push(sponsor.clone());
            self.push(name, Some(sponsor));
            return;
        }
        if companions == Companions::Off {
            self.push(name, None);
        } else if self.covered_by.is_none() {
            self.primary = without_www(&name).unwrap_or(name);
            self.push(self.primary.clone(), None);
        }
    }

    fn add_companion(&mut self, already: &dyn Fn(&DnsName) -> Option<Enrolled>) {
        let Some(companion) = companion_of(&self.primary) else {
            return;
        };
        let is_listed = self.present.contains(&companion)
            || self.additions.iter().any(|new| new.name == companion);
        if is_listed {
            return;
        }
        if already(&companion).is_some() {
            self.present.push(companion);
        } else {
            self.push(companion, Some(self.primary.clone()));
        }
    }

    fn push(&mut self, name: DnsName, companion_of: Option<DnsName>) {
        self.additions.push(Addition { name, companion_of });
    }
}

/// To what names are added, when and by whom.
#[derive(Clone, Debug)]
pub struct Enrolling {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// Who owns it.
    pub tenant: TenantId,
    /// The owner's customer, if it is for one.
    pub customer: Option<TenantId>,
    /// The number of the pre-validation that they stand on.
    pub anchor: Option<String>,
    /// Who adds them.
    pub added_by: Actor,
    /// When.
    pub now: Timestamp,
}

impl Enrolling {
    /// Turns additions, of one plan or of many in their order, into domains. `enrolled` finds the identifier of a
    /// paid name that was there before.
    pub fn domains<'a>(
        &self,
        additions: impl IntoIterator<Item = &'a Addition>,
        enrolled: &dyn Fn(&DnsName) -> Option<EnrolledDomainId>,
        random: &dyn Random,
    ) -> Result<Vec<EnrolledDomain>, SponsorMissing> {
        let mut made = HashMap::new();
        let mut domains = Vec::new();
        for addition in additions {
            let companion_of = match &addition.companion_of {
                None => None,
                Some(sponsor) => {
                    let found = made.get(sponsor).copied().or_else(|| enrolled(sponsor));
                    Some(found.ok_or_else(|| SponsorMissing(sponsor.clone()))?)
                }
            };
            let id = EnrolledDomainId::generate(self.now, random);
            made.insert(addition.name.clone(), id);
            domains.push(self.domain(id, &addition.name, companion_of));
        }
        Ok(domains)
    }

    /// A domain that admits from now on.
    pub fn domain(
        &self,
        id: EnrolledDomainId,
        name: &DnsName,
        companion_of: Option<EnrolledDomainId>,
    ) -> EnrolledDomain {
        EnrolledDomain {
            id,
            subscription: self.subscription,
            tenant: self.tenant,
            customer: self.customer,
            name: name.clone(),
            companion_of,
            anchor: self.anchor.clone(),
            added_at: self.now,
            added_by: self.added_by,
            activated_at: Some(self.now),
            removed_at: None,
            removed_by: None,
        }
    }
}
