//! Asks whoever a domain belongs to, by mail, whether a tenant may have certificates for it: at one of five addresses of the
//! domain, or at the contacts that the DNS names. Nobody is looked up in a register (WHOIS).

use base::{Class, DomainId, Refusal, Refuse, Timestamp};
use outbound::mail::Letter;
use store::audit::{self, Entry};
use store::tenancy::{domain, tenant};
use store::{ReadTx, WriteTx};
use tenancy::domain::{Addressee, Domain, LINK_LIFETIME, MailedLink};
use tenancy::limit::RateLimited;
use tenancy::role::binding::OfWholeTenant;
use tenancy::tenant::Tenant;
use tenancy::token::Token;
use tenancy::user::Email;
use validation::evidence::Evidence;
use validation::{Failure, MAIL, MailEvidence, MailSource};

use crate::audit::{Event, Text};
use crate::mail::send::SendMailError;
use crate::mail::{self, PreparedMail, Recipient};
use crate::memory::limits::Charge;
use crate::{App, Caller};

/// How many contacts of the DNS are written to.
const MAX_CONTACTS: usize = 5;

/// Why nobody is asked.
#[derive(Debug, thiserror::Error)]
pub enum AskByMailError {
    /// The DNS does not say whom it names.
    #[error("the contacts of the domain could not be looked up: {}; try again, or prove the domain by DNS", .0.detail())]
    Contacts(Failure),
    /// Too often.
    #[error(transparent)]
    Limited(#[from] RateLimited),
    /// No mail can be sent.
    #[error(transparent)]
    Mail(#[from] SendMailError),
    /// The DNS names nobody.
    #[error(
        "the DNS names no contact of the domain; add a TXT record with an address at {}.{name}, or choose another address",
        validation::CONTACT_LABEL
    )]
    NoContact {
        /// The domain.
        name: base::DnsName,
    },
    /// The tenant has no such domain.
    #[error("there is no such domain here; the list shows those that there are")]
    NotFound,
    /// Proofs by mail count nowhere, or not any more.
    #[error("proofs by mail do not count here, or not any more; prove the domain by DNS")]
    NotTaken,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Domains are shared, and whoever asks has some of the tenant.
    #[error(transparent)]
    Whole(#[from] OfWholeTenant),
}

impl Refuse for AskByMailError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Contacts(_) => Class::Conflict.because("domain_contacts_unknown", self),
            Self::Limited(error) => error.refusal(),
            Self::Mail(error) => error.refusal(),
            Self::NoContact { .. } => Class::Invalid
                .because("domain_without_contact", self)
                .at("to"),
            Self::NotFound => Class::NotFound.because("domain_unknown", self),
            Self::NotTaken => Class::Conflict.because("mail_proof_not_taken", self),
            Self::Store(error) => error.refusal(),
            Self::Whole(error) => error.refusal(),
        }
    }
}

/// Whether proofs by mail count anywhere at present and a mail can be sent, so that one may be offered.
pub fn may_ask_by_mail(app: &App) -> bool {
    app.settings().mail.is_some() && app.catalog().takes_mail(app.now())
}

/// Sends a link; one that was sent before works no more. `portal` is where browsers reach the portal. A proof that counts
/// counts on.
pub async fn ask_by_mail(
    app: &App,
    caller: &Caller,
    portal: &str,
    (id, to): (DomainId, Addressee),
) -> Result<Domain, AskByMailError> {
    caller.has_whole_tenant()?;
    if app.settings().mail.is_none() {
        return Err(SendMailError::Off.into());
    }
    if !app.catalog().takes_mail(app.now()) {
        return Err(AskByMailError::NotTaken);
    }
    let (tenant, store) = (caller.tenant()?, app.store(caller));
    let found = store.read((id, tenant), load_named).await?;
    let (found, whose) = found.ok_or(AskByMailError::NotFound)?;
    let (addresses, seen) = addresses(app, &found, to).await?;
    let token = Token::generate(app.random());
    let now = app.now();
    let link = MailedLink {
        digest: token.digest(),
        to: words(&addresses),
        seen: serde_json::to_string(&seen).unwrap_or_default(),
        expires_at: now.plus(LINK_LIFETIME),
    };
    let letter = Letter::DomainProof {
        domain: found.name.to_string(),
        organization: whose.name.as_str().to_owned(),
        link: format!(
            "{}/domain-proof/{}",
            portal.trim_end_matches('/'),
            token.reveal()
        ),
        ends_at: link.expires_at,
    };
    let mails = letters(app, caller, (&found, &addresses), &letter, &link)?;
    let asking = Asking {
        app: app.clone(),
        caller: caller.clone(),
        id,
        link,
        mails,
        now,
    };
    store.decide(asking, find_asked, decide, save).await
}

async fn load_named(
    tx: &mut ReadTx,
    (id, of): &(DomainId, base::TenantId),
) -> Result<Option<(Domain, Tenant)>, store::Error> {
    let found = domain::find(tx, id).await?;
    Ok(found.zip(tenant::by_id(tx, of).await?))
}

fn words(addresses: &[Email]) -> String {
    let words: Vec<_> = addresses.iter().map(Email::as_str).collect();
    words.join(" ")
}

/// To whom it goes, and what was seen when that was found out.
async fn addresses(
    app: &App,
    domain: &Domain,
    to: Addressee,
) -> Result<(Vec<Email>, Evidence), AskByMailError> {
    let (found, mut seen) = if let Some(address) = to.at(&domain.name) {
        let mut seen = Evidence::new(app.now(), MAIL);
        seen.mail = Some(MailEvidence {
            source: MailSource::Constructed,
            to: Vec::new(),
            confirmed_at: None,
            confirmed_from: None,
        });
        (vec![address], seen)
    } else {
        let charge = Charge::domain_check(domain.tenant);
        app.memory.limits.spend(charge, app.now())?;
        let asked = app.outside.validator.contacts(&domain.name).await;
        let found = asked.result.map_err(AskByMailError::Contacts)?;
        (found, asked.evidence)
    };
    let read = found.iter().filter_map(|text| Email::parse(text).ok());
    let mut emails: Vec<Email> = Vec::new();
    for email in read {
        if emails.len() < MAX_CONTACTS && !emails.contains(&email) {
            emails.push(email);
        }
    }
    if emails.is_empty() {
        let name = domain.name.clone();
        return Err(AskByMailError::NoContact { name });
    }
    if let Some(mail) = &mut seen.mail {
        mail.to = emails.iter().map(|each| each.as_str().to_owned()).collect();
    }
    Ok((emails, seen))
}

/// A mail for each of them, with the same link.
fn letters(
    app: &App,
    caller: &Caller,
    (domain, addresses): (&Domain, &[Email]),
    letter: &Letter,
    link: &MailedLink,
) -> Result<Vec<PreparedMail>, AskByMailError> {
    let mut mails = Vec::new();
    for email in addresses {
        let charge = Charge::domain_mail(&domain.name, email.as_str(), domain.tenant);
        app.memory.limits.spend(charge, app.now())?;
        let to = Recipient {
            tenant: domain.tenant,
            email,
        };
        let dedup = link.digest.to_text();
        mails.extend(mail::prepare(app, caller, to, letter, &dedup)?);
    }
    Ok(mails)
}

struct Asking {
    app: App,
    caller: Caller,
    id: DomainId,
    link: MailedLink,
    mails: Vec<PreparedMail>,
    now: Timestamp,
}

struct Decision {
    domain: Domain,
    entry: Entry,
    mails: Vec<PreparedMail>,
}

async fn find_asked(tx: &mut ReadTx, asking: &Asking) -> Result<Option<Domain>, store::Error> {
    domain::find(tx, &asking.id).await
}

fn decide(asking: &Asking, found: Option<Domain>) -> Result<Decision, AskByMailError> {
    let found = found.ok_or(AskByMailError::NotFound)?;
    let event = Event::DomainMailSent {
        domain: found.id,
        name: found.name.clone(),
        to: Text::new(&asking.link.to),
        expires_at: asking.link.expires_at,
    };
    let (app, caller) = (&asking.app, &asking.caller);
    Ok(Decision {
        entry: app.entry(caller, found.tenant, &event, asking.now),
        domain: found.mail(asking.link.clone()),
        mails: asking.mails.clone(),
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Domain, store::Error> {
    domain::update(tx, &decision.domain).await?;
    audit::append(tx, &decision.entry).await?;
    for mail in &decision.mails {
        mail::intend(tx, Some(mail)).await?;
    }
    Ok(decision.domain.clone())
}
