//! Identity providers: naming one's organisation, setting a provider, linking one's account there.

use super::{Error, Nav, Pages, Shell, Theme, date, shell};
use crate::portal::access::identity::{IdentityPage, LinkedRow, ToProviderPage};
use crate::portal::access::session::organization::OrganizationSignInPage;
use crate::portal::access::team::provider::ProviderPage;
use crate::portal::page::form::Problems;

const ISSUER: &str = "https://login.northwind.example/realms/northwind-hosting";

fn named(name: &str, go: Option<&str>, problems: Problems) -> OrganizationSignInPage {
    OrganizationSignInPage {
        shell: Shell::signed_out(
            "Chancery",
            "Sign in with your organisation",
            "sample-token",
            Theme::System,
        ),
        name: name.to_owned(),
        next: "/".to_owned(),
        go: go.map(str::to_owned),
        problems,
    }
}

fn provider(is_set: bool, problems: Problems) -> ProviderPage {
    let (name, issuer, client) = if is_set {
        ("northwind", ISSUER, "chancery-portal")
    } else {
        ("", "", "")
    };
    let at = |path: &str| format!("https://portal.example/sign-in/oidc/{path}");
    ProviderPage {
        shell: shell(Nav::Team, "Identity provider"),
        start_url: is_set.then(|| at("northwind")),
        redirect_uri: is_set.then(|| at("northwind/callback")),
        redirect_pattern: at("SHORT-NAME/callback"),
        short_name: name.to_owned(),
        issuer: issuer.to_owned(),
        client_id: client.to_owned(),
        is_required: is_set,
        asks_password: is_set,
        problems,
    }
}

fn identity(is_linked: bool, works: bool, is_required: bool) -> IdentityPage {
    IdentityPage {
        shell: shell(Nav::Settings, "Sign-in with your organisation"),
        issuer: Some(ISSUER.to_owned()),
        start_url: Some("https://portal.example/sign-in/oidc/northwind".to_owned()),
        linked: is_linked.then(|| LinkedRow {
            subject: "f81d4fae-7dec-11d0-a765-00a0c91e6bf6".to_owned(),
            issuer: ISSUER.to_owned(),
            since: date("3 Mar 2025", "20 months ago"),
            last_used: works.then(|| date("20 Nov 2026", "3 days ago")),
        }),
        works: is_linked && works,
        is_required,
        asks_password: !is_linked,
        problems: Problems::none(),
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    pages.add("sign-in-organization", &named("", None, Problems::none()))?;
    let go = named(
        "northwind",
        Some("/sign-in/oidc/northwind?next=%2F"),
        Problems::none(),
    );
    pages.add("sign-in-organization-go", &go)?;
    let odd =
        "The short name has 3 to 40 small letters, digits and hyphens, and begins with a letter.";
    let odd = named("North wind", None, Problems::one("name", odd));
    pages.add("sign-in-organization-odd", &odd)?;
    pages.add("team-provider", &provider(true, Problems::none()))?;
    pages.add("team-provider-none", &provider(false, Problems::none()))?;
    let other =
        "The provider calls itself another issuer; copy the issuer exactly as it writes it.";
    pages.add(
        "team-provider-wrong",
        &provider(false, Problems::one("issuer", other)),
    )?;
    pages.add("settings-identity", &identity(true, true, false))?;
    pages.add("settings-identity-none", &identity(false, false, false))?;
    pages.add("settings-identity-required", &identity(true, true, true))?;
    pages.add("settings-identity-other", &identity(true, false, false))?;
    let go = ToProviderPage {
        shell: shell(Nav::Settings, "To your organisation's provider"),
        go: format!(
            "{ISSUER}/protocol/openid-connect/auth?response_type=code&client_id=chancery-portal"
        ),
    };
    pages.add("settings-identity-go", &go)
}
