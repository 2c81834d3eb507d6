//! Requests that were refused before they became an order or an account (finding FA-1): who sees them, and what they lead to.

use std::time::Duration;

use base::{Query, TenantId};
use flow::Caller;
use flow::caller;
use flow::issuance::list_orders::refusals::{RefusalFilter, RefusalRow, refusals};
use flow::operations::record_refusals::record;
use flow::tenancy::suspend_tenant::{Suspension, suspend_tenant};
use store::issuance::refused_request::MOST_OF_DAY;
use store::tenancy::tenant;
use tenancy::tenant::TenantKind;
use testkit::{Eab, TestServer, Visitor};

use super::{Shop, assert_says};

testkit::on_both_engines![
    fa1_a_refused_order_is_shown_with_the_one_next_step,
    fa1_a_name_that_is_missing_needs_attention_until_it_is_there,
    fa1_a_refused_registration_is_shown_to_whoever_has_the_credential,
    fa1_an_unknown_key_id_is_shown_to_the_operator_alone,
    fa1_a_suspended_owner_sees_why_nothing_is_issued,
    fa1_refusals_stand_between_the_orders_of_their_time_on_every_page,
    fa1_rows_of_a_day_have_a_bound_and_go_on_counting,
    fa1_refusals_go_after_ninety_days,
];

async fn refused_of(server: &TestServer, tenant: TenantId) -> Vec<RefusalRow> {
    record(&server.app).await;
    let caller = Caller::command_line().within(tenant);
    let asked = Query::first(RefusalFilter::default(), 1_000);
    let found = refusals(&server.app, &caller, asked).await.unwrap();
    found.page.rows
}

async fn operator(server: &TestServer) -> TenantId {
    let store = server.app.store(caller::system("a test"));
    let asked = (TenantKind::Operator, None, 1);
    let found = store.read(asked, tenant::of_kind).await.unwrap();
    found.first().unwrap().id
}

async fn shop(server: &TestServer) -> (Shop, Eab, Visitor) {
    let shop = Shop::open(server, "alpha").await;
    let eab = server.account_of(shop.reseller, None).await;
    server.enroll(&eab, "example.com").await;
    let browser = shop.browser(server).await;
    (shop, eab, browser)
}

/// Where the only refusal of the list leads.
async fn only_refusal(browser: &mut Visitor) -> String {
    let list = browser.get("/activity?result=refused").await.expect(200);
    let id = list.between("href=\"/activity/refused/", "\"").unwrap();
    format!("/activity/refused/{id}")
}

async fn fa1_a_refused_order_is_shown_with_the_one_next_step(server: &TestServer) {
    let (_, eab, mut browser) = shop(server).await;
    let client = server.stranger().await.register(&eab).await;
    for _ in 0..3 {
        client.new_order(&["shop.example.com"]).await.expect(403);
    }
    record(&server.app).await;
    for list in ["/activity", "/activity?result=refused", "/activity?q=shop."] {
        let page = browser.get(list).await.expect(200);
        for told in [
            "shop.example.com",
            "3 times",
            "Not in this ACME account",
            "Refused",
        ] {
            assert_says(&page, told);
        }
    }
    let account = format!("/accounts/{}/activity", eab.subscription.suffix());
    assert_says(&browser.get(&account).await, "Not in this ACME account");
    let path = only_refusal(&mut browser).await;
    let page = browser.get(&path).await.expect(200);
    assert_says(
        &page,
        "shop.example.com is not enrolled in this subscription; add shop.example.com or *.example.com in the portal.",
    );
    assert_says(
        &page,
        "Add this name to the ACME account, then run the ACME client again.",
    );
    let link = page.between("href=\"/domains/new?", "\"").unwrap();
    let form = format!(
        "/domains/new?{}",
        link.replace("&amp;", "&").replace("&#38;", "&")
    );
    assert_says(&browser.get(&form).await.expect(200), "shop.example.com");
    let suffix = eab.subscription.suffix();
    let fields = [("account", suffix.as_str()), ("names", "shop.example.com")];
    browser
        .post_form(&form, "/domains", &fields)
        .await
        .expect(200);
    let page = browser.get(&path).await.expect(200);
    assert_says(
        &page,
        "The name was added since. Run the ACME client again.",
    );
    client.new_order(&["shop.example.com"]).await.expect(201);
}

async fn fa1_a_name_that_is_missing_needs_attention_until_it_is_there(server: &TestServer) {
    let (_, eab, mut browser) = shop(server).await;
    let client = server.stranger().await.register(&eab).await;
    client.issue(&["example.com"]).await;
    client.new_order(&["*.example.org"]).await.expect(403);
    record(&server.app).await;
    let page = browser.get("/").await.expect(200);
    assert_says(&page, "asked for once; not in ACME account");
    assert_says(&page, "of 1 order, 1 refused");
    server.enroll(&eab, "*.example.org").await;
    let page = browser.get("/").await.expect(200).page();
    assert!(!page.contains("not in ACME account"), "{page}");
}

async fn fa1_a_refused_registration_is_shown_to_whoever_has_the_credential(server: &TestServer) {
    let (shop, eab, mut browser) = shop(server).await;
    let wrong = Eab {
        mac_key: vec![7; 32],
        ..eab.clone()
    };
    server
        .stranger()
        .await
        .new_account(&wrong)
        .await
        .expect(403);
    let found = refused_of(server, shop.reseller.tenant).await;
    assert_eq!(found.len(), 1);
    let request = &found[0].request;
    assert_eq!(request.subscription, eab.subscription);
    assert_eq!(request.eab_key_id.as_deref(), Some(eab.key_id.as_str()));
    assert!(!format!("{request:?}").contains("BwcHBw"), "no key is kept");
    assert_says(
        &browser.get("/activity").await,
        "Key ID unknown, or wrong MAC key",
    );
    let path = only_refusal(&mut browser).await;
    let page = browser.get(&path).await.expect(200);
    assert_says(&page, "Show credentials");
    assert_says(&page, &eab.key_id);
}

async fn fa1_an_unknown_key_id_is_shown_to_the_operator_alone(server: &TestServer) {
    let (shop, eab, _) = shop(server).await;
    let unknown = Eab {
        key_id: "nobody-has-this".to_owned(),
        ..eab
    };
    for _ in 0..2 {
        server
            .stranger()
            .await
            .new_account(&unknown)
            .await
            .expect(403);
    }
    assert!(refused_of(server, shop.reseller.tenant).await.is_empty());
    let found = refused_of(server, operator(server).await).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].request.count, 2);
    let key_id = found[0].request.eab_key_id.as_deref();
    assert_eq!(key_id, Some("nobody-has-this"));
    // Whoever only looks for an account was refused nothing.
    let client = server.stranger().await;
    let payload = serde_json::json!({ "onlyReturnExisting": true });
    let url = client.resource("newAccount");
    client.post_by_key(&url, &payload).await.expect(400);
    assert_eq!(refused_of(server, operator(server).await).await.len(), 1);
}

async fn fa1_a_suspended_owner_sees_why_nothing_is_issued(server: &TestServer) {
    let (shop, eab, _) = shop(server).await;
    let client = server.stranger().await.register(&eab).await;
    let caller = Caller::command_line().within(shop.reseller.tenant);
    suspend_tenant(&server.app, &caller, Suspension::Put)
        .await
        .unwrap();
    client.new_order(&["example.com"]).await.expect(403);
    let found = refused_of(server, shop.reseller.tenant).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].request.code, "tenant_suspended");
}

async fn fa1_refusals_stand_between_the_orders_of_their_time_on_every_page(server: &TestServer) {
    let (_, eab, mut browser) = shop(server).await;
    let client = server.stranger().await.register(&eab).await;
    server.enroll(&eab, "*.example.com").await;
    let minute = Duration::from_secs(60);
    for number in 0..60 {
        client
            .new_order(&[&format!("n{number}.example.com")])
            .await
            .expect(201);
        server.clock().advance(minute);
        client
            .new_order(&[&format!("r{number}.example.org")])
            .await
            .expect(403);
        server.clock().advance(minute);
        record(&server.app).await;
    }
    let mut path = "/activity".to_owned();
    let (mut orders, mut refused) = (Vec::new(), Vec::new());
    loop {
        let page = browser.get(&path).await.expect(200);
        let text = page.page();
        let numbers = |letter: char, zone: &str| -> Vec<u32> {
            let found =
                (0..60).filter(|number| text.contains(&format!(">{letter}{number}.{zone}<")));
            found.collect()
        };
        orders.extend(numbers('n', "example.com"));
        refused.extend(numbers('r', "example.org"));
        match page.between("href=\"/activity?after=", "\"") {
            Some(after) => path = format!("/activity?after={after}"),
            None => break,
        }
    }
    orders.sort_unstable();
    refused.sort_unstable();
    let all: Vec<u32> = (0..60).collect();
    assert_eq!(orders, all);
    assert_eq!(refused, all);
}

async fn fa1_rows_of_a_day_have_a_bound_and_go_on_counting(server: &TestServer) {
    let (shop, eab, _) = shop(server).await;
    let client = server.stranger().await.register(&eab).await;
    for order in 0..60 {
        let names: Vec<String> = (0..10)
            .map(|name| format!("n{name}-{order}.example.org"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        client.new_order(&names).await.expect(403);
        record(&server.app).await;
    }
    let found = refused_of(server, shop.reseller.tenant).await;
    let most = usize::try_from(MOST_OF_DAY).unwrap();
    assert_eq!(found.len(), most + 1);
    let counted: i64 = found.iter().map(|row| row.request.count).sum();
    assert_eq!(counted, 600);
    let nameless = found.iter().find(|row| row.request.name.is_empty());
    assert_eq!(nameless.unwrap().request.count, 100);
}

async fn fa1_refusals_go_after_ninety_days(server: &TestServer) {
    let (shop, eab, _) = shop(server).await;
    let client = server.stranger().await.register(&eab).await;
    client.new_order(&["example.org"]).await.expect(403);
    assert_eq!(refused_of(server, shop.reseller.tenant).await.len(), 1);
    let day = Duration::from_secs(24 * 3600);
    for (days, left) in [(89, 1), (2, 0)] {
        server.clock().advance(day * days);
        server.run_jobs().await;
        server.run_jobs().await;
        assert_eq!(refused_of(server, shop.reseller.tenant).await.len(), left);
    }
}
