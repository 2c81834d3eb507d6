//! Makes the CAs of a new installation: a root, and the issuing CA below it.

use std::sync::Arc;

use base::CaId;
use pki::{
    CaName, CaUrls, Certificate, Issuer, KeyAlgorithm, SerialNumber, SoftwareSigner,
    generate_pkcs8, issuing_ca, self_signed_root,
};

use super::add_cas::{NewCa, add_cas};
use crate::memory::catalog::{CatalogError, Role, certificate_url, crl_url};
use crate::outside::Outside;

/// Makes and stores the CAs; `false` when there are CAs already, because another node was faster.
pub async fn create_cas(outside: &Outside) -> Result<bool, CatalogError> {
    add_cas(outside, create(outside)?).await
}

fn create(outside: &Outside) -> Result<Vec<NewCa>, CatalogError> {
    let now = outside.clock.now();
    let random = outside.random.as_ref();
    let origin = &outside.settings.pki_origin;
    let called = called(&outside.settings.acme_origin);
    let root_id = CaId::generate(now, random);
    let issuing_id = CaId::generate(now, random);

    let root_key = generate_pkcs8(KeyAlgorithm::EcdsaP384)?;
    let root_signer = SoftwareSigner::from_pkcs8(&root_key)?;
    let name = CaName::private(&format!("{called} root CA"))?;
    let root_der = self_signed_root(&name, &root_signer, SerialNumber::generate(random), now)?;
    let root_url = certificate_url(origin, root_id);
    let root_certificate = Certificate::from_der(&root_der).map_err(pki::IssuerError::from);
    let root = root_certificate
        .and_then(|certificate| Issuer::new(certificate, Arc::new(root_signer), &root_url))
        .map_err(|error| CatalogError::Issuer(root_id, error))?;

    let issuing_key = generate_pkcs8(KeyAlgorithm::EcdsaP256)?;
    let issuing_signer = SoftwareSigner::from_pkcs8(&issuing_key)?;
    let name = CaName::private(&format!("{called} issuing CA"))?;
    let crl = crl_url(origin, root_id);
    let urls = CaUrls {
        crl: &crl,
        ca_issuers: &root_url,
    };
    let public_key = pki::Signer::public_key(&issuing_signer);
    let serial = SerialNumber::generate(random);
    let issuing_der = issuing_ca(&root, &name, public_key, urls, serial, now)?;
    Ok(vec![
        NewCa {
            id: root_id,
            role: Role::Root,
            parent: None,
            certificate: root_der,
            private_key: Some(root_key.to_vec()),
        },
        NewCa {
            id: issuing_id,
            role: Role::Issuing,
            parent: Some(root_id),
            certificate: issuing_der,
            private_key: Some(issuing_key.to_vec()),
        },
    ])
}

/// What a private CA is called after, while nobody has named it: the host of the server. CAs with another subject are
/// imported.
pub(super) fn called(origin: &str) -> &str {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let host = match host.rsplit_once(':') {
        Some((host, port)) if is_port(port) => host,
        Some(_) | None => host,
    };
    // With what follows it has to fit into 64 characters (RFC 5280 §A.1).
    if host.len() <= 48 { host } else { "private" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fa3_a_ca_is_called_after_the_server_and_nothing_of_ours() {
        for (origin, expected) in [
            ("https://acme.example.com", "acme.example.com"),
            ("https://localhost:14000", "localhost"),
            ("https://[::1]:14000", "[::1]"),
        ] {
            assert_eq!(called(origin), expected);
        }
        let long = format!("https://{}.example", "a".repeat(60));
        assert!(CaName::private(&format!("{} issuing CA", called(&long))).is_ok());
    }
}
