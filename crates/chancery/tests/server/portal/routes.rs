//! Every route of the portal whose path names an object, and the proof that none is missing here.

use std::fs;
use std::path::Path;

/// What the `{id}` of a path names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Object {
    Account,
    Certificate,
    Client,
    Credential,
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
pub(super) const ROUTES: [Route; 34] = [
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
    get("/accounts/{id}/rotate", Object::Account),
    get("/credentials/{id}/revoke", Object::Credential),
    get("/clients/{id}/revoke", Object::Client),
    get("/clients/{id}/release", Object::Client),
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
    post(
        "/accounts/{id}/rotate",
        Object::Account,
        &[("overlap_hours", "24")],
    ),
    post("/credentials/{id}/revoke", Object::Credential, &[]),
    post("/clients/{id}/revoke", Object::Client, &[]),
    post("/clients/{id}/release", Object::Client, &[]),
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

/// The source of the portal, in which every route is looked for.
const PORTAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/src/portal");

/// The text of every file below a folder, and of the file beside it.
fn sources(folder: &Path) -> Vec<String> {
    let mut found: Vec<_> = fs::read_to_string(folder.with_extension("rs"))
        .into_iter()
        .collect();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if !path.with_extension("").is_dir() {
            found.push(fs::read_to_string(&path).expect("it is text"));
        }
    }
    found
}

#[test]
fn s29_every_file_with_routes_is_looked_into() {
    let sources = sources(Path::new(PORTAL));
    let count = |word: &str| sources.iter().map(|text| text.matches(word).count()).sum();
    let (routes, nested): (usize, usize) = (count(".route("), count(".nest"));
    assert!(routes > 20, "{routes} routes were found");
    assert_eq!(nested, 0, "nested routes are not looked at");
}

#[test]
fn s29_every_route_with_an_id_is_in_the_table() {
    let mut found = Vec::new();
    for source in sources(Path::new(PORTAL)) {
        found.extend(routes_of(&source));
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
