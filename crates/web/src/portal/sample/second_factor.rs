//! The second factor: at the door, being set up, on, and its recovery codes.

use super::{Error, Nav, Pages, Shell, Theme, date, shell};
use crate::portal::access::second_factor::set_up::ConfirmFactorPage;
use crate::portal::access::second_factor::show::{RecoveryCodesPage, SecondFactorPage};
use crate::portal::access::session::code::CodePage;
use crate::portal::access::settings::show::on_or_off;
use crate::portal::page::form::Problems;
use crate::portal::page::picture::Qr;

fn code(problems: Problems) -> CodePage {
    CodePage {
        shell: Shell::signed_out("Chancery", "Second step", "sample-token", Theme::System),
        problems,
    }
}

fn factor(is_on: bool, asks_password: bool, is_required: bool) -> SecondFactorPage {
    SecondFactorPage {
        shell: shell(Nav::Settings, "Second factor"),
        state: on_or_off(is_on),
        since: is_on.then(|| date("3 Mar 2025", "20 months ago")),
        codes: "2 of 10 left".to_owned(),
        codes_are_few: true,
        codes_made: is_on.then(|| date("3 Mar 2025", "20 months ago")),
        is_required,
        asks_password,
        problems: Problems::none(),
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
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
