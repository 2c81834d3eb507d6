//! Every route of the portal whose path names an object, and the proof that none is missing here.

/// What the `{id}` of a path names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Object {
    Account,
    Certificate,
    Domain,
    Order,
    Session,
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

/// In an order in which an owner can call them all.
pub(super) const ROUTES: [Route; 26] = [
    get("/accounts/{id}", Object::Account),
    get("/accounts/{id}/credentials", Object::Account),
    get("/accounts/{id}/reveal", Object::Account),
    get("/accounts/{id}/domains", Object::Account),
    get("/accounts/{id}/certificates", Object::Account),
    get("/accounts/{id}/activity", Object::Account),
    get("/accounts/{id}/clients", Object::Account),
    get("/accounts/{id}/suspend", Object::Account),
    get("/accounts/{id}/resume", Object::Account),
    get("/accounts/{id}/deactivate", Object::Account),
    get("/activity/{id}", Object::Order),
    get("/certificates/{id}", Object::Certificate),
    file("chain.pem"),
    file("leaf.der"),
    file("leaf.pem"),
    file("root.pem"),
    get("/certificates/{id}/revoke", Object::Certificate),
    get("/domains/{id}", Object::Domain),
    get("/domains/{id}/remove", Object::Domain),
    post("/accounts/{id}/reveal", Object::Account, &[]),
    post("/accounts/{id}/suspend", Object::Account, &[]),
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
    post("/settings/sessions/{id}/end", Object::Session, &[]),
];

/// The files with the portal's routes, by the module's name.
const SOURCES: [(&str, &str); 7] = [
    (
        "accounts",
        include_str!("../../../../web/src/portal/accounts.rs"),
    ),
    (
        "activity",
        include_str!("../../../../web/src/portal/activity.rs"),
    ),
    (
        "certificates",
        include_str!("../../../../web/src/portal/certificates.rs"),
    ),
    (
        "dashboard",
        include_str!("../../../../web/src/portal/dashboard.rs"),
    ),
    (
        "domains",
        include_str!("../../../../web/src/portal/domains.rs"),
    ),
    (
        "settings",
        include_str!("../../../../web/src/portal/settings.rs"),
    ),
    (
        "sign_in",
        include_str!("../../../../web/src/portal/sign_in.rs"),
    ),
];
const ROUTER: &str = include_str!("../../../../web/src/portal.rs");

#[test]
fn s29_every_file_with_routes_is_looked_into() {
    let merged = ROUTER.split(".merge(").skip(1);
    for module in merged.map(|rest| rest.split("::routes())").next().unwrap()) {
        assert!(
            SOURCES.iter().any(|(name, _)| *name == module),
            "SOURCES lacks {module}"
        );
    }
    assert!(!ROUTER.contains(".nest"), "nested routes are not looked at");
}

#[test]
fn s29_every_route_with_an_id_is_in_the_table() {
    let mut found = Vec::new();
    for (_, source) in SOURCES.iter().chain([&("portal", ROUTER)]) {
        found.extend(routes_of(source));
    }
    found.retain(|(_, template)| template.contains('{') && template != "/assets/{file}");
    let mut known: Vec<(&str, String)> = ROUTES
        .iter()
        .map(|route| (route.method, route.template.to_owned()))
        .collect();
    found.sort();
    known.sort();
    known.dedup();
    assert_eq!(found, known, "what the portal has, and what is tested");
}

/// The methods and templates of the calls of `.route` in a source.
fn routes_of(source: &str) -> Vec<(&'static str, String)> {
    let mut routes = Vec::new();
    for rest in source.split(".route(").skip(1) {
        let call = arguments(rest);
        let (path, handlers) = call.split_once(',').expect("a path and its handlers");
        let literal = path.trim().strip_prefix('"');
        let template = match literal.and_then(|path| path.strip_suffix('"')) {
            Some(literal) => literal.to_owned(),
            None => constant(source, path.trim()),
        };
        let before = routes.len();
        for (call, method) in [("get(", "GET"), ("post(", "POST")] {
            if handlers.contains(call) {
                routes.push((method, template.clone()));
            }
        }
        assert!(routes.len() > before, "an unknown method at {template}");
    }
    routes
}

/// What stands before the parenthesis that closes a call.
fn arguments(rest: &str) -> &str {
    let mut depth = 1_usize;
    let end = rest.find(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    end.and_then(|end| rest.get(..end))
        .expect("a call that ends")
}

fn constant(source: &str, name: &str) -> String {
    let (_, rest) = source
        .split_once(&format!("const {name}: &str = \""))
        .expect("a path is a literal or a constant of its file");
    rest.split('"').next().unwrap().to_owned()
}
