//! CA keys that are made for one run and shown to whoever asks, as Pebble does on its management listener.

use std::sync::Arc;

use anyhow::Context;
use base::IssuerId;
use flow::Parts;
use flow::issuance::issuers::{NewAuthority, certificate_url, crl_url, insert};
use pki::{
    CaName, CaUrls, Certificate, Issuer, KeyAlgorithm, SerialNumber, Signer as _, SoftwareSigner,
    generate_pkcs8, issuing_ca, self_signed_root,
};

/// A CA as anybody may have it, PEM.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) certificate: String,
    pub(super) private_key: String,
}

/// Both CAs of the run.
#[derive(Clone)]
pub(super) struct Authorities {
    pub(super) root: Shown,
    pub(super) intermediate: Shown,
}

/// A new CA before it is stored.
struct Made {
    new: NewAuthority,
    issuer: Issuer,
    shown: Shown,
    url: String,
}

/// Makes a root and an intermediate and stores them before the server would make its own.
pub(super) async fn create(parts: &Parts) -> anyhow::Result<Authorities> {
    let mut tag = [0_u8; 3];
    parts.random.fill(&mut tag);
    let [a, b, c] = tag;
    let tag = format!("{a:02x}{b:02x}{c:02x}");
    let root = make_root(parts, &tag)?;
    let (intermediate, shown_intermediate) = make_intermediate(parts, &root, &tag)?;
    let is_first = insert(parts, vec![root.new, intermediate]).await?;
    let shown = Authorities {
        root: root.shown,
        intermediate: shown_intermediate,
    };
    is_first
        .then_some(shown)
        .context("the temporary database is not empty")
}

fn make_root(parts: &Parts, tag: &str) -> anyhow::Result<Made> {
    let now = parts.clock.now();
    let id = IssuerId::generate(now, parts.random.as_ref());
    let key = generate_pkcs8(KeyAlgorithm::EcdsaP384)?;
    let signer = SoftwareSigner::from_pkcs8(&key)?;
    let name = CaName::new("FI", "Chancery", &format!("Pebble Root CA {tag}"))?;
    let serial = SerialNumber::generate(parts.random.as_ref());
    let certificate = self_signed_root(&name, &signer, serial, now)?;
    let url = certificate_url(&parts.settings.pki_origin, id);
    Ok(Made {
        issuer: Issuer::new(Certificate::from_der(&certificate)?, Arc::new(signer), &url)?,
        shown: shown(&certificate, &key),
        new: NewAuthority {
            id,
            parent: None,
            certificate,
            private_key: Some(key.to_vec()),
        },
        url,
    })
}

fn make_intermediate(
    parts: &Parts,
    root: &Made,
    tag: &str,
) -> anyhow::Result<(NewAuthority, Shown)> {
    let now = parts.clock.now();
    let id = IssuerId::generate(now, parts.random.as_ref());
    let key = generate_pkcs8(KeyAlgorithm::EcdsaP256)?;
    let signer = SoftwareSigner::from_pkcs8(&key)?;
    let name = CaName::new("FI", "Chancery", &format!("Pebble Intermediate CA {tag}"))?;
    let serial = SerialNumber::generate(parts.random.as_ref());
    let crl = crl_url(&parts.settings.pki_origin, root.new.id);
    let urls = CaUrls {
        crl: &crl,
        ca_issuers: &root.url,
    };
    let certificate = issuing_ca(&root.issuer, &name, signer.public_key(), urls, serial, now)?;
    let shown = shown(&certificate, &key);
    let parent = Some(root.new.id);
    Ok((
        NewAuthority {
            id,
            parent,
            certificate,
            private_key: Some(key.to_vec()),
        },
        shown,
    ))
}

fn shown(certificate: &[u8], private_key: &[u8]) -> Shown {
    Shown {
        certificate: pki::pem::encode_chain([certificate]),
        private_key: pki::pem::encode_private_key(private_key).to_string(),
    }
}
