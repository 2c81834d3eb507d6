//! Where each ACME resource lives: paths that can be configured, and URLs made and read with them.
//!
//! RFC 8555 leaves the shapes to the server; clients must take URLs as they come. Some test suites
//! know Pebble's shapes by heart, hence the second set.

use base::{AccountId, AuthorizationId, CertificateId, OrderId, SubscriptionId};

use crate::challenge;

/// The paths of one directory. Those of collections end in a slash and are followed by an identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// One account.
    pub account: String,
    /// One authorization.
    pub authorization: String,
    /// One certificate chain.
    pub certificate: String,
    /// One challenge: the authorization's identifier, a slash, the type.
    pub challenge: String,
    /// The directory itself.
    pub directory: String,
    /// Finalization of one order.
    pub finalize: String,
    /// keyChange.
    pub key_change: String,
    /// newAccount.
    pub new_account: String,
    /// newAuthz.
    pub new_authorization: String,
    /// newNonce.
    pub new_nonce: String,
    /// newOrder.
    pub new_order: String,
    /// One order.
    pub order: String,
    /// The orders of one account.
    pub orders: String,
    /// revokeCert.
    pub revoke_certificate: String,
}

/// Which family of paths an installation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Ours: each directory has its name in all its paths.
    Ours,
    /// Pebble's, which has one directory.
    Pebble,
}

/// What the names of subscriptions begin with.
const SUBSCRIPTION: &str = "/subscription/";
/// What our directories stand under (RFC 8555 leaves it to us).
const PREFIX: &str = "/v2/";

impl Shape {
    /// The paths of one directory.
    pub fn of(self, slug: &str) -> Paths {
        match self {
            Self::Ours => Paths::under(&format!("{PREFIX}{slug}")),
            Self::Pebble => Paths::pebble(),
        }
    }

    /// The paths of every directory: `{directory}` stands for its name.
    pub fn pattern(self) -> Paths {
        self.of("{directory}")
    }

    /// Which directory a path leads to, if it says so.
    pub fn slug_in(self, path: &str) -> Option<&str> {
        match self {
            Self::Ours => path.strip_prefix(PREFIX)?.split('/').next(),
            Self::Pebble => None,
        }
    }
}

impl Paths {
    /// Our own shapes under a prefix such as `/v2/DV`, which is the directory itself.
    pub fn under(prefix: &str) -> Self {
        let prefix = prefix.trim_end_matches('/');
        let at = |rest: &str| format!("{prefix}/{rest}");
        Self {
            account: at("account/"),
            authorization: at("authorization/"),
            certificate: at("certificate/"),
            challenge: at("challenge/"),
            directory: prefix.to_owned(),
            finalize: at("finalize/"),
            key_change: at("key-change"),
            new_account: at("new-account"),
            new_authorization: at("new-authorization"),
            new_nonce: at("new-nonce"),
            new_order: at("new-order"),
            order: at("order/"),
            orders: at("orders/"),
            revoke_certificate: at("revoke-certificate"),
        }
    }

    /// Pebble's shapes, which some client test suites assert.
    pub fn pebble() -> Self {
        Self {
            account: "/my-account/".to_owned(),
            authorization: "/authZ/".to_owned(),
            certificate: "/certZ/".to_owned(),
            challenge: "/chalZ/".to_owned(),
            directory: "/dir".to_owned(),
            finalize: "/finalize-order/".to_owned(),
            key_change: "/rollover-account-key".to_owned(),
            new_account: "/sign-me-up".to_owned(),
            new_authorization: "/authz-plz".to_owned(),
            new_nonce: "/nonce-plz".to_owned(),
            new_order: "/order-plz".to_owned(),
            order: "/my-order/".to_owned(),
            orders: "/list-orderz/".to_owned(),
            revoke_certificate: "/revoke-cert".to_owned(),
        }
    }

    /// The URLs of these paths at an origin such as `https://acme.example.com`, without a final slash.
    pub fn at<'a>(&'a self, origin: &'a str) -> Urls<'a> {
        Urls {
            origin: origin.trim_end_matches('/'),
            paths: self,
        }
    }
}

/// Makes and reads the URLs of one directory at one origin.
#[derive(Debug, Clone, Copy)]
pub struct Urls<'a> {
    origin: &'a str,
    paths: &'a Paths,
}

impl<'a> Urls<'a> {
    /// The same origin with the paths of another directory.
    #[must_use]
    pub fn with_paths(self, paths: &'a Paths) -> Self {
        Urls { paths, ..self }
    }

    /// An account, as in `Location` and `kid`.
    pub fn account(&self, id: AccountId) -> String {
        self.join(&self.paths.account, &id.suffix())
    }

    /// An authorization.
    pub fn authorization(&self, id: AuthorizationId) -> String {
        self.join(&self.paths.authorization, &id.suffix())
    }

    /// A certificate with its preferred chain.
    pub fn certificate(&self, id: CertificateId) -> String {
        self.join(&self.paths.certificate, &id.suffix())
    }

    /// A certificate with the chain of this number; 0 is the preferred one.
    pub fn certificate_chain(&self, id: CertificateId, number: usize) -> String {
        let preferred = self.certificate(id);
        match number {
            0 => preferred,
            number => format!("{preferred}/{number}"),
        }
    }

    /// A challenge.
    pub fn challenge(&self, id: AuthorizationId, challenge: challenge::Type) -> String {
        let mut url = self.join(&self.paths.challenge, &id.suffix());
        url.push('/');
        url.push_str(challenge.as_str());
        url
    }

    /// The directory, for `Link: rel="index"`.
    pub fn directory(&self) -> String {
        self.join(&self.paths.directory, "")
    }

    /// Finalization of an order.
    pub fn finalize(&self, id: OrderId) -> String {
        self.join(&self.paths.finalize, &id.suffix())
    }

    /// keyChange.
    pub fn key_change(&self) -> String {
        self.join(&self.paths.key_change, "")
    }

    /// newAccount.
    pub fn new_account(&self) -> String {
        self.join(&self.paths.new_account, "")
    }

    /// newNonce.
    pub fn new_nonce(&self) -> String {
        self.join(&self.paths.new_nonce, "")
    }

    /// newAuthz.
    pub fn new_authorization(&self) -> String {
        self.join(&self.paths.new_authorization, "")
    }

    /// newOrder.
    pub fn new_order(&self) -> String {
        self.join(&self.paths.new_order, "")
    }

    /// An order.
    pub fn order(&self, id: OrderId) -> String {
        self.join(&self.paths.order, &id.suffix())
    }

    /// The orders of an account.
    pub fn orders(&self, id: AccountId) -> String {
        self.join(&self.paths.orders, &id.suffix())
    }

    /// revokeCert.
    pub fn revoke_certificate(&self) -> String {
        self.join(&self.paths.revoke_certificate, "")
    }

    /// The name of a subscription in CAA records: it stands for every account that is bound to it (RFC 8657 §3). Nothing is
    /// served there, and it is the same in every directory.
    pub fn subscription(&self, id: SubscriptionId) -> String {
        self.join(SUBSCRIPTION, &id.suffix())
    }

    /// Which path at this origin a URL has.
    pub fn path_of<'u>(&self, url: &'u str) -> Option<&'u str> {
        url.strip_prefix(self.origin)
    }

    /// The account whose URL this is; `None` for any other text, one of another directory included.
    pub fn account_id_from_url(&self, url: &str) -> Option<AccountId> {
        let path = self.path_of(url)?;
        AccountId::from_suffix(path.strip_prefix(self.paths.account.as_str())?).ok()
    }

    /// Whether a URL has the shape of an account's of this directory, whether or not there is one.
    pub fn is_account(&self, url: &str) -> bool {
        let path = self.path_of(url);
        path.is_some_and(|path| path.starts_with(self.paths.account.as_str()))
    }

    fn join(&self, path: &str, rest: &str) -> String {
        // Room for a challenge's type, so that it does not cost a second allocation.
        let mut url = String::with_capacity(self.origin.len() + path.len() + rest.len() + 9);
        url.push_str(self.origin);
        url.push_str(path);
        url.push_str(rest);
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUFFIX: &str = "01h455vb4pex5vsknk084sn02q";

    #[test]
    fn urls_are_made_and_read() {
        let paths = Paths::under("/v2/DV/");
        let urls = paths.at("https://acme.example/");
        let id = AccountId::from_suffix(SUFFIX).unwrap();
        let url = urls.account(id);
        assert_eq!(url, format!("https://acme.example/v2/DV/account/{SUFFIX}"));
        let subscription = urls.subscription(SubscriptionId::from_suffix(SUFFIX).unwrap());
        assert_eq!(
            subscription,
            format!("https://acme.example/subscription/{SUFFIX}")
        );
        assert_eq!(urls.account_id_from_url(&url), Some(id));
        assert_eq!(urls.directory(), "https://acme.example/v2/DV");
        let authorization = AuthorizationId::from_suffix(SUFFIX).unwrap();
        assert_eq!(
            urls.challenge(authorization, challenge::Type::Dns01),
            format!("https://acme.example/v2/DV/challenge/{SUFFIX}/dns-01")
        );
    }

    #[test]
    fn a_path_says_which_directory_it_leads_to() {
        for (path, slug) in [
            ("/v2/DV", Some("DV")),
            ("/v2/DV/new-order", Some("DV")),
            ("/v2/", Some("")),
            ("/v3/DV", None),
        ] {
            assert_eq!(Shape::Ours.slug_in(path), slug, "{path}");
        }
        assert_eq!(Shape::Pebble.slug_in("/dir"), None);
        assert_eq!(
            Shape::Ours.pattern().account,
            "/v2/{directory}/account/".to_owned()
        );
    }

    #[test]
    fn alternate_chains_are_numbered_below_their_certificate() {
        let paths = Paths::under("/v2/DV");
        let urls = paths.at("https://acme.example");
        let id = CertificateId::from_suffix(SUFFIX).unwrap();
        let url = format!("https://acme.example/v2/DV/certificate/{SUFFIX}");
        assert_eq!(urls.certificate_chain(id, 0), url);
        assert_eq!(urls.certificate_chain(id, 2), format!("{url}/2"));
    }

    #[test]
    fn other_urls_are_no_accounts_of_ours() {
        let paths = Paths::under("/v2/DV");
        let urls = paths.at("https://acme.example");
        for url in [
            format!("https://acme.example/v2/OV/account/{SUFFIX}"),
            format!("https://other.example/v2/DV/account/{SUFFIX}"),
            format!("https://acme.example/v2/DV/account/{SUFFIX}/"),
            format!("https://acme.example/v2/DV/order/{SUFFIX}"),
            "https://acme.example/v2/DV/account/".to_owned(),
            String::new(),
        ] {
            assert_eq!(urls.account_id_from_url(&url), None, "{url}");
        }
    }

    #[test]
    fn pebbles_shapes_are_its_own() {
        let paths = Paths::pebble();
        let urls = paths.at("https://localhost:14000");
        let id = OrderId::from_suffix(SUFFIX).unwrap();
        assert_eq!(
            urls.order(id),
            format!("https://localhost:14000/my-order/{SUFFIX}")
        );
        assert_eq!(urls.new_nonce(), "https://localhost:14000/nonce-plz");
    }
}
