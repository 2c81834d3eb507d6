//! Another sealing key in place of the one in use, while nodes serve (S-39): first it is added to the key file, then all
//! secrets are sealed with it. A node reads the file again when it meets a secret under a key that it does not know. Keys
//! stay in the file: a secret that somebody stored meanwhile may need an old one.

use base::{MailId, Refusal, Refuse, TenantId, UserId};
use store::WriteTx;
use store::access::identity_provider::{self, IdentityProvider};
use store::access::second_factor::{self, StoredTotp};
use store::audit::{self, Entry};
use store::catalog::ca::{self, ResealedCa};
use store::effects::mail::{self, Mail, ResealedMail};
use store::enrollment::eab_credential::{self, SealedCredential};
use store::seal::{KeyFileError, SealError};

use crate::audit::Event;
use crate::caller::system;
use crate::catalog::changed;
use crate::memory::catalog::context;
use crate::{App, Caller};

/// How many credentials are sealed anew with one commit.
const PIECE: i64 = 100;

/// Why the key was not rotated; what was sealed anew by then stays so.
#[derive(Debug, thiserror::Error)]
pub enum RotateKeyError {
    /// The key file.
    #[error("the key cannot be added")]
    KeyFile(#[from] KeyFileError),
    /// A secret that no key of the file opens.
    #[error("{what} cannot be opened with the key file")]
    Seal {
        /// Which.
        what: String,
        /// Why.
        source: SealError,
    },
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for RotateKeyError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::KeyFile(_) | Self::Seal { .. } => Refusal::internal(self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Adds a key to the file of this installation, with which secrets are sealed from now on; gives its number.
pub async fn add_sealing_key(app: &App, caller: &Caller) -> Result<u32, RotateKeyError> {
    let key = app.outside.sealer.add_key(app.random())?;
    tell(app, caller, &Event::SealingKeyAdded { key: key.into() }).await?;
    Ok(key)
}

/// Seals every secret with the newest key of the file; how many had another one. It may be run again.
pub async fn reseal_secrets(app: &App, caller: &Caller) -> Result<u64, RotateKeyError> {
    let of_cas = reseal_cas(app).await?;
    let of_others = reseal_credentials(app)
        .await?
        .saturating_add(reseal_mails(app).await?)
        .saturating_add(reseal_factors(app).await?)
        .saturating_add(reseal_providers(app).await?);
    let secrets = of_cas.saturating_add(of_others);
    tell(app, caller, &Event::SecretsResealed { secrets }).await?;
    Ok(secrets)
}

async fn tell(app: &App, caller: &Caller, event: &Event) -> Result<(), store::Error> {
    let entry = changed::entry(app, caller, event).await?;
    let store = app.store(system("the sealing key is the installation's"));
    store.write(entry, save_entry).await
}

async fn save_entry(tx: &mut WriteTx, entry: &Option<Entry>) -> Result<(), store::Error> {
    audit::append_any(tx, entry.as_ref()).await
}

async fn reseal_cas(app: &App) -> Result<u64, RotateKeyError> {
    let store = app.store(system("CAs are the installation's"));
    let all: Result<Vec<ca::Ca>, store::Error> = store.read((), ca::all).await;
    let mut count = 0_u64;
    for stored in all? {
        let Some(from) = stored.private_key else {
            continue;
        };
        let row = stored.id.to_string();
        let resealed = app
            .outside
            .sealer
            .reseal(context(&row), &from, app.random());
        let resealed = resealed.map_err(|source| RotateKeyError::Seal {
            what: format!("the key of CA {row}"),
            source,
        })?;
        if let Some(to) = resealed {
            let id = stored.id;
            store.write(ResealedCa { id, from, to }, ca::reseal).await?;
            count = count.saturating_add(1);
        }
    }
    Ok(count)
}

async fn reseal_credentials(app: &App) -> Result<u64, RotateKeyError> {
    let store = app.store(system("all secrets are sealed anew, whoever owns them"));
    let (mut after, mut count) = (String::new(), 0_u64);
    loop {
        let read: Result<Vec<SealedCredential>, store::Error> =
            store.scan((after, PIECE), eab_credential::page).await;
        let page = read?;
        let Some(last) = page.last() else {
            return Ok(count);
        };
        after = last.credential.key_id.as_str().to_owned();
        let mut piece = Vec::new();
        for old in page {
            let resealed = old.reseal(&app.outside.sealer, app.random());
            let resealed = resealed.map_err(|source| RotateKeyError::Seal {
                what: format!("EAB credential {}", old.credential.key_id),
                source,
            })?;
            piece.extend(resealed.map(|sealed| (old, sealed)));
        }
        count = count.saturating_add(piece.len() as u64);
        store.write(piece, save_piece).await?;
    }
}

async fn reseal_factors(app: &App) -> Result<u64, RotateKeyError> {
    let store = app.store(system("all secrets are sealed anew, whoever owns them"));
    let (mut after, mut count) = (UserId::FIRST, 0_u64);
    loop {
        let page: Vec<StoredTotp> = store.scan((after, PIECE), second_factor::page).await?;
        let Some(last) = page.last() else {
            return Ok(count);
        };
        after = last.user;
        for old in page {
            let resealed = old.reseal(&app.outside.sealer, app.random());
            let resealed = resealed.map_err(|source| RotateKeyError::Seal {
                what: format!("the second factor of user {}", old.user),
                source,
            })?;
            if let Some(sealed) = resealed {
                store.write((old, sealed), second_factor::reseal).await?;
                count = count.saturating_add(1);
            }
        }
    }
}

async fn reseal_providers(app: &App) -> Result<u64, RotateKeyError> {
    let store = app.store(system("all secrets are sealed anew, whoever owns them"));
    let (mut after, mut count) = (TenantId::FIRST, 0_u64);
    loop {
        let read: Result<Vec<IdentityProvider>, store::Error> =
            store.scan((after, PIECE), identity_provider::page).await;
        let page = read?;
        let Some(last) = page.last() else {
            return Ok(count);
        };
        after = last.tenant;
        for old in page {
            let resealed = old.reseal(&app.outside.sealer, app.random());
            let resealed = resealed.map_err(|source| RotateKeyError::Seal {
                what: format!("the identity provider of tenant {}", old.tenant),
                source,
            })?;
            if let Some(sealed) = resealed {
                store
                    .write((old, sealed), identity_provider::reseal)
                    .await?;
                count = count.saturating_add(1);
            }
        }
    }
}

/// What mails say that wait to be sent.
async fn reseal_mails(app: &App) -> Result<u64, RotateKeyError> {
    let store = app.store(system("all secrets are sealed anew, whoever owns them"));
    let (mut after, mut count) = (MailId::FIRST, 0_u64);
    loop {
        let read: Result<Vec<Mail>, store::Error> = store.scan((after, PIECE), mail::page).await;
        let page = read?;
        let Some(last) = page.last() else {
            return Ok(count);
        };
        after = last.id;
        let mut piece = Vec::new();
        for old in page {
            let Some(from) = old.body else { continue };
            let (row, of) = (old.id.to_string(), old.tenant.to_string());
            let sealer = &app.outside.sealer;
            let resealed = sealer.reseal(mail::context(&row, &of), &from, app.random());
            let resealed = resealed.map_err(|source| RotateKeyError::Seal {
                what: format!("mail {row}"),
                source,
            })?;
            let id = old.id;
            piece.extend(resealed.map(|to| ResealedMail { id, from, to }));
        }
        count = count.saturating_add(piece.len() as u64);
        store.write(piece, save_mails).await?;
    }
}

async fn save_mails(tx: &mut WriteTx, piece: &Vec<ResealedMail>) -> Result<(), store::Error> {
    for resealed in piece {
        mail::reseal(tx, resealed).await?;
    }
    Ok(())
}

async fn save_piece(
    tx: &mut WriteTx,
    piece: &Vec<(SealedCredential, Vec<u8>)>,
) -> Result<(), store::Error> {
    for resealed in piece {
        eab_credential::reseal(tx, resealed).await?;
    }
    Ok(())
}
