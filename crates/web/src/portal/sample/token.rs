//! API tokens: none, some, a refused form, and the page that shows a new one.

use tenancy::api_token::Scopes;
use tenancy::role::{Role, Roles};
use tenancy::tenant::TenantKind;

use super::{Error, Nav, Pages, Tone, chip, date, shell};
use crate::portal::access::tokens::create::CreatedTokenPage;
use crate::portal::access::tokens::list::{TokenRow, TokensPage, day_choices, scope_choices};
use crate::portal::access::tokens::revoke::revoke_page;
use crate::portal::page::form::Problems;

fn token(name: &str, scopes: &str, networks: &str, (tone, status): (Tone, &str)) -> TokenRow {
    TokenRow {
        name: name.to_owned(),
        scopes: scopes.to_owned(),
        networks: networks.to_owned(),
        last_used: (tone == Tone::Good).then(|| date("23 Nov 2026", "now")),
        ends: date("1 Mar 2027", "in 3 months"),
        status: chip(tone, status),
        revoke_href: if tone == Tone::Good {
            "/settings/tokens/t1/revoke".to_owned()
        } else {
            String::new()
        },
    }
}

fn list(tokens: Vec<TokenRow>, role: Role, problems: Problems) -> TokensPage {
    let held = Scopes::possible().held_by(&Roles::one(role), TenantKind::Reseller);
    TokensPage {
        shell: shell(Nav::Settings, "API tokens"),
        tokens,
        name: String::new(),
        scopes: scope_choices(&held, &Scopes::default()),
        days: day_choices("90"),
        networks: String::new(),
        asks_password: !problems.is_empty(),
        problems,
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    let some = vec![
        token(
            "Shop",
            "domain.manage, domain.view",
            "203.0.113.0/28",
            (Tone::Good, "Active"),
        ),
        token("Monitoring", "cert.view", "", (Tone::Idle, "Expired")),
        token(
            "Migration",
            "account.manage, account.view, activity.view, cert.revoke, cert.view, domain.manage, domain.view",
            "",
            (Tone::Idle, "Revoked"),
        ),
    ];
    pages.add("tokens", &list(some, Role::Admin, Problems::none()))?;
    pages.add(
        "tokens-none",
        &list(Vec::new(), Role::Viewer, Problems::none()),
    )?;
    // A role of another level permits nothing.
    pages.add(
        "tokens-nothing",
        &list(Vec::new(), Role::Auditor, Problems::none()),
    )?;
    let wrong = Problems::one("name", "The name is empty.")
        .and("scopes", "Choose at least one permission.")
        .and(
            "days",
            "Choose for how many days the token works: 1 to 366.",
        )
        .and(
            "networks",
            "\"192.0.2.0/33\" is not an address or block such as 127.0.0.1 or 192.0.2.0/24.",
        )
        .and("password", "Type your password again.");
    pages.add("tokens-error", &list(Vec::new(), Role::Admin, wrong))?;
    pages.add(
        "token-created",
        &CreatedTokenPage {
            shell: shell(Nav::Settings, "New API token"),
            name: "Shop".to_owned(),
            token: "chy_EXAMPLE-not-a-token-EXAMPLE-not-a-token-EXA".to_owned(),
            command: "curl -H \"Authorization: Bearer $CHANCERY_TOKEN\" https://portal.northwind.example/api/v1/me"
                .to_owned(),
            ends: date("1 Mar 2027", "in 3 months"),
        },
    )?;
    let shell = shell(Nav::Settings, "Revoke this token");
    pages.add(
        "token-revoke",
        &revoke_page(shell, "Shop", "/settings/tokens/t1/revoke"),
    )
}
