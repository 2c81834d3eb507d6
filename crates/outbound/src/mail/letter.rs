//! What mails say: each is a typed letter, written into one layout as text and as a page.
//!
//! Nothing is fetched when a mail is shown, and no link tells who has followed it. Whoever sends mails is data: name and
//! contact come with the brand.

use askama::Template;
use base::{Timestamp, words};
use serde::{Deserialize, Serialize};

use super::Body;

words! {
    /// What a mail is about.
    pub enum MailKind {
        /// Too many failed attempts to sign in.
        AccountLocked = "account_locked",
        /// Somebody of the operator acts as a tenant.
        ActingBegun = "acting_begun",
        /// Somebody wants certificates for a domain.
        DomainProof = "domain_proof",
        /// A person may set their first password.
        Invitation = "invitation",
        /// A sign-in from a network that was not seen before.
        NewSignIn = "new_sign_in",
        /// A passkey was refused that somebody may have copied.
        PasskeyRefused = "passkey_refused",
        /// A password was replaced.
        PasswordChanged = "password_changed",
        /// A person may set a new password.
        PasswordReset = "password_reset",
        /// What was validated about an organization ends soon.
        PreValidationEnds = "pre_validation_ends",
        /// A second factor came or went.
        SecondFactorChanged = "second_factor_changed",
        /// Certificates are revoked as their ACME account ends.
        SubscriptionEnds = "subscription_ends",
    }
}

/// Who sends mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// The name that people know.
    pub name: String,
    /// Where people ask for help: an address, a number or a page; empty for nobody.
    pub contact: String,
}

/// Where something was done from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The client's address.
    pub address: String,
    /// What the browser calls itself.
    pub browser: String,
    /// When.
    pub at: Timestamp,
}

/// A mail, by what it is about; its names are stored with mails that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// Too many failed attempts to sign in.
    AccountLocked {
        /// Where the last of them came from.
        from: Origin,
        /// Until when the right password is refused too.
        until: Timestamp,
    },
    /// Somebody of the operator acts as a tenant.
    ActingBegun {
        /// As which one.
        organization: String,
        /// Who does.
        who: String,
        /// Why, in their words.
        reason: String,
        /// The first moment at which it is over.
        until: Timestamp,
    },
    /// Somebody wants certificates for a domain, and whoever it belongs to is asked.
    DomainProof {
        /// The domain.
        domain: String,
        /// Who wants them.
        organization: String,
        /// Where it is confirmed; a secret.
        link: String,
        /// The first moment at which it does not work.
        ends_at: Timestamp,
    },
    /// A person may set their first password.
    Invitation {
        /// The organisation that they join.
        organization: String,
        /// Who invites them.
        invited_by: String,
        /// Where they do it; a secret.
        link: String,
        /// The first moment at which it does not work.
        ends_at: Timestamp,
    },
    /// A sign-in from a network that was not seen before.
    NewSignIn {
        /// Where from.
        from: Origin,
    },
    /// A passkey was refused that somebody may have copied.
    PasskeyRefused {
        /// Where from.
        from: Origin,
    },
    /// A password was replaced.
    PasswordChanged {
        /// Where from.
        from: Origin,
    },
    /// A person may set a new password.
    PasswordReset {
        /// Where they do it; a secret.
        link: String,
        /// The first moment at which it does not work.
        ends_at: Timestamp,
    },
    /// What was validated about an organization ends soon.
    PreValidationEnds {
        /// Which organization.
        organization: String,
        /// When it ends.
        ends_at: Timestamp,
        /// Where it is renewed.
        link: String,
    },
    /// A second factor came or went.
    SecondFactorChanged {
        /// What happened, a sentence.
        what: String,
        /// Where from.
        from: Origin,
    },
    /// Certificates are revoked as their ACME account ends.
    SubscriptionEnds {
        /// What it is called.
        account: String,
        /// When it ends.
        ends_at: Timestamp,
        /// How many certificates would outlive it.
        certificates: i64,
        /// Where it is extended.
        link: String,
    },
}

impl Letter {
    /// What it is about.
    pub fn kind(&self) -> MailKind {
        match self {
            Self::AccountLocked { .. } => MailKind::AccountLocked,
            Self::ActingBegun { .. } => MailKind::ActingBegun,
            Self::DomainProof { .. } => MailKind::DomainProof,
            Self::Invitation { .. } => MailKind::Invitation,
            Self::NewSignIn { .. } => MailKind::NewSignIn,
            Self::PasskeyRefused { .. } => MailKind::PasskeyRefused,
            Self::PasswordChanged { .. } => MailKind::PasswordChanged,
            Self::PasswordReset { .. } => MailKind::PasswordReset,
            Self::PreValidationEnds { .. } => MailKind::PreValidationEnds,
            Self::SecondFactorChanged { .. } => MailKind::SecondFactorChanged,
            Self::SubscriptionEnds { .. } => MailKind::SubscriptionEnds,
        }
    }

    /// As it is sent.
    pub fn write(&self, brand: &Brand) -> Body {
        let sheet = self.sheet(brand);
        Body {
            // A template whose fields are texts cannot fail.
            text: TextSheet { sheet: &sheet }.render().unwrap_or_default(),
            html: HtmlSheet { sheet: &sheet }.render().unwrap_or_default(),
            subject: sheet.subject,
        }
    }

    fn sheet(&self, brand: &Brand) -> Sheet {
        let sheet = Sheet::of(brand);
        match self {
            Self::AccountLocked { from, until } => sheet
                .titled("Your account is locked")
                .says("There were too many failed attempts to sign in to your account. Until the time below, nobody can sign in to it, even with the right password.")
                .knows("Locked until", &moment(*until))
                .knows_origin(from)
                .says_last("If this was you, wait and try again. If it was not, somebody is guessing your password: choose a new one that you use nowhere else, and turn on a second factor."),
            Self::ActingBegun { organization, who, reason, until } => {
                acting_begun(sheet, (organization, who, reason), *until)
            }
            Self::DomainProof { domain, organization, link, ends_at } => {
                domain_proof(sheet, (domain, organization, link), *ends_at)
            }
            Self::Invitation { organization, invited_by, link, ends_at } => sheet
                .titled(&format!("{} invites you", clean(organization)))
                .says(&format!("{} has opened an account for you at {}. Choose a password to begin.", clean(invited_by), clean(organization)))
                .leads_to("Choose a password", link)
                .says_last(&format!("The link works once, until {}. If you do not know who invites you, ignore this mail: without the link nobody can use the account.", moment(*ends_at))),
            Self::NewSignIn { from } => sheet
                .titled("New sign-in to your account")
                .says("Somebody signed in to your account from a network that it was not used from before.")
                .knows_origin(from)
                .says_last("If this was you, there is nothing to do. If it was not, change your password at once, which ends all other sessions, and tell us."),
            Self::PasskeyRefused { from } => sheet
                .titled("A passkey of yours was refused")
                .says("It counts fewer uses than before, so there may be a copy of it in other hands. Nobody was signed in.")
                .knows_origin(from)
                .says_last("Sign in another way and remove that passkey in your settings. If you were not at your computer, tell us."),
            Self::PasswordChanged { from } => sheet
                .titled("Your password was changed")
                .says("The password of your account was replaced, and all other sessions have ended.")
                .knows_origin(from)
                .says_last("If you did not want this, tell us at once."),
            Self::PasswordReset { link, ends_at } => sheet
                .titled("Set a new password")
                .says("Somebody, probably you, has asked for a new password for your account.")
                .leads_to("Set a new password", link)
                .says_last(&format!("The link works once, until {}. If you did not ask for it, ignore this mail: your password stays as it is.", moment(*ends_at))),
            Self::PreValidationEnds { organization, ends_at, link } => sheet
                .titled(&format!("The validation of {} ends soon", clean(organization)))
                .says("What was validated about this organization can be used for certificates until the time below. Renew it before, so that nothing waits for it.")
                .knows("Organization", &clean(organization))
                .knows("Ends", &moment(*ends_at))
                .leads_to("Renew the validation", link)
                .says_last("Certificates that were issued stay valid until they end."),
            Self::SecondFactorChanged { what, from } => sheet
                .titled("Your second factor was changed")
                .says(&clean(what))
                .knows_origin(from)
                .says_last("If you did not do this, change your password at once and tell us."),
            Self::SubscriptionEnds { account, ends_at, certificates, link } => {
                subscription_ends(sheet, (account, link), (*ends_at, *certificates))
            }
        }
    }

    /// Made up, for whoever wants to see what a mail looks like.
    pub fn sample(kind: MailKind) -> Self {
        // 2026-11-23T12:00:00Z, and a day later.
        let (at, later) = (
            Timestamp::from_seconds(1_795_435_200),
            Timestamp::from_seconds(1_795_521_600),
        );
        let from = Origin {
            address: "192.0.2.7".to_owned(),
            browser: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
                .to_owned(),
            at,
        };
        let organization = "Northwind & Sons".to_owned();
        match kind {
            MailKind::AccountLocked => Self::AccountLocked { from, until: later },
            MailKind::ActingBegun => Self::ActingBegun {
                organization,
                who: "Kim Support".to_owned(),
                reason: "Ticket 4711: orders for www.harbor.example fail".to_owned(),
                until: later,
            },
            MailKind::DomainProof => Self::DomainProof {
                domain: "clinic.example".to_owned(),
                organization,
                link: "https://portal.example/domain-proof/TOKEN".to_owned(),
                ends_at: later,
            },
            MailKind::Invitation => Self::Invitation {
                organization,
                invited_by: "Theodora Quist".to_owned(),
                link: "https://portal.example/link/TOKEN".to_owned(),
                ends_at: later,
            },
            MailKind::NewSignIn => Self::NewSignIn { from },
            MailKind::PasskeyRefused => Self::PasskeyRefused { from },
            MailKind::PasswordChanged => Self::PasswordChanged { from },
            MailKind::PasswordReset => Self::PasswordReset {
                link: "https://portal.example/link/TOKEN".to_owned(),
                ends_at: later,
            },
            MailKind::PreValidationEnds => Self::PreValidationEnds {
                organization,
                ends_at: later,
                link: "https://portal.example/organizations/org_1".to_owned(),
            },
            MailKind::SecondFactorChanged => Self::SecondFactorChanged {
                what: "An authenticator app was added to your account.".to_owned(),
                from,
            },
            MailKind::SubscriptionEnds => Self::SubscriptionEnds {
                account: "Web servers".to_owned(),
                ends_at: later,
                certificates: 12,
                link: "https://portal.example/accounts/1".to_owned(),
            },
        }
    }
}

/// What the layout shows.
struct Sheet {
    brand: String,
    contact: String,
    subject: String,
    text: String,
    /// Names and values.
    facts: Vec<(&'static str, String)>,
    /// What can be done, and where.
    way: Option<(&'static str, String)>,
    last: String,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct TextSheet<'a> {
    sheet: &'a Sheet,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct HtmlSheet<'a> {
    sheet: &'a Sheet,
}

impl Sheet {
    fn of(brand: &Brand) -> Self {
        Self {
            brand: clean(&brand.name),
            contact: clean(&brand.contact),
            subject: String::new(),
            text: String::new(),
            facts: Vec::new(),
            way: None,
            last: String::new(),
        }
    }

    fn titled(mut self, subject: &str) -> Self {
        subject.clone_into(&mut self.subject);
        self
    }

    fn says(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    fn knows(mut self, name: &'static str, value: &str) -> Self {
        self.facts.push((name, value.to_owned()));
        self
    }

    fn knows_origin(self, from: &Origin) -> Self {
        self.knows("Time", &moment(from.at))
            .knows("Address", &clean(&from.address))
            .knows("Browser", &clean(&from.browser))
    }

    fn leads_to(mut self, what: &'static str, link: &str) -> Self {
        self.way = Some((what, clean(link)));
        self
    }

    fn says_last(mut self, text: &str) -> Self {
        text.clone_into(&mut self.last);
        self
    }
}

/// How much of a text from outside is shown.
const LONGEST: usize = 500;

/// A text from outside on one line: it cannot look like a part of the letter.
fn clean(text: &str) -> String {
    let fit = text.chars().filter(|each| !each.is_control());
    fit.take(LONGEST).collect()
}

/// Such as "23 November 2026, 12:00 UTC".
fn moment(at: Timestamp) -> String {
    at.as_jiff().strftime("%-d %B %Y, %H:%M UTC").to_string()
}

fn acting_begun(
    sheet: Sheet,
    (organization, who, reason): (&str, &str, &str),
    until: Timestamp,
) -> Sheet {
    sheet
        .titled(&format!("Support acts as {}", clean(organization)))
        .says("Somebody of ours works in your portal, for the reason below. They see what you see; secrets, passwords and people stay closed to them.")
        .knows("Who", &clean(who))
        .knows("Reason", &clean(reason))
        .knows("Until", &moment(until))
        .says_last("What they do is listed under Team, each line with their name. If you did not expect this, tell us.")
}

fn domain_proof(
    sheet: Sheet,
    (domain, organization, link): (&str, &str, &str),
    ends_at: Timestamp,
) -> Sheet {
    sheet
        .titled(&format!("Confirm who may have certificates for {}", clean(domain)))
        .says("Somebody asks for certificates for the domain below and for all names in it. You get this mail because your address stands for the domain. If you agree, open the link and confirm it there.")
        .knows("Domain", &clean(domain))
        .knows("Asked for by", &clean(organization))
        .leads_to("See what is asked", link)
        .says_last(&format!("The link works once, until {}. If you do not know who asks, ignore this mail: without the link nobody gets a certificate by it.", moment(ends_at)))
}

fn subscription_ends(
    sheet: Sheet,
    (account, link): (&str, &str),
    (ends_at, certificates): (Timestamp, i64),
) -> Sheet {
    sheet
        .titled(&format!("Certificates of {} will be revoked", clean(account)))
        .says("The term of this ACME account is over at the time below. The certificates that were issued in it and are still valid then are revoked within an hour, and browsers refuse them.")
        .knows("ACME account", &clean(account))
        .knows("Ends", &moment(ends_at))
        .knows("Certificates", &certificates.to_string())
        .leads_to("Extend the account", link)
        .says_last("To keep them, extend the account before that time. If you do not need it any more, see to it that no server uses one of these certificates by then.")
}

#[cfg(test)]
mod tests;
