//! Whom the portal shows at which host name, and who signs in there.

use flow::Caller;
use flow::tenancy::brand::change_brand::{change_brand, remove_brand};
use flow::tenancy::brand::change_hosts::{ChangeHostsError, add_host};
use flow::tenancy::brand::reload::reload_brands;
use futures_util::future::join_all;
use tenancy::passkey::testing::SoftAuthenticator;
use tenancy::role::Role;
use tenancy::tenant::TenantKind;
use tenancy::tenant::brand::{Brand, BrandContact, BrandHost, BrandName};
use testkit::{MailServer, ReceivedMail, Reseller, TestServer, Visitor};

use crate::portal::people::{customer_of, member, operator};
use crate::portal::sign_in::passkey;
use crate::portal::{
    ORIGIN, PASSWORD, Shop, assert_asks_to_sign_in, assert_says, sign_in, stranger,
};

testkit::on_both_engines![
    f002_two_brands_never_mix_on_a_page,
    f002_whom_a_host_shows_costs_no_statement,
    f002_f036_mails_are_in_the_name_of_the_nearest_brand,
    f002_only_people_of_the_brand_sign_in_at_its_host,
    f002_a_link_works_where_its_person_signs_in,
    f002_of_fifty_who_want_a_host_one_has_it,
    f002_another_node_shows_a_changed_brand,
    f002_f036_an_administrator_says_how_their_people_know_the_portal,
    f002_what_is_no_name_of_a_reseller_is_refused,
    s06_people_of_a_tenant_point_no_host_name_at_themselves,
    s24_a_form_comes_from_the_host_that_it_goes_to,
    s26_a_session_is_one_where_it_was_opened,
    s16_a_passkey_works_at_the_host_at_which_it_was_made,
];

const ALPHA: &str = "https://ca.alpha.example";
const BETA: &str = "https://ca.beta.example";
const PAGE: &str = "/settings/brand";

/// A browser at a host name.
fn at(server: &TestServer, origin: &str) -> Visitor {
    Visitor::new(web::portal::router(server.app.clone(), ORIGIN), origin)
}

fn host(text: &str) -> BrandHost {
    let name = text.strip_prefix("https://").unwrap_or(text);
    BrandHost::parse(name).unwrap()
}

async fn name(server: &TestServer, of: Reseller, name: &str) {
    let brand = Brand {
        name: BrandName::parse(&format!("Brand {name}")).unwrap(),
        contact: BrandContact::parse(&format!("help@{name}.example\nRoom {name}")).unwrap(),
    };
    let caller = Caller::command_line().within(of.tenant);
    change_brand(&server.app, &caller, brand).await.unwrap();
}

/// A shop with a brand, at a host name if there is one.
async fn branded(server: &TestServer, word: &str, origin: Option<&str>) -> Shop {
    let shop = Shop::open(server, word).await;
    name(server, shop.reseller, word).await;
    if let Some(origin) = origin {
        let caller = Caller::command_line().within(shop.reseller.tenant);
        add_host(&server.app, &caller, host(origin)).await.unwrap();
    }
    shop
}

#[track_caller]
fn assert_shows(page: &str, shown: &[&str], others: &[&str]) {
    for text in shown {
        assert!(page.contains(text), "not shown: {text}\n{page}");
    }
    for text in others {
        assert!(!page.contains(text), "shown: {text}\n{page}");
    }
}

async fn f002_two_brands_never_mix_on_a_page(server: &TestServer) {
    let alpha = branded(server, "alpha", Some(ALPHA)).await;
    branded(server, "beta", Some(BETA)).await;
    let own = ["Brand alpha", "help@alpha.example"];
    let foreign = ["Brand beta", "beta.example", "Chancery"];
    let mut browser = at(server, ALPHA);
    for path in [
        "/sign-in",
        "/forgotten",
        "/signed-out",
        "/nothing",
        "/link/x",
    ] {
        let page = browser.get(path).await;
        assert_shows(page.text(), &own, &foreign);
        assert_says(&page, "· Brand alpha</title>");
    }
    let refused = sign_in(&mut browser, &alpha.email, "wrong").await;
    assert_shows(refused.expect(422).text(), &own, &foreign);
    sign_in(&mut browser, &alpha.email, PASSWORD)
        .await
        .expect(303);
    for path in ["/", "/settings", "/settings/tokens", "/nothing"] {
        assert_shows(browser.get(path).await.text(), &own, &foreign);
    }
    // What nobody has shows nobody; the settings' own name shows the operator, who has said nothing.
    let all = ["Brand alpha", "Brand beta", "alpha.example", "beta.example"];
    for origin in [ORIGIN, "https://ca.gamma.example", "https://alpha.example"] {
        let page = at(server, origin).get("/sign-in").await;
        assert_shows(page.text(), &["Chancery"], &all);
    }
    let written = at(server, "https://CA.Beta.Example.:443")
        .get("/sign-in")
        .await;
    assert_shows(written.text(), &["Brand beta"], &["Brand alpha"]);
}

async fn f002_whom_a_host_shows_costs_no_statement(server: &TestServer) {
    branded(server, "alpha", Some(ALPHA)).await;
    for origin in [ALPHA, ORIGIN, "https://ca.gamma.example", "https://x"] {
        let before = server.store.counters().statements;
        at(server, origin).get("/signed-out").await.expect(200);
        assert_eq!(server.store.counters().statements, before, "{origin}");
    }
}

/// Invites somebody, and what they get.
async fn invited(node: &TestServer, shop: &Shop, mail: &MailServer) -> ReceivedMail {
    let mut admin = shop.browser(node).await;
    node.run_jobs().await;
    let before = mail.mails().len();
    let email = format!("noor@{}", shop.email.replace('@', "."));
    let fields = [("email", email.as_str()), ("role", "viewer")];
    admin.post_form("/team", "/team", &fields).await.expect(303);
    node.run_jobs().await;
    mail.mails().remove(before)
}

async fn f002_f036_mails_are_in_the_name_of_the_nearest_brand(server: &TestServer) {
    let mail = MailServer::start().await;
    let node = server.mailing(mail.mailer()).await;
    let alpha = branded(&node, "alpha", Some(ALPHA)).await;
    let beta = branded(&node, "beta", None).await;
    let plain = Shop::open(&node, "gamma").await;
    let sent = invited(&node, &alpha, &mail).await;
    let foreign = ["Chancery", "ca.test", "portal.test", "beta"];
    for text in [sent.text(), sent.html()] {
        let own = [
            "Brand alpha",
            "help@alpha.example, Room alpha",
            "https://ca.alpha.example/link/",
        ];
        assert_shows(&text, &own, &foreign);
    }
    let from = sent.header("From").unwrap();
    assert!(
        from.contains("Brand alpha") && !from.contains("Chancery"),
        "{from}"
    );
    // Without a host name people sign in where everybody does.
    let text = invited(&node, &beta, &mail).await.text();
    let own = [
        "Brand beta",
        "help@beta.example",
        "https://portal.test/link/",
    ];
    assert_shows(&text, &own, &["Chancery", "help@ca.test", "alpha"]);
    let sent = invited(&node, &plain, &mail).await;
    let own = ["Chancery", "help@ca.test", "https://portal.test/link/"];
    assert_shows(&sent.text(), &own, &["alpha", "beta"]);
    assert!(sent.header("From").unwrap().contains("Chancery"));
    // A link that somebody asked for leads to where they sign in, wherever they asked.
    let before = mail.mails().len();
    let fields = [("email", alpha.email.as_str())];
    let mut visitor = stranger(&node);
    let asked = visitor.post_form("/forgotten", "/forgotten", &fields).await;
    asked.expect(200);
    node.run_jobs().await;
    let text = mail.mails()[before].text();
    assert_shows(&text, &["https://ca.alpha.example/link/"], &["portal.test"]);
}

async fn f002_only_people_of_the_brand_sign_in_at_its_host(server: &TestServer) {
    let alpha = branded(server, "alpha", Some(ALPHA)).await;
    let beta = branded(server, "beta", Some(BETA)).await;
    let csrf = |text: &str, token: Option<String>| text.replace(&token.unwrap(), "");
    let mut answers = Vec::new();
    for (email, password) in [(&beta.email, PASSWORD), (&beta.email, "wrong")] {
        let mut browser = at(server, ALPHA);
        let answer = sign_in(&mut browser, email, password).await.expect(422);
        assert_says(&answer, "Invalid credentials.");
        assert!(browser.cookie("__Host-chancery").is_none());
        answers.push(csrf(answer.text(), answer.csrf()));
    }
    assert_eq!(
        answers[0], answers[1],
        "nothing tells that the password was right"
    );
    assert_eq!(beta.times(server, "session.refuse").await, 2);
    for (origin, shop) in [(ALPHA, &alpha), (BETA, &beta), (ORIGIN, &beta)] {
        let answer = sign_in(&mut at(server, origin), &shop.email, PASSWORD).await;
        answer.expect(303);
    }
    // Whoever is below signs in there, and whoever is above does not.
    let customer = customer_of(server, &alpha).await;
    member(server, (TenantKind::Customer, customer), Role::Admin).await;
    member(
        server,
        (TenantKind::Operator, operator(server).await),
        Role::Owner,
    )
    .await;
    let (below, above) = ("admin@customer.test", "owner@operator.test");
    sign_in(&mut at(server, ALPHA), below, PASSWORD)
        .await
        .expect(303);
    sign_in(&mut at(server, BETA), below, PASSWORD)
        .await
        .expect(422);
    sign_in(&mut at(server, ALPHA), above, PASSWORD)
        .await
        .expect(422);
    sign_in(&mut at(server, ORIGIN), above, PASSWORD)
        .await
        .expect(303);
}

async fn f002_a_link_works_where_its_person_signs_in(server: &TestServer) {
    let alpha = branded(server, "alpha", Some(ALPHA)).await;
    branded(server, "beta", Some(BETA)).await;
    let mut admin = alpha.browser(server).await;
    let fields = [("email", "noor@shop.test"), ("role", "viewer")];
    let page = admin.post_form("/team", "/team", &fields).await;
    let token = page.between("https://ca.alpha.example/link/", "<").unwrap();
    let link = format!("/link/{token}");
    let elsewhere = at(server, BETA).get(&link).await;
    assert_shows(
        elsewhere.text(),
        &["This link does not work"],
        &["Shop alpha"],
    );
    assert_says(
        &at(server, ALPHA).get(&link).await.expect(200),
        "Shop alpha",
    );
    assert_says(
        &at(server, ORIGIN).get(&link).await.expect(200),
        "Shop alpha",
    );
}

async fn f002_of_fifty_who_want_a_host_one_has_it(server: &TestServer) {
    let mut resellers = Vec::new();
    for _ in 0..50 {
        let reseller = server.reseller().await;
        name(server, reseller, "same").await;
        resellers.push(reseller);
    }
    let wanted = resellers.iter().map(|reseller| {
        let caller = Caller::command_line().within(reseller.tenant);
        async move { add_host(&server.app, &caller, host(ALPHA)).await }
    });
    let outcomes = join_all(wanted).await;
    let (good, bad): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (1, 49));
    for refused in bad {
        assert!(
            matches!(refused, Err(ChangeHostsError::Taken(_))),
            "{refused:?}"
        );
    }
}

async fn f002_another_node_shows_a_changed_brand(server: &TestServer) {
    let other = server.beside().await;
    let shop = branded(server, "alpha", Some(ALPHA)).await;
    reload_brands(&other.app).await.unwrap();
    assert_says(&at(&other, ALPHA).get("/sign-in").await, "Brand alpha");
    let caller = Caller::command_line().within(shop.reseller.tenant);
    remove_brand(&server.app, &caller).await.unwrap();
    reload_brands(&other.app).await.unwrap();
    for node in [server, &other] {
        let page = at(node, ALPHA).get("/sign-in").await;
        assert_shows(page.text(), &["Chancery"], &["Brand alpha"]);
    }
    assert!(remove_brand(&server.app, &caller).await.is_err());
    assert_eq!(shop.times(server, "brand.remove").await, 1);
}

async fn f002_f036_an_administrator_says_how_their_people_know_the_portal(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut admin = shop.browser(server).await;
    assert_says(&admin.get(PAGE).await.expect(200), "Save a name first");
    let wrong = [("name", " "), ("contact", "a\nb\nc\nd\ne")];
    let refused = admin.post_form(PAGE, PAGE, &wrong).await.expect(422);
    assert_says(&refused, "The contact has 5 lines");
    let good = [
        ("name", "Alpha CA"),
        ("contact", "help@alpha.example\r\n+358 9"),
    ];
    admin.post_form(PAGE, PAGE, &good).await.expect(303);
    assert_says(
        &admin.get(PAGE).await,
        "Whoever runs this portal adds host names",
    );
    let caller = Caller::command_line().within(shop.reseller.tenant);
    let given = BrandHost::parse(" CA.Alpha.Example. ").unwrap();
    add_host(&server.app, &caller, given).await.unwrap();
    assert_says(&admin.get(PAGE).await, "ca.alpha.example");
    let page = at(server, ALPHA).get("/sign-in").await;
    let contact = "<a href=\"mailto:help@alpha.example\">help@alpha.example</a>, +358 9";
    assert_shows(page.text(), &["Alpha CA", contact], &[]);

    let mut there = at(server, ALPHA);
    sign_in(&mut there, &shop.email, PASSWORD).await.expect(303);
    there.get("/").await.expect(200);
    let remove = "/settings/brand/hosts/remove";
    let gone = [("host", "ca.alpha.example")];
    admin.post_form(PAGE, remove, &gone).await.expect(303);
    assert_asks_to_sign_in(&there.get("/").await, "the host is gone");
    admin.post_form(PAGE, remove, &gone).await.expect(303);
    assert_says(&admin.get(PAGE).await, "There is no such host name");
    for (action, times) in [
        ("brand.change", 1),
        ("brand_host.add", 1),
        ("brand_host.remove", 1),
    ] {
        assert_eq!(shop.times(server, action).await, times, "{action}");
    }
}

async fn f002_what_is_no_name_of_a_reseller_is_refused(server: &TestServer) {
    branded(server, "alpha", Some(ALPHA)).await;
    let unnamed = Shop::open(server, "gamma").await.reseller.tenant;
    let beta = branded(server, "beta", None).await;
    let caller = Caller::command_line().within(beta.reseller.tenant);
    let add = async |caller: &Caller, typed: &str| match BrandHost::parse(typed) {
        Ok(host) => add_host(&server.app, caller, host)
            .await
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    for (typed, told) in [
        ("CA.alpha.example", "shows a brand already"),
        ("portal.test", "is a name of this server itself"),
        ("acme.test", "is a name of this server itself"),
        ("*.beta.example", "stands for many names"),
        ("https://beta.example", "looks like a URL"),
        ("", "empty"),
    ] {
        let refused = add(&caller, typed).await.unwrap_err();
        assert!(refused.contains(told), "{typed}: {refused}");
    }
    let early = Caller::command_line().within(unnamed);
    let refused = add(&early, "ca.gamma.example").await.unwrap_err();
    assert!(
        refused.contains("choose a name for the brand first"),
        "{refused}"
    );
    for number in 0..10 {
        add(&caller, &format!("ca{number}.beta.example"))
            .await
            .unwrap();
    }
    let full = add(&caller, "ca10.beta.example").await.unwrap_err();
    assert!(full.contains("as many as fit"), "{full}");
}

/// A link that sets a password would go to whatever server they name.
async fn s06_people_of_a_tenant_point_no_host_name_at_themselves(server: &TestServer) {
    let shop = branded(server, "alpha", None).await;
    let admin = Caller::visitor(flow::caller::Client::default()).within(shop.reseller.tenant);
    let refused = add_host(&server.app, &admin, host("https://evil.example")).await;
    assert!(
        matches!(refused, Err(ChangeHostsError::OfOperator(_))),
        "{refused:?}"
    );
    let mut browser = shop.browser(server).await;
    let fields = [("host", "evil.example")];
    let answer = browser
        .post_form(PAGE, "/settings/brand/hosts", &fields)
        .await;
    answer.expect(404);
}

async fn s24_a_form_comes_from_the_host_that_it_goes_to(server: &TestServer) {
    let shop = branded(server, "alpha", Some(ALPHA)).await;
    branded(server, "beta", Some(BETA)).await;
    let caller = Caller::command_line().within(shop.reseller.tenant);
    let second = "https://second.alpha.example";
    add_host(&server.app, &caller, host(second)).await.unwrap();
    for (here, others) in [
        (ALPHA, [ORIGIN, BETA, second]),
        (ORIGIN, [ALPHA, BETA, "https://ca.gamma.example"]),
    ] {
        let mut browser = at(server, here);
        sign_in(&mut browser, &shop.email, PASSWORD)
            .await
            .expect(303);
        let token = browser.get("/settings").await.csrf().unwrap();
        let fields = [("csrf", token.as_str()), ("name", "Mallory")];
        for other in others {
            let refused = browser.post_from(other, "/settings/profile", &fields).await;
            assert_eq!(refused.status.as_u16(), 403, "{other} to {here}");
        }
        browser
            .post_from(here, "/settings/profile", &fields)
            .await
            .expect(303);
    }
}

async fn s26_a_session_is_one_where_it_was_opened(server: &TestServer) {
    let shop = branded(server, "alpha", Some(ALPHA)).await;
    branded(server, "beta", Some(BETA)).await;
    let caller = Caller::command_line().within(shop.reseller.tenant);
    let second = "https://second.alpha.example";
    add_host(&server.app, &caller, host(second)).await.unwrap();
    let everywhere = [ALPHA, second, BETA, ORIGIN, "https://ca.gamma.example"];
    for here in [ALPHA, ORIGIN] {
        let mut browser = at(server, here);
        sign_in(&mut browser, &shop.email, PASSWORD)
            .await
            .expect(303);
        let cookie = browser.cookie("__Host-chancery").unwrap().to_owned();
        for origin in everywhere {
            let mut thief = at(server, origin);
            thief.set_cookie("__Host-chancery", &cookie);
            let answer = thief.get("/").await;
            // A name that nobody has is the same door as the settings' own.
            if origin == here || here == ORIGIN && origin.contains("gamma") {
                answer.expect(200);
            } else {
                assert_asks_to_sign_in(&answer, &format!("{here} at {origin}"));
            }
        }
    }
}

async fn s16_a_passkey_works_at_the_host_at_which_it_was_made(server: &TestServer) {
    let shop = branded(server, "alpha", Some(ALPHA)).await;
    let beta = branded(server, "beta", Some(BETA)).await;
    let mut browser = at(server, ALPHA);
    sign_in(&mut browser, &shop.email, PASSWORD)
        .await
        .expect(303);
    let page = browser.get("/settings/second-factor/passkeys/new").await;
    assert_says(&page, "ca.alpha.example");
    let mut key = SoftAuthenticator::new(ALPHA);
    passkey::add(&mut browser, &mut key, "Work laptop")
        .await
        .expect(200);
    passkey::prove_alone(&mut at(server, ALPHA), &mut key)
        .await
        .expect(303);
    for origin in [BETA, ORIGIN] {
        let refused = passkey::prove_alone(&mut at(server, origin), &mut key).await;
        assert_eq!(refused.status.as_u16(), 422, "{origin}");
    }
    // One of somebody else's, made where its owner signs in.
    let mut browser = at(server, BETA);
    sign_in(&mut browser, &beta.email, PASSWORD)
        .await
        .expect(303);
    let mut key = SoftAuthenticator::new(BETA);
    passkey::add(&mut browser, &mut key, "Work laptop")
        .await
        .expect(200);
    passkey::prove_alone(&mut at(server, BETA), &mut key)
        .await
        .expect(303);
}
