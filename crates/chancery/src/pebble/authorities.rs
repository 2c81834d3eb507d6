//! CA keys that are made for one run and shown to whoever asks, as Pebble does on its management listener.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use base::CaId;
use flow::Outside;
use flow::catalog::add_cas::{NewCa, add_cas};
use flow::memory::catalog::{Role, certificate_url, crl_url};
use pki::{
    CaName, CaUrls, Certificate, Issuer, KeyAlgorithm, PublicKey, SerialNumber, Signer as _,
    SoftwareSigner, generate_pkcs8, issuing_ca, self_signed_root,
};

/// A CA as anybody may have it, PEM.
#[derive(Clone)]
pub(super) struct Shown {
    certificate: String,
    private_key: String,
}

impl Shown {
    pub(super) fn certificate(&self) -> &str {
        &self.certificate
    }

    pub(super) fn private_key(&self) -> &str {
        &self.private_key
    }
}

/// The CAs of the run by their numbers: at the same place of both lists stand a root and the intermediate's
/// certificate that it signed. There is one intermediate key, and number 0 is the preferred chain.
#[derive(Clone)]
pub(super) struct Authorities {
    pub(super) roots: Vec<Shown>,
    pub(super) intermediates: Vec<Shown>,
}

/// A root before it is stored.
struct Root {
    id: CaId,
    certificate: Vec<u8>,
    private_key: Vec<u8>,
    issuer: Issuer,
    url: String,
}

/// Makes the preferred root and further ones, an intermediate below them all, and stores what the server needs
/// before it would make its own.
pub(super) async fn create(outside: &Outside, alternate_roots: u8) -> anyhow::Result<Authorities> {
    let roots = (0..=alternate_roots)
        .map(|_| make_root(outside))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let key = generate_pkcs8(KeyAlgorithm::EcdsaP256)?;
    let signer = SoftwareSigner::from_pkcs8(&key)?;
    let name = CaName::new(
        "FI",
        "Chancery",
        &format!("Pebble Intermediate CA {}", tag(outside)),
    )?;
    let certificates = roots
        .iter()
        .map(|root| sign_intermediate(outside, root, &name, signer.public_key()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let intermediates = certificates.iter().map(|der| shown(der, &key)).collect();
    let shown_roots = roots
        .iter()
        .map(|root| shown(&root.certificate, &root.private_key));
    let shown = Authorities {
        roots: shown_roots.collect(),
        intermediates,
    };
    let stored = stored(outside, roots, certificates, &key);
    let is_first = add_cas(outside, stored).await?;
    is_first
        .then_some(shown)
        .context("the temporary database is not empty")
}

/// The preferred root and the intermediate with their keys, and the intermediate's other certificates. Alternate
/// roots stay outside, as they would in life: they only have signed.
fn stored(
    outside: &Outside,
    roots: Vec<Root>,
    certificates: Vec<Vec<u8>>,
    key: &[u8],
) -> Vec<NewCa> {
    // Chains are numbered by the order of identifiers, and those sort by their milliseconds.
    let mut at = outside.clock.now();
    let mut id = || {
        at = at.plus(Duration::from_millis(1));
        CaId::generate(at, outside.random.as_ref())
    };
    let root = roots.into_iter().take(1).map(|root| NewCa {
        id: root.id,
        role: Role::Root,
        parent: None,
        certificate: root.certificate,
        private_key: Some(root.private_key),
    });
    let mut stored: Vec<_> = root.collect();
    let mut parent = stored.first().map(|root| root.id);
    for (number, certificate) in certificates.into_iter().enumerate() {
        let (id, is_preferred) = (id(), number == 0);
        stored.push(NewCa {
            id,
            role: if is_preferred {
                Role::Issuing
            } else {
                Role::Alternate
            },
            parent,
            certificate,
            private_key: is_preferred.then(|| key.to_vec()),
        });
        if is_preferred {
            parent = Some(id);
        }
    }
    stored
}

/// Tells the CAs of one run from those of another.
fn tag(outside: &Outside) -> String {
    let mut tag = [0_u8; 3];
    outside.random.fill(&mut tag);
    let [a, b, c] = tag;
    format!("{a:02x}{b:02x}{c:02x}")
}

fn make_root(outside: &Outside) -> anyhow::Result<Root> {
    let now = outside.clock.now();
    let id = CaId::generate(now, outside.random.as_ref());
    let key = generate_pkcs8(KeyAlgorithm::EcdsaP384)?;
    let signer = SoftwareSigner::from_pkcs8(&key)?;
    let name = CaName::new(
        "FI",
        "Chancery",
        &format!("Pebble Root CA {}", tag(outside)),
    )?;
    let serial = SerialNumber::generate(outside.random.as_ref());
    let certificate = self_signed_root(&name, &signer, serial, now)?;
    let url = certificate_url(&outside.settings.pki_origin, id);
    Ok(Root {
        id,
        issuer: Issuer::new(Certificate::from_der(&certificate)?, Arc::new(signer), &url)?,
        certificate,
        private_key: key.to_vec(),
        url,
    })
}

fn sign_intermediate(
    outside: &Outside,
    root: &Root,
    name: &CaName,
    key: &PublicKey,
) -> anyhow::Result<Vec<u8>> {
    let serial = SerialNumber::generate(outside.random.as_ref());
    let crl = crl_url(&outside.settings.pki_origin, root.id);
    let urls = CaUrls {
        crl: &crl,
        ca_issuers: &root.url,
    };
    let now = outside.clock.now();
    Ok(issuing_ca(&root.issuer, name, key, urls, serial, now)?)
}

fn shown(certificate: &[u8], private_key: &[u8]) -> Shown {
    Shown {
        certificate: pki::pem::encode_chain([certificate]),
        private_key: pki::pem::encode_private_key(private_key).to_string(),
    }
}
