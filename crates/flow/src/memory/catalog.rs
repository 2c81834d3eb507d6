//! The CA keys of this installation, opened: a root and the issuing CA below it. They are made at the very
//! first start, or imported; the private keys lie sealed in the database.

use std::sync::Arc;

use base::{CaId, Timestamp};
use pki::{
    CaName, CaUrls, Certificate, Issuer, KeyAlgorithm, SerialNumber, SoftwareSigner,
    generate_pkcs8, issuing_ca, self_signed_root,
};
use store::ca::Ca as Stored;
use store::seal::Place;

use crate::app::Parts;

/// One CA, ready to sign.
pub struct Ca {
    /// Its identifier.
    pub id: CaId,
    /// Its key and certificate.
    pub issuer: Issuer,
    /// Where its CRL is served; certificates carry this text.
    pub crl_url: String,
}

/// The CAs of this installation. An imported root may have left its key at home.
pub struct Catalog {
    root_id: CaId,
    root: Certificate,
    root_ca: Option<Arc<Ca>>,
    issuing: Arc<Ca>,
    /// Further certificates of the issuing CA, each from another root.
    alternates: Vec<Certificate>,
}

/// CAs from elsewhere, PEM.
pub struct Import {
    /// The root's certificate.
    pub root: String,
    /// The root's key, if it shall sign CRLs here.
    pub root_key: Option<String>,
    /// The issuing CA's certificate, signed by the root.
    pub issuing: String,
    /// The issuing CA's key, PKCS#8 without a password.
    pub issuing_key: String,
}

/// Why the CAs cannot be opened or made.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// An alternate certificate that could not stand in a chain.
    #[error("CA {0} is not an alternate: its name and key are not those of the issuing CA")]
    Alternate(CaId),
    /// There is a root without an issuing CA, or the other way round.
    #[error("the database holds {0} CA certificates of the kind \"{1}\"; one active one is needed")]
    Incomplete(usize, &'static str),
    /// A certificate and its key do not work together.
    #[error("CA {0} cannot be used")]
    Issuer(CaId, #[source] pki::IssuerError),
    /// A new CA cannot be called this.
    #[error("the CA cannot be named so")]
    Name(#[from] pki::NameError),
    /// The private key cannot be opened with the present sealing key.
    #[error(
        "the private key of CA {0} cannot be opened; is this the sealing key that belongs to the database?"
    )]
    Seal(CaId, #[source] store::seal::SealError),
    /// A key could not be made or did not sign.
    #[error("a CA key failed")]
    Signer(#[from] pki::SignerError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What a CA certificate is here for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Another certificate of the issuing CA, for clients that trust another root (RFC 8555 §7.4.2).
    Alternate,
    /// Signs subscribers' certificates.
    Issuing,
    /// Signs the issuing CA's certificate.
    Root,
}

impl Role {
    /// The word in the database.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Alternate => "alternate",
            Self::Issuing => "issuing",
            Self::Root => "root",
        }
    }
}

/// A CA to store, whose key is in the clear.
pub struct NewCa {
    /// Its identifier.
    pub id: CaId,
    /// What it is here for.
    pub role: Role,
    /// Who signed its certificate, or for an alternate the issuing CA.
    pub parent: Option<CaId>,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// The private key, PKCS#8; `None` when it stays elsewhere.
    pub private_key: Option<Vec<u8>>,
}

impl Catalog {
    /// Opens the CAs, or makes them when there are none.
    pub async fn load_or_create(parts: &Parts) -> Result<Self, CatalogError> {
        let mut stored = load(parts).await?;
        if stored.is_empty() {
            let made = create(parts)?;
            insert(parts, made).await?;
            // Another node may have been faster; what is stored counts.
            stored = load(parts).await?;
        }
        let root = only(&stored, Role::Root)?;
        let root_ca = if root.private_key.is_empty() {
            None
        } else {
            Some(Arc::new(open(parts, root)?))
        };
        let certificate = Certificate::from_der(&root.certificate)
            .map_err(|error| CatalogError::Issuer(root.id, error.into()))?;
        let issuing = open(parts, only(&stored, Role::Issuing)?)?;
        Ok(Self {
            root_id: root.id,
            root: certificate,
            root_ca,
            alternates: alternates(&stored, &issuing)?,
            issuing: Arc::new(issuing),
        })
    }

    /// The CA that signs subscribers' certificates.
    pub fn issuing(&self) -> &Arc<Ca> {
        &self.issuing
    }

    /// The self-signed root.
    pub fn root(&self) -> &Certificate {
        &self.root
    }

    /// The certificate of the CA with this identifier.
    pub fn certificate(&self, id: CaId) -> Option<&Certificate> {
        if id == self.root_id {
            return Some(&self.root);
        }
        self.signer(id).map(|ca| ca.issuer.certificate())
    }

    /// The CA with this identifier, if it can sign here.
    pub fn signer(&self, id: CaId) -> Option<&Arc<Ca>> {
        self.signers().find(|ca| ca.id == id)
    }

    /// Every CA that signs here, and so has to publish a CRL.
    pub fn crl_signers(&self) -> impl Iterator<Item = CaId> {
        self.signers().map(|ca| ca.id)
    }

    fn signers(&self) -> impl Iterator<Item = &Arc<Ca>> {
        self.root_ca.iter().chain(std::iter::once(&self.issuing))
    }

    /// Whether this is the root.
    pub fn is_root(&self, id: CaId) -> bool {
        id == self.root_id
    }

    /// The chain that goes with a subscriber's certificate, PEM, without the root (RFC 8555 §7.4.2).
    pub fn chain_pem(&self, certificate: &[u8]) -> String {
        pki::pem::encode_chain([certificate, self.issuing.issuer.certificate().der()])
    }

    /// One of the chains by its number: 0 is the preferred one, the others lead to other roots.
    pub fn numbered_chain_pem(&self, certificate: &[u8], number: usize) -> Option<String> {
        let Some(alternate) = number.checked_sub(1) else {
            return Some(self.chain_pem(certificate));
        };
        let ca = self.alternates.get(alternate)?;
        Some(pki::pem::encode_chain([certificate, ca.der()]))
    }

    /// How many chains there are, at least one.
    pub fn chains(&self) -> usize {
        self.alternates.len().saturating_add(1)
    }
}

/// Checks CAs from elsewhere and stores them; `false` when there are CAs already.
pub async fn import(parts: &Parts, import: Import) -> Result<bool, CatalogError> {
    let now = parts.clock.now();
    let random = parts.random.as_ref();
    let (root_id, issuing_id) = (CaId::generate(now, random), CaId::generate(now, random));
    let of_root = |error: pki::IssuerError| CatalogError::Issuer(root_id, error);
    let of_issuing = |error: pki::IssuerError| CatalogError::Issuer(issuing_id, error);
    let root = Certificate::from_pem(&import.root).map_err(|error| of_root(error.into()))?;
    let issuing = Issuer::from_pem(&import.issuing, &import.issuing_key, "").map_err(of_issuing)?;
    issuing.verify_chain(&root, now).map_err(of_issuing)?;
    let key = |pem: &str| pki::pem::decode_private_key(pem).map_err(pki::IssuerError::from);
    let root_key = match &import.root_key {
        Some(pem) => {
            Issuer::from_pem(&import.root, pem, "").map_err(of_root)?;
            Some(key(pem).map_err(of_root)?.to_vec())
        }
        None => None,
    };
    let new = vec![
        NewCa {
            id: root_id,
            role: Role::Root,
            parent: None,
            certificate: root.der().to_vec(),
            private_key: root_key,
        },
        NewCa {
            id: issuing_id,
            role: Role::Issuing,
            parent: Some(root_id),
            certificate: issuing.certificate().der().to_vec(),
            private_key: Some(key(&import.issuing_key).map_err(of_issuing)?.to_vec()),
        },
    ];
    insert(parts, new).await
}

/// Seals the keys and stores the CAs; `false` when there are CAs already.
pub async fn insert(parts: &Parts, new: Vec<NewCa>) -> Result<bool, CatalogError> {
    let now = parts.clock.now();
    let stored = new
        .into_iter()
        .map(|ca| seal(parts, ca, now))
        .collect::<Result<Vec<_>, _>>()?;
    let inserted = parts
        .store
        .write(stored, |tx, stored| {
            Box::pin(async move {
                // The setting decides between nodes that start at the same time.
                let root = stored
                    .first()
                    .map(|ca| ca.id.to_string())
                    .unwrap_or_default();
                if !store::node::insert_setting(tx, "root_ca", &root).await? {
                    return Ok::<_, store::Error>(false);
                }
                for ca in stored {
                    store::ca::insert(tx, ca).await?;
                }
                Ok(true)
            })
        })
        .await?;
    Ok(inserted)
}

/// Where the CRL of a CA is served.
pub fn crl_url(pki_origin: &str, id: CaId) -> String {
    format!("{pki_origin}/crl/{}.crl", id.suffix())
}

/// Where the certificate of a CA is served, DER.
pub fn certificate_url(pki_origin: &str, id: CaId) -> String {
    format!("{pki_origin}/issuer/{}.der", id.suffix())
}

async fn load(parts: &Parts) -> Result<Vec<Stored>, store::Error> {
    parts
        .store
        .read((), |tx, ()| Box::pin(store::ca::all(tx)))
        .await
}

fn create(parts: &Parts) -> Result<Vec<NewCa>, CatalogError> {
    let now = parts.clock.now();
    let random = parts.random.as_ref();
    let origin = &parts.settings.pki_origin;
    let root_id = CaId::generate(now, random);
    let issuing_id = CaId::generate(now, random);

    let root_key = generate_pkcs8(KeyAlgorithm::EcdsaP384)?;
    let root_signer = SoftwareSigner::from_pkcs8(&root_key)?;
    let name = CaName::new("FI", "Chancery", "Chancery Root")?;
    let root_der = self_signed_root(&name, &root_signer, SerialNumber::generate(random), now)?;
    let root_url = certificate_url(origin, root_id);
    let root_certificate = Certificate::from_der(&root_der).map_err(pki::IssuerError::from);
    let root = root_certificate
        .and_then(|certificate| Issuer::new(certificate, Arc::new(root_signer), &root_url))
        .map_err(|error| CatalogError::Issuer(root_id, error))?;

    let issuing_key = generate_pkcs8(KeyAlgorithm::EcdsaP256)?;
    let issuing_signer = SoftwareSigner::from_pkcs8(&issuing_key)?;
    let name = CaName::new("FI", "Chancery", "Chancery DV")?;
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

fn seal(parts: &Parts, new: NewCa, now: Timestamp) -> Result<Stored, CatalogError> {
    let row = new.id.to_string();
    let private_key = match &new.private_key {
        Some(key) => parts
            .sealer
            .seal(place(&row), key, parts.random.as_ref())
            .map_err(|error| CatalogError::Seal(new.id, error))?,
        None => Vec::new(),
    };
    let certificate = Certificate::from_der(&new.certificate)
        .map_err(|error| CatalogError::Issuer(new.id, error.into()))?;
    Ok(Stored {
        id: new.id,
        parent: new.parent,
        kind: new.role.as_str().to_owned(),
        status: "active".to_owned(),
        subject: certificate.subject,
        certificate: new.certificate,
        private_key,
        created_at: now,
    })
}

fn active(stored: &[Stored], role: Role) -> impl Iterator<Item = &Stored> {
    let kind = role.as_str();
    let fits = move |issuer: &&Stored| issuer.kind == kind && issuer.status == "active";
    stored.iter().filter(fits)
}

fn alternates(stored: &[Stored], issuing: &Ca) -> Result<Vec<Certificate>, CatalogError> {
    let own = issuing.issuer.certificate();
    let read = |stored: &Stored| {
        let certificate = Certificate::from_der(&stored.certificate)
            .map_err(|error| CatalogError::Issuer(stored.id, error.into()))?;
        let is_same = certificate.subject_der() == own.subject_der() && certificate.key == own.key;
        is_same
            .then_some(certificate)
            .ok_or(CatalogError::Alternate(stored.id))
    };
    active(stored, Role::Alternate).map(read).collect()
}

fn only(stored: &[Stored], role: Role) -> Result<&Stored, CatalogError> {
    let mut fitting = active(stored, role);
    let kind = role.as_str();
    match (fitting.next(), fitting.count()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(CatalogError::Incomplete(0, kind)),
        (Some(_), more) => Err(CatalogError::Incomplete(more.saturating_add(1), kind)),
    }
}

fn open(parts: &Parts, stored: &Stored) -> Result<Ca, CatalogError> {
    let row = stored.id.to_string();
    let key = parts
        .sealer
        .open(place(&row), &stored.private_key)
        .map_err(|error| CatalogError::Seal(stored.id, error))?;
    let signer = SoftwareSigner::from_pkcs8(&key)?;
    let origin = &parts.settings.pki_origin;
    let issuer = Certificate::from_der(&stored.certificate)
        .map_err(pki::IssuerError::from)
        .and_then(|certificate| {
            Issuer::new(
                certificate,
                Arc::new(signer),
                certificate_url(origin, stored.id),
            )
        })
        .map_err(|error| CatalogError::Issuer(stored.id, error))?;
    Ok(Ca {
        id: stored.id,
        issuer,
        crl_url: crl_url(origin, stored.id),
    })
}

/// Where a CA key is sealed for; it belongs to the installation, not to a tenant.
fn place(row: &str) -> Place<'_> {
    Place {
        table: "ca",
        column: "private_key",
        row,
        tenant: "",
    }
}
