//! The reseller's portal, as browsers see it.

mod account;
mod certificate;
mod credential;
mod design;
mod domain;
mod error;
mod forgery;
pub(crate) mod logged;
mod mails;
mod operator;
mod organization;
pub(crate) mod people;
mod refusal;
mod routes;
mod scope;
mod second_factor;
mod settings;
mod sign_in;
mod tenants;
mod tokens;

use flow::operations::bootstrap::{Bootstrap, bootstrap};
use flow::{Caller, caller};
use tenancy::password::Password;
use tenancy::tenant::TenantName;
use tenancy::user::{DisplayName, Email};
use testkit::{Answer, Reseller, TestServer, Visitor};

/// Where browsers reach the portal.
pub(crate) const ORIGIN: &str = "https://portal.test";
/// Everybody's password.
const PASSWORD: &str = "vB7!kq-Lw2#z";

/// A reseller with an administrator who knows their password.
pub(crate) struct Shop {
    pub(crate) reseller: Reseller,
    pub(crate) email: String,
}

impl Shop {
    /// A new one; `name` is a word that no other has.
    pub(crate) async fn open(server: &TestServer, name: &str) -> Self {
        let email = format!("{name}@shop.test");
        let wanted = Bootstrap {
            operator: TenantName::parse("Operator").unwrap(),
            reseller: TenantName::parse(&format!("Shop {name}")).unwrap(),
            email: Email::parse(&email).unwrap(),
            display_name: DisplayName::parse("Admin").unwrap(),
            password: Some(Password::new(PASSWORD)),
        };
        let made = bootstrap(&server.app, &Caller::command_line(), wanted)
            .await
            .unwrap();
        let reseller = Reseller {
            tenant: made.reseller.id,
            user: made.user.id,
        };
        Self { reseller, email }
    }

    /// A browser of its administrator.
    pub(crate) async fn browser(&self, server: &TestServer) -> Visitor {
        let mut browser = stranger(server);
        let answer = sign_in(&mut browser, &self.email, PASSWORD).await;
        assert_eq!(answer.expect(303).header("location"), "/");
        browser
    }

    /// How often something was done in it, as recorded.
    pub(crate) async fn times(&self, server: &TestServer, action: &str) -> usize {
        let actions = self.audited(server).await;
        actions.iter().filter(|done| *done == action).count()
    }

    /// What was done in it, as recorded. The clock stands still, so the order says nothing.
    async fn audited(&self, server: &TestServer) -> Vec<String> {
        let store = server.app.store(caller::tenant(self.reseller.tenant));
        let found = store.read(100, store::audit::newest).await;
        found
            .unwrap()
            .into_iter()
            .map(|entry| entry.action)
            .collect()
    }
}

/// A browser in which nobody is signed in.
pub(crate) fn stranger(server: &TestServer) -> Visitor {
    Visitor::new(web::portal::router(server.app.clone(), ORIGIN), ORIGIN)
}

/// Fills in and sends the sign-in form.
async fn sign_in(browser: &mut Visitor, email: &str, password: &str) -> Answer {
    let fields = [("email", email), ("password", password), ("next", "/")];
    browser.post_form("/sign-in", "/sign-in", &fields).await
}

/// Asserts that the page was not shown because nobody is signed in.
#[track_caller]
fn assert_asks_to_sign_in(answer: &Answer, what: &str) {
    assert_eq!(answer.status.as_u16(), 303, "{what}");
    let location = answer.header("location");
    assert!(location.starts_with("/sign-in"), "{what}: {location}");
}

/// Asserts that a page says this.
#[track_caller]
pub(crate) fn assert_says(answer: &Answer, sentence: &str) {
    let page = answer.page();
    assert!(page.contains(sentence), "not said: {sentence}\n{page}");
}
