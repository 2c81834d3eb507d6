//! Control of a domain, confirmed by mail by whoever it belongs to.

use std::sync::Arc;
use std::time::Duration;

use base::{Clock, DnsName, DomainId, OrganizationId, Refuse, Timestamp};
use flow::Caller;
use flow::caller::system;
use flow::catalog::change_directory::{DirectoryPlan, change_directory};
use flow::enrollment::open_subscription::{Opening, open_subscription};
use flow::operations::effect::list_effects::list_newest;
use flow::tenancy::domain::add_domain::add_domain;
use flow::tenancy::domain::ask_by_mail::ask_by_mail;
use flow::tenancy::domain::confirm_domain::confirm_domain;
use flow::tenancy::domain::delegate_domain::{Grant, delegate_domain};
use flow::tenancy::domain::list_own_domains::show_own_domain;
use flow::tenancy::domain::prove_domain::prove_domain;
use flow::tenancy::organization::change_organization::{Details, add_organization};
use futures_util::future::join_all;
use pki::{MAIL_PROOFS_END, SubjectFields};
use serde_json::Value;
use store::effects::effect::EffectState;
use tenancy::certificate_type::AllowedTypes;
use tenancy::domain::{Addressee, Domain, DomainState, ProofMethod};
use tenancy::organization::Contacts;
use testkit::{
    AcmeClient, Eab, MailServer, MailTrouble, NameServer, ReceivedMail, TestServer, Visitor,
    opening,
};
use validation::{NetworkValidator, ProbeSettings};

use crate::names::{lab, zones};
use crate::portal::{ORIGIN, Shop, assert_says, stranger};

testkit::on_both_engines![
    f095_whoever_a_domain_belongs_to_confirms_it_by_mail_and_names_below_are_ordered,
    f095_of_fifty_uses_of_one_link_one_wins,
    f095_a_link_ends_and_another_mail_ends_it,
    f095_after_a_lost_answer_the_mail_is_not_sent_again,
    f095_contacts_of_the_dns_are_asked_for_in_caa_and_txt_records,
    f095_proofs_by_mail_end_on_the_day_that_the_rules_say,
    f095_a_directory_may_take_no_proofs_by_mail,
    f095_caa_records_that_list_ways_do_not_allow_a_mail,
    f095_one_address_is_asked_five_times_a_day,
    s29_a_mail_is_asked_for_by_whoever_has_the_domain,
];

const DAY: Duration = Duration::from_secs(86_400);

/// A node that sends mails, and a shop with a domain and a client of an account that it is delegated to.
struct House {
    mail: MailServer,
    node: TestServer,
    shop: Shop,
    domain: DomainId,
    client: AcmeClient,
}

impl House {
    async fn open(server: &TestServer) -> Self {
        let mail = MailServer::start().await;
        let node = server.mailing(mail.mailer()).await;
        let set = [("eab_reveal", "always")];
        node.sell(("delegated", "dv"), "002", &set).await;
        let shop = Shop::open(&node, "alpha").await;
        let organization = organization(&node, &shop).await;
        let caller = of(&shop);
        let name = DnsName::parse("example.com").unwrap();
        let added = add_domain(&node.app, &caller, name).await.unwrap();
        let grant = Grant {
            organization,
            department: None,
            types: AllowedTypes::all(),
        };
        let delegated = delegate_domain(&node.app, &caller, added.id, grant).await;
        delegated.unwrap();
        let client = client(&node, &shop, organization).await;
        Self {
            mail,
            domain: added.id,
            client,
            node,
            shop,
        }
    }

    async fn ask(&self, to: Addressee) -> Result<Domain, &'static str> {
        let asked = (self.domain, to);
        let asked = ask_by_mail(&self.node.app, &of(&self.shop), ORIGIN, asked).await;
        asked.map_err(|error| error.refusal().code)
    }

    /// Sends a mail to an address of the domain; the token of its link.
    async fn token(&self, to: Addressee) -> String {
        self.node.run_jobs().await;
        self.ask(to).await.unwrap();
        self.node.run_jobs().await;
        token_in(self.mail.mails().last().unwrap())
    }

    async fn confirm(&self, token: &str) -> &'static str {
        let visitor = Caller::visitor(flow::caller::Client::default());
        let confirmed = confirm_domain(&self.node.app, &visitor, token).await;
        confirmed.err().map_or("", |error| error.refusal().code)
    }

    async fn found(&self) -> Domain {
        let (app, caller) = (&self.node.app, of(&self.shop));
        let found = show_own_domain(app, &caller, self.domain).await;
        found.unwrap().unwrap().domain
    }

    /// What is stored as evidence for the domain.
    async fn evidence(&self) -> Vec<(String, Value)> {
        let store = self.node.app.store(system("a test"));
        let name = "example.com".to_owned();
        let found = store.read(name, store::testing::evidence_of).await.unwrap();
        let read =
            |(method, json): (String, String)| (method, serde_json::from_str(&json).unwrap());
        found.into_iter().map(read).collect()
    }
}

fn of(shop: &Shop) -> Caller {
    Caller::command_line().within(shop.reseller.tenant)
}

async fn organization(node: &TestServer, shop: &Shop) -> OrganizationId {
    let details = Details {
        fields: SubjectFields {
            legal_name: "Example Oy".to_owned(),
            locality: Some("Helsinki".to_owned()),
            country: "FI".to_owned(),
            ..SubjectFields::default()
        },
        contacts: Contacts::default(),
    };
    let added = add_organization(&node.app, &of(shop), details).await;
    added.unwrap().id
}

async fn client(node: &TestServer, shop: &Shop, organization: OrganizationId) -> AcmeClient {
    let opening = Opening {
        organization: Some(organization),
        ..opening("delegated")
    };
    let opened = open_subscription(&node.app, &of(shop), opening).await;
    let opened = opened.unwrap_or_else(|error| panic!("{error}"));
    let eab = Eab {
        tenant: shop.reseller.tenant,
        subscription: opened.subscription.id,
        key_id: opened.credential.key_id.to_string(),
        mac_key: opened.mac_key.as_bytes().to_vec(),
    };
    node.stranger().await.register(&eab).await
}

#[track_caller]
fn token_in(mail: &ReceivedMail) -> String {
    let text = mail.text();
    let rest = text.split("https://portal.test/domain-proof/").nth(1);
    let token = rest.and_then(|rest| rest.get(..43));
    token
        .unwrap_or_else(|| panic!("no link in {text}"))
        .to_owned()
}

#[track_caller]
fn assert_refused(answer: testkit::Answer, says: &str) {
    let detail = answer.expect(403).member("detail").clone();
    assert!(detail.contains(says), "{detail}");
}

async fn f095_whoever_a_domain_belongs_to_confirms_it_by_mail_and_names_below_are_ordered(
    server: &TestServer,
) {
    let house = House::open(server).await;
    let mut browser = house.shop.browser(&house.node).await;
    let page = format!("/delegated-domains/{}", house.domain.suffix());
    assert_says(&browser.get(&page).await, "We recommend the DNS");
    let address = format!("{page}/mail");
    let wrong = browser
        .post_form(&page, &address, &[("to", "who.is")])
        .await;
    assert_eq!(wrong.status.as_u16(), 422);
    // What was sent for signing in is not looked for.
    house.node.run_jobs().await;
    let answer = browser
        .post_form(&page, &address, &[("to", "webmaster")])
        .await;
    answer.expect(303);
    assert_says(
        &browser.get(&page).await,
        "A mail was sent to webmaster@example.com.",
    );
    house.node.run_jobs().await;
    let mails = house.mail.mails();
    let mail = mails.last().unwrap();
    assert_eq!(mail.to, ["webmaster@example.com"]);
    assert!(mail.text().contains("Asked for by: Shop alpha"));
    // Nothing is proven by that, nor by looking at the link.
    let link = format!("/domain-proof/{}", token_in(mail));
    let mut owner = stranger(&house.node);
    for _ in 0..2 {
        let shown = owner.get(&link).await;
        assert_says(&shown, "Shop alpha asks for certificates for");
        assert!(
            !shown.text().contains(&house.shop.email),
            "nobody's address"
        );
    }
    let refused = house.client.new_order(&["example.com"]).await;
    assert_refused(refused, "is not proven");
    confirm_in(&mut owner, &link).await;
    let again = owner.get(&link).await;
    assert_eq!(again.status.as_u16(), 422);
    let found = house.found().await;
    assert_eq!(found.state(house.node.app.now()), DomainState::Valid);
    assert_says(&browser.get(&page).await, "has confirmed it by mail");
    let names = ["example.com", "*.example.com", "a.b.example.com"];
    let order = house.client.order(&names).await;
    let shown = house.client.post_as_get(&order.authorizations[0]).await;
    assert_eq!(shown.json()["challenges"][0]["type"], "ca-mail");
    assert_eq!(shown.member("status"), "valid");
    house.client.issue(&names).await;
    let evidence = house.evidence().await;
    let (_, by_mail) = evidence.iter().find(|(how, _)| how == "ca-mail").unwrap();
    let mail = &by_mail["seen"]["mail"];
    assert_eq!(mail["source"], "constructed");
    assert_eq!(mail["to"][0], "webmaster@example.com");
    assert!(mail["confirmed_at"].is_string(), "{by_mail}");
    for action in ["domain.mail", "domain.prove"] {
        assert_eq!(house.shop.times(&house.node, action).await, 1, "{action}");
    }
}

async fn confirm_in(owner: &mut Visitor, link: &str) {
    let done = owner.post_form(link, link, &[]).await;
    assert_says(&done.expect(200), "Shop alpha may have certificates for");
}

async fn f095_of_fifty_uses_of_one_link_one_wins(server: &TestServer) {
    let house = House::open(server).await;
    let token = house.token(Addressee::Admin).await;
    let used = join_all((0..50).map(|_| house.confirm(&token))).await;
    let (won, lost): (Vec<_>, Vec<_>) = used.into_iter().partition(|code| code.is_empty());
    assert_eq!(won.len(), 1);
    assert_eq!(lost, ["domain_link_unknown"; 49]);
    assert_eq!(house.evidence().await.len(), 1);
    assert_eq!(house.shop.times(&house.node, "domain.prove").await, 1);
}

async fn f095_a_link_ends_and_another_mail_ends_it(server: &TestServer) {
    let house = House::open(server).await;
    let first = house.token(Addressee::Hostmaster).await;
    let second = house.token(Addressee::Hostmaster).await;
    assert_eq!(house.confirm(&first).await, "domain_link_unknown");
    let at_digest = house.found().await.mailed.unwrap().digest.to_text();
    assert_ne!(at_digest, second, "only the digest is kept");
    house.node.clock().advance(7 * DAY);
    assert_eq!(house.confirm(&second).await, "domain_link_unknown");
    assert_eq!(house.confirm("nonsense").await, "domain_link_unknown");
    assert!(house.found().await.proof.is_none());
    // Nobody can look for a proof by mail.
    let (app, caller) = (&house.node.app, of(&house.shop));
    let looked = prove_domain(app, &caller, house.domain, ProofMethod::Mail).await;
    assert!(looked.is_err());
    let third = house.token(Addressee::Hostmaster).await;
    assert_eq!(house.confirm(&third).await, "");
}

async fn f095_after_a_lost_answer_the_mail_is_not_sent_again(server: &TestServer) {
    let house = House::open(server).await;
    house.mail.trouble(Some(MailTrouble::BreaksOffAfterContent));
    let token = house.token(Addressee::Admin).await;
    house.mail.trouble(None);
    for _ in 0..3 {
        house.node.clock().advance(Duration::from_secs(5 * 3600));
        house.node.run_jobs().await;
    }
    assert_eq!(house.mail.mails().len(), 1);
    let effects = list_newest(&house.node.app, "mail").await.unwrap();
    let states: Vec<_> = effects.iter().map(|effect| effect.state).collect();
    assert_eq!(states, [EffectState::Unknown]);
    // It came, and its link works.
    assert_eq!(house.confirm(&token).await, "");
    // What was not sent for certain is sent later.
    house.mail.trouble(Some(MailTrouble::BreaksOffAtOnce));
    house.ask(Addressee::Admin).await.unwrap();
    house.node.run_jobs().await;
    house.mail.trouble(None);
    house.node.clock().advance(Duration::from_secs(3600));
    house.node.run_jobs().await;
    assert_eq!(house.mail.mails().len(), 2);
}

struct NodeClock(flow::App);

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

fn look_at(house: &House, names: &NameServer) {
    let clock = Arc::new(NodeClock(house.node.app.clone()));
    let validator = NetworkValidator::new(lab(names), &ProbeSettings::default(), clock).unwrap();
    house.node.validator().ask_caa_of(Arc::new(validator));
}

async fn f095_contacts_of_the_dns_are_asked_for_in_caa_and_txt_records(server: &TestServer) {
    let house = House::open(server).await;
    let names = zones().await;
    look_at(&house, &names);
    let nobody = house.ask(Addressee::Contacts).await;
    assert_eq!(nobody, Err("domain_without_contact"));
    let at = "_validation-contactemail.example.com";
    names.add_txt(at, "dns@example.org");
    names.add_txt(at, "not an address");
    let asked = house.ask(Addressee::Contacts).await.unwrap();
    assert_eq!(asked.mailed.unwrap().to, "dns@example.org");
    names.add_caa("example.com", "0 contactemail security@example.net");
    // That a name has none is remembered for a minute.
    look_at(&house, &names);
    house.node.clock().advance(Duration::from_secs(3600));
    let token = house.token(Addressee::Contacts).await;
    let mails = house.mail.mails();
    let to: Vec<_> = mails.iter().map(|mail| mail.to.clone()).collect();
    assert!(
        to.contains(&vec!["security@example.net".to_owned()]),
        "{to:?}"
    );
    assert_eq!(house.confirm(&token).await, "");
    let evidence = house.evidence().await;
    let (_, seen) = evidence.iter().find(|(how, _)| how == "ca-mail").unwrap();
    assert_eq!(seen["seen"]["mail"]["source"], "caa_contact");
    assert_eq!(seen["seen"]["caa"]["lookups"][0]["name"], "example.com");
}

async fn f095_proofs_by_mail_end_on_the_day_that_the_rules_say(server: &TestServer) {
    let house = House::open(server).await;
    let before = MAIL_PROOFS_END.minus(3 * DAY);
    house
        .node
        .clock()
        .advance(before.since(house.node.app.now()));
    // The account of the client ended with its year; a new one is for the rest.
    let organization = organization(&house.node, &house.shop).await;
    let client = client(&house.node, &house.shop, organization).await;
    let grant = Grant {
        organization,
        department: None,
        types: AllowedTypes::all(),
    };
    let (app, caller) = (&house.node.app, of(&house.shop));
    let delegated = delegate_domain(app, &caller, house.domain, grant).await;
    delegated.unwrap();
    let token = house.token(Addressee::Admin).await;
    let late = house.token(Addressee::Postmaster).await;
    assert_eq!(house.confirm(&token).await, "domain_link_unknown");
    assert_eq!(house.confirm(&late).await, "");
    let proof = house.found().await.proof.unwrap();
    assert_eq!(proof.valid_until, MAIL_PROOFS_END);
    client.issue(&["example.com"]).await;
    let open = house.token(Addressee::Admin).await;
    house.node.clock().advance(3 * DAY);
    assert_eq!(house.confirm(&open).await, "domain_link_not_taken");
    assert_eq!(
        house.ask(Addressee::Admin).await,
        Err("mail_proof_not_taken")
    );
    let refused = client.new_order(&["www.example.com"]).await;
    assert_refused(refused, "is not proven");
    let mut browser = house.shop.browser(&house.node).await;
    let page = format!("/delegated-domains/{}", house.domain.suffix());
    assert!(!browser.get(&page).await.text().contains("By mail"));
    house.node.run_jobs().await;
}

async fn f095_a_directory_may_take_no_proofs_by_mail(server: &TestServer) {
    let house = House::open(server).await;
    let token = house.token(Addressee::Admin).await;
    assert_eq!(house.confirm(&token).await, "");
    house.client.issue(&["example.com"]).await;
    let plan = DirectoryPlan {
        slug: "DV".to_owned(),
        rules: vec![("proof_by_mail".to_owned(), "false".to_owned())],
        ..DirectoryPlan::default()
    };
    change_directory(&house.node.app, &Caller::command_line(), plan)
        .await
        .unwrap();
    let refused = house.client.new_order(&["www.example.com"]).await;
    assert_refused(refused, "does not count in this directory");
}

async fn f095_caa_records_that_list_ways_do_not_allow_a_mail(server: &TestServer) {
    let house = House::open(server).await;
    let names = zones().await;
    look_at(&house, &names);
    let token = house.token(Addressee::Admin).await;
    assert_eq!(house.confirm(&token).await, "");
    names.add_caa(
        "a.example.com",
        "0 issue acme.test; validationmethods=dns-01,http-01",
    );
    names.add_caa(
        "b.example.com",
        "0 issue acme.test; validationmethods=ca-mail",
    );
    let key = testkit::Key::generate();
    let order = house.client.order(&["a.example.com"]).await;
    let csr = key.csr(&["a.example.com"]);
    house.client.finalize(&order, &csr).await;
    let ended = house.client.read(&order).await.json();
    assert_eq!(ended["status"], "invalid", "{ended}");
    let detail = ended["error"].to_string();
    assert!(detail.contains("but not by ca-mail"), "{detail}");
    house.client.issue(&["b.example.com"]).await;
    house.client.issue(&["example.com"]).await;
}

async fn f095_one_address_is_asked_five_times_a_day(server: &TestServer) {
    let house = House::open(server).await;
    for _ in 0..5 {
        house.ask(Addressee::Admin).await.unwrap();
    }
    assert_eq!(house.ask(Addressee::Admin).await, Err("rate_limited"));
    house.ask(Addressee::Webmaster).await.unwrap();
    house.node.clock().advance(DAY);
    house.ask(Addressee::Admin).await.unwrap();
    house.node.run_jobs().await;
    assert_eq!(house.mail.mails().len(), 7);
}

async fn s29_a_mail_is_asked_for_by_whoever_has_the_domain(server: &TestServer) {
    let house = House::open(server).await;
    let other = Shop::open(&house.node, "beta").await;
    let asked = (house.domain, Addressee::Admin);
    let asked = ask_by_mail(&house.node.app, &of(&other), ORIGIN, asked).await;
    assert_eq!(asked.unwrap_err().refusal().code, "domain_unknown");
    // A node without a mail server sends nothing, and says so.
    let asked = (house.domain, Addressee::Admin);
    let asked = ask_by_mail(&server.app, &of(&house.shop), ORIGIN, asked).await;
    assert_eq!(asked.unwrap_err().refusal().code, "mail_is_off");
    assert!(house.found().await.mailed.is_none());
    assert!(house.mail.mails().is_empty());
}
