//! What becomes of EAB credentials and of the accounts that they bind: shown, replaced, withdrawn, released (features C1,
//! C2).

use std::time::Duration;

use base::{AccountId, Refuse};
use enrollment::eab::EabCredential;
use enrollment::policy::Policy;
use flow::Caller;
use flow::catalog::publish_offer::{OfferPlan, publish_offer};
use flow::enrollment::move_subscription::{Move, move_subscription};
use flow::enrollment::open_subscription::open_subscription;
use flow::enrollment::release_binding::release_binding;
use flow::enrollment::reveal_credential::reveal_credential;
use flow::enrollment::revoke_client::revoke_client;
use flow::enrollment::revoke_credential::{find_credential, revoke_credential};
use flow::enrollment::rotate_credential::{
    RotateCredentialError, Rotated, Rotation, rotate_credential,
};
use testkit::{AcmeClient, Answer, Eab, Reseller, TestServer, opening};

use super::erased_keys::forget;

testkit::on_both_engines![
    c1_a_replaced_credential_binds_until_its_overlap_ends,
    c1_f054_recreated_credentials_end_at_once,
    c1_f053_a_key_is_shown_as_often_as_the_policy_says,
    c1_a_new_credential_keeps_the_limit_of_the_old_one,
    c1_only_what_can_bind_is_rotated,
    c1_a_revoked_credential_binds_nobody_and_keeps_who_is_bound,
    c2_a_refused_binding_names_the_holder_and_is_released,
    c2_a_test_account_holds_no_binding,
    a_revoked_client_is_refused,
    s29_other_tenants_find_nothing,
];

const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn owner(eab: &Eab) -> Caller {
    Caller::command_line().within(eab.tenant)
}

fn given_out(eab: &Eab, rotated: &Rotated) -> Eab {
    Eab {
        key_id: rotated.credential.key_id.to_string(),
        mac_key: rotated.mac_key.as_bytes().to_vec(),
        ..eab.clone()
    }
}

async fn try_rotate(
    server: &TestServer,
    eab: &Eab,
    overlap: Duration,
) -> Result<Rotated, RotateCredentialError> {
    let rotation = Rotation {
        subscription: eab.subscription,
        overlap,
        shows_key: false,
    };
    rotate_credential(&server.app, &owner(eab), rotation).await
}

pub(super) async fn rotate(server: &TestServer, eab: &Eab, overlap: Duration) -> Eab {
    let rotated = try_rotate(server, eab, overlap).await.unwrap();
    given_out(eab, &rotated)
}

/// A subscription under a policy that is like the first one but for these keys.
pub(crate) async fn under(server: &TestServer, settings: &[(&str, &str)]) -> Eab {
    let reseller = server.reseller().await;
    of_reseller(server, reseller, settings).await
}

/// The same of a reseller.
pub(crate) async fn of_reseller(
    server: &TestServer,
    reseller: Reseller,
    settings: &[(&str, &str)],
) -> Eab {
    let catalog = server.app.catalog();
    let mut policy = Policy::clone(&catalog.offers().first().unwrap().policy);
    for (key, value) in settings {
        policy = policy.with(key, value).unwrap();
    }
    let plan = OfferPlan {
        slug: "special".to_owned(),
        name: Some("Special".to_owned()),
        product: Some("dv".to_owned()),
        policy,
    };
    let caller = Caller::command_line();
    publish_offer(&server.app, &caller, plan).await.unwrap();
    let opening = opening("special");
    let caller = caller.within(reseller.tenant);
    let opened = open_subscription(&server.app, &caller, opening).await;
    let opened = opened.unwrap();
    Eab {
        tenant: reseller.tenant,
        subscription: opened.subscription.id,
        key_id: opened.credential.key_id.to_string(),
        mac_key: opened.mac_key.as_bytes().to_vec(),
    }
}

pub(super) async fn stored(server: &TestServer, eab: &Eab) -> EabCredential {
    let found = find_credential(&server.app, &owner(eab), &eab.key_id).await;
    found.unwrap().unwrap()
}

pub(super) fn id_of(client: &AcmeClient) -> AccountId {
    let (_, suffix) = client.account.rsplit_once('/').unwrap();
    AccountId::from_suffix(suffix).unwrap()
}

pub(super) async fn bind(server: &TestServer, eab: &Eab) -> Answer {
    server.stranger().await.new_account(eab).await
}

#[track_caller]
fn code<T, E: Refuse>(result: Result<T, E>) -> &'static str {
    result.err().map_or("", |error| error.refusal().code)
}

/// What a revoked account is told, as RFC 8555 §7.3.6 says of one that has ended.
#[track_caller]
fn assert_ended(answer: Answer) {
    let answer = answer.expect(401);
    assert_eq!(answer.problem_type(), "unauthorized");
    let detail = answer.member("detail");
    assert!(detail.starts_with("this account was revoked;"), "{detail}");
}

#[track_caller]
pub(super) fn assert_refused(answer: Answer, sentence: &str) {
    let answer = answer.expect(403);
    assert_eq!(answer.problem_type(), "unauthorized");
    let detail = answer.member("detail");
    assert!(detail.contains(sentence), "{detail}");
}

async fn c1_a_replaced_credential_binds_until_its_overlap_ends(server: &TestServer) {
    let old = server.account().await;
    let new = rotate(server, &old, 2 * HOUR).await;
    bind(server, &old).await.expect(201);
    bind(server, &new).await.expect(201);
    server.clock().advance(2 * HOUR);
    assert_refused(bind(server, &old).await, "was replaced");
    bind(server, &new).await.expect(201);
    // The next one replaces the new one and leaves the old one as it was.
    let newest = rotate(server, &new, Duration::ZERO).await;
    assert_refused(bind(server, &new).await, "was replaced");
    bind(server, &newest).await.expect(201);
    let end = stored(server, &old).await.valid_until;
    assert!(
        end < stored(server, &new)
            .await
            .valid_until
            .map(|end| end.plus(HOUR))
    );
}

async fn c1_f054_recreated_credentials_end_at_once(server: &TestServer) {
    let old = under(server, &[("eab_on_loss", "recreate")]).await;
    let new = rotate(server, &old, 24 * HOUR).await;
    assert_refused(bind(server, &old).await, "was replaced");
    bind(server, &new).await.expect(201);
}

pub(super) async fn shown(server: &TestServer, eab: &Eab) -> &'static str {
    let caller = owner(eab);
    let shown = reveal_credential(&server.app, &caller, eab.subscription, &eab.key_id).await;
    if let Ok(key) = &shown {
        assert_eq!(key.as_bytes(), eab.mac_key);
    }
    code(shown)
}

async fn c1_f053_a_key_is_shown_as_often_as_the_policy_says(server: &TestServer) {
    let eab = under(server, &[("eab_reveal", "once")]).await;
    assert_eq!(shown(server, &eab).await, "");
    assert_eq!(shown(server, &eab).await, "mac_key_shown_once");
    let new = rotate(server, &eab, HOUR).await;
    assert_eq!(shown(server, &new).await, "");
    assert_eq!(shown(server, &new).await, "mac_key_shown_once");
    // Showing it with the answer was the one time.
    let rotation = Rotation {
        subscription: eab.subscription,
        overlap: HOUR,
        shows_key: true,
    };
    let rotated = rotate_credential(&server.app, &owner(&eab), rotation).await;
    let newest = given_out(&eab, &rotated.unwrap());
    assert_eq!(shown(server, &newest).await, "mac_key_shown_once");
    bind(server, &newest).await.expect(201);

    let eab = under(server, &[("eab_reveal", "until_bound")]).await;
    for _ in 0..2 {
        assert_eq!(shown(server, &eab).await, "");
    }
    bind(server, &eab).await.expect(201);
    assert_eq!(shown(server, &eab).await, "mac_key_hidden_once_bound");
    let new = rotate(server, &eab, HOUR).await;
    assert_eq!(shown(server, &new).await, "");
    server.clock().advance(HOUR);
    assert_eq!(shown(server, &eab).await, "mac_key_of_replaced");
    // Its key is one of those that go, with the hourly jobs.
    forget(server).await;
}

async fn c1_a_new_credential_keeps_the_limit_of_the_old_one(server: &TestServer) {
    let reseller = server.reseller().await;
    let old = server.account_of(reseller, Some(2)).await;
    let new = rotate(server, &old, HOUR).await;
    assert_eq!(stored(server, &new).await.max_bindings, Some(2));
    let old = under(server, &[("eab_max_bindings", "3")]).await;
    let new = rotate(server, &old, HOUR).await;
    assert_eq!(stored(server, &new).await.max_bindings, Some(3));
    assert_eq!(stored(server, &new).await.bindings, 0);
}

async fn c1_only_what_can_bind_is_rotated(server: &TestServer) {
    let eab = server.account().await;
    let longer = EabCredential::MAX_OVERLAP.saturating_add(HOUR);
    let refused = try_rotate(server, &eab, longer).await;
    assert_eq!(code(refused), "credential_overlap_too_long");
    try_rotate(server, &eab, EabCredential::MAX_OVERLAP)
        .await
        .unwrap();
    let gone = Move::Deactivate;
    let moved = move_subscription(&server.app, &owner(&eab), eab.subscription, gone).await;
    moved.unwrap();
    let refused = try_rotate(server, &eab, HOUR).await;
    assert_eq!(code(refused), "subscription_ended");
}

async fn c1_a_revoked_credential_binds_nobody_and_keeps_who_is_bound(server: &TestServer) {
    let eab = server.account().await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    let revoke = async || revoke_credential(&server.app, &owner(&eab), &eab.key_id).await;
    revoke().await.unwrap();
    assert_eq!(code(revoke().await), "credential_revoked_already");
    assert_refused(bind(server, &eab).await, "was revoked");
    assert_eq!(shown(server, &eab).await, "mac_key_of_revoked");
    client.issue(&["example.com"]).await;
    // There is a way on.
    let rotated = try_rotate(server, &eab, HOUR).await.unwrap();
    assert!(rotated.replaced.is_none());
    bind(server, &given_out(&eab, &rotated)).await.expect(201);
    assert_refused(bind(server, &eab).await, "was revoked");
}

async fn c2_a_refused_binding_names_the_holder_and_is_released(server: &TestServer) {
    let reseller = server.reseller().await;
    let eab = server.account_of(reseller, Some(1)).await;
    server.enroll(&eab, "example.com").await;
    let first = server.stranger().await.register(&eab).await;
    let holder = id_of(&first);
    let expected = format!(
        "already bound to 1 of 1 ACME accounts; {holder} has held it since 23 November 2026: release it in the portal, \
         or with `chancery admin account release {holder}`"
    );
    assert_refused(bind(server, &eab).await, &expected);

    let release = async || release_binding(&server.app, &owner(&eab), holder).await;
    let released = release().await.unwrap();
    assert_eq!(released.credential.bindings, 0);
    assert_eq!(code(release().await), "client_holds_no_binding");
    assert_eq!(stored(server, &eab).await.bindings, 0);
    assert_ended(first.new_order(&["example.com"]).await);
    assert_ended(first.new_account(&eab).await);

    let second = server.stranger().await.register(&eab).await;
    second.issue(&["example.com"]).await;
    // The binding is the second one's now.
    let expected = format!("{} has held it since", id_of(&second));
    assert_refused(bind(server, &eab).await, &expected);
    // One that was revoked still holds it, and gives it back.
    let second = id_of(&second);
    let revoked = revoke_client(&server.app, &owner(&eab), second).await;
    revoked.unwrap();
    assert_refused(bind(server, &eab).await, &expected);
    let released = release_binding(&server.app, &owner(&eab), second).await;
    released.unwrap();
    bind(server, &eab).await.expect(201);
    assert_eq!(stored(server, &eab).await.bindings, 1);
}

async fn c2_a_test_account_holds_no_binding(server: &TestServer) {
    let reseller = server.reseller().await;
    let eab = server.account_of(reseller, Some(1)).await;
    let catalog = server.app.catalog();
    let slug = &server.directory().slug;
    let test = catalog.test_of(slug).expect("a test directory");
    let first = server.stranger().await.register(&eab).await;
    let tried = server.stranger_in(&test.slug).await.register(&eab).await;
    let refused = release_binding(&server.app, &owner(&eab), id_of(&tried)).await;
    assert_eq!(code(refused), "client_holds_no_binding");
    // The newest account is not the one that holds the binding.
    let expected = format!("{} has held it since", id_of(&first));
    assert_refused(bind(server, &eab).await, &expected);
}

async fn a_revoked_client_is_refused(server: &TestServer) {
    let eab = server.account().await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    let other = server.stranger().await.register(&eab).await;
    let ready = client.ready_order(&["example.com"]).await;
    let id = id_of(&client);
    let revoke = async || revoke_client(&server.app, &owner(&eab), id).await;
    revoke().await.unwrap();
    assert_eq!(code(revoke().await), "client_revoked_already");
    assert_ended(client.new_order(&["example.com"]).await);
    let csr = testkit::Key::generate().csr(&["example.com"]);
    assert_ended(client.finalize(&ready, &csr).await);
    assert_ended(client.new_account(&eab).await);
    assert_eq!(stored(server, &eab).await.bindings, 2);
    other.issue(&["example.com"]).await;
}

async fn s29_other_tenants_find_nothing(server: &TestServer) {
    let eab = server.account().await;
    let client = id_of(&server.stranger().await.register(&eab).await);
    let other = owner(&server.account().await);
    let app = &server.app;
    let rotation = Rotation {
        subscription: eab.subscription,
        overlap: HOUR,
        shows_key: true,
    };
    let refused = rotate_credential(app, &other, rotation).await;
    assert_eq!(code(refused), "subscription_not_found");
    let refused = revoke_credential(app, &other, &eab.key_id).await;
    assert_eq!(code(refused), "credential_not_found");
    let refused = revoke_client(app, &other, client).await;
    assert_eq!(code(refused), "client_not_found");
    let refused = release_binding(app, &other, client).await;
    assert_eq!(code(refused), "client_not_found");
    let credential = stored(server, &eab).await;
    assert!(credential.is_in_use() && credential.bindings == 1);
}
