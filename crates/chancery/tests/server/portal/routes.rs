//! Every route of the portal whose path names an object, and the proof that none is missing here.

use web::portal::{MayCall, portal_routes};

/// What the `{id}` of a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    Account,
    Certificate,
    Client,
    /// Somebody who can sign in.
    Colleague,
    Credential,
    /// A tenant below whoever owns the rest.
    Customer,
    /// A domain that is proven outside of orders.
    DelegatedDomain,
    Domain,
    /// Somebody who was invited and has not come.
    Guest,
    /// What is sold, for the operator.
    Offer,
    Order,
    Organization,
    /// One of two of whoever owns the rest.
    Passkey,
    Refusal,
    /// Somebody who sells, for the operator.
    Reseller,
    Review,
    Session,
    /// A token of whoever owns the rest.
    Token,
}

/// A way to call a route.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) template: &'static str,
    pub(super) object: Object,
    /// What stands for `{file}`.
    pub(super) file: &'static str,
    /// The form, but for its anti-forgery token.
    pub(super) fields: &'static [(&'static str, &'static str)],
}

impl Route {
    /// The path for an object.
    pub(super) fn path(&self, id: &str) -> String {
        self.template
            .replace("{id}", id)
            .replace("{file}", self.file)
    }
}

const fn get(template: &'static str, object: Object) -> Route {
    Route {
        method: "GET",
        template,
        object,
        file: "",
        fields: &[],
    }
}

const fn post(
    template: &'static str,
    object: Object,
    fields: &'static [(&'static str, &'static str)],
) -> Route {
    Route {
        method: "POST",
        template,
        object,
        file: "",
        fields,
    }
}

const fn file(name: &'static str) -> Route {
    Route {
        file: name,
        ..get("/certificates/{id}/{file}", Object::Certificate)
    }
}

/// What stands for the identifier of the owner's organization in a form.
pub(super) const ORGANIZATION: &str = "{organization}";

/// In an order in which an owner can call them all.
pub(super) const ROUTES: [Route; 68] = [
    get("/accounts/{id}", Object::Account),
    get("/accounts/{id}/credentials", Object::Account),
    get("/accounts/{id}/reveal", Object::Account),
    get("/accounts/{id}/domains", Object::Account),
    get("/accounts/{id}/certificates", Object::Account),
    get("/accounts/{id}/activity", Object::Account),
    get("/accounts/{id}/clients", Object::Account),
    get("/accounts/{id}/suspend", Object::Account),
    get("/accounts/{id}/extend", Object::Account),
    get("/accounts/{id}/resume", Object::Account),
    get("/accounts/{id}/deactivate", Object::Account),
    get("/accounts/{id}/rotate", Object::Account),
    get("/credentials/{id}/revoke", Object::Credential),
    get("/clients/{id}/revoke", Object::Client),
    get("/clients/{id}/release", Object::Client),
    get("/activity/{id}", Object::Order),
    get("/activity/refused/{id}", Object::Refusal),
    get("/certificates/{id}", Object::Certificate),
    file("chain.pem"),
    file("leaf.der"),
    file("leaf.pem"),
    file("root.pem"),
    get("/certificates/{id}/revoke", Object::Certificate),
    get("/domains/{id}", Object::Domain),
    get("/domains/{id}/remove", Object::Domain),
    get("/delegated-domains/{id}", Object::DelegatedDomain),
    get("/delegated-domains/{id}/remove", Object::DelegatedDomain),
    get("/organizations/{id}", Object::Organization),
    get("/organizations/{id}/edit", Object::Organization),
    get("/team/{id}", Object::Colleague),
    get("/team/{id}/remove", Object::Colleague),
    post("/team/{id}/invite", Object::Guest, &[]),
    post(
        "/team/{id}/roles",
        Object::Colleague,
        &[("viewer", "on"), ("manager", "on")],
    ),
    post("/team/{id}/binding", Object::Colleague, &[]),
    post("/team/{id}/disable", Object::Colleague, &[]),
    post("/team/{id}/enable", Object::Colleague, &[]),
    post("/team/{id}/unlock", Object::Colleague, &[]),
    post(
        "/team/{id}/second-factor",
        Object::Colleague,
        &[("reason", "called back")],
    ),
    post("/team/{id}/remove", Object::Colleague, &[]),
    post("/accounts/{id}/reveal", Object::Account, &[]),
    post(
        "/accounts/{id}/rotate",
        Object::Account,
        &[("overlap_hours", "24")],
    ),
    post("/credentials/{id}/revoke", Object::Credential, &[]),
    post("/clients/{id}/revoke", Object::Client, &[]),
    post("/clients/{id}/release", Object::Client, &[]),
    post(
        "/accounts/{id}/organization",
        Object::Account,
        &[("organization", "")],
    ),
    post("/accounts/{id}/suspend", Object::Account, &[]),
    post("/accounts/{id}/extend", Object::Account, &[]),
    post("/accounts/{id}/resume", Object::Account, &[]),
    post("/domains/{id}/remove", Object::Domain, &[]),
    post(
        "/certificates/{id}/revoke",
        Object::Certificate,
        &[("reason", "superseded"), ("confirmation", "on")],
    ),
    post(
        "/accounts/{id}/deactivate",
        Object::Account,
        &[("confirmation", "Without a label")],
    ),
    get("/settings/second-factor/passkeys/{id}", Object::Passkey),
    post(
        "/settings/second-factor/passkeys/{id}",
        Object::Passkey,
        &[("name", "Old laptop")],
    ),
    post(
        "/settings/second-factor/passkeys/{id}/remove",
        Object::Passkey,
        &[],
    ),
    get("/settings/tokens/{id}/revoke", Object::Token),
    post("/settings/tokens/{id}/revoke", Object::Token, &[]),
    post("/settings/sessions/{id}/end", Object::Session, &[]),
    post(
        "/organizations/{id}/edit",
        Object::Organization,
        &[
            ("legal_name", "Secret Oy"),
            ("country", "FI"),
            ("locality", "Helsinki"),
            ("confirms_name", "Maria Example"),
            ("confirms_email", "maria@example.com"),
        ],
    ),
    post(
        "/organizations/{id}/pre-validations",
        Object::Organization,
        &[("kind", "ov")],
    ),
    post(
        "/organizations/{id}/take-back",
        Object::Organization,
        &[("kind", "ov")],
    ),
    post(
        "/organizations/{id}/departments",
        Object::Organization,
        &[("name", "Sales")],
    ),
    post(
        "/organizations/{id}/departments/remove",
        Object::Organization,
        &[("name", "Sales")],
    ),
    post(
        "/delegated-domains/{id}/check",
        Object::DelegatedDomain,
        &[("method", "dns")],
    ),
    post(
        "/delegated-domains/{id}/mail",
        Object::DelegatedDomain,
        &[("to", "admin")],
    ),
    post("/delegated-domains/{id}/ask", Object::DelegatedDomain, &[]),
    post(
        "/delegated-domains/{id}/delegations",
        Object::DelegatedDomain,
        &[("organization", ORGANIZATION), ("dv", "on")],
    ),
    post(
        "/delegated-domains/{id}/delegations/end",
        Object::DelegatedDomain,
        &[("delegation", "")],
    ),
    post(
        "/delegated-domains/{id}/remove",
        Object::DelegatedDomain,
        &[],
    ),
];

/// Those of the operator's reviewers, who see what belongs to other tenants.
pub(super) const REVIEWS: [Route; 2] = [
    get("/reviews/{id}", Object::Review),
    post(
        "/reviews/{id}",
        Object::Review,
        &[("decision", "reject"), ("reason", "no such entry")],
    ),
];

/// Those of a reseller for its customers, which nobody at another level has.
pub(super) const CUSTOMERS: [Route; 6] = [
    get("/customers/{id}", Object::Customer),
    get("/customers/{id}/suspend", Object::Customer),
    post(
        "/customers/{id}/invite",
        Object::Customer,
        &[("email", "first@customer.test")],
    ),
    post("/customers/{id}/suspend", Object::Customer, &[]),
    post("/customers/{id}/resume", Object::Customer, &[]),
    post("/customers/{id}/visit", Object::Customer, &[]),
];

/// Those of the operator for the resellers, who are nobody's.
pub(super) const RESELLERS: [Route; 10] = [
    get("/resellers/{id}", Object::Reseller),
    get("/resellers/{id}/suspend", Object::Reseller),
    get("/resellers/{id}/hold", Object::Reseller),
    post(
        "/resellers/{id}/products",
        Object::Reseller,
        &[("all", "on")],
    ),
    post(
        "/resellers/{id}/unlock",
        Object::Reseller,
        &[("person", "")],
    ),
    post("/resellers/{id}/hold", Object::Reseller, &[]),
    post("/resellers/{id}/release", Object::Reseller, &[]),
    post("/resellers/{id}/suspend", Object::Reseller, &[]),
    post("/resellers/{id}/resume", Object::Reseller, &[]),
    post(
        "/resellers/{id}/act",
        Object::Reseller,
        &[("reason", "Ticket 4711")],
    ),
];

/// Those of the operator for what is sold, which is nobody's.
pub(super) const OFFERS: [Route; 2] = [
    get("/offers/{id}", Object::Offer),
    post(
        "/offers/{id}",
        Object::Offer,
        &[("settings", "max_cert_days = 47")],
    ),
];

#[test]
fn s29_every_route_with_an_id_is_in_the_table() {
    let mut found: Vec<(&str, &str)> = portal_routes()
        .iter()
        .filter(|route| route.path.contains('{') && route.may_call != MayCall::Everybody)
        .map(|route| (route.method, route.path))
        .collect();
    let mut known: Vec<(&str, &str)> = ROUTES
        .iter()
        .chain(&REVIEWS)
        .chain(&RESELLERS)
        .chain(&OFFERS)
        .chain(&CUSTOMERS)
        .map(|route| (route.method, route.template))
        .collect();
    found.sort_unstable();
    known.sort_unstable();
    known.dedup();
    assert!(found.len() > 20, "{found:?}");
    assert_eq!(found, known, "what the portal has, and what is tested");
}
