//! Domains with their companions, from the form to what clients may order.

use testkit::{Answer, TestServer, Visitor};

use super::{Shop, assert_says};

testkit::on_both_engines![
    f020_the_start_page_counts_domains_and_accounts,
    f073_f077_a_domain_brings_its_www_along,
    f077_only_this_name_leaves_the_companion_out,
    f083_removing_a_domain_takes_its_companion,
    a_preview_changes_nothing,
    f086_a_search_follows_every_change,
    a_search_can_be_paged_through,
    bad_lines_are_told_and_the_good_ones_added,
    finding_1_of_a_registrars_export_only_the_names_are_added,
    finding_3_what_is_never_issued_is_refused_where_it_is_typed,
    finding_4_names_are_found_and_shown_in_unicode,
    finding_5_the_owner_of_a_private_suffix_enrols_it,
];

async fn add(browser: &mut Visitor, account: &str, names: &str) -> Answer {
    let fields = [("account", account), ("names", names)];
    browser.post_form("/domains/new", "/domains", &fields).await
}

/// The names in the list with their pages.
async fn listed(browser: &mut Visitor) -> Vec<(String, String)> {
    let mut names = rows_of(&browser.get("/domains").await.expect(200).page());
    names.sort();
    names.dedup();
    names
}

fn rows_of(page: &str) -> Vec<(String, String)> {
    let rows = page.split("href=\"/domains/").skip(1);
    rows.filter_map(|rest| {
        let (id, rest) = rest.split_once("\">")?;
        let (name, _) = rest.split_once("</a>")?;
        (id.len() == 26).then(|| (name.to_owned(), format!("/domains/{id}")))
    })
    .collect()
}

async fn found(browser: &mut Visitor, query: &str) -> Vec<String> {
    let page = browser
        .get(&format!("/domains?{query}"))
        .await
        .expect(200)
        .page();
    let mut names: Vec<String> = rows_of(&page).into_iter().map(|(name, _)| name).collect();
    names.dedup();
    names
}

async fn names(browser: &mut Visitor) -> Vec<String> {
    let rows = listed(browser).await.into_iter();
    rows.map(|(name, _)| name).collect()
}

async fn f020_the_start_page_counts_domains_and_accounts(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, None).await;
    server.account_of(shop.reseller, None).await;
    let names = "example.com\nother.example\n*.third.example\nwww.other.example";
    add(&mut browser, &eab.subscription.suffix(), names)
        .await
        .expect(200);
    let page = browser.get("/").await.expect(200);
    assert_says(&page, "<span>Active domains</span><b>6</b>");
    assert_says(&page, ">3 free companions among them<");
    assert_says(&page, "<span>ACME accounts</span><b>2</b>");
}

async fn f073_f077_a_domain_brings_its_www_along(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, None).await;
    let added = add(&mut browser, &eab.subscription.suffix(), "Example.COM").await;
    assert_says(&added.expect(200), "1 new name, 1 free companion");
    assert_eq!(
        names(&mut browser).await,
        ["example.com", "www.example.com"]
    );
    let client = server.stranger().await.register(&eab).await;
    client.issue(&["example.com", "www.example.com"]).await;
    let certificates = browser.get("/certificates").await.expect(200);
    assert_says(&certificates, "example.com");
    let again = add(&mut browser, &eab.subscription.suffix(), "example.com").await;
    assert_says(&again.expect(200), "nothing is charged twice");
}

async fn f077_only_this_name_leaves_the_companion_out(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, None).await;
    let account = eab.subscription.suffix();
    let fields = [
        ("account", account.as_str()),
        ("names", "example.com"),
        ("only_this_name", "on"),
    ];
    let added = browser.post_form("/domains/new", "/domains", &fields).await;
    added.expect(200);
    assert_eq!(names(&mut browser).await, ["example.com"]);
}

async fn f083_removing_a_domain_takes_its_companion(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, None).await;
    let account = eab.subscription.suffix();
    add(&mut browser, &account, "example.com\nother.example")
        .await
        .expect(200);
    let client = server.stranger().await.register(&eab).await;
    client.new_order(&["www.example.com"]).await.expect(201);
    let rows = listed(&mut browser).await;
    let (_, href) = rows.iter().find(|(name, _)| name == "example.com").unwrap();
    let path = format!("{href}/remove");
    assert_says(&browser.get(&path).await.expect(200), "www.example.com");
    browser.post_form(&path, &path, &[]).await.expect(303);
    let list = browser.get("/domains").await;
    assert_says(&list, "example.com was removed with 1 free companion.");
    assert_eq!(
        names(&mut browser).await,
        ["other.example", "www.other.example"]
    );
    for name in ["example.com", "www.example.com"] {
        let refused = client.new_order(&[name]).await.expect(403);
        assert_eq!(refused.problem_type(), "rejectedIdentifier", "{name}");
    }
    // One entry for each name.
    assert_eq!(shop.times(server, "domain.remove").await, 2);
}

async fn a_preview_changes_nothing(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, None).await;
    let account = eab.subscription.suffix();
    let fields = [("account", account.as_str()), ("names", "example.com")];
    let form = "/domains/new";
    let shown = browser.post_form(form, "/domains/preview", &fields).await;
    assert_says(&shown.expect(200), "Would be added.");
    let edited = browser.post_form(form, "/domains/edit", &fields).await;
    assert_says(&edited.expect(200), "example.com</textarea>");
    assert!(names(&mut browser).await.is_empty());
}

async fn bad_lines_are_told_and_the_good_ones_added(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, None).await;
    let account = eab.subscription.suffix();
    let added = add(&mut browser, &account, "co.uk\nfoo bar\n*.b.example").await;
    assert_says(&added.expect(200), "2 invalid lines");
    assert_eq!(names(&mut browser).await, ["*.b.example", "b.example"]);
    let nothing = add(&mut browser, &account, " ").await.expect(422);
    assert_says(&nothing, "Type at least one name, such as example.com.");
}

async fn finding_1_of_a_registrars_export_only_the_names_are_added(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, None).await;
    let account = eab.subscription.suffix();
    let rows = "app.shop-a.com,namecheap.com,ns1.registrar-servers.com\n\
                app.shop-b.com,namecheap.com,ns1.registrar-servers.com\n";
    let unknown = add(
        &mut browser,
        &account,
        &format!("Name,Anbieter,Server\n{rows}"),
    )
    .await;
    assert_says(&unknown.expect(422), "which column holds the names?");
    assert!(names(&mut browser).await.is_empty());
    let known = format!("Domain Name,Registrar,Nameserver 1\n{rows}");
    let added = add(&mut browser, &account, &known).await;
    assert_says(&added.expect(200), "2 new names");
    assert_eq!(
        names(&mut browser).await,
        ["app.shop-a.com", "app.shop-b.com"]
    );
}

/// With the words that an order would be refused with, and above all without charging it.
async fn finding_3_what_is_never_issued_is_refused_where_it_is_typed(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, None).await;
    let account = eab.subscription.suffix();
    let client = server.stranger().await.register(&eab).await;
    for typed in [
        "nas.local",
        "myshop2.con",
        "mail2.internal",
        "printer.lan",
        "hidden.onion",
        "no.invalid",
        "1.0.168.192.in-addr.arpa",
        "\u{2018}shop7.com\u{2019}",
        "*.co.uk",
    ] {
        let added = add(&mut browser, &account, typed).await.expect(200);
        assert_says(&added, "1 invalid line");
        let name = base::DnsName::parse(typed).unwrap();
        let refused = client.new_order(&[name.as_str()]).await.expect(400);
        assert_eq!(refused.problem_type(), "rejectedIdentifier", "{typed}");
        let why = refused.member("detail").replace('"', "&#34;");
        assert_says(&added, &why);
    }
    assert!(names(&mut browser).await.is_empty());
    // The first name of an account starts its term; nothing was bought here.
    assert_says(&browser.get("/accounts").await, "Pending");
}

async fn finding_4_names_are_found_and_shown_in_unicode(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, None).await;
    let account = eab.subscription.suffix();
    let typed = "app.B\u{fc}cher.de\nother.example";
    let fields = [("account", account.as_str()), ("names", typed)];
    let shown = "app.b\u{fc}cher.de <span class=\"muted\">app.xn--bcher-kva.de</span>";
    let preview = browser
        .post_form("/domains/new", "/domains/preview", &fields)
        .await;
    assert_says(&preview.expect(200), shown);
    let added = add(&mut browser, &account, typed).await.expect(200);
    assert_says(&added, shown);
    let client = server.stranger().await.register(&eab).await;
    client.issue(&["app.xn--bcher-kva.de"]).await;

    let list = browser.get("/domains").await.expect(200);
    assert_says(&list, shown);
    let rows = rows_of(&list.page());
    let of_name = |(name, _): &&(String, String)| name.starts_with("app.b\u{fc}cher.de");
    let (_, detail) = rows.iter().find(of_name).expect("a row");
    assert_says(&browser.get(detail).await.expect(200), shown);
    for query in [
        "b%C3%BCcher",
        "B%C3%9CCHER.de",
        "app.b%C3%BC",
        "%C3%BCch",
        "bu%CC%88cher",
        "xn--bcher",
        "https%3A%2F%2Fapp.b%C3%BCcher.de%2F",
        "app.b%C3%BCcher.de.",
    ] {
        let page = browser.get(&format!("/domains?q={query}")).await;
        let page = page.expect(200);
        assert_says(&page, shown);
        assert!(!page.page().contains("other.example"), "{query}");
    }
    let none = browser.get("/domains?q=b%C3%B6cher").await.expect(200);
    assert_says(&none, "No domain matches");
    let pages = ["/certificates", "/activity"];
    for page in pages {
        for query in ["b%C3%BCcher", "app.B%C3%BCcher.de", ".b%C3%BCcher.de"] {
            let found = browser.get(&format!("{page}?q={query}")).await;
            assert_says(&found.expect(200), shown);
        }
        let none = browser.get(&format!("{page}?q=b%C3%B6cher")).await;
        assert!(!none.expect(200).page().contains(shown), "{page}");
    }
}

/// Control of the suffix is proven like that of any name; other people's names below it are theirs.
async fn finding_5_the_owner_of_a_private_suffix_enrols_it(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, None).await;
    let account = eab.subscription.suffix();
    let typed = "*.plesk.page\ngithub.io\n*.co.uk\ncom.au";
    let added = add(&mut browser, &account, typed).await.expect(200);
    assert_says(&added, "2 new names, 1 free companion, 2 invalid lines");
    assert_eq!(
        names(&mut browser).await,
        ["*.plesk.page", "github.io", "plesk.page"]
    );
    let client = server.stranger().await.register(&eab).await;
    client.issue(&["*.plesk.page", "github.io"]).await;
}

async fn f086_a_search_follows_every_change(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, None).await;
    server.enroll(&eab, "*.shop.example\n*.other.example").await;
    assert_eq!(found(&mut browser, "q=SHOP").await, ["*.shop.example"]);
    assert_eq!(found(&mut browser, "q=%25").await, [""; 0]);

    server.enroll(&eab, "*.workshop.test").await;
    let both = ["*.shop.example", "*.workshop.test"];
    assert_eq!(found(&mut browser, "q=shop").await, both);
    // Another node's change counts as soon.
    let beside = server.beside().await;
    beside.enroll(&eab, "*.late-shop.test").await;
    assert_eq!(found(&mut browser, "q=late").await, ["*.late-shop.test"]);

    let rows = rows_of(&browser.get("/domains?q=other").await.expect(200).page());
    let (_, href) = rows
        .iter()
        .find(|(name, _)| name == "*.other.example")
        .unwrap();
    let path = format!("{href}/remove");
    browser.post_form(&path, &path, &[]).await.expect(303);
    assert_eq!(found(&mut browser, "q=other").await, [""; 0]);
    beside.store.close().await;
}

/// The query of a page's link to the next or the previous one.
fn turn(page: &Answer, relation: &str) -> String {
    let page = page.page();
    let mark = format!("\" rel=\"{relation}\"");
    let (before, _) = page.split_once(&mark).unwrap();
    let (_, query) = before.rsplit_once("/domains?").unwrap();
    query.replace("&#38;", "&").replace("&amp;", "&")
}

async fn a_search_can_be_paged_through(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, None).await;
    let all: Vec<String> = (0..50)
        .map(|number| format!("*.host{number:02}.example"))
        .collect();
    server.enroll(&eab, &all.join("\n")).await;
    server.enroll(&eab, "*.else.example").await;
    let first = browser.get("/domains?q=*.host").await.expect(200);
    assert_says(&first, "of 50 domains");
    let mut seen = found(&mut browser, "q=*.host").await;
    let next = turn(&first, "next");
    let second = found(&mut browser, &next).await;
    let page = browser.get(&format!("/domains?{next}")).await.expect(200);
    assert_eq!(found(&mut browser, &turn(&page, "prev")).await, seen);
    seen.extend(second);
    assert_eq!(seen, all);
}
