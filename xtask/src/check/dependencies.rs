//! Who may depend on whom. The table here is the one in `ARCHITECTURE.md`, as code.
//!
//! Development dependencies count: a test that reaches into another layer ties the two together.

use super::Finding;
use crate::workspace::Package;

/// What one crate of the workspace may name.
struct Direction {
    name: &'static str,
    /// Workspace crates it may depend on.
    may_use: &'static [&'static str],
    /// Workspace crates that only its tests may use.
    may_use_in_tests: &'static [&'static str],
}

/// An external crate that belongs in one place.
struct Confined {
    external: &'static str,
    to: &'static [&'static str],
    because: &'static str,
}

/// The directions; `cargo xtask check` fails for a crate that is not listed.
const DIRECTIONS: &[Direction] = &[
    direction("base", &[]),
    direction("acme", &["base"]),
    direction("pki", &["base"]),
    direction("enrollment", &["base"]),
    direction("tenancy", &["base"]),
    direction("store", &["acme", "base", "enrollment", "pki", "tenancy"]),
    direction("reach", &["base"]),
    direction("validation", &["acme", "base", "reach"]),
    direction("outbound", &["base", "reach"]),
    direction(
        "flow",
        &[
            "acme",
            "base",
            "enrollment",
            "outbound",
            "pki",
            "store",
            "tenancy",
            "validation",
        ],
    ),
    direction(
        "web",
        &["acme", "base", "enrollment", "flow", "pki", "tenancy"],
    ),
    Direction {
        name: "chancery",
        may_use: &[
            "acme",
            "base",
            "enrollment",
            "flow",
            "outbound",
            "pki",
            "reach",
            "store",
            "tenancy",
            "validation",
            "web",
        ],
        may_use_in_tests: &["testkit"],
    },
    direction(
        "testkit",
        &[
            "acme",
            "base",
            "enrollment",
            "flow",
            "outbound",
            "pki",
            "reach",
            "store",
            "tenancy",
            "validation",
            "web",
        ],
    ),
    direction(
        "fuzz",
        &[
            "acme",
            "base",
            "enrollment",
            "pki",
            "reach",
            "tenancy",
            "validation",
        ],
    ),
    direction("xtask", &[]),
];

const SQL: &str = "only the store speaks SQL; add a function to crates/store";
const HTTP: &str = "only the doors and the top speak HTTP to callers; return a value instead";
const PURE: &str = "rules are pure; let flow or an edge do what waits or talks";

/// Everything that is not base, acme, pki, enrollment or tenancy.
const NOT_RULES: &[&str] = &[
    "store",
    "reach",
    "validation",
    "outbound",
    "flow",
    "web",
    "chancery",
    "testkit",
    "xtask",
];
/// The doors, the edges that call out, and the tools.
const TALKS_HTTP: &[&str] = &[
    "validation",
    "outbound",
    "web",
    "chancery",
    "testkit",
    "xtask",
];

const CONFINED: &[Confined] = &[
    confined("rusqlite", &["store"], SQL),
    confined("tokio-postgres", &["store", "xtask"], SQL),
    confined("tokio-postgres-rustls", &["store"], SQL),
    confined("deadpool-postgres", &["store"], SQL),
    confined("axum", &["web", "chancery", "testkit"], HTTP),
    confined("tower-http", &["web", "chancery"], HTTP),
    confined(
        "askama",
        &["outbound", "web"],
        "only the doors render pages, and outbound/mail letters",
    ),
    confined(
        "lettre",
        &["outbound"],
        "mails leave through the trait Mailer of crates/outbound",
    ),
    confined(
        "prometheus-client",
        &["flow"],
        "figures are registered in crates/flow/src/memory/measures",
    ),
    confined("hyper", TALKS_HTTP, HTTP),
    confined("hyper-util", TALKS_HTTP, HTTP),
    confined("hickory-resolver", &["reach", "testkit"], PURE),
    confined("tokio", NOT_RULES, PURE),
    confined("tokio-rustls", NOT_RULES, PURE),
    confined("tracing", NOT_RULES, PURE),
    confined(
        "anyhow",
        &["chancery", "testkit", "xtask"],
        "an error that callers can match on is a thiserror enum",
    ),
];

/// Never compiled in, by whatever way: there is one crypto provider in the tree.
const BANNED: &[&str] = &[
    "native-tls",
    "openssl",
    "openssl-sys",
    "reqwest",
    "ring",
    "sqlx",
];

const fn direction(name: &'static str, may_use: &'static [&'static str]) -> Direction {
    Direction {
        name,
        may_use,
        may_use_in_tests: &[],
    }
}

const fn confined(
    external: &'static str,
    to: &'static [&'static str],
    because: &'static str,
) -> Confined {
    Confined {
        external,
        to,
        because,
    }
}

/// Checks the manifests of the workspace's members.
pub(crate) fn check(members: &[Package]) -> Vec<Finding> {
    let names: Vec<&str> = members
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut findings = Vec::new();
    for package in members {
        match DIRECTIONS.iter().find(|rule| rule.name == package.name) {
            Some(rule) => findings.extend(wrong_directions(package, rule, &names)),
            None => findings.push(finding(
                package,
                "is not in the table of directions; add it to xtask/src/check/dependencies.rs",
            )),
        }
        findings.extend(misplaced(package));
    }
    findings
}

/// Checks the names of everything that is compiled in.
pub(crate) fn check_graph(names: &[String]) -> Vec<Finding> {
    BANNED
        .iter()
        .filter(|banned| names.iter().any(|name| name == *banned))
        .map(|banned| {
            let message = format!(
                "{banned} is compiled in; find out why with `cargo tree -i {banned} --workspace`"
            );
            Finding::new("Cargo.lock", 0, message)
        })
        .collect()
}

fn wrong_directions(package: &Package, rule: &Direction, members: &[&str]) -> Vec<Finding> {
    package
        .dependencies
        .iter()
        .filter(|dependency| members.contains(&dependency.name.as_str()))
        .filter(|dependency| {
            let name = dependency.name.as_str();
            let in_tests = dependency.kind.as_deref() == Some("dev");
            // A crate names itself to switch on a feature in its own tests.
            let is_for_tests = name == package.name || rule.may_use_in_tests.contains(&name);
            !(rule.may_use.contains(&name) || in_tests && is_for_tests)
        })
        .map(|dependency| finding(package, &format!("must not depend on {}", dependency.name)))
        .collect()
}

fn misplaced(package: &Package) -> Vec<Finding> {
    let name = package.name.as_str();
    package
        .dependencies
        .iter()
        .filter_map(|dependency| {
            CONFINED
                .iter()
                .find(|rule| rule.external == dependency.name && !rule.to.contains(&name))
        })
        .map(|rule| {
            finding(
                package,
                &format!("must not depend on {}: {}", rule.external, rule.because),
            )
        })
        .collect()
}

fn finding(package: &Package, message: &str) -> Finding {
    let path = if package.name == "xtask" {
        "xtask/Cargo.toml".to_owned()
    } else {
        format!("crates/{}/Cargo.toml", package.name)
    };
    Finding::new(&path, 0, format!("{} {message}", package.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Metadata;

    #[track_caller]
    fn check_one(name: &str, dependency: &str, kind: Option<&str>, expected: &[&str]) {
        let kind = kind.map_or("null".to_owned(), |kind| format!("\"{kind}\""));
        let text = format!(
            r#"{{"packages": [
                {{"name": "{name}", "dependencies": [{{"name": "{dependency}", "kind": {kind}}}]}},
                {{"name": "store", "dependencies": []}},
                {{"name": "testkit", "dependencies": []}}
            ]}}"#
        );
        let metadata: Metadata = serde_json::from_str(&text).unwrap();
        let found: Vec<String> = check(&metadata.packages)
            .into_iter()
            .map(|finding| finding.message)
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_door_must_not_see_the_store() {
        check_one("web", "store", None, &["web must not depend on store"]);
        check_one(
            "web",
            "store",
            Some("dev"),
            &["web must not depend on store"],
        );
        check_one("flow", "store", None, &[]);
    }

    #[test]
    fn a_crate_may_switch_on_its_own_features_in_tests() {
        check_one("store", "store", Some("dev"), &[]);
    }

    #[test]
    fn only_tests_of_the_binary_use_the_testkit() {
        check_one("chancery", "testkit", Some("dev"), &[]);
        check_one(
            "chancery",
            "testkit",
            None,
            &["chancery must not depend on testkit"],
        );
        check_one(
            "flow",
            "testkit",
            Some("dev"),
            &["flow must not depend on testkit"],
        );
    }

    #[test]
    fn external_crates_stay_where_they_belong() {
        check_one("acme", "serde", None, &[]);
        check_one(
            "acme",
            "tokio",
            Some("dev"),
            &[
                "acme must not depend on tokio: rules are pure; let flow or an edge do what waits or talks",
            ],
        );
        check_one(
            "flow",
            "rusqlite",
            None,
            &[
                "flow must not depend on rusqlite: only the store speaks SQL; add a function to crates/store",
            ],
        );
        check_one("xtask", "tokio-postgres", None, &[]);
    }

    #[test]
    fn a_crate_without_a_rule_is_a_finding() {
        check_one(
            "misc",
            "serde",
            None,
            &["misc is not in the table of directions; add it to xtask/src/check/dependencies.rs"],
        );
    }

    #[test]
    fn a_second_crypto_provider_is_a_finding() {
        let names = ["aws-lc-rs".to_owned(), "ring".to_owned()];
        assert_eq!(check_graph(&names).len(), 1);
        assert_eq!(check_graph(&["aws-lc-rs".to_owned()]), []);
    }
}
