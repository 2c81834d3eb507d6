//! Every brand and host name of the installation as one picture: each page asks it whom it shows, so that no page costs a
//! statement for that, and a host name that nobody has costs nothing. `tenancy/brand/reload` makes a new one when the rows have
//! changed.

use std::collections::HashMap;
use std::sync::Arc;

use base::{DnsName, TenantId, TenantPath};
use store::tenancy::brand::{BrandHostRow, PlacedBrand};
use tenancy::tenant::TenantKind;
use tenancy::tenant::brand::Brand;

use crate::caller::place::Place;

/// The picture.
#[derive(Debug, Default)]
pub struct Brands {
    version: i64,
    shown: Vec<Shown>,
    places: HashMap<String, Arc<Place>>,
    operator: Option<Arc<Brand>>,
}

#[derive(Debug)]
struct Shown {
    path: TenantPath,
    brand: Arc<Brand>,
    /// At its oldest host name.
    origin: Option<String>,
}

impl Brands {
    /// What the rows say; `portal_origin` is the URL of the settings, whose scheme and port all host names have.
    pub fn new(
        version: i64,
        brands: Vec<PlacedBrand>,
        hosts: Vec<BrandHostRow>,
        portal_origin: &str,
    ) -> Self {
        let mut of: HashMap<TenantId, Vec<DnsName>> = HashMap::new();
        for row in hosts {
            of.entry(row.tenant).or_default().push(row.host);
        }
        let mut picture = Self {
            version,
            ..Self::default()
        };
        for placed in brands {
            let hosts = of.remove(&placed.tenant).unwrap_or_default();
            picture.add(placed, hosts, portal_origin);
        }
        picture
    }

    fn add(&mut self, placed: PlacedBrand, hosts: Vec<DnsName>, portal_origin: &str) {
        let brand = Arc::new(placed.brand);
        if placed.kind == TenantKind::Operator {
            self.operator = Some(brand.clone());
        }
        let first = hosts.first().map(|host| origin_at(portal_origin, host));
        for host in hosts {
            let place = Place {
                origin: origin_at(portal_origin, &host),
                brand: brand.clone(),
                path: placed.path.clone(),
                host,
            };
            let host = place.host.as_str().to_owned();
            self.places.insert(host, Arc::new(place));
        }
        self.shown.push(Shown {
            path: placed.path,
            brand,
            origin: first,
        });
    }

    /// How often a brand was changed until this picture.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }

    /// The place at a host name as a request says it, in small letters and without a port; `None` when nobody has it.
    pub fn at(&self, host: &str) -> Option<Arc<Place>> {
        self.places.get(host).cloned()
    }

    /// What is shown at the URL of the settings, if the operator has said so.
    pub fn of_operator(&self) -> Option<Arc<Brand>> {
        self.operator.clone()
    }

    /// The brand that counts for a tenant: its own, or that of the nearest one above it.
    pub fn of(&self, path: &TenantPath) -> Option<Arc<Brand>> {
        self.nearest(path, |_| true)
            .map(|shown| shown.brand.clone())
    }

    /// Where people of a tenant reach the portal: at the oldest host name of the nearest tenant above it that has one.
    pub fn origin_of(&self, path: &TenantPath) -> Option<String> {
        self.nearest(path, |shown| shown.origin.is_some())
            .and_then(|shown| shown.origin.clone())
    }

    fn nearest(&self, path: &TenantPath, has: impl Fn(&Shown) -> bool) -> Option<&Shown> {
        let above = self.shown.iter().filter(|shown| shown.path.contains(path));
        above
            .filter(|shown| has(shown))
            .max_by_key(|shown| shown.path.as_str().len())
    }
}

/// A host name with scheme and port of the URL of the settings.
fn origin_at(portal_origin: &str, host: &DnsName) -> String {
    let (scheme, authority) = portal_origin
        .split_once("://")
        .unwrap_or(("https", portal_origin));
    // An address of version 6 has colons of its own, within brackets.
    let after = authority.rsplit(']').next().unwrap_or_default();
    match after.rsplit_once(':') {
        Some((_, port)) if !is_usual(scheme, port) => {
            format!("{scheme}://{}:{port}", host.as_str())
        }
        _ => format!("{scheme}://{}", host.as_str()),
    }
}

/// Browsers leave out the port that a scheme has anyway.
fn is_usual(scheme: &str, port: &str) -> bool {
    matches!((scheme, port), ("https", "443") | ("http", "80"))
}

#[cfg(test)]
mod tests {
    use base::{Id as _, Timestamp};
    use tenancy::tenant::brand::{BrandContact, BrandName};

    use super::*;

    fn placed(kind: TenantKind, seed: u8, path: &str, name: &str) -> PlacedBrand {
        PlacedBrand {
            tenant: TenantId::of_bytes([seed; 16]),
            path: TenantPath::parse(path).unwrap(),
            kind,
            brand: Brand {
                name: BrandName::parse(name).unwrap(),
                contact: BrandContact::default(),
            },
        }
    }

    fn host(seed: u8, name: &str) -> BrandHostRow {
        BrandHostRow {
            host: DnsName::parse(name).unwrap(),
            tenant: TenantId::of_bytes([seed; 16]),
            added_at: Timestamp::from_seconds(0),
        }
    }

    fn picture() -> Brands {
        let brands = vec![
            placed(TenantKind::Operator, 1, "aaaaaa", "Operator"),
            placed(TenantKind::Distributor, 2, "aaaaaabbbbbb", "Distributor"),
            placed(TenantKind::Reseller, 3, "aaaaaabbbbbbcccccc", "Reseller"),
        ];
        let hosts = vec![host(2, "ca.dist.example"), host(2, "old.dist.example")];
        Brands::new(1, brands, hosts, "https://portal.example:8443")
    }

    #[track_caller]
    fn check(path: &str, brand: &str, origin: Option<&str>) {
        let (picture, path) = (picture(), TenantPath::parse(path).unwrap());
        let found = picture.of(&path).unwrap();
        assert_eq!(found.name.as_str(), brand);
        assert_eq!(picture.origin_of(&path).as_deref(), origin);
    }

    #[test]
    fn f002_the_nearest_above_counts() {
        let at = Some("https://ca.dist.example:8443");
        check("aaaaaa", "Operator", None);
        check("aaaaaaxxxxxx", "Operator", None);
        check("aaaaaabbbbbb", "Distributor", at);
        check("aaaaaabbbbbbyyyyyy", "Distributor", at);
        check("aaaaaabbbbbbcccccc", "Reseller", at);
        check("aaaaaabbbbbbccccccdddddd", "Reseller", at);
    }

    #[test]
    fn f002_a_place_admits_whoever_shows_it_and_all_below() {
        let place = picture().at("old.dist.example").unwrap();
        assert_eq!(place.origin, "https://old.dist.example:8443");
        let admits = |path| place.admits(&TenantPath::parse(path).unwrap());
        assert!(admits("aaaaaabbbbbb") && admits("aaaaaabbbbbbcccccc"));
        assert!(!admits("aaaaaa") && !admits("aaaaaaxxxxxx"));
        assert!(picture().at("dist.example").is_none());
    }

    #[test]
    fn f002_a_host_has_scheme_and_port_of_the_portal() {
        let name = DnsName::parse("ca.dist.example").unwrap();
        for (portal, expected) in [
            ("https://portal.example", "https://ca.dist.example"),
            ("https://portal.example:443", "https://ca.dist.example"),
            ("http://[::1]:8080", "http://ca.dist.example:8080"),
            ("https://[2001:db8::1]", "https://ca.dist.example"),
        ] {
            assert_eq!(origin_at(portal, &name), expected);
        }
    }
}
