//! Resellers with subscriptions, credentials, accounts and enrolled names.

use std::ops::Range;
use std::sync::Arc;

use acme::Thumbprint;
use base::{Actor, CaId, DnsName, EnrolledDomainId, OfferVersionId, ProfileVersionId, TenantId};
use enrollment::eab::{EabCredential, NewCredential, Reveal};
use enrollment::enrolled_domain::EnrolledDomain;
use enrollment::policy::TermUnit;
use enrollment::subscription::{Label, Names, ProductCode, Purchase, Subscription, Term};
use tenancy::tenant::{Tenant, TenantKind, TenantName};

use super::plan::{PER_SUBSCRIPTION, Plan, purpose};
use super::{Watch, pieces};
use crate::catalog::ca::{self, Ca, Trust};
use crate::catalog::offer::{self, OfferVersion};
use crate::catalog::profile::{self, ProfileVersion};
use crate::enrollment::eab_credential::{self, SealedCredential};
use crate::enrollment::enrolled_domain;
use crate::issuance::account::{self, Account, Contact};
use crate::tenancy::tenant;
use crate::testing;
use crate::{Error, ReadTx, Scoped, WriteTx};

/// What all rows refer to.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) operator: Tenant,
    pub(super) ca: CaId,
    pub(super) profile: ProfileVersionId,
    pub(super) offer: OfferVersionId,
    /// What was seen of proofs; some of many.
    pub(super) evidence: Arc<Vec<String>>,
}

/// Takes what a server has put there, or puts it there.
pub(super) async fn found(within: Scoped<'_>, plan: &Plan) -> Result<Common, Error> {
    let offer = within.read((), newest_offer).await?;
    let offer = match offer {
        Some(version) => version.id,
        None => testing::offer(within).await,
    };
    Ok(Common {
        operator: operator(within, plan).await?,
        ca: issuing(within, plan).await?,
        profile: profile_version(within, plan).await?,
        offer,
        evidence: Arc::new(evidence(plan)),
    })
}

async fn newest_offer(tx: &mut ReadTx, (): &()) -> Result<Option<OfferVersion>, Error> {
    offer::newest_version(tx, "dv").await
}

async fn known_operator(tx: &mut ReadTx, (): &()) -> Result<Option<Tenant>, Error> {
    tenant::operator(tx).await
}

async fn operator(within: Scoped<'_>, plan: &Plan) -> Result<Tenant, Error> {
    let known = within.read((), known_operator).await?;
    if let Some(operator) = known {
        return Ok(operator);
    }
    let id = TenantId::generate(plan.begin(), &plan.chance(purpose::COMMON, 0, 0));
    let operator = new_tenant(id, TenantKind::Operator, "Operator", None, plan);
    within.write(operator.clone(), tenant::insert).await?;
    Ok(operator)
}

async fn issuing(within: Scoped<'_>, plan: &Plan) -> Result<CaId, Error> {
    let all: Vec<Ca> = within.read((), ca::all).await?;
    if let Some(issuing) = all.iter().find(|ca| ca.kind == "issuing") {
        return Ok(issuing.id);
    }
    let ca = Ca {
        id: CaId::generate(plan.begin(), &plan.chance(purpose::COMMON, 1, 0)),
        parent: None,
        kind: "issuing".to_owned(),
        name: "CN=Nobody".to_owned(),
        certificate: Vec::new(),
        private_key: None,
        created_at: plan.begin(),
        retired_at: None,
        trust: Trust::Private,
    };
    let id = ca.id;
    within.write(ca, ca::insert).await?;
    Ok(id)
}

async fn profile_version(within: Scoped<'_>, plan: &Plan) -> Result<ProfileVersionId, Error> {
    let all: Vec<ProfileVersion> = within.read((), profile::all).await?;
    if let Some(newest) = all.last() {
        return Ok(newest.id);
    }
    let version = ProfileVersion {
        id: ProfileVersionId::generate(plan.begin(), &plan.chance(purpose::COMMON, 2, 0)),
        name: "dv".to_owned(),
        number: 1,
        config: "{}".to_owned(),
        created_at: plan.begin(),
    };
    let id = version.id;
    within.write(version, profile::insert).await?;
    Ok(id)
}

/// About a kilobyte each, as what one perspective sees of http-01.
fn evidence(plan: &Plan) -> Vec<String> {
    let text = |number| {
        let seen = plan.chance(purpose::EVIDENCE, number, 0).bytes(470);
        let seen = crate::issuance::certificate::hexadecimal(&seen);
        format!("{{\"perspectives\":[{{\"address\":\"192.0.2.7\",\"seen\":\"{seen}\"}}]}}")
    };
    (0..64).map(text).collect()
}

#[expect(
    clippy::expect_used,
    reason = "the names are ours, and every parent may have these children"
)]
fn new_tenant(
    id: TenantId,
    kind: TenantKind,
    name: &str,
    parent: Option<&Tenant>,
    plan: &Plan,
) -> Tenant {
    let name = TenantName::parse(name).expect("a name");
    Tenant::new(id, kind, name, parent, plan.begin()).expect("a tenant")
}

/// Some resellers or slots.
#[derive(Clone)]
struct Part {
    plan: Arc<Plan>,
    common: Common,
    range: Range<u64>,
}

/// Inserts all of them.
pub(super) async fn fill(
    within: Scoped<'_>,
    plan: &Arc<Plan>,
    common: &Common,
    watch: Watch<'_>,
) -> Result<(), Error> {
    let some = |range| Part {
        plan: Arc::clone(plan),
        common: common.clone(),
        range,
    };
    for reseller in 0..plan.resellers() {
        if reseller % 100 == 0 {
            watch("resellers", reseller, plan.resellers());
        }
        within
            .write(some(reseller..reseller + 1), resellers)
            .await?;
    }
    for slots in pieces(plan.lineages()) {
        watch("sets of names", slots.start, plan.lineages());
        within.write(some(slots), domains).await?;
    }
    Ok(())
}

async fn resellers(tx: &mut WriteTx, some: &Part) -> Result<(), Error> {
    let plan = &some.plan;
    for reseller in some.range.clone() {
        let id = plan.tenant(reseller);
        let name = format!("Reseller {reseller}");
        let operator = Some(&some.common.operator);
        let tenant = new_tenant(id, TenantKind::Reseller, &name, operator, plan);
        tenant::insert(tx, &tenant).await?;
        let slots = plan.slots(reseller);
        for first in slots.clone().step_by(step()) {
            let end = slots.end.min(first + PER_SUBSCRIPTION);
            subscription(tx, some, first..end).await?;
        }
    }
    Ok(())
}

fn step() -> usize {
    usize::try_from(PER_SUBSCRIPTION).unwrap_or(usize::MAX)
}

#[expect(
    clippy::expect_used,
    reason = "three years are on offer, and so is this"
)]
async fn subscription(tx: &mut WriteTx, some: &Part, slots: Range<u64>) -> Result<(), Error> {
    let plan = &some.plan;
    let (owner, begin) = (plan.owner(slots.start), plan.begin());
    let purchase = Purchase {
        tenant: owner.tenant,
        customer: None,
        offer_version: some.common.offer,
        product: ProductCode::parse("dv").expect("a code"),
        label: Label::parse(&format!("Host group {}", slots.start)).unwrap_or_default(),
        term: Term::from_years(3).expect("a term"),
        unit: TermUnit::Days365n,
        starts_at_once: false,
        organization: None,
        department: None,
        created_by: Actor::System,
    };
    let count = |is_free: bool| {
        let free = slots.clone().filter(|slot| slot % 2 == 1).count();
        let paid = slots.clone().count();
        u32::try_from(if is_free { free } else { paid }).unwrap_or_default()
    };
    let names = Names {
        paid: count(false),
        free: count(true),
    };
    let subscription = Subscription::new(owner.subscription, purchase, begin).enroll(
        names,
        TermUnit::Days365n,
        begin,
    );
    tx.insert(&subscription).await?;
    let new = NewCredential {
        tenant: owner.tenant,
        customer: None,
        subscription: owner.subscription,
        reveal: Reveal::Always,
        max_bindings: None,
        created_by: Actor::System,
    };
    let chance = plan.chance(purpose::CREDENTIAL, slots.start, 0);
    let (credential, _) = EabCredential::generate(new, begin, &chance);
    let key_id = credential.key_id.as_str().to_owned();
    let sealed = SealedCredential {
        credential,
        sealed_mac_key: Some(chance.bytes(61)),
    };
    eab_credential::insert(tx, &sealed).await?;
    let chance = plan.chance(purpose::ACCOUNT, slots.start, 1);
    account::insert(tx, &account(owner, key_id, &chance.bytes(350), plan)).await
}

fn account(owner: super::Owner, key_id: String, random: &[u8], plan: &Plan) -> Account {
    let text = crate::issuance::certificate::hexadecimal(random);
    let thumbprint = random.first_chunk().copied().unwrap_or([0; 32]);
    let part = |range: Range<usize>| text.get(range).unwrap_or_default();
    Account {
        id: owner.account,
        directory: "filled".to_owned(),
        thumbprint: Thumbprint::from_bytes(thumbprint),
        tenant: owner.tenant,
        subscription: owner.subscription,
        eab_key_id: Some(key_id),
        external_account_binding: Some(format!("{{\"payload\":\"{}\"}}", part(0..400))),
        jwk: format!(
            "{{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{}\"}}",
            part(400..490)
        ),
        contact: Contact(vec!["mailto:hosting@reseller.example".to_owned()]),
        created_at: plan.begin(),
        terms_agreed_at: Some(plan.begin()),
        suspended_at: None,
        deactivated_at: None,
        client_address: "192.0.2.7".to_owned(),
        client_agent: "certbot/5.8.0".to_owned(),
    }
}

async fn domains(tx: &mut WriteTx, some: &Part) -> Result<(), Error> {
    let plan = &some.plan;
    for slot in some.range.clone() {
        let owner = plan.owner(slot);
        let mut paid = None;
        for (name, number) in plan.names(slot).into_iter().zip(0..) {
            let chance = plan.chance(purpose::DOMAIN, slot, number);
            let id = EnrolledDomainId::generate(plan.begin(), &chance);
            let domain = domain(owner, id, name, paid, plan);
            enrolled_domain::insert(tx, &domain).await?;
            paid = Some(id);
        }
    }
    Ok(())
}

fn domain(
    owner: super::Owner,
    id: EnrolledDomainId,
    name: DnsName,
    companion_of: Option<EnrolledDomainId>,
    plan: &Plan,
) -> EnrolledDomain {
    EnrolledDomain {
        id,
        subscription: owner.subscription,
        tenant: owner.tenant,
        customer: None,
        name,
        companion_of,
        anchor: None,
        added_at: plan.begin(),
        added_by: Actor::System,
        activated_at: Some(plan.begin()),
        removed_at: None,
        removed_by: None,
    }
}
