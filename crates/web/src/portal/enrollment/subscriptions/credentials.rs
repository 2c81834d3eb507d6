//! The credentials of an account, with client commands filled in (features F-049 to F-053). The
//! MAC key is shown after a recent sign-in only, by a POST that is audited (security S-23).

use askama::Template;
use axum::extract::State;
use base::{SubscriptionId, Timestamp};
use enrollment::eab::{EabCredential, Reveal};
use enrollment::policy::PlainPolicy;
use enrollment::subscription::State as Standing;
use flow::enrollment::list_domains;
use flow::enrollment::list_subscriptions::{self, Summary};
use flow::enrollment::reveal_credential::{RevealError, reveal_credential};
use serde::Deserialize;
use tenancy::role::Permission;
use tenancy::session::set_cookie;

use super::command::{self, ClientCommand, CommandFacts};
use super::head::{self, SubscriptionHead, Tab};
use super::organization::{AccountOrganization, of_account};
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Permitted, RevealSecrets, ViewAccounts};
use crate::portal::gate::recent::{self, Recent};
use crate::portal::issuance::orders::show::{LastOrder, last_of_account};
use crate::portal::page::account::label;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, page, refused_form, secret_page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::{day, when};
use crate::portal::page::part::{Chip, Tone, When};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

/// How many of the account's names stand in the commands.
const NAMES_SHOWN: usize = 2;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RevealForm {
    password: String,
}

/// `GET /accounts/{id}/credentials`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ViewAccounts, Summary>,
) -> Answer {
    page(&view(&portal, &who, &found, MacKey::Hidden).await?)
}

/// `POST /accounts/{id}/reveal`.
pub(super) async fn reveal(
    State(portal): State<Portal>,
    Allowed {
        mut who,
        object: found,
    }: Allowed<RevealSecrets, Summary>,
    Form(typed): Form<RevealForm>,
) -> Answer {
    if let Some(withheld) = withheld(&found, portal.app.now()) {
        return refused_form(&view(&portal, &who, &found, withheld).await?);
    }
    let renewed = match recent::prove(&portal, &who, typed.password).await? {
        Recent::Already => None,
        Recent::Anew(signed_in) => Some(*signed_in),
        Recent::Unasked => return ask(&portal, &who, &found, Problems::none()).await,
        Recent::Refused(problems) => return ask(&portal, &who, &found, problems).await,
    };
    let cookie = renewed.map(|signed_in| {
        who.signed_in = signed_in;
        set_cookie(&who.signed_in.token)
    });
    let key = open(&portal, &who, &found).await?;
    let mut response = secret_page(&view(&portal, &who, &found, key).await?)?;
    if let Some(cookie) = cookie {
        add_cookie(&mut response, &cookie);
    }
    Ok(response)
}

/// The page with the question for the password.
async fn ask(
    portal: &Portal,
    who: &Permitted<RevealSecrets>,
    found: &Summary,
    problems: Problems,
) -> Answer {
    refused_form(&view(portal, who, found, MacKey::NeedsPassword(problems)).await?)
}

async fn open(
    portal: &Portal,
    who: &Permitted<RevealSecrets>,
    found: &Summary,
) -> Result<MacKey, Refusal> {
    let id = found.subscription.id;
    let key_id = found.credential.as_ref().ok_or(Refusal::NotFound)?;
    let key_id = key_id.key_id.as_str();
    match reveal_credential(&portal.app, &who.caller, id, key_id).await {
        Ok(key) => Ok(MacKey::Revealed(key.reveal())),
        // Somebody else looked, or a client came, at the same moment.
        Err(RevealError::Hidden(hidden)) => Ok(MacKey::Withheld(sentence(&hidden))),
        Err(error) => Err(error.into()),
    }
}

/// Why the key is not shown, if its policy does not let it.
fn withheld(found: &Summary, now: Timestamp) -> Option<MacKey> {
    let credential = found.credential.as_ref()?;
    let hidden = credential.may_reveal(now).err()?;
    Some(MacKey::Withheld(sentence(&hidden)))
}

async fn view<P>(
    portal: &Portal,
    who: &Permitted<P>,
    found: &Summary,
    mac_key: MacKey,
) -> Result<CredentialsPage, Refusal> {
    let id = found.subscription.id;
    let key_id = found.credential.as_ref().map(|key| key.key_id.to_string());
    let catalog = portal.app.catalog();
    let directory = catalog.of_product(found.subscription.product.as_str());
    // Empty while no directory takes orders for it.
    let server_url = directory.map(|directory| portal.app.directory_url(&directory.slug));
    let server_url = server_url.unwrap_or_default();
    let test = directory.and_then(|directory| catalog.test_of(&directory.slug));
    let test_server_url = test.map(|test| portal.app.directory_url(&test.slug));
    let revealed = match &mac_key {
        MacKey::Revealed(key) => Some(key.clone()),
        MacKey::Hidden | MacKey::NeedsPassword(_) | MacKey::Withheld(_) => None,
    };
    let facts = CommandFacts {
        server_url: server_url.clone(),
        key_id: key_id.clone().unwrap_or_default(),
        mac_key: revealed,
        is_withheld: mac_key.withheld().is_some(),
        is_erased: found.credential.as_ref().is_some_and(is_erased),
        email: who.signed_in.user.email.as_str().to_owned(),
        names: names(portal, who, id).await?,
        ca_file: portal.hints.ca_file.clone(),
        http_port: portal.hints.http_port,
    };
    let now = portal.app.now();
    let is_hidden = matches!(mac_key, MacKey::Hidden);
    let withheld = withheld(found, now).filter(|_| is_hidden);
    let mac_key = withheld.unwrap_or(mac_key);
    let credentials = list_subscriptions::credentials(&portal.app, &who.caller, id).await?;
    let may = who.may(Permission::RotateCredentials);
    let is_over = found.subscription.state(now) == Standing::Deactivated;
    let reveal = found.credential.as_ref().map(|key| key.reveal);
    Ok(CredentialsPage {
        reveal_note: reveal.map(reveal_note).unwrap_or_default().to_owned(),
        keys: credentials
            .iter()
            .map(|key| key_row(key, may, now))
            .collect(),
        can_rotate: may && !is_over,
        shell: who.shell(Nav::Accounts, &label(&found.subscription)),
        head: head::head(found, who, Tab::Credentials, now),
        server_url,
        test_server_url,
        key_id: key_id.unwrap_or_default(),
        mac_key,
        commands: command::for_account(&facts),
        last_order: last_of_account(portal, who, id).await?,
        organization: of_account(portal, who, found).await?,
        policy: catalog
            .policy(found.subscription.offer_version)
            .map(|policy| policy.in_words()),
    })
}

fn reveal_note(reveal: Reveal) -> &'static str {
    match reveal {
        Reveal::Always => "The key can be shown again at any time.",
        Reveal::UntilBound => {
            "The key is shown until a client has registered with it, and erased when no further one can."
        }
        Reveal::Once => "The key is shown once.",
    }
}

fn is_erased(key: &EabCredential) -> bool {
    key.erased_at.is_some()
}

fn key_row(key: &EabCredential, may: bool, now: Timestamp) -> KeyRow {
    let status = if key.revoked_at.is_some() {
        Chip::new(Tone::Bad, "Revoked")
    } else if key.valid_until.is_some_and(|end| end <= now) {
        Chip::new(Tone::Idle, "Replaced")
    } else if key.suspended_at.is_some() {
        Chip::new(Tone::Warn, "Suspended")
    } else if key.valid_until.is_some() {
        Chip::new(Tone::Warn, "Replaced")
    } else if is_erased(key) {
        Chip::new(Tone::Idle, "Used up")
    } else {
        Chip::new(Tone::Good, "Active")
    };
    let is_over = key.revoked_at.is_some();
    let href = links::credential(key.key_id.as_str());
    KeyRow {
        key_id: key.key_id.to_string(),
        made: day(key.created_at),
        bound: match key.max_bindings {
            Some(most) => format!("{} of {most}", key.bindings),
            None => key.bindings.to_string(),
        },
        until: key
            .valid_until
            .into_iter()
            .chain(key.revoked_at)
            .chain(key.erased_at)
            .min()
            .map(|end| when(end, now)),
        status,
        revoke_href: (may && !is_over).then(|| format!("{href}/revoke")),
    }
}

/// The first names of the account, for commands.
async fn names<P>(
    portal: &Portal,
    who: &Permitted<P>,
    id: SubscriptionId,
) -> Result<Vec<String>, Refusal> {
    let found = list_domains::first_names(&portal.app, &who.caller, id, NAMES_SHOWN).await?;
    Ok(found.iter().map(ToString::to_string).collect())
}

/// The EAB MAC key, as far as it may be seen.
#[derive(Clone, Debug)]
pub enum MacKey {
    /// Masked, with a Reveal button.
    Hidden,
    /// Masked; Reveal needs the password again. Holds what was wrong with the last try.
    NeedsPassword(Problems),
    /// In clear, base64url, for 60 seconds.
    Revealed(String),
    /// Masked, and why it stays so: its policy, and what to do.
    Withheld(String),
}

impl MacKey {
    pub(crate) fn revealed(&self) -> &str {
        match self {
            Self::Revealed(key) => key,
            Self::Hidden | Self::NeedsPassword(_) | Self::Withheld(_) => "",
        }
    }

    pub(crate) fn is_revealed(&self) -> bool {
        matches!(self, Self::Revealed(_))
    }

    /// Problems of the password question; none while it is not asked.
    pub(crate) fn question(&self) -> Option<&Problems> {
        match self {
            Self::NeedsPassword(problems) => Some(problems),
            Self::Hidden | Self::Revealed(_) | Self::Withheld(_) => None,
        }
    }

    /// Why it is not shown, if that is so.
    pub(crate) fn withheld(&self) -> Option<&str> {
        match self {
            Self::Withheld(reason) => Some(reason),
            Self::Hidden | Self::NeedsPassword(_) | Self::Revealed(_) => None,
        }
    }
}

/// A credential of the account.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// EAB key ID.
    pub key_id: String,
    /// The day on which it was made.
    pub made: String,
    /// How many clients hold a binding, such as "1 of 3".
    pub bound: String,
    /// When it stops to bind clients, or did, because it was replaced, revoked or used up with its key.
    pub until: Option<When>,
    /// Active, used up, replaced, suspended or revoked.
    pub status: Chip,
    /// Where it is withdrawn, if that can be done.
    pub revoke_href: Option<String>,
}

/// `GET /accounts/{id}/credentials` and `POST /accounts/{id}/reveal`.
///
/// The reveal form sends `csrf` and, when asked for, `password`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/enrollment/subscriptions/credentials.html")]
pub struct CredentialsPage {
    /// The frame.
    pub shell: Shell,
    /// Title, state, tabs.
    pub head: SubscriptionHead,
    /// ACME directory address.
    pub server_url: String,
    /// The same for trying, if there is a test directory.
    pub test_server_url: Option<String>,
    /// EAB key ID.
    pub key_id: String,
    /// EAB MAC key.
    pub mac_key: MacKey,
    /// How often the policy lets it be shown; one sentence.
    pub reveal_note: String,
    /// All credentials, the one in use first.
    pub keys: Vec<KeyRow>,
    /// Whether a new one may be made.
    pub can_rotate: bool,
    /// Ready-made commands, from [`super::command::for_account`].
    pub commands: Vec<ClientCommand>,
    /// None before the first order.
    pub last_order: Option<LastOrder>,
    /// Whom its certificates name; none where they name nobody.
    pub organization: Option<AccountOrganization>,
    /// What holds for the account; none of an offer that was published a moment ago at another node.
    pub policy: Option<PlainPolicy>,
}
