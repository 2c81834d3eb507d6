//! Signing in, signed out, errors.

use super::{Error, Pages, Shell, Theme, contact};
use crate::portal::access::session::sign_in::{SignInPage, SignInProblem};
use crate::portal::access::session::sign_out::SignedOutPage;
use crate::portal::page::refused::{ErrorKind, ErrorPage};

fn outside(title: &str) -> Shell {
    Shell {
        contact: contact(),
        ..Shell::signed_out(
            "Northwind Certificates",
            title,
            "sample-token",
            Theme::System,
        )
    }
}

fn sign_in(email: &str, problem: Option<SignInProblem>) -> SignInPage {
    SignInPage {
        shell: outside("Sign in"),
        email: email.to_owned(),
        problem,
        next: "/".to_owned(),
        has_mail: true,
        organization_href: Some("/sign-in/organization".to_owned()),
        passkey_at: Some("portal.example".to_owned()),
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    pages.add("sign-in", &sign_in("", None))?;
    let neutral = Shell::signed_out("Chancery", "Sign in", "sample-token", Theme::System);
    pages.add(
        "sign-in-neutral",
        &SignInPage {
            shell: neutral,
            ..sign_in("", None)
        },
    )?;
    let known = "ops@northwind.example";
    pages.add(
        "sign-in-wrong",
        &sign_in(known, Some(SignInProblem::WrongInput)),
    )?;
    pages.add(
        "sign-in-locked",
        &sign_in(known, Some(SignInProblem::Locked { minutes: 13 })),
    )?;
    let foreign = "This passkey signs nobody in here; use another, or your password.";
    pages.add(
        "sign-in-passkey",
        &sign_in("", Some(SignInProblem::Passkey(foreign.to_owned()))),
    )?;
    pages.add(
        "sign-in-suspended",
        &sign_in(known, Some(SignInProblem::Suspended)),
    )?;
    pages.add(
        "sign-in-ended",
        &sign_in(known, Some(SignInProblem::SessionEnded)),
    )?;
    pages.add(
        "signed-out",
        &SignedOutPage {
            shell: outside("Signed out"),
        },
    )?;
    let kinds = [
        ("error-403", ErrorKind::Forbidden),
        ("error-403-full", ErrorKind::Full),
        ("error-403-form", ErrorKind::StaleForm),
        ("error-404", ErrorKind::NotFound),
        ("error-500", ErrorKind::Internal),
        ("error-503-full", ErrorKind::StorageFull),
        ("error-503-gone", ErrorKind::StorageGone),
    ];
    for (name, kind) in kinds {
        let page = ErrorPage {
            shell: outside(kind.heading()),
            kind,
            said: if kind == ErrorKind::Full {
                "You have 10000 domains, which is as many as fit; remove one first.".to_owned()
            } else {
                String::new()
            },
            request_id: "req_01m8cate7kjfah4t539c4mjdf4".to_owned(),
        };
        pages.add(name, &page)?;
    }
    Ok(())
}
