//! Where the names begin that one party can register, by the Public Suffix List (publicsuffix.org).
//!
//! Both sections of the list count: under a private suffix such as `github.io` different people
//! hold different names just as under `co.uk`. A top-level domain that the list does not know is
//! taken as a suffix of one label, as its algorithm says; so `example.test` is registrable.

use base::DnsName;

/// The package that embeds the list; its patch number counts the list's releases.
pub const LIST_VERSION: &str = "psl 2.1.247";

/// The name that was registered: `example.co.uk` for `a.b.example.co.uk`, whatever wildcard is
/// in front. `None` when the name is itself a public suffix.
pub fn registrable(name: &DnsName) -> Option<DnsName> {
    let base = name.base();
    let domain = psl::domain_str(base.as_str())?;
    DnsName::parse(domain).ok()
}

/// Whether anybody can register names directly below this one. The wildcard of a public suffix
/// counts as one: it would cover everybody's names.
pub fn is_public_suffix(name: &DnsName) -> bool {
    registrable(name).is_none()
}

/// Whether the name is exactly one that can be registered, with nothing in front.
pub fn is_registrable(name: &DnsName) -> bool {
    !name.is_wildcard() && registrable(name).as_ref() == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        let name = DnsName::parse(name).unwrap();
        let found = registrable(&name);
        assert_eq!(found.as_ref().map(DnsName::as_str), expected, "{name}");
        assert_eq!(is_public_suffix(&name), expected.is_none(), "{name}");
    }

    #[test]
    fn f073_the_registered_name_is_found_at_any_depth() {
        check("example.com", Some("example.com"));
        check("a.b.example.com", Some("example.com"));
        check("*.example.com", Some("example.com"));
        check("a.example.co.uk", Some("example.co.uk"));
        check("example.test", Some("example.test"));
        check("a.b.example.test", Some("example.test"));
        check("shop.b\u{fc}cher.de", Some("xn--bcher-kva.de"));
        check(
            "www.xn--85x722f.xn--55qx5d.cn",
            Some("xn--85x722f.xn--55qx5d.cn"),
        );
    }

    #[test]
    fn f072_public_suffixes_have_no_registered_name() {
        check("co.uk", None);
        check("*.co.uk", None);
        check("github.io", None);
        check("me.github.io", Some("me.github.io"));
    }

    #[test]
    fn wildcard_and_exception_rules_of_the_list_apply() {
        check("ck.example.ck", Some("ck.example.ck"));
        check("example.ck", None);
        check("www.ck", Some("www.ck"));
    }

    #[test]
    fn the_version_names_the_package_that_is_built_in() {
        let (package, version) = LIST_VERSION.split_once(' ').unwrap();
        let lock = include_str!("../../../Cargo.lock");
        let entry = format!("name = \"{package}\"\nversion = \"{version}\"\n");
        assert!(
            lock.contains(&entry),
            "LIST_VERSION differs from Cargo.lock"
        );
    }
}
