//! The end of a subscription: told of before, and put off by a further term.

use std::time::Duration;

use base::{Refuse, SubscriptionId, Timestamp};
use flow::Caller;
use flow::catalog::retire_offer::retire_offer;
use flow::enrollment::extend_subscription::extend_subscription;
use flow::enrollment::list_subscriptions;
use flow::enrollment::move_subscription::{Move, move_subscription};
use flow::enrollment::open_subscription::open_subscription;
use flow::tenancy::suspend_tenant::{Suspension, suspend_tenant};
use futures_util::future::join_all;
use testkit::{Eab, MailServer, ReceivedMail, TestServer, opening};

use crate::portal::{Shop, assert_says};

testkit::on_both_engines![
    f044_an_account_takes_any_number_of_domains_and_is_extended_by_a_year,
    f044_of_fifty_extensions_at_once_one_is_made,
    f044_an_account_is_extended_in_its_window_only,
    f044_what_is_suspended_or_ended_is_not_extended,
    f048_a_customer_has_as_many_accounts_as_the_offer_allows,
    f048_s36_an_account_that_is_over_is_extended_where_there_is_room,
    f044_a_person_extends_an_account_and_sees_its_new_end_before,
    c12_f145_a_revocation_is_announced_a_month_a_week_and_a_day_ahead,
    c12_f145_what_is_kept_or_extended_is_not_announced,
];

const DAY: Duration = Duration::from_secs(86_400);

async fn bought(server: &TestServer, set: &[(&str, &str)]) -> Eab {
    server.sell(("mine", "dv"), "000", set).await;
    server.account_for("mine").await
}

fn of(eab: &Eab) -> Caller {
    Caller::command_line().within(eab.tenant)
}

async fn extend(server: &TestServer, eab: &Eab) -> Result<Timestamp, &'static str> {
    let extended = extend_subscription(&server.app, &of(eab), eab.subscription).await;
    let end = extended.map(|extended| extended.covered_until.unwrap());
    end.map_err(|error| error.refusal().code)
}

async fn end_of(server: &TestServer, eab: &Eab) -> Timestamp {
    let found = list_subscriptions::find(&server.app, &of(eab), eab.subscription).await;
    let found = found.unwrap().unwrap().subscription;
    found.covered_until.unwrap()
}

fn advance_to(server: &TestServer, moment: Timestamp) {
    server.clock().advance(moment.since(server.app.now()));
}

async fn f044_an_account_takes_any_number_of_domains_and_is_extended_by_a_year(
    server: &TestServer,
) {
    let eab = bought(server, &[("companion_mode", "off")]).await;
    let names: Vec<_> = (0..300)
        .map(|each| format!("n{each}.example.com"))
        .collect();
    let added = server.enroll(&eab, &names.join("\n")).await;
    assert_eq!(added.len(), 300);
    let client = server.stranger().await.register(&eab).await;
    let end = end_of(server, &eab).await;
    // Days after the end, too; what its offer has become since does not matter.
    retire_offer(&server.app, &Caller::command_line(), "mine")
        .await
        .unwrap();
    advance_to(server, end.plus(3 * DAY));
    let refused = client.new_order(&["n1.example.com"]).await.expect(403);
    assert!(refused.member("detail").contains("extend it in the portal"));
    let extended = extend(server, &eab).await.unwrap();
    assert_eq!(extended, end.plus(365 * DAY), "from the old end on");
    assert_eq!(end_of(server, &eab).await, extended);
    server.clock().advance(Duration::from_secs(2));
    client.issue(&["n1.example.com", "n299.example.com"]).await;
}

async fn f044_of_fifty_extensions_at_once_one_is_made(server: &TestServer) {
    let eab = bought(server, &[]).await;
    server.enroll(&eab, "example.com").await;
    let end = end_of(server, &eab).await;
    advance_to(server, end.minus(5 * DAY));
    let made = join_all((0..50).map(|_| extend(server, &eab))).await;
    let (made, refused): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
    assert_eq!(made, [Ok(end.plus(365 * DAY))]);
    assert_eq!(refused, [Err("extension_too_early"); 49]);
    assert_eq!(end_of(server, &eab).await, end.plus(365 * DAY));
}

async fn f044_an_account_is_extended_in_its_window_only(server: &TestServer) {
    let eab = bought(server, &[("extension_window_days", "10,2")]).await;
    assert_eq!(extend(server, &eab).await, Err("extension_before_start"));
    server.enroll(&eab, "example.com").await;
    let end = end_of(server, &eab).await;
    advance_to(server, end.minus(11 * DAY));
    assert_eq!(extend(server, &eab).await, Err("extension_too_early"));
    advance_to(server, end.plus(2 * DAY));
    assert_eq!(extend(server, &eab).await, Err("extension_too_late"));
    // Where certificates went with the end, there is nothing to extend.
    let set = [("on_subscription_end", "revoke_at_end")];
    let eab = bought(server, &set).await;
    server.enroll(&eab, "example.org").await;
    advance_to(server, end_of(server, &eab).await);
    assert_eq!(extend(server, &eab).await, Err("extension_too_late"));
}

async fn f044_what_is_suspended_or_ended_is_not_extended(server: &TestServer) {
    let eab = bought(server, &[("extension_window_days", "900,0")]).await;
    server.enroll(&eab, "example.com").await;
    let (app, caller) = (&server.app, of(&eab));
    suspend_tenant(app, &caller, Suspension::Put).await.unwrap();
    assert_eq!(extend(server, &eab).await, Err("extension_of_suspended"));
    suspend_tenant(app, &caller, Suspension::Lift)
        .await
        .unwrap();
    extend(server, &eab).await.unwrap();
    // Of others, and of nobody.
    let other = server.reseller().await;
    let foreign = Eab {
        tenant: other.tenant,
        ..bought(server, &[]).await
    };
    let unknown = Err("extended_subscription_not_found");
    assert_eq!(extend(server, &foreign).await, unknown);
    let nothing = Eab {
        subscription: SubscriptionId::FIRST,
        ..bought(server, &[]).await
    };
    assert_eq!(extend(server, &nothing).await, unknown);
    // Held by a person, its term runs on, and may be extended.
    let to = |to| move_subscription(app, &caller, eab.subscription, to);
    to(Move::Suspend).await.unwrap();
    extend(server, &eab).await.unwrap();
    to(Move::Deactivate).await.unwrap();
    assert_eq!(extend(server, &eab).await, Err("extension_of_deactivated"));
}

async fn f044_a_person_extends_an_account_and_sees_its_new_end_before(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let eab = server.account_of(shop.reseller, None).await;
    server.enroll(&eab, "example.com").await;
    let page = format!("/accounts/{}", eab.subscription.suffix());
    let (own, extend) = (format!("{page}/credentials"), format!("{page}/extend"));
    let mut browser = shop.browser(server).await;
    assert!(!browser.get(&own).await.text().contains("/extend"));
    browser.get(&extend).await.expect(303);
    assert_says(&browser.get(&own).await, "cannot be extended now");
    // It runs until 24 November 2027.
    advance_to(server, end_of(server, &eab).await.minus(20 * DAY));
    let mut browser = shop.browser(server).await;
    assert_says(&browser.get(&own).await, &extend);
    let asked = browser.get(&extend).await;
    assert_says(&asked, "will be extended until 23 November 2028");
    assert_says(&asked, "on 24 November 2027, and not today");
    for word in ["charged", "price", "invoice", "EUR"] {
        assert!(!asked.text().contains(word), "{word}");
    }
    browser.post_form(&extend, &extend, &[]).await.expect(303);
    let shown = browser.get(&own).await;
    assert_says(
        &shown,
        "The ACME account was extended until 23 November 2028.",
    );
    assert!(!shown.text().contains("/extend"));
    assert_eq!(shop.times(server, "subscription.extend").await, 1);
}

/// The mails that announce a revocation.
fn announced(mail: &MailServer) -> Vec<ReceivedMail> {
    let mut mails = mail.mails();
    mails.retain(|mail| {
        let subject = mail.header("Subject").unwrap();
        subject.contains("will be revoked")
    });
    mails
}

async fn f048_s36_an_account_that_is_over_is_extended_where_there_is_room(server: &TestServer) {
    let eab = bought(server, &[("max_subscriptions", "1")]).await;
    server.enroll(&eab, "example.com").await;
    let end = end_of(server, &eab).await;
    advance_to(server, end.plus(DAY));
    // It counts no more, so that there is room for another.
    let caller = of(&eab);
    let other = open_subscription(&server.app, &caller, opening("mine")).await;
    let other = other.unwrap().subscription.id;
    assert_eq!(extend(server, &eab).await, Err("subscriptions_full"));
    let moved = move_subscription(&server.app, &caller, other, Move::Deactivate);
    moved.await.unwrap();
    assert_eq!(extend(server, &eab).await, Ok(end.plus(365 * DAY)));
    // One that counts is extended whatever there is.
    let end = end.plus(365 * DAY);
    advance_to(server, end.minus(5 * DAY));
    assert_eq!(extend(server, &eab).await, Ok(end.plus(365 * DAY)));
}

async fn account_of(node: &TestServer, shop: &Shop) -> Eab {
    let caller = Caller::command_line().within(shop.reseller.tenant);
    let opened = open_subscription(&node.app, &caller, opening("mine")).await;
    let opened = opened.unwrap_or_else(|error| panic!("{error}"));
    Eab {
        tenant: shop.reseller.tenant,
        subscription: opened.subscription.id,
        key_id: opened.credential.key_id.to_string(),
        mac_key: opened.mac_key.as_bytes().to_vec(),
    }
}

/// A node that sends mails, and an account of a shop with a certificate that would outlive it.
async fn outliving(
    server: &TestServer,
    (word, set): (&str, &[(&str, &str)]),
) -> (TestServer, MailServer, Eab) {
    let mail = MailServer::start().await;
    let node = server.mailing(mail.mailer()).await;
    node.sell(("mine", "dv"), "000", set).await;
    // Only who has a password is told.
    let shop = Shop::open(&node, word).await;
    let eab = account_of(&node, &shop).await;
    node.enroll(&eab, "example.com\nexample.org").await;
    let client = node.stranger().await.register(&eab).await;
    node.run_jobs().await;
    let end = end_of(&node, &eab).await;
    advance_to(&node, end.minus(32 * DAY));
    client.issue(&["example.com"]).await;
    client.issue(&["example.org"]).await;
    node.run_jobs().await;
    assert!(announced(&mail).is_empty());
    (node, mail, eab)
}

async fn days_pass(node: &TestServer, days: u32) {
    for _ in 0..days {
        node.clock().advance(DAY);
        node.run_jobs().await;
    }
}

async fn c12_f145_a_revocation_is_announced_a_month_a_week_and_a_day_ahead(server: &TestServer) {
    let set = [("on_subscription_end", "revoke_at_end")];
    let (node, mail, eab) = outliving(server, ("alpha", &set)).await;
    let end = end_of(&node, &eab).await;
    days_pass(&node, 3).await;
    let first = announced(&mail);
    assert_eq!(first.len(), 1, "once");
    let text = first[0].text();
    assert!(text.contains("Certificates: 2"), "{text}");
    assert!(text.contains("extend the account before"), "{text}");
    let link = format!("/accounts/{}", eab.subscription.suffix());
    assert!(text.contains(&link), "{text}");
    days_pass(&node, 20).await;
    assert_eq!(announced(&mail).len(), 1);
    days_pass(&node, 4).await;
    assert_eq!(announced(&mail).len(), 2);
    days_pass(&node, 4).await;
    assert_eq!(announced(&mail).len(), 3);
    assert!(node.app.now() < end);
    days_pass(&node, 3).await;
    assert_eq!(announced(&mail).len(), 3);
}

async fn c12_f145_what_is_kept_or_extended_is_not_announced(server: &TestServer) {
    let (node, mail, _) =
        outliving(server, ("alpha", &[("on_subscription_end", "keep_certs")])).await;
    days_pass(&node, 33).await;
    assert!(announced(&mail).is_empty());
    let set = [("on_subscription_end", "revoke_at_end")];
    let (node, mail, eab) = outliving(server, ("beta", &set)).await;
    days_pass(&node, 3).await;
    assert_eq!(announced(&mail).len(), 1);
    extend(&node, &eab).await.unwrap();
    days_pass(&node, 31).await;
    assert_eq!(announced(&mail).len(), 1, "certificates do not outlive it");
}

async fn f048_a_customer_has_as_many_accounts_as_the_offer_allows(server: &TestServer) {
    server
        .sell(("mine", "dv"), "000", &[("max_subscriptions", "3")])
        .await;
    let shop = Shop::open(server, "alpha").await;
    let (app, caller) = (
        &server.app,
        Caller::command_line().within(shop.reseller.tenant),
    );
    let open = async || {
        let opened = open_subscription(app, &caller, opening("mine")).await;
        let id = opened.map(|opened| opened.subscription.id);
        id.map_err(|error| error.refusal().code)
    };
    for _ in 0..2 {
        open().await.unwrap();
    }
    // Room for one more, and fifty who want it.
    let tries = join_all((0..50).map(|_| open())).await;
    let (made, refused): (Vec<_>, Vec<_>) = tries.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert_eq!(refused, [Err("subscriptions_full"); 49]);
    let mut browser = shop.browser(server).await;
    let typed = [("kind", "mine"), ("label", "One more"), ("term_years", "1")];
    let page = browser
        .post_form("/accounts/new", "/accounts", &typed)
        .await;
    assert_eq!(page.status.as_u16(), 422);
    assert_says(&page, "There are 3 ACME accounts of this certificate type");
    // Of other offers there may be others, and other tenants have their own.
    server.account_of(shop.reseller, None).await;
    server.account_for("mine").await;
    // A new version of the offer counts those of the old one; what was ended or is over counts no more.
    server
        .sell(("mine", "dv"), "000", &[("max_subscriptions", "3")])
        .await;
    assert_eq!(open().await, Err("subscriptions_full"));
    let first = made[0].unwrap();
    move_subscription(app, &caller, first, Move::Deactivate)
        .await
        .unwrap();
    open().await.unwrap();
    assert_eq!(open().await, Err("subscriptions_full"));
}
