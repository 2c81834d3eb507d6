//! The server's own TLS: certificates for the names that its settings use, from a CA that does nothing else. The CAs that
//! issue to customers never certify the server, whose names nobody has validated.

use base::CaId;
use pki::{
    Certificate, InternalProfile, Issuer, KeyAlgorithm, SerialNumber, Signer as _, SoftwareSigner,
    generate_pkcs8,
};
use store::catalog::ca::{self, Ca as Stored, Trust};
use store::catalog::server_certificate::{self, ServerCertificate};
use store::operations::setting::{self, Setting};
use store::{ReadTx, WriteTx};

use super::add_cas::{NewCa, seal};
use super::create_ca::make_root;
use super::seed;
use crate::caller::system;
use crate::memory::catalog::{CatalogError, Role, open};
use crate::outside::Outside;

/// A key with its certificate, for the server itself.
pub struct ServerKey {
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// Its private key, PKCS#8.
    pub private_key: Vec<u8>,
    /// Whom clients have to trust for it.
    pub root: Certificate,
}

/// Makes a key and its certificate, and at the very first time the CA.
pub(crate) async fn server_certificate(
    outside: &Outside,
    profile: &InternalProfile,
) -> Result<ServerKey, CatalogError> {
    let ca = load_or_create(outside).await?;
    let private_key = generate_pkcs8(KeyAlgorithm::EcdsaP256)?;
    let signer = SoftwareSigner::from_pkcs8(&private_key)?;
    let (now, serial) = (
        outside.clock.now(),
        SerialNumber::generate(outside.random.as_ref()),
    );
    let issued = ca
        .issuer
        .issue_server_certificate(profile, signer.public_key(), serial, now)?;
    let certificate = Certificate::from_der(&issued.der)
        .map_err(|error| CatalogError::Issuer(ca.id, error.into()))?;
    let stored = ServerCertificate {
        serial: issued.serial.as_bytes().to_vec(),
        ca: ca.id,
        certificate: issued.der.clone(),
        created_at: now,
        not_after: certificate.not_after,
    };
    let store = outside.store.within(system("the server's own certificate"));
    store.write(stored, server_certificate::insert).await?;
    Ok(ServerKey {
        certificate: issued.der,
        private_key: private_key.to_vec(),
        root: ca.issuer.certificate().clone(),
    })
}

/// The CA of the server's own certificates.
struct ServerCa {
    id: CaId,
    issuer: Issuer,
}

async fn load_or_create(outside: &Outside) -> Result<ServerCa, CatalogError> {
    if let Some(ca) = load_ca(outside).await? {
        return Ok(ca);
    }
    let store = outside
        .store
        .within(system("the CA of the server's own certificates"));
    store.decide(create(outside)?, load, decide, save).await?;
    // Another node may have been faster; what is stored counts.
    load_ca(outside)
        .await?
        .ok_or(CatalogError::NoCa(Role::Server.as_str()))
}

async fn load_ca(outside: &Outside) -> Result<Option<ServerCa>, CatalogError> {
    let store = outside
        .store
        .within(system("the CA of the server's own certificates"));
    let all: Vec<Stored> = store.read((), ca::all).await?;
    let mut found = all
        .iter()
        .filter(|ca| ca.kind == Role::Server.as_str() && ca.retired_at.is_none());
    let opened = found.next().map(|stored| {
        let issuer = open(outside, stored)?;
        Ok(ServerCa {
            id: stored.id,
            issuer,
        })
    });
    opened.transpose()
}

fn create(outside: &Outside) -> Result<Stored, CatalogError> {
    let name = seed::server_ca(outside)?;
    let made = make_root(outside, &name, KeyAlgorithm::EcdsaP256, Trust::Private)?;
    let new = NewCa {
        role: Role::Server,
        ..made.new
    };
    seal(outside, new, outside.clock.now())
}

/// The setting decides between nodes that start at the same time.
const SETTING: &str = "server_ca";

async fn load(tx: &mut ReadTx, _: &Stored) -> Result<Option<Setting>, store::Error> {
    setting::by_name(tx, SETTING).await
}

fn decide(new: &Stored, found: Option<Setting>) -> Result<Option<Stored>, store::Error> {
    Ok(found.map_or_else(|| Some(new.clone()), |_| None))
}

async fn save(tx: &mut WriteTx, new: &Option<Stored>) -> Result<(), store::Error> {
    let Some(new) = new else {
        return Ok(());
    };
    let setting = Setting {
        name: SETTING.to_owned(),
        value: new.id.to_string(),
    };
    setting::insert(tx, &setting).await?;
    ca::insert(tx, new).await
}
