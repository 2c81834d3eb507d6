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

/// Makes a root and an intermediate and stores them before the server would make its own.
pub(super) async fn create(parts: &Parts) -> anyhow::Result<Authorities> {
    let now = parts.clock.now();
    let random = parts.random.as_ref();
    let origin = &parts.settings.pki_origin;
    let mut tag = [0_u8; 3];
    random.fill(&mut tag);
    let [a, b, c] = tag;
    let name = |kind: &str| {
        CaName::new(
            "FI",
            "Chancery",
            &format!("Pebble {kind} CA {a:02x}{b:02x}{c:02x}"),
        )
    };

    let root_id = IssuerId::generate(now, random);
    let root_key = generate_pkcs8(KeyAlgorithm::EcdsaP384)?;
    let root_signer = SoftwareSigner::from_pkcs8(&root_key)?;
    let serial = SerialNumber::generate(random);
    let root_der = self_signed_root(&name("Root")?, &root_signer, serial, now)?;
    let root_url = certificate_url(origin, root_id);
    let root = Issuer::new(
        Certificate::from_der(&root_der)?,
        Arc::new(root_signer),
        &root_url,
    )?;

    let id = IssuerId::generate(now, random);
    let key = generate_pkcs8(KeyAlgorithm::EcdsaP256)?;
    let signer = SoftwareSigner::from_pkcs8(&key)?;
    let crl = crl_url(origin, root_id);
    let urls = CaUrls {
        crl: &crl,
        ca_issuers: &root_url,
    };
    let serial = SerialNumber::generate(random);
    let der = issuing_ca(
        &root,
        &name("Intermediate")?,
        signer.public_key(),
        urls,
        serial,
        now,
    )?;

    let shown = Authorities {
        root: shown(&root_der, &root_key),
        intermediate: shown(&der, &key),
    };
    let new = vec![
        NewAuthority {
            id: root_id,
            parent: None,
            certificate: root_der,
            private_key: Some(root_key.to_vec()),
        },
        NewAuthority {
            id,
            parent: Some(root_id),
            certificate: der,
            private_key: Some(key.to_vec()),
        },
    ];
    let is_first = insert(parts, new).await?;
    is_first
        .then_some(shown)
        .context("the temporary database is not empty")
}

fn shown(certificate: &[u8], private_key: &[u8]) -> Shown {
    Shown {
        certificate: pki::pem::encode_chain([certificate]),
        private_key: pki::pem::encode_private_key(private_key).to_string(),
    }
}
