//! What somebody has as second factor, and what they can do about it.

use askama::Template;
use axum::extract::State;
use base::Timestamp;
use flow::access::second_factor::TypedFactor;
use flow::access::second_factor::new_codes::{NewCodesError, make_new_codes};
use flow::access::second_factor::show::own_factors;
use flow::access::second_factor::switch_off::{SwitchOffError, switch_off};
use serde::Deserialize;
use tenancy::passkey::Passkey;
use tenancy::recovery::{CODES, RecoveryCode};

use super::{NEW_PASSKEY, passkey_href};
use crate::portal::access::passkey::passkey_host;
use crate::portal::access::settings::show::on_or_off;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Own, Permitted, SettingUp};
use crate::portal::gate::recent::{is_recent, prove_field};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{
    Answer, add_cookie, done, not_done, page, refused_form, secret_page,
};
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::{minutes_until, when};
use crate::portal::page::part::{Chip, When};
use crate::portal::page::refused::{Refusal, problems};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::{count, sentence};
use crate::portal::state::Portal;

/// This page.
pub(super) fn href() -> &'static str {
    "/settings/second-factor"
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CodesForm {
    codes_password: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct OffForm {
    code: String,
}

/// `GET /settings/second-factor`.
pub(super) async fn show(State(portal): State<Portal>, who: Permitted<SettingUp>) -> Answer {
    page(&view(&portal, &who, Problems::none()).await?)
}

/// `POST /settings/second-factor/codes`.
pub(super) async fn new_codes(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(typed): Form<CodesForm>,
) -> Answer {
    let cookie = match prove_field(&portal, &who, typed.codes_password).await? {
        Ok(cookie) => cookie,
        Err(problems) => {
            let problems = Problems::one("codes_password", problems.of("password"));
            return refused_form(&view(&portal, &who, problems).await?);
        }
    };
    let mut response = match make_new_codes(&portal.app, &who.caller, &who.signed_in).await {
        Ok(codes) => secret_page(&codes_page(&who, &codes, false))?,
        Err(error @ NewCodesError::IsOff) => not_done(href(), &sentence(&error)),
        Err(error @ NewCodesError::Store(_)) => return Err(error.into()),
    };
    if let Some(cookie) = cookie {
        add_cookie(&mut response, &cookie);
    }
    Ok(response)
}

/// `POST /settings/second-factor/off`: a code of the app, or a recovery code.
pub(super) async fn turn_off(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(typed): Form<OffForm>,
) -> Answer {
    let digits = typed.code.chars().filter(char::is_ascii_digit).count();
    let is_code = digits == 6 && typed.code.trim().len() <= 7;
    let factor = if is_code {
        TypedFactor::Code(typed.code)
    } else {
        TypedFactor::Recovery(typed.code)
    };
    let (app, caller) = (&portal.app, &who.caller);
    match switch_off(app, caller, &who.signed_in, factor, who.address()).await {
        Ok(()) => Ok(done(
            href(),
            "The authenticator app is off; your other sessions have ended.",
        )),
        Err(error) => {
            let problems = told(error, &portal)?;
            refused_form(&view(&portal, &who, problems).await?)
        }
    }
}

fn told(error: SwitchOffError, portal: &Portal) -> Result<Problems, Refusal> {
    match error {
        SwitchOffError::Locked(locked) => {
            let minutes = i64::from(minutes_until(locked.until, portal.app.now()));
            let minutes = count(minutes, "minute", "minutes");
            let message = format!("Too many attempts. Try again in {minutes}.");
            Ok(Problems::one("code", &message))
        }
        error @ SwitchOffError::Required => problems(error),
        SwitchOffError::Factor(error) => {
            let message = sentence(&error);
            // One field takes both kinds of code.
            problems(error).map(|_| Problems::one("code", &message))
        }
        SwitchOffError::Store(error) => Err(error.into()),
    }
}

pub(super) async fn view<P>(
    portal: &Portal,
    who: &Permitted<P>,
    problems: Problems,
) -> Result<SecondFactorPage, Refusal> {
    let now = portal.app.now();
    let own = own_factors(&portal.app, &who.caller, &who.signed_in).await?;
    let passkey_at = passkey_host(portal, &who.caller);
    let passkeys = own.passkeys.iter().map(|passkey| passkey_row(passkey, now));
    Ok(SecondFactorPage {
        shell: who.shell(Nav::Settings, "Second factor"),
        state: on_or_off(own.totp_since.is_some()),
        passkey_state: on_or_off(!own.passkeys.is_empty()),
        add_href: if passkey_at.is_some() && Passkey::may_add(own.passkeys.len()).is_ok() {
            Some(NEW_PASSKEY.to_owned())
        } else {
            None
        },
        passkey_at,
        passkeys: passkeys.collect(),
        since: own.totp_since.map(|since| when(since, now)),
        codes: format!("{} of {CODES} left", own.codes_left),
        codes_are_few: own.codes_left < 3,
        codes_made: own.codes_made_at.map(|at| when(at, now)),
        is_required: who.signed_in.must_have_second_factor(&portal.app),
        asks_password: !is_recent(portal, who),
        problems,
    })
}

/// The codes, shown once.
pub(super) fn codes_page<P>(
    who: &Permitted<P>,
    codes: &[RecoveryCode],
    is_first: bool,
) -> RecoveryCodesPage {
    RecoveryCodesPage {
        shell: who.shell(Nav::Settings, "Recovery codes"),
        codes: codes.iter().map(RecoveryCode::reveal).collect(),
        is_first,
    }
}

fn passkey_row(passkey: &Passkey, now: Timestamp) -> PasskeyRow {
    PasskeyRow {
        href: passkey_href(passkey),
        name: passkey.name.as_str().to_owned(),
        added: when(passkey.created_at, now),
        last_used: passkey.last_used_at.map(|at| when(at, now)),
    }
}

/// A passkey in the list.
#[derive(Clone, Debug)]
pub struct PasskeyRow {
    /// Its page.
    pub href: String,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub added: When,
    /// When it was last used.
    pub last_used: Option<When>,
}

/// `GET /settings/second-factor`, and answers to its forms that failed.
///
/// Forms: `POST /settings/second-factor` (`password` if asked for), `/settings/second-factor/codes` (`codes_password` if asked
/// for), `/settings/second-factor/off` (`code`).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/second_factor/show.html")]
pub struct SecondFactorPage {
    /// The frame.
    pub shell: Shell,
    /// Whether the authenticator app is on, as a chip.
    pub state: Chip,
    /// Whether there are passkeys, as a chip.
    pub passkey_state: Chip,
    /// The passkeys, the oldest first.
    pub passkeys: Vec<PasskeyRow>,
    /// Where another one is added, if it may be.
    pub add_href: Option<String>,
    /// At which host browsers have passkeys for this portal, if they have.
    pub passkey_at: Option<String>,
    /// Since when a code is asked for at every sign-in; `None` when it is not.
    pub since: Option<When>,
    /// How many recovery codes are left.
    pub codes: String,
    /// Whether it is time for new ones.
    pub codes_are_few: bool,
    /// When those were made.
    pub codes_made: Option<When>,
    /// Whether the person must have one.
    pub is_required: bool,
    /// Whether the sign-in is too long ago; field `password`.
    pub asks_password: bool,
    /// What is wrong; fields `password`, `codes_password`, `code`.
    pub problems: Problems,
}

impl SecondFactorPage {
    /// Whether there is any second factor.
    pub(crate) fn is_on(&self) -> bool {
        self.since.is_some() || !self.passkeys.is_empty()
    }
}

/// Recovery codes, shown once.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/second_factor/codes.html")]
pub struct RecoveryCodesPage {
    /// The frame.
    pub shell: Shell,
    /// The codes.
    pub codes: Vec<String>,
    /// Whether the second factor was switched on with them.
    pub is_first: bool,
}
