//! How many accounts, names and customers a tenant has at most, also when many want the last one at once.

use base::{
    Actor, DnsName, DomainId, Id as _, Refuse, SubscriptionId, TenantId, Timestamp, UserId,
};
use enrollment::subscription::{MAX_NAMES, MAX_SUBSCRIPTIONS, Subscription};
use flow::access::team::MAX_PEOPLE;
use flow::enrollment::enroll_domains::{Enrollment, enroll_domains, preview};
use flow::enrollment::list_subscriptions;
use flow::enrollment::move_subscription::{Move, move_subscription};
use flow::enrollment::open_subscription::open_subscription;
use flow::tenancy::create_customer::create_customer;
use flow::tenancy::domain::add_domain::add_domain;
use flow::{Caller, caller};
use futures_util::future::join_all;
use store::{Error, WriteTx};
use tenancy::domain::{Domain, MAX_DOMAINS};
use tenancy::tenant::{MAX_CUSTOMERS, Tenant, TenantKind, TenantName};
use tenancy::user::{DisplayName, Email, User};
use testkit::{Answer, Eab, TestServer, Visitor, opening};

use crate::portal::{Shop, assert_says};

testkit::on_both_engines![
    s36_of_fifty_who_open_the_last_account_one_does,
    s36_of_fifty_who_enrol_the_last_name_one_does,
    s36_of_fifty_who_make_the_last_customer_one_does,
    s36_of_fifty_who_add_the_last_domain_one_does,
    s36_of_fifty_who_invite_the_last_person_one_does,
];

/// How many want the last one.
const MANY: u32 = 50;

/// Identifiers that nobody else makes.
fn numbered(number: u32) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    bytes
}

async fn copy(tx: &mut WriteTx, (first, count): &(Subscription, u32)) -> Result<(), Error> {
    for number in 0..*count {
        let id = SubscriptionId::of_bytes(numbered(number));
        tx.insert(&Subscription {
            id,
            ..first.clone()
        })
        .await?;
    }
    Ok(())
}

async fn found(server: &TestServer, caller: &Caller, eab: &Eab) -> Subscription {
    let found = list_subscriptions::find(&server.app, caller, eab.subscription).await;
    found.unwrap().unwrap().subscription
}

async fn open(server: &TestServer, caller: &Caller) -> Result<SubscriptionId, &'static str> {
    let opening = opening("dv");
    let opened = open_subscription(&server.app, caller, opening).await;
    let id = opened.map(|opened| opened.subscription.id);
    id.map_err(|error| error.refusal().code)
}

async fn s36_of_fifty_who_open_the_last_account_one_does(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let caller = Caller::command_line().within(shop.reseller.tenant);
    let eab = server.account_of(shop.reseller, None).await;
    let first = found(server, &caller, &eab).await;
    let store = server.app.store(caller::tenant(shop.reseller.tenant));
    let fill = (first, MAX_SUBSCRIPTIONS - 2);
    store.write(fill, copy).await.unwrap();
    let tries = join_all((0..MANY).map(|_| open(server, &caller))).await;
    let (made, refused): (Vec<_>, Vec<_>) = tries.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1, "{refused:?}");
    assert_eq!(refused, [Err("all_subscriptions_full"); 49]);
    let mut browser = shop.browser(server).await;
    let typed = [("kind", "dv"), ("label", "One more"), ("term_years", "1")];
    let page = browser.post_form("/accounts/new", "/accounts", &typed);
    let page = page.await;
    assert_eq!(page.status.as_u16(), 422);
    assert_says(
        &page,
        "You have 10000 ACME accounts, which is as many as fit",
    );
    // What is ended has left room, and others have their own.
    server.account().await;
    let last = made[0].unwrap();
    let moved = move_subscription(&server.app, &caller, last, Move::Deactivate);
    moved.await.unwrap();
    open(server, &caller).await.unwrap();
    assert_eq!(open(server, &caller).await, Err("all_subscriptions_full"));
}

async fn recount(tx: &mut WriteTx, subscription: &Subscription) -> Result<(), Error> {
    store::enrollment::subscription::update(tx, subscription).await
}

async fn s36_of_fifty_who_enrol_the_last_name_one_does(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let caller = Caller::command_line().within(shop.reseller.tenant);
    let full = server.account_of(shop.reseller, None).await;
    let other = server.account_of(shop.reseller, None).await;
    let mut counted = found(server, &caller, &full).await;
    counted.paid_names = MAX_NAMES - 2;
    let store = server.app.store(caller::tenant(shop.reseller.tenant));
    store.write(counted, recount).await.unwrap();
    let names = |text: String| Enrollment {
        anchor: None,
        subscription: other.subscription,
        text,
        companions: Some(false),
    };
    server.enroll(&other, "first.example.com").await;
    // More than one transaction adds: all or none.
    let many: Vec<_> = (0..60)
        .map(|number| format!("m{number}.example.com"))
        .collect();
    let refused = enroll_domains(&server.app, &caller, names(many.join("\n"))).await;
    assert_eq!(refused.unwrap_err().refusal().code, "all_names_full");
    let browser = shop.browser(server).await;
    let account = other.subscription.suffix();
    let form = |number: u32| {
        let fields = [
            ("account", account.clone()),
            ("names", format!("n{number}.example.com")),
            ("only_this_name", "on".to_owned()),
        ];
        ("/domains/new", "/domains", fields.to_vec())
    };
    let refused = all_at_once(&browser, form).await;
    assert_eq!(refused.len(), 49);
    for page in &refused {
        assert_eq!(page.status.as_u16(), 422);
        assert_says(page, "Your ACME accounts have 1000000 domains together");
    }
    // The preview says the same, and what is there already is no more.
    let more = preview(&server.app, &caller, names("more.example.com".to_owned()));
    assert_eq!(more.await.unwrap_err().refusal().code, "all_names_full");
    let again = preview(&server.app, &caller, names("first.example.com".to_owned()));
    assert_eq!(again.await.unwrap().len(), 1);
    // Others have their own, and what is ended counts no more.
    let eab = server.account().await;
    server.enroll(&eab, "others.example.com").await;
    let moved = move_subscription(&server.app, &caller, full.subscription, Move::Deactivate);
    moved.await.unwrap();
    server.enroll(&other, "more.example.com").await;
}

/// Sends a form by as many browsers of one person at once; the answers that are a refusal.
async fn all_at_once(
    browser: &Visitor,
    form: impl Fn(u32) -> (&'static str, &'static str, Vec<(&'static str, String)>),
) -> Vec<Answer> {
    let tries = (0..MANY).map(|number| {
        let (mut browser, (page, to, fields)) = (browser.clone(), form(number));
        async move {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, text)| (*name, text.as_str()))
                .collect();
            browser.post_form(page, to, &fields).await
        }
    });
    let answers = join_all(tries).await.into_iter();
    answers
        .filter(|answer| answer.status.is_client_error())
        .collect()
}

async fn below(tx: &mut WriteTx, (above, count): &(Tenant, u32)) -> Result<(), Error> {
    for number in 0..*count {
        let id = TenantId::of_bytes(numbered(number));
        let name = TenantName::parse(&format!("Customer {number}")).unwrap();
        let made = Tenant::new(
            id,
            TenantKind::Customer,
            name,
            Some(above),
            above.created_at,
        );
        let is_new = store::tenancy::tenant::insert(tx, &made.unwrap()).await?;
        assert!(is_new, "its place in the tree is taken");
    }
    Ok(())
}

async fn s36_of_fifty_who_make_the_last_customer_one_does(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let tenant = shop.reseller.tenant;
    let store = server.app.store(caller::system("a test looks at a tenant"));
    let above = store.read(tenant, store::tenancy::tenant::by_id).await;
    let above = above.unwrap().unwrap();
    store
        .write((above, MAX_CUSTOMERS - 1), below)
        .await
        .unwrap();
    let caller = Caller::command_line().within(tenant);
    let make = || {
        let name = TenantName::parse("Example Bakery").unwrap();
        create_customer(&server.app, &caller, name)
    };
    let tries = join_all((0..MANY).map(|_| make())).await.into_iter();
    let codes = tries.filter_map(|tried| tried.err().map(|error| error.refusal().code));
    let codes: Vec<_> = codes.collect();
    assert_eq!(codes, ["customers_full"; 49]);
    let mut browser = shop.browser(server).await;
    let page = "/customers/new";
    let page = browser.post_form(page, page, &[("name", "More")]).await;
    assert_eq!(page.status.as_u16(), 422);
    assert_says(&page, "You have 10000 customers, which is as many as fit");
}

async fn own(tx: &mut WriteTx, (tenant, count): &(TenantId, u32)) -> Result<(), Error> {
    for number in 0..*count {
        let domain = Domain {
            id: DomainId::of_bytes(numbered(number)),
            tenant: *tenant,
            name: DnsName::parse(&format!("n{number}.example.com")).unwrap(),
            created_by: Actor::CommandLine,
            challenge: None,
            mailed: None,
            proof: None,
            missed: None,
        };
        store::tenancy::domain::insert(tx, &domain).await?;
    }
    Ok(())
}

async fn s36_of_fifty_who_add_the_last_domain_one_does(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let tenant = shop.reseller.tenant;
    let store = server.app.store(caller::tenant(tenant));
    store.write((tenant, MAX_DOMAINS - 1), own).await.unwrap();
    let caller = Caller::command_line().within(tenant);
    let tries = (0..MANY).map(|number| {
        let name = DnsName::parse(&format!("more{number}.example.com")).unwrap();
        add_domain(&server.app, &caller, name)
    });
    let tries = join_all(tries).await.into_iter();
    let codes = tries.filter_map(|tried| tried.err().map(|error| error.refusal().code));
    let codes: Vec<_> = codes.collect();
    assert_eq!(codes, ["domains_full"; 49]);
    let mut browser = shop.browser(server).await;
    let page = "/delegated-domains/new";
    let typed = [("name", "last.example.com")];
    let page = browser.post_form(page, page, &typed).await;
    assert_eq!(page.status.as_u16(), 403);
    assert_says(
        &page,
        "You have 10000 domains, which is as many as fit; remove one first. Nothing was changed.",
    );
}

async fn invite(tx: &mut WriteTx, (tenant, count): &(TenantId, u32)) -> Result<(), Error> {
    for number in 0..*count {
        let user = User::invited(
            UserId::of_bytes(numbered(number)),
            *tenant,
            Email::parse(&format!("p{number}@shop.test")).unwrap(),
            DisplayName::parse("Somebody").unwrap(),
            Timestamp::from_seconds(1_800_000_000),
        );
        store::access::user::insert(tx, &user).await?;
    }
    Ok(())
}

async fn s36_of_fifty_who_invite_the_last_person_one_does(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let tenant = shop.reseller.tenant;
    let store = server.app.store(caller::tenant(tenant));
    store.write((tenant, MAX_PEOPLE - 2), invite).await.unwrap();
    let browser = shop.browser(server).await;
    let form = |number: u32| {
        let fields = [
            ("email", format!("new{number}@shop.test")),
            ("role", "viewer".to_owned()),
        ];
        ("/team", "/team", fields.to_vec())
    };
    let refused = all_at_once(&browser, form).await;
    assert_eq!(refused.len(), 49);
    for page in &refused {
        assert_eq!(page.status.as_u16(), 403);
        assert_says(
            page,
            "An organisation has at most 500 people; remove somebody first. Nothing was changed.",
        );
    }
    assert_eq!(
        store.read((), store::access::user::count).await.unwrap(),
        500
    );
}
