//! Subscriptions whose certificates name an organization: opened for one, checked before, ordered while that counts.

use std::time::Duration;

use base::{OrganizationId, Part, Refuse, TenantId, UserId};
use enrollment::subscription::Term;
use flow::Caller;
use flow::access::team::switch_tenant::switch_tenant;
use flow::enrollment::assign_organization::assign_organization;
use flow::enrollment::enroll_domains::{Enrollment, enroll_domains};
use flow::enrollment::list_domains::{self, DomainFilter, DomainQuery};
use flow::enrollment::open_subscription::{OpenError, Opening, open_subscription};
use flow::tenancy::organization::change_organization::{
    Details, add_organization, change_organization,
};
use flow::tenancy::organization::departments::{add_department, remove_department};
use flow::tenancy::organization::list_organizations::{list_organizations, show_organization};
use flow::tenancy::organization::{OrganizationFilter, OrganizationQuery};
use flow::tenancy::pre_validation::OrganizationCheck;
use flow::tenancy::pre_validation::end_pre_validation::{End, end_pre_validation};
use flow::tenancy::pre_validation::list_waiting::{list_waiting, show_pre_validation};
use flow::tenancy::pre_validation::request_pre_validation::request_pre_validation;
use flow::tenancy::pre_validation::review_pre_validation::{Verdict, review_pre_validation};
use pki::SubjectFields;
use tenancy::certificate_type::{CertificateType, Check};
use tenancy::organization::{Contact, ContactRole, Contacts, DepartmentName};
use tenancy::pre_validation::{Anchor, Approval, Evidence, ReviewState};
use tenancy::tenant::TenantSwitch;
use tenancy::user::{DisplayName, Email, Status};
use testkit::acme_client::leaf;
use testkit::{AcmeClient, Answer, Eab, MailServer, ReceivedMail, Reseller, TestServer, opening};

testkit::on_both_engines![
    f031_an_organization_is_mandatory_for_ov_and_absent_for_dv,
    f031_another_tenants_organization_is_none,
    f032_a_pre_validation_is_per_organization_and_type_and_exists_before_ordering,
    f032_an_end_stops_new_orders_and_nothing_that_was_issued,
    f032_a_request_waits_once_and_says_what_is_missing,
    f032_people_are_told_by_mail_before_the_end,
    f033_renewal_is_by_itself_or_by_hand_for_all_of_a_reseller,
    f034_a_name_is_added_with_the_anchor_number_of_its_organization,
    f034_subjects_come_from_what_was_checked_and_nothing_else,
    c9_names_are_added_once_the_organization_was_checked,
    f028_departments_are_objects_inside_an_organization,
    s29_organizations_of_others_are_not_there
];

const DAY: Duration = Duration::from_secs(86_400);

fn fields(name: &str) -> SubjectFields {
    SubjectFields {
        legal_name: name.to_owned(),
        locality: Some("Helsinki".to_owned()),
        country: "FI".to_owned(),
        ..SubjectFields::default()
    }
}

fn details(name: &str) -> Details {
    let contact = Contact {
        role: ContactRole::Confirms,
        name: DisplayName::parse("Maria Example").unwrap(),
        email: Email::parse("maria@example.com").unwrap(),
    };
    Details {
        fields: fields(name),
        contacts: Contacts::new(vec![contact]).unwrap(),
    }
}

fn of(tenant: TenantId) -> Caller {
    Caller::command_line().within(tenant)
}

async fn organization(server: &TestServer, tenant: TenantId, name: &str) -> OrganizationId {
    let added = add_organization(&server.app, &of(tenant), details(name)).await;
    added.unwrap().id
}

/// Somebody whose id is in the table of people; what they may do is not asked here.
fn reviewer(reseller: Reseller) -> UserId {
    reseller.user
}

fn approval(fields: SubjectFields, server: &TestServer, kind: CertificateType) -> Verdict {
    let seen_at = server.app.now();
    let evidence = kind.checks().iter().map(|check| Evidence {
        check: *check,
        source: "Trade register FI 0000000-0".to_owned(),
        seen_at,
    });
    let evidence = evidence.collect();
    Verdict::Approve(Box::new(Approval { fields, evidence }))
}

async fn pre_validate(
    server: &TestServer,
    reseller: Reseller,
    organization: OrganizationId,
) -> OrganizationCheck {
    let (app, caller, kind) = (&server.app, of(reseller.tenant), CertificateType::Ov);
    let asked = request_pre_validation(app, &caller, organization, kind).await;
    let asked = asked.unwrap();
    let verdict = approval(asked.fields.clone(), server, kind);
    let by = (asked.id, reviewer(reseller));
    let decided = review_pre_validation(app, &Caller::command_line(), by, verdict).await;
    decided.unwrap()
}

/// An offer of OV certificates under a rule about organizations.
async fn sell(server: &TestServer, rule: &str) {
    let set = [("organization_at_creation", rule)];
    server.sell(("organization", "ov"), "000", &set).await;
}

async fn open(
    server: &TestServer,
    tenant: TenantId,
    (offer, organization): (&str, Option<OrganizationId>),
) -> Result<Eab, OpenError> {
    let opening = Opening {
        term: Term::from_years(2).unwrap(),
        organization,
        ..opening(offer)
    };
    let opened = open_subscription(&server.app, &of(tenant), opening).await?;
    Ok(Eab {
        tenant,
        subscription: opened.subscription.id,
        key_id: opened.credential.key_id.to_string(),
        mac_key: opened.mac_key.as_bytes().to_vec(),
    })
}

struct Checked {
    reseller: Reseller,
    check: OrganizationCheck,
    eab: Eab,
    client: AcmeClient,
}

/// A reseller with an organization that was checked, and a client that orders for it.
async fn checked(server: &TestServer) -> Checked {
    sell(server, "required_ov_up").await;
    let reseller = server.reseller().await;
    let id = organization(server, reseller.tenant, "Example Oy").await;
    let check = pre_validate(server, reseller, id).await;
    let opened = open(server, reseller.tenant, ("organization", Some(id))).await;
    let eab = opened.unwrap_or_else(|error| panic!("{error}"));
    server.enroll(&eab, "example.com").await;
    let client = server.stranger_in("OV").await.register(&eab).await;
    Checked {
        reseller,
        check,
        eab,
        client,
    }
}

/// The order is refused for its organization, and for nothing else.
#[track_caller]
fn assert_not_validated(answer: Answer) {
    let answer = answer.expect(403);
    assert_eq!(answer.problem_type(), "unauthorized");
    let detail = answer.member("detail");
    assert!(
        detail.contains("issues for validated organizations only"),
        "{detail}"
    );
}

#[track_caller]
fn code<T, E: Refuse>(result: Result<T, E>) -> &'static str {
    result.err().map_or("", |error| error.refusal().code)
}

async fn f031_an_organization_is_mandatory_for_ov_and_absent_for_dv(server: &TestServer) {
    let reseller = server.reseller().await;
    let id = organization(server, reseller.tenant, "Example Oy").await;
    sell(server, "required_ov_up").await;
    let catalog = server.app.catalog();
    let dv = catalog.offers().first().unwrap().slug.clone();
    let without = open(server, reseller.tenant, ("organization", None)).await;
    let refusal = without.err().unwrap().refusal();
    assert_eq!(refusal.about[0].part, Part::Field("organization"));
    assert_eq!(refusal.code, "subscription_organization_missing");
    let with = open(server, reseller.tenant, ("organization", Some(id))).await;
    assert!(with.is_ok());
    let needless = open(server, reseller.tenant, (&dv, Some(id))).await;
    assert_eq!(code(needless), "subscription_organization_needless");
    assert!(open(server, reseller.tenant, (&dv, None)).await.is_ok());
}

async fn f031_another_tenants_organization_is_none(server: &TestServer) {
    sell(server, "no").await;
    let (own, other) = (server.reseller().await, server.reseller().await);
    let id = organization(server, other.tenant, "Other Oy").await;
    let opened = open(server, own.tenant, ("organization", Some(id))).await;
    assert_eq!(code(opened), "subscription_organization_unknown");
    let opened = open(server, own.tenant, ("organization", None)).await;
    let Ok(eab) = opened else {
        panic!("it could not be opened");
    };
    let assigned =
        assign_organization(&server.app, &of(own.tenant), eab.subscription, (id, None)).await;
    assert_eq!(code(assigned), "subscription_organization_unknown");
}

async fn f032_a_pre_validation_is_per_organization_and_type_and_exists_before_ordering(
    server: &TestServer,
) {
    let Checked {
        reseller,
        check,
        eab,
        client,
    } = checked(server).await;
    client.issue(&["example.com"]).await;
    // Another organization of the same tenant was not checked.
    let other = organization(server, reseller.tenant, "Another Oy").await;
    let caller = of(reseller.tenant);
    let ours = list_organizations(
        &server.app,
        &caller,
        OrganizationQuery::first(OrganizationFilter::default(), 10),
    )
    .await
    .unwrap();
    let state = |id: OrganizationId, kind| {
        let mut rows = ours.rows.iter();
        let row = rows.find(|row| row.organization.id == id).unwrap();
        row.newest(kind).map(|check| check.state(server.app.now()))
    };
    assert_eq!(
        state(check.organization, CertificateType::Ov),
        Some(ReviewState::Valid)
    );
    assert_eq!(state(check.organization, CertificateType::Ev), None);
    assert_eq!(state(other, CertificateType::Ov), None);
    assign_organization(&server.app, &caller, eab.subscription, (other, None))
        .await
        .unwrap();
    assert_not_validated(client.new_order(&["example.com"]).await);
    // DV is exempt.
    server
        .client("example.org")
        .await
        .issue(&["example.org"])
        .await;
}

async fn f032_an_end_stops_new_orders_and_nothing_that_was_issued(server: &TestServer) {
    let Checked {
        reseller,
        check,
        client,
        ..
    } = checked(server).await;
    let issued = client.issue(&["example.com"]).await;
    let ready = client.ready_order(&["example.com"]).await;
    let end = End::ByOperator("dissolved".to_owned());
    let caller = of(reseller.tenant);
    let taken_back = end_pre_validation(&server.app, &caller, check.id, End::TakenBack).await;
    assert_eq!(code(taken_back), "pre_validation_not_taken_back");
    let ended = end_pre_validation(&server.app, &caller, check.id, end).await;
    assert_eq!(ended.unwrap().state(server.app.now()), ReviewState::Ended);
    let csr = testkit::Key::generate().csr(&["example.com"]);
    let refused = client.finalize(&ready, &csr).await.expect(403);
    assert_eq!(refused.problem_type(), "unauthorized");
    assert_not_validated(client.new_order(&["example.com"]).await);
    client.post_as_get(&issued.url).await.expect(200);
    // Checked again, it goes on; 398 days later it has ended by itself.
    pre_validate(server, reseller, check.organization).await;
    let again = client.issue(&["example.com"]).await;
    server.clock().advance(DAY * 398);
    assert_not_validated(client.new_order(&["example.com"]).await);
    client.post_as_get(&again.url).await.expect(200);
    let found = show_pre_validation(&server.app, check.id).await.unwrap();
    let others = found.unwrap().others;
    let states: Vec<_> = others
        .iter()
        .map(|each| each.state(server.app.now()))
        .collect();
    assert_eq!(states, [ReviewState::Expired]);
}

async fn f032_a_request_waits_once_and_says_what_is_missing(server: &TestServer) {
    let reseller = server.reseller().await;
    let (app, caller) = (&server.app, of(reseller.tenant));
    let id = organization(server, reseller.tenant, "Example Oy").await;
    let ask = async |kind| request_pre_validation(app, &caller, id, kind).await;
    // Nobody signs for it.
    assert_eq!(code(ask(CertificateType::Ev).await), "contact_missing");
    let asked = ask(CertificateType::Ov).await.unwrap();
    assert_eq!(asked.state(app.now()), ReviewState::Requested);
    assert_eq!(
        code(ask(CertificateType::Ov).await),
        "pre_validation_waiting"
    );
    let waiting = list_waiting(app, base::PreValidationId::FIRST, 10).await;
    let waiting = waiting.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].organization, "Example Oy");
    let by = (asked.id, reviewer(reseller));
    let mut lacking = approval(asked.fields.clone(), server, CertificateType::Ov);
    if let Verdict::Approve(approval) = &mut lacking {
        approval
            .evidence
            .retain(|each| each.check != Check::Authority);
    }
    let caller = Caller::command_line();
    let refused = review_pre_validation(app, &caller, by, lacking).await;
    let refusal = refused.err().unwrap().refusal();
    assert_eq!(
        (refusal.code, refusal.about[0].part.clone()),
        ("review_without_evidence", Part::Field("authority"))
    );
    let verdict = Verdict::Reject("No such entry".to_owned());
    let rejected = review_pre_validation(app, &caller, by, verdict)
        .await
        .unwrap();
    assert_eq!(rejected.state(app.now()), ReviewState::Rejected);
    assert!(
        list_waiting(app, base::PreValidationId::FIRST, 10)
            .await
            .unwrap()
            .is_empty()
    );
    // What was rejected may be asked for again.
    assert!(ask(CertificateType::Ov).await.is_ok());
}

/// What has arrived at the mail server about ends, with the days that were left.
async fn told(server: &TestServer, mails: &MailServer) -> usize {
    server.run_jobs().await;
    let all = mails.mails();
    let about = |mail: &&ReceivedMail| mail.text().contains("Renew the validation");
    all.iter().filter(about).count()
}

async fn f032_people_are_told_by_mail_before_the_end(server: &TestServer) {
    let mails = MailServer::start().await;
    let server = &server.mailing(mails.mailer()).await;
    let reseller = server.reseller().await;
    let id = organization(server, reseller.tenant, "Example Oy").await;
    pre_validate(server, reseller, id).await;
    // Who was invited and has not come is told nothing; who may manage organizations is.
    activate(server, reseller).await;
    for (days, expected) in [(340, 0), (29, 1), (1, 1), (22, 2), (1, 2), (10, 2)] {
        server.clock().advance(DAY * days);
        assert_eq!(
            told(server, &mails).await,
            expected,
            "after {days} more days"
        );
        // Again on the same day, it is the same mail.
        server.clock().advance(Duration::from_secs(60));
        assert_eq!(told(server, &mails).await, expected);
    }
    let mail = mails.mails();
    let mail = mail
        .iter()
        .find(|mail| mail.text().contains("Example Oy"))
        .unwrap();
    assert!(mail.text().contains("Example Oy (OV)"), "{}", mail.text());
}

/// The administrator follows their link.
async fn activate(server: &TestServer, reseller: Reseller) {
    let active = (reseller.user, Status::Active);
    let caller = of(reseller.tenant);
    let store = server.app.store(&caller);
    assert!(
        store
            .write(active, store::access::user::set_status)
            .await
            .unwrap()
    );
}

async fn f033_renewal_is_by_itself_or_by_hand_for_all_of_a_reseller(server: &TestServer) {
    let (by_itself, by_hand) = (server.reseller().await, server.reseller().await);
    let app = &server.app;
    let switch = TenantSwitch::RenewPreValidations;
    let switched = switch_tenant(app, &of(by_itself.tenant), switch, true).await;
    assert!(switched.unwrap());
    let again = switch_tenant(app, &of(by_itself.tenant), switch, true).await;
    assert!(!again.unwrap());
    let mut organizations = Vec::new();
    for reseller in [by_itself, by_hand] {
        let id = organization(server, reseller.tenant, "Example Oy").await;
        pre_validate(server, reseller, id).await;
        organizations.push(id);
    }
    let waiting = async || {
        server.run_jobs().await;
        let waiting = list_waiting(app, base::PreValidationId::FIRST, 10).await;
        let waiting = waiting.unwrap().into_iter();
        waiting
            .map(|each| each.check.organization)
            .collect::<Vec<_>>()
    };
    server.clock().advance(DAY * 337);
    assert!(waiting().await.is_empty());
    server.clock().advance(DAY * 2);
    assert_eq!(waiting().await, [organizations[0]]);
    server.clock().advance(DAY);
    assert_eq!(waiting().await, [organizations[0]], "asked for once");
    // Approved, it counts longer, and is not asked for again.
    pre_validate_waiting(server, by_itself).await;
    server.clock().advance(DAY * 5);
    assert!(waiting().await.is_empty());
}

/// A reviewer approves what waits.
async fn pre_validate_waiting(server: &TestServer, reseller: Reseller) {
    let waiting = list_waiting(&server.app, base::PreValidationId::FIRST, 10).await;
    let check = waiting.unwrap().remove(0).check;
    let verdict = approval(check.fields.clone(), server, check.kind);
    let by = (check.id, reviewer(reseller));
    review_pre_validation(&server.app, &Caller::command_line(), by, verdict)
        .await
        .unwrap();
}

async fn f034_subjects_come_from_what_was_checked_and_nothing_else(server: &TestServer) {
    let Checked {
        reseller,
        check,
        client,
        ..
    } = checked(server).await;
    // What the tenant says afterwards counts once it was checked.
    let later = details("Renamed Oy");
    let caller = of(reseller.tenant);
    change_organization(&server.app, &caller, check.organization, later)
        .await
        .unwrap();
    let issued = client.issue(&["example.com"]).await;
    assert!(leaf(&issued.chain).subject.contains("O=Example Oy"));
    let kind = CertificateType::Ov;
    let asked = request_pre_validation(&server.app, &caller, check.organization, kind).await;
    let asked = asked.unwrap();
    assert_eq!(asked.fields.legal_name, "Renamed Oy");
    // The reviewer writes it as the register does.
    server.clock().advance(DAY);
    let verdict = approval(fields("Renamed Oyj"), server, kind);
    let by = (asked.id, reviewer(reseller));
    review_pre_validation(&server.app, &Caller::command_line(), by, verdict)
        .await
        .unwrap();
    let issued = client.issue(&["example.com"]).await;
    assert!(leaf(&issued.chain).subject.contains("O=Renamed Oyj"));
}

/// Adds a name with an anchor number, and says which one was stored, or with which code it was refused.
async fn enroll_under(
    server: &TestServer,
    reseller: Reseller,
    eab: &Eab,
    (name, anchor): (&str, Option<&str>),
) -> Result<Option<String>, &'static str> {
    let enrollment = Enrollment {
        anchor: anchor.map(|text| Anchor::parse(text).unwrap()),
        subscription: eab.subscription,
        text: name.to_owned(),
        companions: Some(false),
    };
    let enrolled = enroll_domains(&server.app, &of(reseller.tenant), enrollment).await;
    enrolled
        .map(|enrolled| enrolled.added[0].anchor.clone())
        .map_err(|error| {
            let refusal = error.refusal();
            assert_eq!(refusal.about[0].part, Part::Field("anchor"));
            refusal.code
        })
}

async fn f034_a_name_is_added_with_the_anchor_number_of_its_organization(server: &TestServer) {
    let Checked {
        reseller,
        check,
        eab: lenient,
        ..
    } = checked(server).await;
    let rule = ("organization_at_creation", "required_ov_up");
    let set = [rule, ("ov_validation", "anchor_required")];
    server.sell(("strict", "ov"), "000", &set).await;
    let opened = open(
        server,
        reseller.tenant,
        ("strict", Some(check.organization)),
    );
    let strict = opened.await.unwrap_or_else(|error| panic!("{error}"));
    let dv = server.account_of(reseller, None).await;
    let enroll = async |eab: &Eab, name: &str, anchor: Option<&str>| {
        enroll_under(server, reseller, eab, (name, anchor)).await
    };
    let own = check.anchor.as_str();
    assert_eq!(
        enroll(&strict, "a.example", None).await,
        Err("anchor_missing")
    );
    let wrong = Some("OV-2026-00000000");
    assert_eq!(
        enroll(&strict, "a.example", wrong).await,
        Err("anchor_unknown")
    );
    // That of another organization.
    let other = organization(server, reseller.tenant, "Another Oy").await;
    let other = pre_validate(server, reseller, other).await;
    let foreign = Some(other.anchor.as_str());
    assert_eq!(
        enroll(&strict, "a.example", foreign).await,
        Err("anchor_unknown")
    );
    let stands_on = Ok(Some(own.to_owned()));
    assert_eq!(enroll(&strict, "a.example", Some(own)).await, stands_on);
    // Where the offer takes it by itself, it may still be named.
    assert_eq!(enroll(&lenient, "b.example", None).await, stands_on);
    assert_eq!(enroll(&lenient, "c.example", Some(own)).await, stands_on);
    assert_eq!(
        enroll(&lenient, "d.example", wrong).await,
        Err("anchor_unknown")
    );
    assert_eq!(enroll(&dv, "e.example", None).await, Ok(None));
    assert_eq!(
        enroll(&dv, "f.example", Some(own)).await,
        Err("anchor_not_needed")
    );
    let client = server.stranger_in("OV").await.register(&strict).await;
    client.issue(&["a.example"]).await;
    // It is what was stored, and stays once it does not count any more.
    let asked = DomainQuery::first(DomainFilter::default(), 10);
    let listed = list_domains::page(&server.app, &of(reseller.tenant), asked).await;
    let rows = listed.unwrap().page.rows;
    let found = rows
        .iter()
        .find(|line| line.domain.name.as_str() == "a.example");
    assert_eq!(found.unwrap().domain.anchor.as_deref(), Some(own));
}

async fn c9_names_are_added_once_the_organization_was_checked(server: &TestServer) {
    sell(server, "no").await;
    let reseller = server.reseller().await;
    let opened = open(server, reseller.tenant, ("organization", None)).await;
    let Ok(eab) = opened else {
        panic!("it could not be opened");
    };
    let caller = of(reseller.tenant);
    let enroll = async || {
        let enrollment = Enrollment {
            anchor: None,
            subscription: eab.subscription,
            text: "example.com".to_owned(),
            companions: None,
        };
        enroll_domains(&server.app, &caller, enrollment).await
    };
    assert_eq!(code(enroll().await), "subscription_without_organization");
    let id = organization(server, reseller.tenant, "Example Oy").await;
    let assigned = assign_organization(&server.app, &caller, eab.subscription, (id, None)).await;
    assert_eq!(assigned.unwrap().organization, Some(id));
    assert_eq!(code(enroll().await), "organization_not_validated");
    pre_validate(server, reseller, id).await;
    assert!(!enroll().await.unwrap().added.is_empty());
}

async fn f028_departments_are_objects_inside_an_organization(server: &TestServer) {
    let reseller = server.reseller().await;
    let (app, caller) = (&server.app, of(reseller.tenant));
    let one = organization(server, reseller.tenant, "Example Oy").await;
    let other = organization(server, reseller.tenant, "Another Oy").await;
    let name = || DepartmentName::parse("Imaging").unwrap();
    let added = add_department(app, &caller, one, name()).await.unwrap();
    assert_eq!(
        code(add_department(app, &caller, one, name()).await),
        "department_name_taken"
    );
    add_department(app, &caller, other, name()).await.unwrap();
    let shown = show_organization(app, &caller, one).await.unwrap().unwrap();
    assert_eq!(shown.departments[0], added);
    assert_eq!(shown.departments.len(), 1);
    remove_department(app, &caller, added.id).await.unwrap();
    let shown = show_organization(app, &caller, one).await.unwrap().unwrap();
    assert!(shown.departments.is_empty());
    let again = remove_department(app, &caller, added.id).await;
    assert_eq!(code(again), "department_not_found");
}

async fn s29_organizations_of_others_are_not_there(server: &TestServer) {
    let (own, other) = (server.reseller().await, server.reseller().await);
    let (app, caller) = (&server.app, of(own.tenant));
    let id = organization(server, other.tenant, "Other Oy").await;
    let name = DepartmentName::parse("Imaging").unwrap();
    let department = add_department(app, &of(other.tenant), id, name.clone()).await;
    let check = pre_validate(server, other, id).await;
    assert!(show_organization(app, &caller, id).await.unwrap().is_none());
    let asked = OrganizationQuery::first(OrganizationFilter::default(), 10);
    assert!(
        list_organizations(app, &caller, asked)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    let changed = change_organization(app, &caller, id, details("Mine Oy")).await;
    assert_eq!(code(changed), "organization_not_found");
    let added = add_department(app, &caller, id, name).await;
    assert_eq!(code(added), "organization_not_found");
    let removed = remove_department(app, &caller, department.unwrap().id).await;
    assert_eq!(code(removed), "department_not_found");
    let asked = request_pre_validation(app, &caller, id, CertificateType::Ov).await;
    assert_eq!(code(asked), "organization_not_found");
    let ended = end_pre_validation(app, &caller, check.id, End::TakenBack).await;
    assert_eq!(code(ended), "pre_validation_not_found");
}
