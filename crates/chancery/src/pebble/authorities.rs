//! CA keys that are made for one run and shown to whoever asks, as Pebble does on its management listener.

use std::time::Duration;

use anyhow::Context;
use base::CaId;
use flow::catalog::add_cas::{NewCa, add_cas};
use flow::catalog::create_ca::{MadeRoot, new_issuing_certificate, new_root};
use flow::memory::catalog::Role;
use flow::{App, Caller};
use pki::{CaName, KeyAlgorithm, Signer as _, SoftwareSigner, generate_pkcs8};
use store::catalog::ca::Trust;

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

/// Makes the preferred root and further ones, an intermediate below them all, and stores what the server needs
/// before it would make its own.
pub(super) async fn create(app: &App, alternate_roots: u8) -> anyhow::Result<(CaId, Authorities)> {
    let roots = (0..=alternate_roots).map(|_| root(app));
    let roots = roots.collect::<anyhow::Result<Vec<_>>>()?;
    let key = generate_pkcs8(KeyAlgorithm::EcdsaP256)?;
    let signer = SoftwareSigner::from_pkcs8(&key)?;
    let name = CaName::private(&format!("Pebble Intermediate CA {}", tag(app)))?;
    let certificates = roots
        .iter()
        .map(|root| new_issuing_certificate(app, root, &name, signer.public_key()))
        .collect::<Result<Vec<_>, _>>()?;
    let intermediates = certificates.iter().map(|der| shown(der, &key)).collect();
    let shown_roots = roots.iter().map(|root| {
        let key = root.new.private_key.as_deref().unwrap_or_default();
        shown(&root.new.certificate, key)
    });
    let shown = Authorities {
        roots: shown_roots.collect(),
        intermediates,
    };
    let stored = stored(app, roots, certificates, &key);
    let issuing = stored.iter().find(|ca| ca.role == Role::Issuing);
    let issuing = issuing.context("there is no intermediate")?.id;
    add_cas(app, &Caller::command_line(), stored).await?;
    Ok((issuing, shown))
}

/// The preferred root and the intermediate with their keys, and the intermediate's other certificates. Alternate
/// roots stay outside, as they would in life: they only have signed.
fn stored(app: &App, roots: Vec<MadeRoot>, certificates: Vec<Vec<u8>>, key: &[u8]) -> Vec<NewCa> {
    // Chains are numbered by the order of identifiers, and those sort by their milliseconds.
    let mut at = app.now();
    let mut id = || {
        at = at.plus(Duration::from_millis(1));
        CaId::generate(at, app.random())
    };
    let root = roots.into_iter().take(1).map(|root| root.new);
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
            trust: Trust::Private,
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
fn tag(app: &App) -> String {
    let mut tag = [0_u8; 3];
    app.random().fill(&mut tag);
    let [a, b, c] = tag;
    format!("{a:02x}{b:02x}{c:02x}")
}

fn root(app: &App) -> anyhow::Result<MadeRoot> {
    let name = CaName::private(&format!("Pebble Root CA {}", tag(app)))?;
    Ok(new_root(app, &name, KeyAlgorithm::EcdsaP384)?)
}

fn shown(certificate: &[u8], private_key: &[u8]) -> Shown {
    Shown {
        certificate: pki::pem::encode_chain([certificate]),
        private_key: pki::pem::encode_private_key(private_key).to_string(),
    }
}
