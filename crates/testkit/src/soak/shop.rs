//! A reseller with its ACME client, who renews, fails, gives up and revokes as customers do.

use std::net::{IpAddr, Ipv4Addr};

use flow::Caller;
use flow::access::sign_in::{Credentials, SignInError, sign_in};
use flow::caller::Client;
use flow::operations::bootstrap::{Bootstrap, bootstrap};
use tenancy::password::Password;
use tenancy::tenant::TenantName;
use tenancy::user::{DisplayName, Email};
use validation::Failure;

use super::{RENEWED, Soak, TERM};
use crate::{AcmeClient, Eab, Key, Order, Reseller, TestServer};

const PASSWORD: &str = "vB7!kq-Lw2#z";
/// How many names are enrolled by one request at most.
const ENROLLED: usize = 1000;
/// Every so many names have another one with www before it.
const WITH_WWW: u32 = 4;

/// A reseller.
pub(super) struct Shop {
    reseller: Reseller,
    email: String,
    eab: Eab,
    client: AcmeClient,
    key: Key,
}

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is left as it was placed.
    Abandoned,
    /// A name cannot be proven.
    Failed,
    /// It leads to a certificate.
    Issued,
    /// The same, and that is revoked at once.
    Revoked,
}

/// An order that is placed today.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    /// Its names, as the certificate has them.
    pub(super) names: Vec<String>,
    /// What becomes of it.
    pub(super) fate: Fate,
}

impl Turn {
    /// Whether a name cannot be proven.
    pub(super) fn fails(&self) -> bool {
        self.fate == Fate::Failed
    }
}

impl Shop {
    /// A new one with its first subscription.
    pub(super) async fn open(server: &TestServer, number: u32) -> Self {
        let email = format!("admin@shop{number}.test");
        let wanted = Bootstrap {
            operator: TenantName::parse("Operator").expect("a name"),
            reseller: TenantName::parse(&format!("Shop {number}")).expect("a name"),
            email: Email::parse(&email).expect("an address"),
            display_name: DisplayName::parse("Admin").expect("a name"),
            password: Some(Password::new(PASSWORD)),
        };
        let made = bootstrap(&server.app, &Caller::command_line(), wanted).await;
        let made = made.expect("a reseller");
        let reseller = Reseller {
            tenant: made.reseller.id,
            user: made.user.id,
        };
        let eab = server.account_of(reseller, None).await;
        Self {
            client: server.stranger().await.register(&eab).await,
            reseller,
            email,
            eab,
            key: Key::generate(),
        }
    }

    /// Another subscription with all names of this term.
    pub(super) async fn subscribe(&mut self, server: &TestServer, names: &[u32], term: u32) {
        self.eab = server.account_of(self.reseller, None).await;
        let lines: Vec<String> = names.iter().flat_map(|name| hosts(*name, term)).collect();
        for some in lines.chunks(ENROLLED) {
            server.enroll(&self.eab, &some.join("\n")).await;
        }
        self.register(server).await;
    }

    /// Another ACME account.
    pub(super) async fn register(&mut self, server: &TestServer) {
        self.client = server.stranger().await.register(&self.eab).await;
    }

    /// Signs in, sometimes after a slip; how many slips that were.
    /// A client asks for a name that nobody has enrolled, another one each time.
    pub(super) async fn ask_in_vain(&self, day: u32) {
        let name = format!("nobody-{day}.example");
        self.client.new_order(&[&name]).await.expect(403);
    }

    pub(super) async fn sign_in(&self, server: &TestServer, day: u32) -> u32 {
        let slips = u32::from(day.is_multiple_of(3));
        for slip in 0..=slips {
            let is_slip = slip < slips;
            let password = if is_slip { "not that one" } else { PASSWORD };
            let credentials = Credentials {
                email: self.email.clone(),
                password: Password::new(password),
                client: IpAddr::V4(Ipv4Addr::LOCALHOST),
                replaces: None,
            };
            let visitor = Caller::visitor(Client::default());
            match sign_in(&server.app, &visitor, credentials).await {
                Err(SignInError::InvalidCredentials) if is_slip => {}
                Ok(_) if !is_slip => {}
                other => panic!("{other:?}"),
            }
        }
        slips
    }

    /// Places orders, one after the other, and gives them back.
    pub(super) fn turns(
        &self,
        server: &TestServer,
        turns: Vec<Turn>,
    ) -> impl Future<Output = Vec<Turn>> + use<> {
        // Nonces do not live for a day.
        let (client, key) = (self.client.at(server.acme.clone()), self.key.clone());
        async move {
            for turn in &turns {
                take(&client, &key, turn).await;
            }
            turns
        }
    }
}

async fn take(client: &AcmeClient, key: &Key, turn: &Turn) {
    let names: Vec<&str> = turn.names.iter().map(String::as_str).collect();
    let order = client.order(&names).await;
    if turn.fate == Fate::Abandoned {
        return;
    }
    if !prove(client, &order).await {
        assert!(turn.fails(), "{names:?} cannot be proven");
        return;
    }
    let answer = client.finalize(&order, &key.csr(&names)).await.expect(200);
    assert_eq!(answer.member("status"), "valid", "{}", answer.text());
    if turn.fate == Fate::Revoked {
        let chain = client.post_as_get(&answer.member("certificate")).await;
        let leaf = crate::acme_client::leaf(chain.expect(200).text());
        client.revoke(leaf.der(), 4).await.expect(200);
    }
}

/// Proves names until one cannot be proven.
async fn prove(client: &AcmeClient, order: &Order) -> bool {
    for authorization in &order.authorizations {
        let challenge = client.challenge(authorization, "http-01").await;
        let answer = client.answer(&challenge.expect("http-01 is offered")).await;
        if answer.expect(200).member("status") != "valid" {
            return false;
        }
    }
    true
}

/// What is ordered on a day for these names.
pub(super) fn turns(wanted: Soak, names: &[u32], day: u32) -> Vec<Turn> {
    let due = names.iter().filter(|name| wanted.renews(**name, day));
    let turn = |name: &u32| Turn {
        names: hosts(*name, (day - 1) / TERM),
        fate: fate(*name, day / RENEWED),
    };
    due.map(turn).collect()
}

/// Of a hundred orders five are abandoned, three fail, and one certificate is revoked.
fn fate(name: u32, turn: u32) -> Fate {
    match (u64::from(name) * 7919 + u64::from(turn) * 104_729) % 100 {
        0..5 => Fate::Abandoned,
        5..8 => Fate::Failed,
        8 => Fate::Revoked,
        _ => Fate::Issued,
    }
}

/// A name in a term, perhaps with another one: with each new term a tenth of them are others for good.
fn hosts(name: u32, term: u32) -> Vec<String> {
    let letter = if name % 10 < term { 'm' } else { 'n' };
    let host = format!("{letter}{name}.example");
    if name.is_multiple_of(WITH_WWW) {
        vec![host.clone(), format!("www.{host}")]
    } else {
        vec![host]
    }
}

/// From now on its first name cannot be proven.
pub(super) fn refuse(server: &TestServer, turn: &Turn) {
    for name in &turn.names {
        server.validator().fail(name, not_found());
    }
}

/// From now on it can.
pub(super) fn release(server: &TestServer, turn: &Turn) {
    if turn.fails() {
        turn.names
            .iter()
            .for_each(|name| server.validator().release(name));
    }
}

fn not_found() -> Failure {
    Failure::Status {
        status: 404,
        url: "http://shop.example/.well-known/acme-challenge/token".to_owned(),
    }
}
