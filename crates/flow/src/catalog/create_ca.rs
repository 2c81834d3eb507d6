//! Makes a CA: a root, or a CA below one whose key is here.

use std::sync::Arc;

use base::{CaId, Class, Refusal, Refuse};
use pki::{
    CaName, CaUrls, Certificate, Issuer, IssuingCaOptions, KeyAlgorithm, ObjectIdentifier,
    SerialNumber, SoftwareSigner, generate_pkcs8, issuing_ca_with, self_signed_root,
};
use store::catalog::ca::Trust;

use super::add_cas::{NewCa, add_cas};
use crate::memory::catalog::{CatalogError, Role, certificate_url, crl_url};
use crate::outside::Outside;
use crate::{App, Caller};

/// What to make.
#[derive(Clone, Debug)]
pub struct CaPlan {
    /// Its subject.
    pub name: CaName,
    /// The kind of its key.
    pub algorithm: KeyAlgorithm,
    /// The CA above it; a root has none.
    pub parent: Option<CaId>,
    /// Who shall believe it.
    pub trust: Trust,
    /// The certificate policies that a CA below a root is for; none for whatever its profile says.
    pub policies: Vec<ObjectIdentifier>,
}

/// Why no CA was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateCaError {
    /// The CA could not be made or added.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// There is no such CA above it, or its key is not here.
    #[error(
        "there is no CA {0} here that signs other CAs; `chancery admin ca list` shows those that do"
    )]
    Parent(CaId),
    /// Public trust comes with a root program, which takes no key that was made like this.
    #[error(
        "a publicly trusted CA is not made here; import it with `chancery admin ca import --public`"
    )]
    Public,
    /// Somebody believes in the one above.
    #[error(
        "a test CA stands below a test root only, and nothing else does; make a root for it first"
    )]
    Trust,
}

impl Refuse for CreateCaError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Catalog(error) => Refusal::internal(error),
            Self::Parent(_) => Class::NotFound.because("parent_ca_not_found", self),
            Self::Public => Class::Invalid.because("public_ca_is_imported", self),
            Self::Trust => Class::Invalid.because("ca_trust_differs", self),
        }
    }
}

/// Makes a CA with a key of its own. It signs once it stands in a directory.
pub async fn create_ca(app: &App, caller: &Caller, plan: CaPlan) -> Result<CaId, CreateCaError> {
    if plan.trust == Trust::Public {
        return Err(CreateCaError::Public);
    }
    let outside = &app.outside;
    let new = match plan.parent {
        None => make_root(outside, &plan.name, plan.algorithm, plan.trust)?.new,
        Some(parent) => {
            let catalog = app.catalog();
            let above = catalog.signer(parent);
            let above = above.filter(|ca| ca.scope == pki::CrlScope::CaCertificates);
            let above = above.ok_or(CreateCaError::Parent(parent))?;
            if above.trust != plan.trust {
                return Err(CreateCaError::Trust);
            }
            let parent = (above.id, above.issuer.as_ref());
            make_issuing(outside, parent, &plan)?
        }
    };
    let id = new.id;
    add_cas(app, caller, vec![new]).await?;
    Ok(id)
}

/// A root with its key, before it is stored.
pub struct MadeRoot {
    /// What to store.
    pub new: NewCa,
    /// The same, ready to sign.
    pub issuer: Issuer,
}

/// Makes a private root with a key of its own, and stores nothing.
pub fn new_root(
    app: &App,
    name: &CaName,
    algorithm: KeyAlgorithm,
) -> Result<MadeRoot, CatalogError> {
    make_root(&app.outside, name, algorithm, Trust::Private)
}

/// The certificate of an issuing CA with this key below a root; stores nothing.
pub fn new_issuing_certificate(
    app: &App,
    root: &MadeRoot,
    name: &CaName,
    key: &pki::PublicKey,
) -> Result<Vec<u8>, CatalogError> {
    let policies = IssuingCaOptions::default().policies;
    certify_issuing(
        &app.outside,
        (root.new.id, &root.issuer),
        (name, key),
        policies,
    )
}

/// Makes a root.
pub(super) fn make_root(
    outside: &Outside,
    name: &CaName,
    algorithm: KeyAlgorithm,
    trust: Trust,
) -> Result<MadeRoot, CatalogError> {
    let now = outside.clock.now();
    let id = CaId::generate(now, outside.random.as_ref());
    let key = generate_pkcs8(algorithm)?;
    let signer = SoftwareSigner::from_pkcs8(&key)?;
    let serial = SerialNumber::generate(outside.random.as_ref());
    let certificate = self_signed_root(name, &signer, serial, now)?;
    let url = certificate_url(&outside.settings.pki_origin, id);
    let issuer = Certificate::from_der(&certificate)
        .map_err(pki::IssuerError::from)
        .and_then(|parsed| Issuer::new(parsed, Arc::new(signer), url))
        .map_err(|error| CatalogError::Issuer(id, error))?;
    let new = NewCa {
        id,
        role: Role::Root,
        trust,
        parent: None,
        certificate,
        private_key: Some(key.to_vec()),
    };
    Ok(MadeRoot { new, issuer })
}

/// Makes an issuing CA below another one.
pub(super) fn make_issuing(
    outside: &Outside,
    (parent_id, parent): (CaId, &Issuer),
    plan: &CaPlan,
) -> Result<NewCa, CatalogError> {
    let algorithm = plan.algorithm;
    let key = generate_pkcs8(algorithm)?;
    let signer = SoftwareSigner::from_pkcs8(&key)?;
    let public_key = pki::Signer::public_key(&signer);
    Ok(NewCa {
        id: CaId::generate(outside.clock.now(), outside.random.as_ref()),
        role: Role::Issuing,
        trust: plan.trust,
        parent: Some(parent_id),
        certificate: certify_issuing(
            outside,
            (parent_id, parent),
            (&plan.name, public_key),
            plan.policies.clone(),
        )?,
        private_key: Some(key.to_vec()),
    })
}

/// The certificate of an issuing CA with this key.
fn certify_issuing(
    outside: &Outside,
    (parent_id, parent): (CaId, &Issuer),
    (name, key): (&CaName, &pki::PublicKey),
    policies: Vec<ObjectIdentifier>,
) -> Result<Vec<u8>, CatalogError> {
    let origin = &outside.settings.pki_origin;
    let urls = CaUrls {
        crl: &crl_url(origin, parent_id),
        ca_issuers: &certificate_url(origin, parent_id),
    };
    let serial = SerialNumber::generate(outside.random.as_ref());
    let options = IssuingCaOptions {
        policies,
        ..IssuingCaOptions::default()
    };
    let now = outside.clock.now();
    Ok(issuing_ca_with(
        parent, name, key, urls, serial, now, &options,
    )?)
}

/// What a private CA is called after, while nobody has named it: the host of the server. CAs with another subject are
/// made or imported by the operator.
pub(super) fn called(origin: &str) -> &str {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let host = match host.rsplit_once(':') {
        Some((host, port)) if is_port(port) => host,
        Some(_) | None => host,
    };
    // With what follows it has to fit into 64 characters (RFC 5280 §A.1).
    if host.len() <= 44 { host } else { "private" }
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
        assert!(CaName::private(&format!("{} private issuing CA", called(&long))).is_ok());
    }
}
