//! What an offer says is what happens, for whoever bought under it, and for nobody who bought before.

use std::time::Duration;

use acme::revocation::Reason;
use base::Actor;
use enrollment::policy::Preset;
use enrollment::subscription::{State, Term};
use flow::Caller;
use flow::caller::system;
use flow::catalog::retire_offer::retire_offer;
use flow::enrollment::enroll_domains::{Enrollment, enroll_domains};
use flow::enrollment::list_domains::{self, DomainFilter, DomainQuery};
use flow::enrollment::open_subscription::{OpenError, Opening, open_subscription};
use flow::enrollment::remove_domain::{preview, remove_domain};
use flow::issuance::revoke::{RevokeError, revoke_in_portal};
use testkit::acme_client::leaf;
use testkit::{Eab, TestServer, opening};

testkit::on_both_engines![
    what_was_bought_before_keeps_its_policies,
    f079_companions_come_as_the_offer_has_it,
    certificates_are_as_long_as_the_offer_allows,
    f040_certificates_live_at_most_ninety_days,
    f043_certificates_for_an_enrolled_name_cost_nothing_more,
    certificates_end_with_the_subscription_where_the_offer_says_so,
    f041_certificates_of_preset_001_live_three_months_kept_as_days,
    f093_c7_a_name_that_goes_early_takes_its_certificates_along,
    c12_f145_certificates_are_revoked_when_the_subscription_ends,
    every_preset_but_that_of_the_hook_is_sold_and_issues,
    c14_renewals_on_hold_are_refused_where_the_offer_says_so,
    terms_that_are_not_on_offer_are_refused,
    a_term_starts_when_it_is_bought_where_the_offer_says_so,
    f137_people_revoke_where_the_offer_lets_them,
    what_is_not_sold_any_more_is_not_bought,
    sb17_a_purchase_at_the_command_line_is_nobody_elses
];

const DAY: u64 = 86_400;

async fn publish(server: &TestServer, set: &[(&str, &str)]) {
    server.sell(("mine", "dv"), "000", set).await;
}

async fn bought(server: &TestServer, set: &[(&str, &str)]) -> Eab {
    publish(server, set).await;
    server.account_for("mine").await
}

/// The lifetime of a certificate in seconds.
fn seconds(chain: &str) -> i64 {
    let certificate = leaf(chain);
    certificate.not_after.as_seconds() - certificate.not_before.as_seconds() + 1
}

async fn what_was_bought_before_keeps_its_policies(server: &TestServer) {
    let before = bought(server, &[("max_cert_days", "30")]).await;
    server.enroll(&before, "example.com").await;
    let after = bought(server, &[("max_cert_days", "10")]).await;
    server.enroll(&after, "example.org").await;
    for (eab, name, days) in [(&before, "example.com", 30), (&after, "example.org", 10)] {
        let client = server.stranger().await.register(eab).await;
        let issued = client.issue(&[name]).await;
        assert_eq!(seconds(&issued.chain), days * 86_400, "{name}");
    }
}

async fn f079_companions_come_as_the_offer_has_it(server: &TestServer) {
    for (mode, expected) in [("auto", 2), ("on_request", 1), ("off", 1)] {
        let eab = bought(server, &[("companion_mode", mode)]).await;
        let enrollment = Enrollment {
            anchor: None,
            subscription: eab.subscription,
            text: "example.com".to_owned(),
            companions: None,
        };
        let caller = Caller::command_line().within(eab.tenant);
        let enrolled = enroll_domains(&server.app, &caller, enrollment)
            .await
            .unwrap();
        assert_eq!(enrolled.added.len(), expected, "{mode}");
    }
}

async fn certificates_are_as_long_as_the_offer_allows(server: &TestServer) {
    let eab = bought(server, &[("max_cert_days", "profile")]).await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    let usual = server.directory().profile.profile.validity_seconds;
    assert_eq!(seconds(&client.issue(&["example.com"]).await.chain), usual);
}

/// By the offer, whatever the profile would allow.
async fn f040_certificates_live_at_most_ninety_days(server: &TestServer) {
    let eab = bought(server, &[]).await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    let issued = client.issue(&["example.com"]).await;
    assert_eq!(seconds(&issued.chain), 90 * 86_400);
}

async fn f043_certificates_for_an_enrolled_name_cost_nothing_more(server: &TestServer) {
    let eab = bought(server, &[]).await;
    server.enroll(&eab, "example.com\n*.example.com").await;
    let before = names_of(server, &eab).await;
    let client = server.stranger().await.register(&eab).await;
    let mut serials = std::collections::HashSet::new();
    for names in [
        &["example.com"][..],
        &["example.com"],
        &["*.example.com"],
        &["example.com", "*.example.com"],
    ] {
        let issued = client.issue(names).await;
        serials.insert(leaf(&issued.chain).serial);
    }
    assert_eq!(serials.len(), 4);
    assert_eq!(names_of(server, &eab).await, before);
}

/// How many names a subscription has that are paid for, and free ones.
async fn names_of(server: &TestServer, eab: &Eab) -> (u32, u32) {
    let store = server.app.store(flow::caller::tenant(eab.tenant));
    let found: Result<_, store::Error> = store
        .read(eab.subscription, store::enrollment::subscription::find)
        .await;
    let found = found.unwrap().unwrap();
    (found.paid_names, found.free_names)
}

async fn certificates_end_with_the_subscription_where_the_offer_says_so(server: &TestServer) {
    let kept = bought(server, &[("on_subscription_end", "keep_certs")]).await;
    server.enroll(&kept, "example.org").await;
    let capped = bought(server, &[("on_subscription_end", "cap_not_after")]).await;
    server.enroll(&capped, "example.com").await;
    let clients = [
        server.stranger().await.register(&kept).await,
        server.stranger().await.register(&capped).await,
    ];
    server.clock().advance(Duration::from_secs(360 * DAY));
    let [kept, capped] = clients;
    assert_eq!(
        seconds(&kept.issue(&["example.org"]).await.chain),
        90 * 86_400
    );
    let issued = leaf(&capped.issue(&["example.com"]).await.chain);
    let left = issued.not_after.since(server.app.now());
    assert!(left < Duration::from_secs(7 * DAY), "{left:?}");
    // The end of a term is a midnight; the last second before it belongs to the certificate.
    assert_eq!((issued.not_after.as_seconds() + 1) % 86_400, 0);
}

async fn f041_certificates_of_preset_001_live_three_months_kept_as_days(server: &TestServer) {
    server.sell(("mine", "dv"), "001", &[]).await;
    let eab = server.account_for("mine").await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    let issued = client.issue(&["example.com"]).await;
    assert_eq!(seconds(&issued.chain), 90 * 86_400);
}

/// Whether a certificate is revoked.
async fn is_revoked(server: &TestServer, chain: &str) -> bool {
    let serial = leaf(chain).serial.to_ascii_lowercase();
    let store = server.app.store(system("a test"));
    let found: Result<_, store::Error> = store
        .read(serial, store::issuance::certificate::by_serial)
        .await;
    found.unwrap().unwrap().revoked_at.is_some()
}

async fn f093_c7_a_name_that_goes_early_takes_its_certificates_along(server: &TestServer) {
    let eab = bought(server, &[("revoke_on_removal", "in_refund_window")]).await;
    let caller = Caller::command_line().within(eab.tenant);
    let early = server.enroll(&eab, "example.com\n*.example.net").await;
    let other = server.enroll(&eab, "example.org\nmail.example.net").await;
    let client = server.stranger().await.register(&eab).await;
    let remove = async |id| {
        let shown = preview(&server.app, &caller, id).await.unwrap();
        remove_domain(&server.app, &caller, id).await.unwrap();
        // The jobs of one tenant take turns.
        for _ in 0..2 {
            server.run_jobs().await;
            server.clock().advance(Duration::from_secs(2));
        }
        shown.revokes
    };
    let mut issued = Vec::new();
    for names in [
        &["example.com"][..],
        &["example.com", "example.org"],
        &["example.org"],
        &["www.example.net"],
        &["mail.example.net"],
        &["*.example.net"],
    ] {
        issued.push(client.issue(names).await);
    }
    // One that was renewed is valid too.
    issued.push(client.issue(&["example.com"]).await);
    let revoked = async || {
        let mut revoked = Vec::new();
        for each in &issued {
            revoked.push(is_revoked(server, &each.chain).await);
        }
        revoked
    };
    server.clock().advance(Duration::from_secs(30 * DAY - 20));
    assert!(remove(early[0].id).await);
    let expected = [true, true, false, false, false, false, true];
    assert_eq!(revoked().await, expected);
    // With a wildcard go the names that it admitted, but for one that is enrolled itself.
    assert!(remove(early[1].id).await);
    let expected = [true, true, false, true, false, true, true];
    assert_eq!(revoked().await, expected);
    server.clock().advance(Duration::from_secs(20));
    assert!(!remove(other[0].id).await);
    assert_eq!(revoked().await, expected, "it was paid for");
}

async fn c12_f145_certificates_are_revoked_when_the_subscription_ends(server: &TestServer) {
    let revoked = bought(server, &[("on_subscription_end", "revoke_at_end")]).await;
    let kept = bought(server, &[("on_subscription_end", "keep_certs")]).await;
    let mut clients = Vec::new();
    for eab in [&revoked, &kept] {
        server.enroll(eab, "example.com\nexample.org").await;
        clients.push(server.stranger().await.register(eab).await);
    }
    server.run_jobs().await;
    server.clock().advance(Duration::from_secs(364 * DAY));
    let mut issued = Vec::new();
    for client in &clients {
        issued.push(client.issue(&["example.com"]).await);
        issued.push(client.issue(&["example.org"]).await);
    }
    // Also those of a name that was removed late.
    let caller = Caller::command_line().within(revoked.tenant);
    let asked = DomainQuery::first(DomainFilter::default(), 10);
    let listed = list_domains::page(&server.app, &caller, asked)
        .await
        .unwrap();
    let removed = listed.page.rows[1].domain.id;
    remove_domain(&server.app, &caller, removed).await.unwrap();
    server.run_jobs().await;
    let all = async || {
        let mut all = Vec::new();
        for each in &issued {
            all.push(is_revoked(server, &each.chain).await);
        }
        all
    };
    assert_eq!(all().await, [false; 4]);
    server.clock().advance(Duration::from_secs(2 * DAY + 3_600));
    server.run_jobs().await;
    assert_eq!(all().await, [true, true, false, false]);
}

async fn every_preset_but_that_of_the_hook_is_sold_and_issues(server: &TestServer) {
    for preset in Preset::all() {
        let unbuilt = preset.policy.unbuilt();
        assert_eq!(unbuilt.is_empty(), preset.name != "003", "{}", preset.name);
        // What 002 asks for has its own tests.
        if preset.name == "002" || preset.name == "003" {
            continue;
        }
        server.sell(("mine", "dv"), &preset.name, &[]).await;
        let eab = server.account_for("mine").await;
        server.enroll(&eab, "example.com").await;
        let client = server.stranger().await.register(&eab).await;
        client.issue(&["example.com"]).await;
    }
}

async fn c14_renewals_on_hold_are_refused_where_the_offer_says_so(server: &TestServer) {
    let eab = bought(server, &[("renewals_on_hold", "deny")]).await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    client.issue(&["example.com"]).await;
    let store = server.app.store(system("a test"));
    let hold = (eab.tenant, server.app.now());
    assert!(
        store
            .write(hold, store::tenancy::tenant::hold)
            .await
            .unwrap()
    );
    let refused = client.new_order(&["example.com"]).await.expect(403);
    assert_eq!(refused.problem_type(), "unauthorized");
}

fn for_years(years: i64) -> Opening {
    Opening {
        term: Term::from_years(years).unwrap(),
        ..opening("mine")
    }
}

async fn terms_that_are_not_on_offer_are_refused(server: &TestServer) {
    publish(server, &[("term_choices_years", "2,3")]).await;
    let caller = Caller::command_line().within(server.reseller().await.tenant);
    let refused = open_subscription(&server.app, &caller, for_years(1))
        .await
        .err()
        .unwrap();
    assert_eq!(
        refused.to_string(),
        "this certificate type is sold for 2 or 3 years; choose one of them"
    );
    open_subscription(&server.app, &caller, for_years(2))
        .await
        .unwrap();
}

async fn a_term_starts_when_it_is_bought_where_the_offer_says_so(server: &TestServer) {
    let caller = Caller::command_line().within(server.reseller().await.tenant);
    for (trigger, expected) in [
        ("first_domain", State::Pending),
        ("on_create", State::Active),
    ] {
        publish(server, &[("start_trigger", trigger)]).await;
        let opened = open_subscription(&server.app, &caller, for_years(1))
            .await
            .unwrap();
        assert_eq!(
            opened.subscription.state(server.app.now()),
            expected,
            "{trigger}"
        );
    }
}

async fn f137_people_revoke_where_the_offer_lets_them(server: &TestServer) {
    for (policy, is_allowed) in [("role", true), ("no", false)] {
        let eab = bought(server, &[("portal_revoke", policy)]).await;
        server.enroll(&eab, "example.com").await;
        let client = server.stranger().await.register(&eab).await;
        let issued = client.issue(&["example.com"]).await;
        let id = base::CertificateId::from_suffix(issued.url.rsplit('/').next().unwrap());
        let caller = Caller::command_line().within(eab.tenant);
        let revoked = revoke_in_portal(&server.app, &caller, id.unwrap(), Reason::Superseded).await;
        match revoked {
            Ok(()) => assert!(is_allowed),
            Err(RevokeError::NotInPortal) => assert!(!is_allowed),
            Err(error) => panic!("{error}"),
        }
    }
}

async fn what_is_not_sold_any_more_is_not_bought(server: &TestServer) {
    let eab = bought(server, &[]).await;
    server.enroll(&eab, "example.com").await;
    retire_offer(&server.app, &Caller::command_line(), "mine")
        .await
        .unwrap();
    let caller = Caller::command_line().within(eab.tenant);
    let refused = open_subscription(&server.app, &caller, for_years(1))
        .await
        .err()
        .unwrap();
    assert!(matches!(refused, OpenError::NoOffer(_)), "{refused}");
    // Who has bought it goes on.
    server
        .stranger()
        .await
        .register(&eab)
        .await
        .issue(&["example.com"])
        .await;
    publish(server, &[]).await;
    open_subscription(&server.app, &caller, for_years(1))
        .await
        .unwrap();
}

/// Not the first administrator's, who knows nothing of it.
async fn sb17_a_purchase_at_the_command_line_is_nobody_elses(server: &TestServer) {
    let reseller = server.reseller().await;
    let eab = server.account_of(reseller, None).await;
    let store = server.app.store(flow::caller::tenant(eab.tenant));
    let bought = store
        .read(eab.subscription, store::enrollment::subscription::by_id)
        .await;
    assert_eq!(bought.unwrap().unwrap().created_by, Actor::CommandLine);
    let entries = store.read(10_i64, store::audit::newest).await.unwrap();
    let opened = entries
        .iter()
        .find(|entry| entry.action == "subscription.open");
    assert_eq!(opened.unwrap().actor, Actor::CommandLine);
}
