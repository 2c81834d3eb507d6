//! Somebody of the operator acts as a shop: how it begins and ends, what is open meanwhile, and what the shop sees of it.

use std::time::Duration;

use flow::caller;
use store::audit::Entry;
use tenancy::role::Role;
use tenancy::session::COOKIE_NAME;
use tenancy::session::acting;
use tenancy::tenant::TenantKind;
use testkit::{Answer, MailServer, TestServer, Visitor};
use web::portal::{MayCall, portal_routes};

use crate::portal::people::{member, operator, user_of};
use crate::portal::{PASSWORD, Shop, assert_says, stranger};

testkit::on_both_engines![
    s19_s35_acting_begins_with_a_reason_and_a_new_token_and_ends_by_a_button,
    s34_a_look_at_a_reseller_is_in_its_audit,
    s34_each_page_that_somebody_looks_at_who_acts_is_in_the_audit_once,
    s35_every_route_answers_whoever_acts_as_the_table_says,
    s35_what_is_done_meanwhile_carries_both_names_and_is_shown_to_the_tenant,
    s35_acting_is_over_after_half_an_hour,
    s35_signing_out_ends_acting_too,
    s35_a_password_that_was_typed_too_long_ago_is_asked_for,
    s35_nobody_acts_as_the_operator_and_nobody_below_acts,
    s35_the_administrators_of_the_tenant_get_one_mail,
    a_reseller_is_suspended_held_and_unlocked_by_its_operator,
];

const REASON: &str = "Ticket 4711: orders fail";

/// What the band says after the time.
const BECAUSE: &str = " UTC, because: Ticket 4711: orders fail.";

/// Support of the operator, in front of a shop.
struct Support {
    shop: Shop,
    browser: Visitor,
    /// The page of the shop.
    page: String,
}

impl Support {
    async fn new(server: &TestServer) -> Self {
        Self::with(server, Role::Support).await
    }

    async fn with(server: &TestServer, role: Role) -> Self {
        let shop = Shop::open(server, "alpha").await;
        let above = (TenantKind::Operator, operator(server).await);
        let browser = member(server, above, role).await;
        let page = format!("/resellers/{}", shop.reseller.tenant.suffix());
        Self {
            shop,
            browser,
            page,
        }
    }

    async fn act(&mut self, fields: &[(&str, &str)]) -> Answer {
        let to = format!("{}/act", self.page);
        self.browser.post_form(&self.page, &to, fields).await
    }

    /// The same, which has to begin.
    async fn begin(&mut self) {
        let answer = self.act(&[("reason", REASON)]).await;
        assert_eq!(answer.expect(303).header("location"), "/");
    }

    async fn stop(&mut self) -> Answer {
        self.browser.post_form("/", "/acting/stop", &[]).await
    }

    fn token(&self) -> String {
        self.browser.cookie(COOKIE_NAME).unwrap().to_owned()
    }

    /// What others did as the shop, as recorded, but for what they only looked at.
    async fn acted(&self, server: &TestServer) -> Vec<Entry> {
        let store = server.app.store(caller::tenant(self.shop.reseller.tenant));
        let found = store.read(100, store::audit::newest_acting).await;
        found.unwrap()
    }

    /// The pages that others looked at as the shop, as recorded, in alphabetical order.
    async fn looks(&self, server: &TestServer) -> Vec<String> {
        let store = server.app.store(caller::tenant(self.shop.reseller.tenant));
        let found = store.read(1_000, store::audit::newest_looks).await;
        let pages = found.unwrap().into_iter().map(|entry| {
            assert_eq!(entry.action, "acting.look");
            let facts: serde_json::Value = serde_json::from_str(&entry.change).unwrap();
            facts["page"].as_str().unwrap().to_owned()
        });
        let mut pages: Vec<_> = pages.collect();
        pages.sort();
        pages
    }
}

/// Whether a page says that somebody acts as the shop.
fn is_marked(answer: &Answer) -> bool {
    let page = answer.page();
    let band = page.split_once("You act as Shop alpha</b> until ");
    band.is_some_and(|(_, rest)| {
        rest.starts_with("12:") && rest.get(5..).is_some_and(|rest| rest.starts_with(BECAUSE))
    })
}

async fn s34_a_look_at_a_reseller_is_in_its_audit(server: &TestServer) {
    let mut support = Support::new(server).await;
    support.browser.get("/resellers").await.expect(200);
    assert_eq!(support.shop.times(server, "tenant.look_at").await, 0);
    support.browser.get(&support.page).await.expect(200);
    assert_eq!(support.shop.times(server, "tenant.look_at").await, 1);
}

async fn s34_each_page_that_somebody_looks_at_who_acts_is_in_the_audit_once(server: &TestServer) {
    let mut support = Support::new(server).await;
    let odd = format!("/accounts/{}%20", "x".repeat(200));
    for _ in 0..2 {
        support.begin().await;
        for page in ["/accounts", "/domains?q=secret", "/accounts", "/domains"] {
            support.browser.get(page).await.expect(200);
        }
        // Forms answer with pages too, and what is not there is looked for.
        let typed = [("account", "x"), ("names", "example.com")];
        let shown = support
            .browser
            .post_form("/domains", "/domains/preview", &typed);
        assert_eq!(shown.await.status.as_u16(), 422);
        support.browser.get(&odd).await.expect(404);
        // What is not open to them is not looked at.
        let closed = support.browser.get("/settings").await;
        assert_eq!(closed.status.as_u16(), 403);
        // The form that stops stands on the dashboard.
        support.stop().await.expect(303);
        server.clock().advance(Duration::from_secs(60));
    }
    let once = [
        "/",
        "/accounts",
        "/accounts/{id}",
        "/domains",
        "/domains/preview",
    ];
    let twice: Vec<_> = once.iter().flat_map(|page| [*page; 2]).collect();
    assert_eq!(support.looks(server).await, twice);
    assert_eq!(support.acted(server).await.len(), 4);
    let mut admin = support.shop.browser(server).await;
    let page = admin.get("/team/support").await.page();
    let (done, looks) = page.split_once("What was looked at").unwrap();
    assert_eq!(done.matches(REASON).count(), 2);
    assert!(!done.contains("/domains<"));
    assert_eq!(looks.matches(">/domains</span>").count(), 2);
    admin.get("/certificates").await.expect(200);
    assert_eq!(support.looks(server).await.len(), twice.len());
}

async fn s19_s35_acting_begins_with_a_reason_and_a_new_token_and_ends_by_a_button(
    server: &TestServer,
) {
    let mut support = Support::new(server).await;
    assert_says(&support.browser.get("/resellers").await, "Shop alpha");
    for wrong in ["", "no", "a\nb"] {
        let answer = support.act(&[("reason", wrong)]).await;
        assert_eq!(answer.status.as_u16(), 422, "{wrong:?}");
        assert_says(&answer, "id=\"reason-problem\"");
    }
    assert!(!is_marked(&support.browser.get("/resellers").await));
    let (first, mut before) = (support.token(), support.browser.clone());
    support.begin().await;
    let second = support.token();
    assert_ne!(first, second);
    assert_eq!(before.get("/resellers").await.status.as_u16(), 303);
    let page = support.browser.get("/").await.expect(200).clone();
    assert!(is_marked(&page));
    assert!(
        !page.text().contains("href=\"/settings\""),
        "{}",
        page.text()
    );
    assert_says(&support.browser.get("/accounts").await, "Shop alpha");
    let mut before = support.browser.clone();
    support.stop().await.expect(303);
    assert_ne!(second, support.token());
    assert_eq!(before.get("/").await.status.as_u16(), 303);
    let page = support.browser.get("/resellers").await.expect(200).clone();
    assert!(!is_marked(&page));
    let actions = support.acted(server).await;
    let actions: Vec<_> = actions.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions.len(), 2, "{actions:?}");
    assert!(actions.contains(&"acting.begin") && actions.contains(&"acting.end"));
}

async fn s35_every_route_answers_whoever_acts_as_the_table_says(server: &TestServer) {
    let mut support = Support::new(server).await;
    let above = (TenantKind::Operator, operator(server).await);
    for role in [Role::Support, Role::Owner] {
        if role == Role::Owner {
            support.browser = member(server, above, role).await;
        }
        support.begin().await;
        let (id, mut open) = ("0".repeat(26), Vec::new());
        for route in portal_routes() {
            let may = match route.may_call {
                MayCall::Everybody | MayCall::Leaving => continue,
                MayCall::Holder(permission) => acting::permits(TenantKind::Reseller, permission),
                MayCall::SettingUp | MayCall::SignedIn => false,
            };
            let path = route
                .path
                .replace("{id}", &id)
                .replace("{file}", "leaf.pem");
            let answer = match route.method {
                "GET" => support.browser.get(&path).await,
                _ => support.browser.post_form("/", &path, &[]).await,
            };
            let is_refused = answer.status.as_u16() == 403;
            let what = format!("{} {path} for {role}: {}", route.method, answer.status);
            assert_eq!(is_refused, !may, "{what}");
            let is_page = answer.header("content-type").starts_with("text/html");
            assert!(!is_page || is_marked(&answer), "{what} is not marked");
            if !is_refused {
                open.push(path);
            }
            // Not faster than a person.
            server.clock().advance(Duration::from_secs(2));
        }
        assert!(open.len() > 40, "{open:?}");
        support.stop().await.expect(303);
        let looks = support.looks(server).await;
        let untold = open.iter().find(|path| !looks.contains(path));
        assert_eq!(untold, None, "nobody was told that {role} looked at it");
    }
}

async fn s35_what_is_done_meanwhile_carries_both_names_and_is_shown_to_the_tenant(
    server: &TestServer,
) {
    let mut support = Support::new(server).await;
    support.begin().await;
    let fields = [("kind", "dv"), ("label", "By support"), ("term_years", "1")];
    let made = support
        .browser
        .post_form("/accounts/new", "/accounts", &fields);
    let made = made.await.expect(303).header("location").to_owned();
    let page = support.browser.get(&made).await;
    assert!(is_marked(&page));
    let suspend = made.replace("/credentials", "/suspend");
    let suspended = support.browser.post_form(&suspend, &suspend, &[]).await;
    suspended.expect(303);
    let reveal = made.replace("/credentials", "/reveal");
    let answer = support.browser.post_form("/", &reveal, &[]).await;
    assert_eq!(answer.status.as_u16(), 403);
    support.stop().await.expect(303);
    let by = user_of(server, "support@operator.test").await;
    let tenant = support.shop.reseller.tenant;
    let entries = support.acted(server).await;
    assert_eq!(entries.len(), 4);
    for entry in &entries {
        assert_eq!(entry.acting_as, Some(tenant.to_string()));
        assert!(entry.actor.to_string().ends_with(&by), "{:?}", entry.actor);
        assert_eq!(entry.tenant, tenant);
    }
    let mut admin = support.shop.browser(server).await;
    let page = admin.get("/team/support").await.page();
    let told = [
        ("Began to act for support", REASON),
        ("Opened an account", "By support"),
        ("Suspended an account", "By support"),
        ("Stopped acting for support", ""),
    ];
    for (what, about) in told {
        let row = page.split("<tr>").find(|row| row.contains(what));
        let row = row.unwrap_or_else(|| panic!("{what:?} is not in {page}"));
        assert!(row.contains(&format!(">{about}</td>")), "{row}");
    }
    // What its own people do is not among it.
    let fields = [("kind", "dv"), ("label", "By us"), ("term_years", "1")];
    let made = admin.post_form("/accounts/new", "/accounts", &fields).await;
    made.expect(303);
    assert_eq!(support.acted(server).await.len(), 4);
    assert_says(&admin.get("/accounts").await, "By support");
}

async fn s35_acting_is_over_after_half_an_hour(server: &TestServer) {
    let mut support = Support::new(server).await;
    support.begin().await;
    let (second, mut other) = (support.token(), support.browser.clone());
    for _ in 0..2 {
        server.clock().advance(Duration::from_secs(14 * 60));
        assert!(is_marked(
            &support.browser.get("/").await.expect(200).clone()
        ));
    }
    server.clock().advance(Duration::from_secs(2 * 60));
    let fields = [("kind", "dv"), ("label", "Too late"), ("term_years", "1")];
    let answer = support.browser.post("/accounts", &fields).await;
    assert_eq!(answer.expect(303).header("location"), "/");
    assert_ne!(support.token(), second);
    let page = support.browser.get("/resellers").await;
    assert_says(&page, "Your time to act as Shop alpha is over.");
    assert_says(&page, "Shop alpha");
    // Another request of the old token has nothing.
    assert_eq!(other.get("/accounts").await.status.as_u16(), 303);
    let mut admin = support.shop.browser(server).await;
    assert!(!admin.get("/accounts").await.text().contains("Too late"));
    let ended = support.acted(server).await;
    let ended = ended.iter().find(|entry| entry.action == "acting.end");
    assert!(ended.unwrap().change.contains("\"time\""));
}

async fn s35_signing_out_ends_acting_too(server: &TestServer) {
    let mut support = Support::new(server).await;
    support.begin().await;
    let mut before = support.browser.clone();
    let answer = support.browser.post_form("/", "/sign-out", &[]).await;
    assert_eq!(answer.expect(303).header("location"), "/signed-out");
    assert_eq!(before.get("/").await.status.as_u16(), 303);
    let ended = support.acted(server).await;
    let ended = ended.iter().find(|entry| entry.action == "acting.end");
    assert!(ended.unwrap().change.contains("\"sign_out\""));
    let above = operator(server).await;
    let store = server.app.store(caller::tenant(above));
    let own = store.read(100, store::audit::newest).await.unwrap();
    assert!(own.iter().any(|entry| entry.action == "session.end"));
}

async fn s35_a_password_that_was_typed_too_long_ago_is_asked_for(server: &TestServer) {
    let mut support = Support::new(server).await;
    server.clock().advance(Duration::from_secs(11 * 60));
    let answer = support.act(&[("reason", REASON)]).await;
    assert_eq!(answer.status.as_u16(), 422);
    let wrong = [("reason", REASON), ("password", "not it")];
    assert_eq!(support.act(&wrong).await.status.as_u16(), 422);
    assert!(support.acted(server).await.is_empty());
    let right = [("reason", REASON), ("password", PASSWORD)];
    support.act(&right).await.expect(303);
    assert_eq!(support.acted(server).await.len(), 1);
    // Meanwhile the same is asked of whoever acts, in their own name.
    server.clock().advance(Duration::from_secs(11 * 60));
    let eab = server.account_of(support.shop.reseller, None).await;
    server.enroll(&eab, "acting.example").await;
    let client = server.stranger().await.register(&eab).await;
    let id = client.account.rsplit('/').next().unwrap().to_owned();
    let path = format!("/clients/{id}/revoke");
    let answer = support.browser.post_form(&path, &path, &[]).await;
    assert_eq!(answer.status.as_u16(), 422);
    let fields = [("password", PASSWORD)];
    let answer = support.browser.post_form(&path, &path, &fields).await;
    answer.expect(303);
    assert_says(&support.browser.get("/").await, "You act as Shop alpha");
}

async fn s35_nobody_acts_as_the_operator_and_nobody_below_acts(server: &TestServer) {
    let mut support = Support::new(server).await;
    let above = operator(server).await;
    let path = format!("/resellers/{}/act", above.suffix());
    let fields = [("reason", REASON)];
    let answer = support
        .browser
        .post_form("/resellers", &path, &fields)
        .await;
    assert_eq!(answer.status.as_u16(), 404);
    support.begin().await;
    let path = format!("{}/act", support.page);
    let nested = support.browser.post_form("/", &path, &fields).await;
    assert_eq!(nested.status.as_u16(), 403);
    let mut admin = support.shop.browser(server).await;
    let beta = Shop::open(server, "beta").await;
    for of in [beta.reseller.tenant, support.shop.reseller.tenant] {
        let path = format!("/resellers/{}/act", of.suffix());
        let answer = admin.post_form("/settings", &path, &fields).await;
        assert_eq!(answer.status.as_u16(), 403);
    }
    let mut nobody = stranger(server);
    let answer = nobody.post(&path, &fields).await;
    assert!(answer.header("location").starts_with("/sign-in"));
    let above = (TenantKind::Operator, above);
    for role in [Role::Auditor, Role::Reviewer] {
        let mut other = member(server, above, role).await;
        other.get(&support.page).await.expect(200);
        let answer = other.post_form("/settings", &path, &fields).await;
        assert_eq!(answer.status.as_u16(), 403, "{role}");
    }
}

async fn s35_the_administrators_of_the_tenant_get_one_mail(server: &TestServer) {
    let mail = MailServer::start().await;
    let node = server.mailing(mail.mailer()).await;
    let mut support = Support::new(&node).await;
    let of = (TenantKind::Reseller, support.shop.reseller.tenant);
    member(&node, of, Role::Manager).await;
    support.begin().await;
    node.run_jobs().await;
    node.run_jobs().await;
    let subject = "Support acts as Shop alpha";
    let mails = mail.mails();
    let told = mails
        .iter()
        .filter(|mail| mail.header("Subject").as_deref() == Some(subject));
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].to, [support.shop.email.as_str()]);
    let text = told[0].text();
    assert!(
        text.contains(REASON) && text.contains("12:30 UTC"),
        "{text}"
    );
}

async fn a_reseller_is_suspended_held_and_unlocked_by_its_operator(server: &TestServer) {
    let mut owner = Support::with(server, Role::Owner).await;
    let page = owner.page.clone();
    let mut admin = owner.shop.browser(server).await;
    let at = |what: &str| format!("{page}/{what}");
    for (path, said, done) in [
        ("hold", "On hold", "tenant.hold"),
        ("release", "Active", "tenant.release"),
        ("suspend", "Suspended", "tenant.suspend"),
        ("resume", "Active", "tenant.resume"),
    ] {
        let answer = owner.browser.post_form(&page, &at(path), &[]).await;
        answer.expect(303);
        assert_says(&owner.browser.get(&page).await, said);
        assert_eq!(owner.shop.times(server, done).await, 1, "{done}");
        let status = admin.get("/").await.status.as_u16();
        assert_eq!(status, if path == "suspend" { 303 } else { 200 }, "{path}");
        // Twice is told, and done once.
        let answer = owner.browser.post_form(&page, &at(path), &[]).await;
        answer.expect(303);
        assert_eq!(owner.shop.times(server, done).await, 1, "{done}");
    }
    let id = user_of(server, &owner.shop.email).await;
    let fields = [("person", id.as_str())];
    let answer = owner.browser.post_form(&page, &at("unlock"), &fields).await;
    answer.expect(303);
    assert_says(
        &owner.browser.get(&page).await,
        "Nothing was counted against Admin.",
    );
    let own = user_of(server, "owner@operator.test").await;
    let fields = [("person", own.as_str())];
    let answer = owner.browser.post_form(&page, &at("unlock"), &fields).await;
    assert_eq!(answer.status.as_u16(), 404);
}
