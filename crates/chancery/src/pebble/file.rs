//! Pebble's settings file. Keys that it ignores are ignored; values that mean something we cannot do are not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value;

type Object = serde_json::Map<String, Value>;

/// What stands under `pebble`. As for programs in Go, capitals in the names of keys make no difference.
#[derive(Debug, Deserialize)]
pub(super) struct File {
    #[serde(rename = "listenaddress")]
    pub(super) listen_address: String,
    #[serde(rename = "managementlistenaddress")]
    pub(super) management_listen_address: String,
    pub(super) certificate: PathBuf,
    #[serde(rename = "privatekey")]
    pub(super) private_key: PathBuf,
    #[serde(default = "default_http_port", rename = "httpport")]
    pub(super) http_port: u16,
    #[serde(default = "default_tls_port", rename = "tlsport")]
    pub(super) tls_port: u16,
    #[serde(default, rename = "externalaccountbindingrequired")]
    pub(super) external_account_binding_required: bool,
    #[serde(default, rename = "externalaccountmackeys")]
    pub(super) external_account_mac_keys: BTreeMap<String, String>,
    #[serde(default, rename = "domainblocklist")]
    pub(super) domain_blocklist: Vec<String>,
    #[serde(default, rename = "retryafter")]
    retry_after: RetryAfter,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
    #[serde(rename = "certificatevalidityperiod")]
    certificate_validity_period: Option<u32>,
    #[serde(default, rename = "ocspresponderurl")]
    ocsp_responder_url: String,
}

/// Seconds between polls.
#[derive(Debug, Deserialize)]
#[serde(default)]
struct RetryAfter {
    authz: u32,
    order: u32,
}

impl Default for RetryAfter {
    fn default() -> Self {
        Self { authz: 3, order: 5 }
    }
}

#[derive(Debug, Deserialize)]
struct Profile {
    #[serde(rename = "validityperiod")]
    validity_period: Option<u32>,
}

fn default_http_port() -> u16 {
    5002
}

fn default_tls_port() -> u16 {
    5001
}

/// Writes the known keys small; key IDs and the names of profiles stay as they are.
fn fold_all(pebble: &mut Object) {
    fold(pebble);
    if let Some(Value::Object(retry_after)) = pebble.get_mut("retryafter") {
        fold(retry_after);
    }
    if let Some(Value::Object(profiles)) = pebble.get_mut("profiles") {
        for profile in profiles.values_mut().filter_map(Value::as_object_mut) {
            fold(profile);
        }
    }
}

fn fold(object: &mut Object) {
    let small = std::mem::take(object).into_iter();
    object.extend(small.map(|(key, value)| (key.to_ascii_lowercase(), value)));
}

impl File {
    /// Reads and checks the file.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("the settings in {} cannot be read", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut document = serde_json::from_str::<Object>(text)?;
        fold(&mut document);
        let Some(Value::Object(pebble)) = document.get_mut("pebble") else {
            bail!("there is no object \"pebble\" in it");
        };
        fold_all(pebble);
        Ok(Self::deserialize(&*pebble)?)
    }

    /// Whether nobody can register: a binding is asked for, and there is no key to make one with.
    pub(super) fn admits_nobody(&self) -> bool {
        self.external_account_binding_required && self.external_account_mac_keys.is_empty()
    }

    /// One wait for authorizations and orders: the shorter of the two, at least a second.
    pub(super) fn retry_after(&self) -> Duration {
        let seconds = self.retry_after.authz.min(self.retry_after.order).max(1);
        Duration::from_secs(u64::from(seconds))
    }

    /// Whether certificates should name an OCSP responder, which those of this server do not.
    pub(super) fn wants_ocsp(&self) -> bool {
        !self.ocsp_responder_url.is_empty()
    }

    /// The lifetime of certificates in seconds, when one is given. Clients cannot choose a profile, so that the one
    /// called "default" counts, or else the first.
    pub(super) fn validity_seconds(&self) -> Option<i64> {
        let profile = self
            .profiles
            .get("default")
            .or_else(|| self.profiles.values().next());
        let of_profile = profile.and_then(|profile| profile.validity_period);
        of_profile
            .or(self.certificate_validity_period)
            .map(i64::from)
    }

    /// Whether clients may ask for several profiles, which this server does not offer.
    pub(super) fn has_choice_of_profiles(&self) -> bool {
        self.profiles.len() > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(more: &str) -> anyhow::Result<File> {
        File::parse(&format!(
            r#"{{"pebble": {{"listenAddress": "0.0.0.0:14000", "managementListenAddress": "0.0.0.0:15000",
            "certificate": "cert.pem", "privateKey": "key.pem" {more} }}}}"#
        ))
    }

    #[test]
    fn what_is_left_out_is_as_in_pebble() {
        let file = parse("").unwrap();
        assert_eq!((file.http_port, file.tls_port), (5002, 5001));
        assert!(!file.external_account_binding_required);
        assert_eq!(file.retry_after(), Duration::from_secs(3));
        assert_eq!(file.validity_seconds(), None);
    }

    #[test]
    fn all_keys_are_read() {
        let file = parse(
            r#", "httpPort": 1, "tlsPort": 2, "ocspResponderURL": "", "externalAccountBindingRequired": true,
            "externalAccountMACKeys": {"kid-1": "c2VjcmV0"}, "domainBlocklist": ["blocked.example"],
            "retryAfter": {"authz": 7, "order": 9}, "certificateValidityPeriod": 5,
            "profiles": {"default": {"description": "d", "validityPeriod": 7776000}, "a": {"description": "a"}},
            "keyAlgorithm": "ecdsa""#,
        )
        .unwrap();
        assert_eq!((file.http_port, file.tls_port), (1, 2));
        assert_eq!(file.external_account_mac_keys.len(), 1);
        assert_eq!(file.domain_blocklist, ["blocked.example"]);
        assert_eq!(file.retry_after(), Duration::from_secs(7));
        assert_eq!(file.validity_seconds(), Some(7_776_000));
        assert!(file.has_choice_of_profiles());
    }

    #[test]
    fn capitals_in_names_of_keys_make_no_difference() {
        let file = parse(
            r#", "externalAccountMacKeys": {"Kid-1": "c2VjcmV0"}, "HTTPPort": 7, "retryAfter": {"Authz": 4, "ORDER": 9},
            "profiles": {"Short": {"ValidityPeriod": 60}}"#,
        )
        .unwrap();
        assert_eq!(file.http_port, 7);
        assert!(file.external_account_mac_keys.contains_key("Kid-1"));
        assert_eq!(file.retry_after(), Duration::from_secs(4));
        assert_eq!(file.validity_seconds(), Some(60));
    }

    #[test]
    fn a_binding_without_keys_admits_nobody() {
        let file = parse(r#", "externalAccountBindingRequired": true"#).unwrap();
        assert!(file.admits_nobody());
        assert!(!parse("").unwrap().admits_nobody());
    }

    /// Certbot's suite always sets it, and ended at the start.
    #[test]
    fn finding_s6_1_an_ocsp_responder_is_taken() {
        let file = parse(r#", "ocspResponderURL": "http://127.0.0.1:4002""#).unwrap();
        assert!(file.wants_ocsp());
        assert!(!parse(r#", "ocspResponderURL": """#).unwrap().wants_ocsp());
        assert!(!parse("").unwrap().wants_ocsp());
    }
}
