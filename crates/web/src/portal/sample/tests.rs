//! What must hold for the markup of every page, whatever its state.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::render_all;
use crate::portal::access::session::sign_in::SignInPage;
use crate::portal::page::assets;
use crate::portal::page::shell::{Shell, Theme};
use crate::portal::portal_routes;

/// A start tag with its attributes and the text up to the next tag.
struct Tag {
    name: String,
    attributes: HashMap<String, String>,
    text: String,
    is_inside_label: bool,
}

impl Tag {
    fn get(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).map_or("", String::as_str)
    }

    fn has(&self, attribute: &str) -> bool {
        self.attributes.contains_key(attribute)
    }
}

/// Enough of a parser for our own, well-formed pages.
fn tags(page: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut is_inside_label = false;
    for piece in page.split('<').skip(1) {
        let (inside, text) = piece.split_once('>').expect("a tag ends");
        if inside.starts_with("/label") {
            is_inside_label = false;
        }
        if inside.starts_with(['/', '!']) {
            continue;
        }
        let (name, rest) = inside.split_once([' ', '\n']).unwrap_or((inside, ""));
        is_inside_label |= name == "label";
        found.push(Tag {
            name: name.to_owned(),
            attributes: attributes(rest),
            text: text.trim().to_owned(),
            is_inside_label,
        });
    }
    found
}

fn attributes(mut rest: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    loop {
        rest = rest.trim_start_matches([' ', '\n', '/']);
        let end = rest.find(['=', ' ', '\n', '/']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() {
            return found;
        }
        let (value, after) = match after.strip_prefix('=') {
            Some(quoted) => {
                let quote = quoted.chars().next().expect("a value follows =");
                assert!(matches!(quote, '"' | '\''), "unquoted value of {name}");
                quoted
                    .get(1..)
                    .and_then(|inner| inner.split_once(quote))
                    .unwrap_or(("", ""))
            }
            None => ("", after),
        };
        let earlier = found.insert(name.to_owned(), value.to_owned());
        assert!(earlier.is_none(), "{name} is given twice");
        rest = after;
    }
}

#[track_caller]
fn check_all(check: impl Fn(&str, &str, &[Tag])) {
    for (name, page) in render_all().expect("every page renders") {
        check(&name, &page, &tags(&page));
    }
}

#[track_caller]
fn check_page(wanted: &str, check: impl Fn(&str)) {
    let pages = render_all().expect("every page renders");
    let (_, page) = pages.iter().find(|(name, _)| name == wanted).expect(wanted);
    check(page);
}

#[test]
fn s25_nothing_is_inline() {
    check_all(|name, page, tags| {
        for tag in tags {
            assert_ne!(tag.name, "style", "{name}");
            assert!(!tag.has("style"), "{name}: style on <{}>", tag.name);
            let handler = tag
                .attributes
                .keys()
                .find(|key| key.starts_with("on") || key.starts_with("hx-on"));
            assert_eq!(handler, None, "{name}: handler on <{}>", tag.name);
            if tag.name == "script" {
                assert!(
                    tag.get("src").starts_with("/assets/") && tag.text.is_empty(),
                    "{name}"
                );
            }
            for link in ["href", "src", "action", "formaction"] {
                let target = tag.get(link);
                // The one page that leads to another site, since no form may.
                if name == "settings-identity-go" && tag.name == "a" && link == "href" {
                    continue;
                }
                assert!(
                    !target.starts_with("http") && !target.starts_with("java"),
                    "{name}: {target}"
                );
                assert_ne!(target, "/assets/unknown", "{name}");
            }
        }
        assert!(
            !page.contains("hx-vals") && !page.contains("hx-headers"),
            "{name}: needs eval"
        );
    });
}

#[test]
fn s24_every_form_that_changes_something_carries_the_token() {
    check_all(|name, page, _| {
        for form in page.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap_or("");
            let is_post = form.contains("method=\"post\"");
            let token = "<input type=\"hidden\" name=\"csrf\" value=\"sample-token\">";
            assert_eq!(form.contains(token), is_post, "{name}: {form}");
        }
    });
}

/// What stands in addresses behind a path: what lists are searched, filtered and paged by, and what a form begins with.
const IN_ADDRESSES: [&str; 12] = [
    "account", "after", "before", "name", "names", "next", "q", "result", "size", "status",
    "version", "view",
];

/// The names of what a page puts behind a path, by its links and by the forms that only look.
fn in_addresses(page: &str) -> Vec<String> {
    let mut names = Vec::new();
    for form in page.split("<form").skip(1) {
        let form = form.split("</form>").next().unwrap_or("");
        if !form.contains("method=\"post\"") {
            let fields = tags(form);
            names.extend(fields.iter().map(|tag| tag.get("name").to_owned()));
        }
    }
    let links = tags(page);
    let links = links.iter().flat_map(|tag| {
        let attributes = ["href", "action", "hx-get", "hx-post", "src"];
        attributes.map(|attribute| tag.get(attribute))
    });
    let own = links.filter(|link| link.starts_with(['/', '?']));
    for (_, query) in own.filter_map(|link| link.split_once('?')) {
        let pairs = query.replace("&#38;", "&");
        let pairs = pairs.split('&').filter_map(|pair| pair.split('=').next());
        names.extend(pairs.map(str::to_owned));
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn s27_addresses_have_places_in_lists_and_nothing_else() {
    let pages = render_all().expect("every page renders");
    // The sheet of components shows fields of forms that go nowhere.
    let pages = pages.iter().filter(|(name, _)| *name != "design");
    let names: BTreeSet<_> = pages.flat_map(|(_, page)| in_addresses(page)).collect();
    let known = IN_ADDRESSES.map(str::to_owned).into();
    assert_eq!(names, known);
}

#[test]
fn every_field_has_a_label_and_every_control_a_name() {
    check_all(|name, page, tags| {
        let labelled: HashSet<_> = tags.iter().map(|tag| tag.get("for")).collect();
        for tag in tags {
            let is_field = matches!(tag.name.as_str(), "input" | "select" | "textarea");
            if is_field && tag.get("type") != "hidden" {
                let is_named = tag.is_inside_label
                    || tag.has("aria-label")
                    || labelled.contains(tag.get("id"));
                assert!(is_named, "{name}: <{}> {:?}", tag.name, tag.attributes);
            }
        }
        for (kind, end) in [
            ("<button", "</button>"),
            ("<a ", "</a>"),
            ("<summary", "</summary>"),
        ] {
            for control in page.split(kind).skip(1) {
                let control = control.split(end).next().unwrap_or("");
                let texts = control
                    .split('>')
                    .skip(1)
                    .any(|text| !text.split('<').next().unwrap_or("").trim().is_empty());
                assert!(
                    texts || control.contains("aria-label="),
                    "{name}: {kind} {control}"
                );
            }
        }
    });
}

#[test]
fn s03_every_password_can_be_pasted_kept_by_a_manager_and_shown() {
    let found = Cell::new(0);
    // The sheet of components has fields of no use.
    check_all(|name, _, tags| {
        let is_page = name != "design";
        let is_password = |tag: &&Tag| is_page && tag.get("type") == "password";
        for field in tags.iter().filter(is_password) {
            found.set(found.get() + 1);
            let purpose = field.get("autocomplete");
            assert!(
                matches!(purpose, "current-password" | "new-password"),
                "{name}: autocomplete {purpose}"
            );
            let mut buttons = tags.iter().filter(|tag| tag.name == "button");
            let shows = buttons.any(|tag| tag.get("data-peek") == field.get("id"));
            assert!(shows, "{name}: nothing shows {}", field.get("id"));
        }
    });
    assert!(found.get() > 0);
    // Handlers cannot be in the markup, so that only the script could stop it.
    assert!(!include_str!("../../../assets/portal.js").contains("paste"));
}

#[test]
fn f022_the_start_page_makes_an_account_and_adds_a_domain() {
    check_page("dashboard", |page| {
        for action in ["/accounts/new", "/domains/new"] {
            let button = format!("href=\"{action}\"");
            assert!(page.contains(&button), "{button} in {page}");
        }
    });
}

#[test]
fn f052_a_warning_stands_beside_the_credentials() {
    check_page("account", |page| {
        let warning = "Anyone holding these credentials can obtain certificates";
        assert!(page.contains(warning), "{page}");
        assert!(!page.contains("<dialog"), "{page}");
    });
}

#[test]
fn f094_removing_a_domain_is_an_icon_with_a_name() {
    check_page("domains", |page| {
        let icon = "href=\"/domains/x/remove\" aria-label=\"Remove example.com\"><svg";
        assert!(page.contains(icon), "{page}");
    });
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    check_all(|name, _, tags| {
        let mut ids = HashSet::new();
        for tag in tags.iter().filter(|tag| tag.has("id")) {
            assert!(
                !tag.get("id").is_empty() && ids.insert(tag.get("id")),
                "{name}: id {}",
                tag.get("id")
            );
        }
        for tag in tags {
            for key in [
                "for",
                "aria-describedby",
                "aria-labelledby",
                "data-copy",
                "popovertarget",
                "data-rules",
            ] {
                for id in tag.get(key).split_whitespace() {
                    assert!(ids.contains(id), "{name}: {key} names {id}");
                }
            }
            if let Some(id) = tag.get("href").strip_prefix('#') {
                assert!(ids.contains(id), "{name}: link to #{id}");
            }
        }
    });
}

#[test]
fn there_is_one_headline_a_title_and_a_main_part() {
    check_all(|name, page, tags| {
        let count = |wanted: &str| tags.iter().filter(|tag| tag.name == wanted).count();
        assert_eq!(
            (count("h1"), count("main"), count("title")),
            (1, 1, 1),
            "{name}"
        );
        assert!(page.contains("<html lang=\"en\""), "{name}");
        assert!(!page.contains("{{") && !page.contains("{%"), "{name}");
        assert_eq!(
            page.matches("<div").count(),
            page.matches("</div>").count(),
            "{name}"
        );
        assert_eq!(
            page.matches("<span").count(),
            page.matches("</span>").count(),
            "{name}"
        );
    });
}

#[test]
fn f056_the_key_is_absent_while_it_is_hidden() {
    check_all(|name, page, _| {
        assert_eq!(
            page.contains("3q2-7wB5dGhl"),
            name == "account-revealed",
            "{name}"
        );
    });
}

#[test]
fn s53_values_are_escaped() {
    use askama::Template;
    let page = SignInPage {
        shell: Shell::signed_out("<b>", "\"", "t", Theme::Dark),
        email: "\"><script>".to_owned(),
        problem: None,
        next: String::new(),
        organization_href: None,
        passkey_at: None,
        has_mail: false,
    };
    let text = page.render().expect("it renders");
    assert!(
        !text.contains("\"><script>") && !text.contains("<b>"),
        "{text}"
    );
    assert!(text.contains("data-theme=\"dark\""));
}

#[test]
fn style_and_scripts_stay_within_60_kilobytes() {
    let page = ["portal.css", "portal.js", "htmx.min.js"];
    let sizes = page.map(|name| {
        let asset = assets::all().iter().find(|asset| asset.name == name);
        asset
            .and_then(|asset| asset.gzip.as_ref())
            .map_or(usize::MAX, Vec::len)
    });
    assert!(sizes.iter().sum::<usize>() <= 40_000, "{sizes:?}");
}

#[test]
fn assets_are_found_by_their_hashed_address_only() {
    let url = assets::url("portal.css");
    let file = url.strip_prefix(assets::PREFIX).expect("below the prefix");
    let style = assets::find(file).expect("it is served");
    let text = String::from_utf8(style.bytes.clone()).expect("it is text");
    assert!(text.contains(assets::url("inter.woff2")) && !text.contains("url(\"inter"));
    assert!(assets::find("portal.css").is_none());
    assert_eq!(assets::url("nothing.css"), "/assets/unknown");
}

#[test]
fn every_address_of_a_page_is_a_route() {
    let routes = portal_routes();
    let is_route = |method: &str, address: &str| {
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let mut all = routes.iter().filter(|route| route.method == method);
        all.any(|route| route.fits(path))
    };
    let mut looked_at = 0;
    // The sheet of components leads nowhere.
    let pages = render_all().expect("pages").into_iter();
    for (page, html) in pages.filter(|(page, _)| *page != "design") {
        for tag in tags(&html) {
            let (method, address) = match tag.name.as_str() {
                "a" => ("GET", tag.get("href")),
                "form" if tag.get("method") == "post" => ("POST", tag.get("action")),
                "form" => ("GET", tag.get("action")),
                _ => continue,
            };
            if address.starts_with('/') {
                assert!(is_route(method, address), "{page}: {method} {address}");
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 200, "{looked_at}");
}
