//! The second factor: at the door, being set up, on, its passkeys and its recovery codes.

use super::{Error, Nav, Pages, Shell, Theme, date, shell, when};
use crate::portal::access::second_factor::add_passkey::AddPasskeyPage;
use crate::portal::access::second_factor::passkey::PasskeyPage;
use crate::portal::access::second_factor::set_up::ConfirmFactorPage;
use crate::portal::access::second_factor::show::{PasskeyRow, RecoveryCodesPage, SecondFactorPage};
use crate::portal::access::session::code::CodePage;
use crate::portal::access::settings::show::on_or_off;
use crate::portal::page::form::Problems;
use crate::portal::page::picture::Qr;

fn code(problems: Problems) -> CodePage {
    CodePage {
        shell: Shell::signed_out("Chancery", "Second step", "sample-token", Theme::System),
        has_app: true,
        passkey_at: None,
        problems,
    }
}

fn factor(is_on: bool, asks_password: bool, is_required: bool) -> SecondFactorPage {
    SecondFactorPage {
        shell: shell(Nav::Settings, "Second factor"),
        state: on_or_off(is_on),
        passkey_state: on_or_off(false),
        passkeys: Vec::new(),
        add_href: Some("/settings/second-factor/passkeys/new".to_owned()),
        passkey_at: Some("portal.example".to_owned()),
        since: is_on.then(|| date("3 Mar 2025", "20 months ago")),
        codes: "2 of 10 left".to_owned(),
        codes_are_few: true,
        codes_made: is_on.then(|| date("3 Mar 2025", "20 months ago")),
        is_required,
        asks_password,
        problems: Problems::none(),
    }
}

/// Somebody with passkeys and no app.
fn with_passkeys() -> SecondFactorPage {
    let row = |name: &str, last_used| PasskeyRow {
        href: "/settings/second-factor/passkeys/3q2-7w".to_owned(),
        name: name.to_owned(),
        added: date("3 Mar 2025", "20 months ago"),
        last_used,
    };
    let today = when(
        "2026-11-23T08:31:00Z",
        "23 Nov 2026, 08:31",
        "29 minutes ago",
    );
    SecondFactorPage {
        passkey_state: on_or_off(true),
        passkeys: vec![
            row("Work laptop", Some(today)),
            row("Spare key in the safe", None),
        ],
        since: None,
        ..factor(false, true, true)
    }
}

fn adding(problems: Problems) -> AddPasskeyPage {
    AddPasskeyPage {
        shell: shell(Nav::Settings, "Add a passkey"),
        host: "portal.example".to_owned(),
        origin: "https://portal.example".to_owned(),
        name: "Work laptop".to_owned(),
        is_first: true,
        asks_password: true,
        problems,
    }
}

fn passkey(is_last: bool, is_required: bool) -> PasskeyPage {
    PasskeyPage {
        shell: shell(Nav::Settings, "Work laptop"),
        href: "/settings/second-factor/passkeys/3q2-7w".to_owned(),
        name: "Work laptop".to_owned(),
        added: date("3 Mar 2025", "20 months ago"),
        last_used: None,
        is_last,
        is_required,
        asks_password: is_last,
        problems: Problems::none(),
    }
}

fn add_passkeys(pages: &mut Pages) -> Result<(), Error> {
    let by_passkey = CodePage {
        passkey_at: Some("portal.example".to_owned()),
        ..code(Problems::none())
    };
    pages.add("sign-in-code-passkey", &by_passkey)?;
    let unverified = "The passkey answered, but did not check that it is you; use its PIN or fingerprint, then try again.";
    let refused = CodePage {
        has_app: false,
        passkey_at: Some("portal.example".to_owned()),
        ..code(Problems::one("passkey", unverified))
    };
    pages.add("sign-in-code-unverified", &refused)?;
    pages.add("second-factor-passkeys", &with_passkeys())?;
    pages.add("second-factor-add-passkey", &adding(Problems::none()))?;
    let late = Problems::one("passkey", "That took too long; add the passkey again.");
    pages.add("second-factor-add-passkey-late", &adding(late))?;
    pages.add("second-factor-passkey", &passkey(false, true))?;
    pages.add("second-factor-passkey-last", &passkey(true, false))?;
    pages.add("second-factor-passkey-stays", &passkey(true, true))
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    add_passkeys(pages)?;
    pages.add("sign-in-code", &code(Problems::none()))?;
    let wrong = Problems::one(
        "code",
        "That code is not right; type the one shown now, and if it keeps happening, set the clock of the device to automatic.",
    );
    pages.add("sign-in-code-wrong", &code(wrong))?;
    let used = "That recovery code is not right, or was used; each works once.";
    pages.add(
        "sign-in-code-recovery",
        &code(Problems::one("recovery", used)),
    )?;
    pages.add("second-factor-off", &factor(false, true, false))?;
    pages.add("second-factor-on", &factor(true, false, false))?;
    pages.add("second-factor-required", &factor(false, false, true))?;
    pages.add("second-factor-stays", &factor(true, false, true))?;
    pages.add(
        "second-factor-confirm",
        &ConfirmFactorPage {
            shell: shell(Nav::Settings, "Set up an authenticator app"),
            picture: Qr {
                width: 29,
                path: "M4 4h7v1h-7zM4 10h7v1h-7zM4 5h1v5h-1zM10 5h1v5h-1zM18 4h7v1h-7z".to_owned(),
                caption: "QR code for the authenticator app. The same secret is written beside it."
                    .to_owned(),
            },
            secret: "EXAM PLES ECRE TNOT REAL 2345 EXAM PLES".to_owned(),
            problems: Problems::none(),
        },
    )?;
    pages.add(
        "second-factor-codes",
        &RecoveryCodesPage {
            shell: shell(Nav::Settings, "Recovery codes"),
            codes: (0..10)
                .map(|number| format!("4f7k-9qzt-m2xw-exam-ples-000{number}"))
                .collect(),
            is_first: true,
        },
    )
}
