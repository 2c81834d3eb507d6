//! Domains of a tenant whose control is proven outside of orders, by the DNS, by a file or by mail, so that names in them need
//! no proof of their own in an order.
//!
//! Whom they are for is [`delegation`].

use std::time::Duration;

use base::{
    Actor, Class, Cursor, DnsName, DomainId, Placed, Refusal, Refuse, TenantId, Timestamp,
    ValidationId, words,
};

use crate::token::TokenDigest;

pub mod delegation;

/// How many domains a tenant has.
pub const MAX_DOMAINS: u32 = 10_000;
/// How long a value may be shown before it proves nothing any more (BR §3.2.2.4.7, §3.2.2.4.18).
pub const CHALLENGE_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
/// What stands in front of the domain where the DNS has the value.
pub const DNS_LABEL: &str = "_pki-validation";

words! {
    /// How control of a domain is shown.
    pub enum ProofMethod {
        /// A TXT record below it (BR §3.2.2.4.7).
        Dns = "dns",
        /// A file on its web server (BR §3.2.2.4.18).
        Http = "http",
        /// A mail to whom it belongs to (BR §3.2.2.4.4, .13 and .14).
        Mail = "mail",
    }
}

impl ProofMethod {
    /// Whether it counts for the names below the domain, wildcards among them.
    pub const fn reaches_below(self) -> bool {
        match self {
            Self::Dns | Self::Mail => true,
            Self::Http => false,
        }
    }
}

words! {
    /// Where the proof of a domain stands.
    pub enum DomainState {
        /// Nothing was asked for yet.
        New = "new",
        /// The value that was asked for has not been seen.
        Waiting = "waiting",
        /// Proven.
        Valid = "valid",
        /// It was proven too long ago.
        Expired = "expired",
    }
}

/// What has to be shown, in one way or the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainChallenge {
    /// The name of the file.
    pub token: String,
    /// What the TXT record holds, and with the token the file.
    pub value: String,
    /// From when on it proves nothing.
    pub expires_at: Timestamp,
}

impl DomainChallenge {
    /// What the file holds.
    pub fn content(&self) -> String {
        format!("{}.{}", self.token, self.value)
    }
}

/// How long the link in a mail works; the rules allow 30 days.
pub const LINK_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

words! {
    /// To whom a mail goes that asks for a domain. Never to whom a register names (WHOIS).
    pub enum Addressee {
        /// `admin@`.
        Admin = "admin",
        /// `administrator@`.
        Administrator = "administrator",
        /// The contacts that the DNS names, in CAA or TXT records.
        Contacts = "dns",
        /// `hostmaster@`.
        Hostmaster = "hostmaster",
        /// `postmaster@`.
        Postmaster = "postmaster",
        /// `webmaster@`.
        Webmaster = "webmaster",
    }
}

impl Addressee {
    /// The address at a domain; none where the DNS has to be asked.
    pub fn at(self, domain: &DnsName) -> Option<String> {
        match self {
            Self::Admin
            | Self::Administrator
            | Self::Hostmaster
            | Self::Postmaster
            | Self::Webmaster => Some(format!("{self}@{domain}")),
            Self::Contacts => None,
        }
    }
}

/// A link that went by mail to whom a domain belongs to, and with which they confirm that its tenant may use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailedLink {
    /// What its token is found by.
    pub digest: TokenDigest,
    /// To whom it went: addresses with spaces between them.
    pub to: String,
    /// What was seen when they were chosen, JSON; it becomes the evidence.
    pub seen: String,
    /// The first moment at which it does not work.
    pub expires_at: Timestamp,
}

/// That control was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainProof {
    /// How.
    pub method: ProofMethod,
    /// When.
    pub proven_at: Timestamp,
    /// Until when it counts.
    pub valid_until: Timestamp,
    /// What was seen.
    pub evidence: ValidationId,
}

/// Why the last look did not find what it looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// When.
    pub at: Timestamp,
    /// What was seen and what to do, for people.
    pub sentence: String,
}

/// A domain of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Its identifier, which tells when it was added.
    pub id: DomainId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name, which is no wildcard; once in its tenant.
    pub name: DnsName,
    /// Who added it.
    pub created_by: Actor,
    /// What has to be shown, if something was asked for.
    pub challenge: Option<DomainChallenge>,
    /// The link that went out by mail and was not used yet.
    pub mailed: Option<MailedLink>,
    /// That it was, the last time.
    pub proof: Option<DomainProof>,
    /// Why it was not, the last time that somebody looked since.
    pub missed: Option<Missed>,
}

/// Where a domain stands in a list, which follows the labels from the top down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainPlace(String);

impl DomainPlace {
    /// The name with its labels from the top down.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Cursor for DomainPlace {
    fn text(&self) -> String {
        self.0.clone()
    }

    fn parse(text: &str) -> Option<Self> {
        DnsName::from_reversed(text).ok()?;
        Some(Self(text.to_owned()))
    }
}

impl Placed for Domain {
    type Cursor = DomainPlace;

    fn cursor(&self) -> DomainPlace {
        DomainPlace(self.name.reversed())
    }
}

/// Why there is nothing to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// The value was shown for too long.
    #[error("the value is older than 30 days and proves nothing any more; ask for a new one")]
    Expired,
    /// Nothing was asked for.
    #[error("there is no value to look for yet; ask for one first")]
    Missing,
    /// Somebody asked for another value meanwhile.
    #[error("another value was asked for meanwhile; put that one in place and look again")]
    Replaced,
}

impl Refuse for ChallengeError {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Expired => "domain_challenge_expired",
            Self::Missing => "domain_challenge_missing",
            Self::Replaced => "domain_challenge_replaced",
        };
        Class::Conflict.because(code, self)
    }
}

impl Domain {
    /// Where its proof stands.
    pub fn state(&self, now: Timestamp) -> DomainState {
        if self.proof.is_some_and(|proof| now < proof.valid_until) {
            return DomainState::Valid;
        }
        if self.expects_mail(now).is_some() {
            return DomainState::Waiting;
        }
        match (&self.challenge, self.proof) {
            (Some(challenge), _) if now < challenge.expires_at => DomainState::Waiting,
            (_, Some(_)) => DomainState::Expired,
            (_, None) => DomainState::New,
        }
    }

    /// What to look for.
    pub fn expects(&self, now: Timestamp) -> Result<&DomainChallenge, ChallengeError> {
        let challenge = self.challenge.as_ref().ok_or(ChallengeError::Missing)?;
        if now >= challenge.expires_at {
            return Err(ChallengeError::Expired);
        }
        Ok(challenge)
    }

    /// The link that works at present.
    pub fn expects_mail(&self, now: Timestamp) -> Option<&MailedLink> {
        self.mailed.as_ref().filter(|link| now < link.expires_at)
    }

    /// A link goes out by mail; one that went out before works no more.
    #[must_use]
    pub fn mail(&self, link: MailedLink) -> Self {
        Self {
            mailed: Some(link),
            missed: None,
            ..self.clone()
        }
    }

    /// Somebody who got the mail confirms it. The link is used up by that; `None` when it does not work, or is another one.
    pub fn confirm(&self, digest: TokenDigest, proof: DomainProof) -> Option<Self> {
        let link = self.expects_mail(proof.proven_at)?;
        (link.digest == digest).then(|| Self {
            challenge: None,
            mailed: None,
            proof: Some(proof),
            missed: None,
            ..self.clone()
        })
    }

    /// Asks for these values from now on; a proof that counts counts on.
    #[must_use]
    pub fn ask(&self, token: String, value: String, now: Timestamp) -> Self {
        Self {
            challenge: Some(DomainChallenge {
                token,
                value,
                expires_at: now.plus(CHALLENGE_LIFETIME),
            }),
            missed: None,
            ..self.clone()
        }
    }

    /// What was looked for was there. It is used up by that: the next proof shows another value.
    pub fn prove(
        &self,
        seen: &DomainChallenge,
        proof: DomainProof,
    ) -> Result<Self, ChallengeError> {
        self.still(seen)?;
        Ok(Self {
            challenge: None,
            mailed: None,
            proof: Some(proof),
            missed: None,
            ..self.clone()
        })
    }

    /// It was not there.
    pub fn miss(&self, sought: &DomainChallenge, missed: Missed) -> Result<Self, ChallengeError> {
        self.still(sought)?;
        Ok(Self {
            missed: Some(missed),
            ..self.clone()
        })
    }

    fn still(&self, challenge: &DomainChallenge) -> Result<(), ChallengeError> {
        if self.challenge.as_ref() == Some(challenge) {
            return Ok(());
        }
        Err(ChallengeError::Replaced)
    }
}

#[cfg(test)]
mod tests {
    use base::Random;

    use super::*;

    struct Fixed;
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn domain() -> Domain {
        Domain {
            id: DomainId::generate(NOW, &Fixed),
            tenant: TenantId::FIRST,
            name: DnsName::parse("example.com").unwrap(),
            created_by: Actor::System,
            challenge: None,
            mailed: None,
            proof: None,
            missed: None,
        }
    }

    fn proof(days: u32) -> DomainProof {
        DomainProof {
            method: ProofMethod::Dns,
            proven_at: NOW,
            valid_until: NOW.plus(DAY * days),
            evidence: ValidationId::generate(NOW, &Fixed),
        }
    }

    #[test]
    fn f095_a_domain_is_asked_for_proven_and_asked_for_again() {
        let new = domain();
        assert_eq!(new.state(NOW), DomainState::New);
        assert_eq!(new.expects(NOW), Err(ChallengeError::Missing));
        let asked = new.ask("token".into(), "value".into(), NOW);
        assert_eq!(asked.state(NOW), DomainState::Waiting);
        let challenge = asked.expects(NOW).unwrap().clone();
        assert_eq!(challenge.content(), "token.value");
        let proven = asked.prove(&challenge, proof(200)).unwrap();
        assert_eq!(proven.state(NOW), DomainState::Valid);
        assert_eq!(proven.expects(NOW), Err(ChallengeError::Missing));
        let late = NOW.plus(DAY * 200);
        assert_eq!(proven.state(late), DomainState::Expired);
        let again = proven.ask("other".into(), "value".into(), NOW);
        assert_eq!(again.state(NOW), DomainState::Valid);
        assert_eq!(again.state(NOW.plus(DAY * 29)), DomainState::Valid);
        let again = again.ask("other".into(), "value".into(), late);
        assert_eq!(again.state(late), DomainState::Waiting);
    }

    fn link(seed: u8) -> MailedLink {
        MailedLink {
            digest: TokenDigest::from_bytes(&[seed; 32]).unwrap(),
            to: "admin@example.com".into(),
            seen: "{}".into(),
            expires_at: NOW.plus(LINK_LIFETIME),
        }
    }

    #[test]
    fn f095_a_link_works_once_until_its_end_and_until_another_one_goes_out() {
        assert!(LINK_LIFETIME <= CHALLENGE_LIFETIME);
        let asked = domain().mail(link(1));
        assert_eq!(asked.state(NOW), DomainState::Waiting);
        let proven = asked.confirm(link(1).digest, proof(9)).unwrap();
        assert_eq!(proven.state(NOW), DomainState::Valid);
        assert_eq!(proven.confirm(link(1).digest, proof(9)), None);
        let again = asked.mail(link(2));
        assert_eq!(again.confirm(link(1).digest, proof(9)), None);
        let late = DomainProof {
            proven_at: NOW.plus(LINK_LIFETIME),
            ..proof(9)
        };
        assert_eq!(asked.confirm(link(1).digest, late), None);
        assert_eq!(asked.state(late.proven_at), DomainState::New);
        // Another proof ends it too.
        let asked = asked.ask("token".into(), "value".into(), NOW);
        let seen = asked.challenge.clone().unwrap();
        assert_eq!(asked.prove(&seen, proof(9)).unwrap().mailed, None);
    }

    #[test]
    fn f095_a_mail_goes_to_five_addresses_of_the_domain_or_to_contacts_in_the_dns() {
        let domain = DnsName::parse("example.com").unwrap();
        let all: Vec<_> = Addressee::ALL.iter().map(|to| to.at(&domain)).collect();
        let constructed: Vec<_> = all.iter().flatten().map(String::as_str).collect();
        assert_eq!(
            constructed,
            [
                "admin@example.com",
                "administrator@example.com",
                "hostmaster@example.com",
                "postmaster@example.com",
                "webmaster@example.com",
            ]
        );
        assert_eq!(all.len(), constructed.len() + 1);
    }

    #[test]
    fn f095_a_value_proves_nothing_once_it_is_too_old() {
        let asked = domain().ask("token".into(), "value".into(), NOW);
        let late = NOW.plus(CHALLENGE_LIFETIME);
        assert_eq!(asked.expects(late), Err(ChallengeError::Expired));
        assert_eq!(asked.state(late), DomainState::New);
    }

    #[test]
    fn f095_what_was_found_for_another_value_counts_for_nothing() {
        let asked = domain().ask("token".into(), "value".into(), NOW);
        let seen = asked.challenge.clone().unwrap();
        let other = asked.ask("token".into(), "other".into(), NOW);
        assert_eq!(other.prove(&seen, proof(1)), Err(ChallengeError::Replaced));
        let missed = Missed {
            at: NOW,
            sentence: "not there".into(),
        };
        assert_eq!(
            other.miss(&seen, missed.clone()),
            Err(ChallengeError::Replaced)
        );
        let told = asked.miss(&seen, missed.clone()).unwrap();
        assert_eq!(told.missed, Some(missed));
        assert_eq!(told.state(NOW), DomainState::Waiting);
        let proven = told.prove(&seen, proof(1)).unwrap();
        assert_eq!(proven.missed, None);
        assert_eq!(proven.prove(&seen, proof(2)), Err(ChallengeError::Replaced));
    }
}
