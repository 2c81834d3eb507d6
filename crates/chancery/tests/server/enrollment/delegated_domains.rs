//! Names of domains that are proven outside of orders and delegated to organizations: ordered without a challenge, where the
//! offer admits names so.

use std::time::Duration;

use base::{DepartmentId, DnsName, DomainId, OrganizationId, Refuse, TenantId};
use flow::Caller;
use flow::catalog::change_directory::{DirectoryPlan, change_directory};
use flow::enrollment::assign_organization::assign_organization;
use flow::enrollment::enroll_domains::{Enrollment, enroll_domains};
use flow::enrollment::list_subscriptions;
use flow::enrollment::open_subscription::{OpenError, Opening, open_subscription};
use flow::tenancy::domain::add_domain::add_domain;
use flow::tenancy::domain::delegate_domain::{Grant, delegate_domain, end_delegation};
use flow::tenancy::domain::list_own_domains::{delegated_to, list_own_domains, show_own_domain};
use flow::tenancy::domain::prove_domain::{ask_for_proof, prove_domain};
use flow::tenancy::domain::release_domain::release_domain;
use flow::tenancy::domain::{OwnDomainFilter, OwnDomainQuery};
use flow::tenancy::organization::change_organization::{Details, add_organization};
use flow::tenancy::organization::departments::{add_department, remove_department};
use futures_util::future::join_all;
use pki::SubjectFields;
use tenancy::certificate_type::AllowedTypes;
use tenancy::domain::{DomainState, ProofMethod};
use tenancy::organization::{Contacts, DepartmentName};
use testkit::{AcmeClient, Answer, Eab, TestServer, opening};
use validation::Failure;

testkit::on_both_engines![
    f095_control_is_proven_in_the_portal_and_then_valid_at_new_order,
    f095_what_was_not_found_is_told_and_proves_nothing,
    f095_a_proof_by_a_file_is_for_that_name_alone,
    f095_a_proof_ends_when_the_rules_say_so,
    f029_a_domain_is_delegated_to_organizations_departments_and_types,
    f029_a_department_that_has_domains_stays,
    f096_a_private_ca_asks_for_no_proof,
    f097_a_name_belongs_to_a_validated_and_delegated_domain,
    f097_what_is_taken_back_counts_at_once,
    f097_no_name_is_enrolled_where_domains_are_delegated,
    f057_an_account_of_preset_002_has_an_organization_and_a_department,
    s29_domains_of_others_are_not_there,
    s36_of_fifty_delegations_at_once_one_is_a_row
];

const DAY: Duration = Duration::from_secs(86_400);

fn of(tenant: TenantId) -> Caller {
    Caller::command_line().within(tenant)
}

#[track_caller]
fn code<T, E: Refuse>(result: Result<T, E>) -> &'static str {
    result.err().map_or("", |error| error.refusal().code)
}

async fn organization(server: &TestServer, tenant: TenantId, name: &str) -> OrganizationId {
    let details = Details {
        fields: SubjectFields {
            legal_name: name.to_owned(),
            locality: Some("Helsinki".to_owned()),
            country: "FI".to_owned(),
            ..SubjectFields::default()
        },
        contacts: Contacts::default(),
    };
    let added = add_organization(&server.app, &of(tenant), details).await;
    added.unwrap().id
}

async fn department(
    server: &TestServer,
    (tenant, organization): (TenantId, OrganizationId),
    name: &str,
) -> DepartmentId {
    let name = DepartmentName::parse(name).unwrap();
    let added = add_department(&server.app, &of(tenant), organization, name).await;
    added.unwrap().id
}

async fn add(server: &TestServer, tenant: TenantId, name: &str) -> DomainId {
    let name = DnsName::parse(name).unwrap();
    let added = add_domain(&server.app, &of(tenant), name).await;
    added.unwrap().id
}

/// A domain that is proven in this way.
async fn proven(
    server: &TestServer,
    tenant: TenantId,
    (name, method): (&str, ProofMethod),
) -> DomainId {
    let id = add(server, tenant, name).await;
    let looked = prove_domain(&server.app, &of(tenant), id, method).await;
    assert_eq!(
        looked.unwrap().state(server.app.now()),
        DomainState::Valid,
        "{name}"
    );
    id
}

async fn delegate(
    server: &TestServer,
    (tenant, domain): (TenantId, DomainId),
    (organization, department): (OrganizationId, Option<DepartmentId>),
    types: &str,
) {
    let grant = Grant {
        organization,
        department,
        types: AllowedTypes::parse(types).unwrap(),
    };
    delegate_domain(&server.app, &of(tenant), domain, grant)
        .await
        .unwrap();
}

async fn open(
    server: &TestServer,
    tenant: TenantId,
    (organization, department): (Option<OrganizationId>, Option<DepartmentId>),
) -> Result<Eab, OpenError> {
    let opening = Opening {
        organization,
        department,
        ..opening("delegated")
    };
    let opened = open_subscription(&server.app, &of(tenant), opening).await?;
    Ok(Eab {
        tenant,
        subscription: opened.subscription.id,
        key_id: opened.credential.key_id.to_string(),
        mac_key: opened.mac_key.as_bytes().to_vec(),
    })
}

async fn sell(server: &TestServer) {
    // Keys that are erased have tests of their own.
    let set = [("eab_reveal", "always")];
    server.sell(("delegated", "dv"), "002", &set).await;
}

/// A reseller with an organization, and a client of an account for it, under preset 002.
struct House {
    tenant: TenantId,
    organization: OrganizationId,
    eab: Eab,
    client: AcmeClient,
}

impl House {
    async fn open(server: &TestServer) -> Self {
        sell(server).await;
        let tenant = server.reseller().await.tenant;
        let organization = organization(server, tenant, "Example Oy").await;
        let opened = open(server, tenant, (Some(organization), None)).await;
        let eab = opened.unwrap_or_else(|error| panic!("{error}"));
        Self {
            tenant,
            organization,
            client: server.stranger().await.register(&eab).await,
            eab,
        }
    }

    /// A domain that is proven by the DNS and delegated to the whole organization.
    async fn domain(&self, server: &TestServer, name: &str) -> DomainId {
        let id = proven(server, self.tenant, (name, ProofMethod::Dns)).await;
        let whole = (self.organization, None);
        delegate(server, (self.tenant, id), whole, "dv").await;
        id
    }
}

/// The order is refused for one name, and says why.
#[track_caller]
fn assert_rejected(answer: Answer, says: &str) {
    let answer = answer.expect(403);
    assert_eq!(answer.problem_type(), "rejectedIdentifier");
    let detail = answer.member("detail");
    assert!(detail.contains(says), "{detail}");
}

async fn f095_control_is_proven_in_the_portal_and_then_valid_at_new_order(server: &TestServer) {
    let house = House::open(server).await;
    let id = house.domain(server, "example.com").await;
    let names = ["example.com", "*.example.com", "a.b.example.com"];
    let probes = server.validator().probes("example.com");
    assert_eq!(probes, 1, "the look in the portal");
    let order = house.client.order(&names).await;
    let read = house.client.read(&order).await;
    assert_eq!(read.member("status"), "ready");
    for url in &order.authorizations {
        let authorization = house.client.post_as_get(url).await.expect(200);
        assert_eq!(authorization.member("status"), "valid");
    }
    let wanted = serde_json::json!({ "identifier": { "type": "dns", "value": "www.example.com" } });
    let url = house.client.resource("newAuthz");
    let ahead = house.client.post(&url, &wanted).await.expect(201);
    assert_eq!(ahead.member("status"), "valid");
    let issued = house.client.issue(&names).await;
    assert!(issued.chain.contains("BEGIN CERTIFICATE"));
    assert_eq!(server.validator().probes("example.com"), 1);
    assert_eq!(server.validator().probes("a.b.example.com"), 0);
    let shown = show_own_domain(&server.app, &of(house.tenant), id).await;
    let shown = shown.unwrap().unwrap();
    let asked = &server.validator().asked("example.com")[0];
    assert_eq!(asked.challenge, "dns-01");
    assert!(shown.domain.challenge.is_none(), "a value proves once");
    let listed = delegated_to(&server.app, &of(house.tenant), house.organization, 10).await;
    assert_eq!(listed.unwrap()[0].domain.as_str(), "example.com");
}

async fn f095_what_was_not_found_is_told_and_proves_nothing(server: &TestServer) {
    let house = House::open(server).await;
    let (app, caller) = (&server.app, of(house.tenant));
    let id = add(server, house.tenant, "example.com").await;
    let whole = (house.organization, None);
    delegate(server, (house.tenant, id), whole, "dv").await;
    let name = "_pki-validation.example.com".to_owned();
    server
        .validator()
        .fail("example.com", Failure::TxtMissing { name });
    let looked = prove_domain(app, &caller, id, ProofMethod::Dns).await;
    let looked = looked.unwrap();
    assert_eq!(looked.state(app.now()), DomainState::Waiting);
    let missed = looked.missed.unwrap().sentence;
    assert!(missed.contains("_pki-validation.example.com"), "{missed}");
    assert_rejected(
        house.client.new_order(&["example.com"]).await,
        "validate example.com in the portal",
    );
    // The values stay as they were until somebody asks for others.
    let before = looked.challenge.unwrap();
    let asked = ask_for_proof(app, &caller, id).await.unwrap();
    assert_ne!(asked.challenge.unwrap(), before);
    server.validator().release("example.com");
    let looked = prove_domain(app, &caller, id, ProofMethod::Dns).await;
    assert!(looked.unwrap().missed.is_none());
    house.client.issue(&["example.com"]).await;
    // There is nothing to look for once it is proven.
    let again = prove_domain(app, &caller, id, ProofMethod::Dns).await;
    assert_eq!(code(again), "domain_challenge_missing");
}

async fn f095_a_proof_by_a_file_is_for_that_name_alone(server: &TestServer) {
    let house = House::open(server).await;
    let by_file = ("example.com", ProofMethod::Http);
    let id = proven(server, house.tenant, by_file).await;
    let whole = (house.organization, None);
    delegate(server, (house.tenant, id), whole, "dv").await;
    let order = house.client.order(&["example.com"]).await;
    let proven = house.client.post_as_get(&order.authorizations[0]).await;
    assert_eq!(proven.json()["challenges"][0]["type"], "http-01");
    house.client.issue(&["example.com"]).await;
    for other in ["*.example.com", "www.example.com"] {
        assert_rejected(
            house.client.new_order(&[other]).await,
            "counts for that name alone",
        );
    }
}

async fn f095_a_proof_ends_when_the_rules_say_so(server: &TestServer) {
    let house = House::open(server).await;
    let id = house.domain(server, "example.com").await;
    let issued = house.client.issue(&["example.com"]).await;
    let found = show_own_domain(&server.app, &of(house.tenant), id).await;
    let proof = found.unwrap().unwrap().domain.proof.unwrap();
    let lasts = proof.valid_until.since(server.app.now());
    let ceiling = pki::reuse_ceiling_seconds(server.app.now());
    assert_eq!(lasts, Duration::from_secs(u64::try_from(ceiling).unwrap()));
    // At most what the rules allow on the day of the order, which grows shorter.
    server.clock().advance(lasts);
    assert_rejected(
        house.client.new_order(&["example.com"]).await,
        "was too long ago",
    );
    house.client.post_as_get(&issued.url).await.expect(200);
}

async fn f029_a_domain_is_delegated_to_organizations_departments_and_types(server: &TestServer) {
    let house = House::open(server).await;
    let (app, caller, tenant) = (&server.app, of(house.tenant), house.tenant);
    let id = proven(server, tenant, ("example.com", ProofMethod::Dns)).await;
    // Delegated to nobody, it admits nothing.
    let refused = house.client.new_order(&["example.com"]).await;
    assert_rejected(refused, "is in no domain that is delegated");
    let other = organization(server, tenant, "Another Oy").await;
    let imaging = department(server, (tenant, house.organization), "Imaging").await;
    delegate(server, (tenant, id), (other, None), "dv ov").await;
    delegate(
        server,
        (tenant, id),
        (house.organization, Some(imaging)),
        "dv",
    )
    .await;
    // To another organization, or to a department of which the account is not.
    let refused = house.client.new_order(&["example.com"]).await;
    assert_rejected(refused, "is in no domain that is delegated");
    let part = (house.organization, Some(imaging));
    assign_organization(app, &caller, house.eab.subscription, part)
        .await
        .unwrap();
    house.client.issue(&["example.com"]).await;
    // For other certificates only; what was said before is said anew.
    delegate(
        server,
        (tenant, id),
        (house.organization, Some(imaging)),
        "ov",
    )
    .await;
    let refused = house.client.new_order(&["a.example.com"]).await;
    assert_rejected(refused, "not delegated for certificates of this type");
    let shown = show_own_domain(app, &caller, id).await.unwrap().unwrap();
    let shown: Vec<_> = shown
        .delegations
        .iter()
        .map(|named| {
            (
                named.organization.as_str(),
                named.department.as_deref(),
                named.delegation.types.to_string(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("Another Oy", None, "dv ov".to_owned()),
            ("Example Oy", Some("Imaging"), "ov".to_owned()),
        ]
    );
    // What the whole organization may use, its departments may.
    delegate(server, (tenant, id), (house.organization, None), "dv").await;
    house.client.issue(&["b.example.com"]).await;
}

async fn f029_a_department_that_has_domains_stays(server: &TestServer) {
    let house = House::open(server).await;
    let (app, caller, tenant) = (&server.app, of(house.tenant), house.tenant);
    let id = add(server, tenant, "example.com").await;
    let imaging = department(server, (tenant, house.organization), "Imaging").await;
    let part = (house.organization, Some(imaging));
    delegate(server, (tenant, id), part, "dv").await;
    let removed = remove_department(app, &caller, imaging).await;
    assert_eq!(code(removed), "department_in_use");
    let shown = show_own_domain(app, &caller, id).await.unwrap().unwrap();
    let delegation = shown.delegations[0].delegation.id;
    end_delegation(app, &caller, id, delegation).await.unwrap();
    let again = end_delegation(app, &caller, id, delegation).await;
    assert_eq!(code(again), "delegation_not_found");
    let with = open(server, tenant, (Some(house.organization), Some(imaging))).await;
    assert!(with.is_ok());
    let removed = remove_department(app, &caller, imaging).await;
    assert_eq!(code(removed), "department_in_use");
}

async fn f096_a_private_ca_asks_for_no_proof(server: &TestServer) {
    let change = async |slug: &str, value: &str| {
        let plan = DirectoryPlan {
            slug: slug.to_owned(),
            rules: vec![("proof_of_control".to_owned(), value.to_owned())],
            ..DirectoryPlan::default()
        };
        change_directory(&server.app, &Caller::command_line(), plan)
            .await
            .unwrap();
    };
    // Where the profile keeps the rules of the public web, it changes nothing.
    change("DV", "false").await;
    let public = server.client("example.net").await;
    let order = public.order(&["example.net"]).await;
    assert_eq!(public.read(&order).await.member("status"), "pending");

    change("PRIVATE", "false").await;
    server.sell(("inside", "private"), "000", &[]).await;
    let eab = server.account_for("inside").await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger_in("PRIVATE").await.register(&eab).await;
    client.issue(&["example.com"]).await;
    assert_eq!(server.validator().probes("example.com"), 0);
    // Names have to be admitted as ever.
    client.new_order(&["other.example"]).await.expect(403);
    // The same under delegation: the domain has to be delegated, and needs no proof.
    let set = [("eab_reveal", "always")];
    server.sell(("delegated", "private"), "002", &set).await;
    let tenant = server.reseller().await.tenant;
    let organization = organization(server, tenant, "Example Oy").await;
    let eab = open(server, tenant, (Some(organization), None)).await;
    let eab = eab.unwrap_or_else(|error| panic!("{error}"));
    let client = server.stranger_in("PRIVATE").await.register(&eab).await;
    let id = add(server, tenant, "example.org").await;
    let refused = client.new_order(&["www.example.org"]).await;
    assert_rejected(refused, "is in no domain that is delegated");
    delegate(server, (tenant, id), (organization, None), "dv").await;
    client.issue(&["www.example.org"]).await;
    assert_eq!(server.validator().probes("www.example.org"), 0);
    change("PRIVATE", "true").await;
    let refused = client.new_order(&["mail.example.org"]).await;
    assert_rejected(refused, "is not proven");
}

async fn f097_a_name_belongs_to_a_validated_and_delegated_domain(server: &TestServer) {
    let house = House::open(server).await;
    house.domain(server, "example.com").await;
    let refused = house
        .client
        .new_order(&["example.com", "a.example.org", "b.example.net"])
        .await
        .expect(403);
    let about = refused.json()["subproblems"].as_array().unwrap().len();
    assert_eq!(about, 2);
    for foreign in ["badexample.com", "example.com.evil.test"] {
        let refused = house.client.new_order(&[foreign]).await;
        assert_rejected(refused, "is in no domain that is delegated");
    }
    // Another tenant's proof of the same domain is none of ours.
    let other = server.reseller().await.tenant;
    let theirs = organization(server, other, "Other Oy").await;
    let id = add(server, other, "example.com").await;
    delegate(server, (other, id), (theirs, None), "dv").await;
    let eab = open(server, other, (Some(theirs), None)).await;
    let eab = eab.unwrap_or_else(|error| panic!("{error}"));
    let client = server.stranger().await.register(&eab).await;
    assert_rejected(
        client.new_order(&["example.com"]).await,
        "validate example.com in the portal",
    );
}

async fn f097_what_is_taken_back_counts_at_once(server: &TestServer) {
    let house = House::open(server).await;
    let (app, caller) = (&server.app, of(house.tenant));
    let id = house.domain(server, "example.com").await;
    let issued = house.client.issue(&["example.com"]).await;
    let ready = house.client.order(&["www.example.com"]).await;
    let shown = show_own_domain(app, &caller, id).await.unwrap().unwrap();
    let delegation = shown.delegations[0].delegation.id;
    end_delegation(app, &caller, id, delegation).await.unwrap();
    let csr = testkit::Key::generate().csr(&["www.example.com"]);
    let refused = house.client.finalize(&ready, &csr).await;
    assert_rejected(refused, "is in no domain that is delegated");
    delegate(server, (house.tenant, id), (house.organization, None), "dv").await;
    house.client.finalize(&ready, &csr).await.expect(200);
    release_domain(app, &caller, id).await.unwrap();
    assert!(show_own_domain(app, &caller, id).await.unwrap().is_none());
    // The authorization of the account is still there, and admits nothing by itself.
    let refused = house.client.new_order(&["example.com"]).await;
    assert_rejected(refused, "is in no domain that is delegated");
    house.client.post_as_get(&issued.url).await.expect(200);
    let again = release_domain(app, &caller, id).await;
    assert_eq!(code(again), "domain_unknown");
}

async fn f097_no_name_is_enrolled_where_domains_are_delegated(server: &TestServer) {
    let house = House::open(server).await;
    let enrollment = Enrollment {
        anchor: None,
        subscription: house.eab.subscription,
        text: "example.com".to_owned(),
        companions: None,
    };
    let enrolled = enroll_domains(&server.app, &of(house.tenant), enrollment).await;
    assert_eq!(code(enrolled), "subscription_takes_no_names");
}

async fn f057_an_account_of_preset_002_has_an_organization_and_a_department(server: &TestServer) {
    sell(server).await;
    let tenant = server.reseller().await.tenant;
    let without = open(server, tenant, (None, None)).await;
    assert_eq!(code(without), "subscription_organization_missing");
    let own = organization(server, tenant, "Example Oy").await;
    let other = organization(server, tenant, "Another Oy").await;
    let imaging = department(server, (tenant, other), "Imaging").await;
    let mixed = open(server, tenant, (Some(own), Some(imaging))).await;
    assert_eq!(code(mixed), "subscription_organization_unknown");
    let opened = open(server, tenant, (Some(other), Some(imaging))).await;
    let opened = opened.unwrap_or_else(|error| panic!("{error}"));
    let caller = of(tenant);
    let found = list_subscriptions::find(&server.app, &caller, opened.subscription).await;
    let found = found.unwrap().unwrap().subscription;
    assert_eq!(
        (found.organization, found.department),
        (Some(other), Some(imaging))
    );
}

async fn s29_domains_of_others_are_not_there(server: &TestServer) {
    let (own, other) = (
        server.reseller().await.tenant,
        server.reseller().await.tenant,
    );
    let (app, caller) = (&server.app, of(own));
    let id = add(server, other, "example.com").await;
    let theirs = organization(server, other, "Other Oy").await;
    let ours = organization(server, own, "Own Oy").await;
    assert!(show_own_domain(app, &caller, id).await.unwrap().is_none());
    let asked = OwnDomainQuery::first(OwnDomainFilter::default(), 10);
    let listed = list_own_domains(app, &caller, asked).await.unwrap();
    assert!(listed.rows.is_empty());
    let looked = prove_domain(app, &caller, id, ProofMethod::Dns).await;
    assert_eq!(code(looked), "domain_unknown");
    assert_eq!(server.validator().probes("example.com"), 0);
    let asked = ask_for_proof(app, &caller, id).await;
    assert_eq!(code(asked), "domain_unknown");
    let released = release_domain(app, &caller, id).await;
    assert_eq!(code(released), "domain_unknown");
    let grant = |organization| Grant {
        organization,
        department: None,
        types: AllowedTypes::all(),
    };
    let delegated = delegate_domain(app, &caller, id, grant(ours)).await;
    assert_eq!(code(delegated), "domain_unknown");
    let mine = add(server, own, "example.com").await;
    let delegated = delegate_domain(app, &caller, mine, grant(theirs)).await;
    assert_eq!(code(delegated), "delegation_organization_unknown");
}

async fn s36_of_fifty_delegations_at_once_one_is_a_row(server: &TestServer) {
    let tenant = server.reseller().await.tenant;
    let (app, caller) = (&server.app, of(tenant));
    let organization = organization(server, tenant, "Example Oy").await;
    let name = || DnsName::parse("example.com").unwrap();
    let added = join_all((0..50).map(|_| add_domain(app, &caller, name()))).await;
    let mut added: Vec<_> = added.into_iter().filter_map(Result::ok).collect();
    assert_eq!(added.len(), 1);
    let id = added.remove(0).id;
    let grant = Grant {
        organization,
        department: None,
        types: AllowedTypes::all(),
    };
    let tries = (0..50).map(|_| delegate_domain(app, &caller, id, grant.clone()));
    let made = join_all(tries).await;
    assert!(made.iter().any(Result::is_ok));
    let shown = show_own_domain(app, &caller, id).await.unwrap().unwrap();
    assert_eq!(shown.delegations.len(), 1);
    // Looks are counted: a domain is not a way to have others probed without end.
    server.validator().fail(
        "example.com",
        Failure::TxtMissing {
            name: String::new(),
        },
    );
    let mut codes = Vec::new();
    for _ in 0..40 {
        codes.push(code(prove_domain(app, &caller, id, ProofMethod::Dns).await));
    }
    assert_eq!(codes.last(), Some(&"rate_limited"));
    server.clock().advance(DAY);
    assert_eq!(
        code(prove_domain(app, &caller, id, ProofMethod::Dns).await),
        ""
    );
}
