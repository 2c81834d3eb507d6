//! ACME accounts: list, form, five tabs, consequences.

use base::Timestamp;
use enrollment::policy::Policy;
use tenancy::tenant::TenantKind;

use super::{
    Chip, Error, Nav, Pages, Paging, Tone, certificate, chip, date, domain, filter, order, paging,
    shell, strings, when, with_flash,
};
use crate::portal::enrollment::subscriptions::activity::SubscriptionActivityPage;
use crate::portal::enrollment::subscriptions::certificates::SubscriptionCertificatesPage;
use crate::portal::enrollment::subscriptions::clients::{ClientRow, SubscriptionClientsPage};
use crate::portal::enrollment::subscriptions::command::{self, CommandFacts};
use crate::portal::enrollment::subscriptions::credentials::{CredentialsPage, KeyRow, MacKey};
use crate::portal::enrollment::subscriptions::domains::SubscriptionDomainsPage;
use crate::portal::enrollment::subscriptions::head::{SubscriptionHead, Tab};
use crate::portal::enrollment::subscriptions::list::{SubscriptionListPage, SubscriptionRow};
use crate::portal::enrollment::subscriptions::new::NewSubscriptionPage;
use crate::portal::enrollment::subscriptions::organization::AccountOrganization;
use crate::portal::enrollment::subscriptions::revoke::{self, EndView};
use crate::portal::enrollment::subscriptions::{extend, rotate, state};
use crate::portal::issuance::orders::show::LastOrder;
use crate::portal::page::confirm::Extras;
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::menu::menu;
use crate::portal::page::shell::ActingBand;

const KEY: &str = "3q2-7wB5dGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyE4Zk1sUQ";

fn row(label: &str, domains: &str, clients: &str, status: Chip) -> SubscriptionRow {
    SubscriptionRow {
        href: "/accounts/x".to_owned(),
        label: label.to_owned(),
        kind: "DV".to_owned(),
        key_id: "Zy0pH3kW5vT9bQ2e".to_owned(),
        domains: domains.to_owned(),
        clients: clients.to_owned(),
        ends: date("14 March 2028", "in 16 months"),
        last_used: (clients != "0").then(|| date("23 Nov 2026", "4 minutes ago")),
        status,
    }
}

fn rows() -> Vec<SubscriptionRow> {
    vec![
        row(
            "Production",
            "38 + 12 free",
            "3",
            chip(Tone::Good, "Active"),
        ),
        row(
            "Lakeside retail, web servers behind the Frankfurt load balancers",
            "64 + 22 free",
            "8",
            chip(Tone::Good, "Active"),
        ),
        row("Harbor", "12 + 4 free", "1", chip(Tone::Warn, "Expiring")),
        row("New shop", "0", "0", chip(Tone::Busy, "Pending")),
        row("Old intranet", "14", "2", chip(Tone::Warn, "Suspended")),
        row("2024 migration", "9", "1", chip(Tone::Idle, "Expired")),
    ]
}

fn list(rows: Vec<SubscriptionRow>, is_filtered: bool) -> SubscriptionListPage {
    let states = [
        ("All", "6"),
        ("Active", "3"),
        ("Pending", "1"),
        ("Suspended", "1"),
        ("Ended", "1"),
    ];
    SubscriptionListPage {
        shell: shell(Nav::Accounts, "ACME accounts"),
        filters: vec![filter("Status", false, &states, usize::from(is_filtered))],
        paging: Paging {
            text: "6 accounts".to_owned(),
            ..Paging::default()
        },
        rows,
        is_filtered,
    }
}

/// The list of a customer whom somebody of its reseller looks after.
fn looked_after() -> SubscriptionListPage {
    let mut page = list(rows(), false);
    page.shell.menu = menu(TenantKind::Customer, |_| true);
    "Example Bakery".clone_into(&mut page.shell.tenant);
    page.shell.acting = Some(ActingBand {
        tenant: "Example Bakery".to_owned(),
        reason: String::new(),
        until: String::new(),
    });
    page
}

fn choice(value: &str, label: &str, hint: &str, is_chosen: bool) -> Choice {
    Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        hint: hint.to_owned(),
        is_chosen,
    }
}

fn organizations() -> Vec<Choice> {
    vec![
        choice("", "None", "", true),
        choice("x", "Specimen Clinic", "", false),
        choice(
            "y",
            "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft Example AG",
            "",
            false,
        ),
    ]
}

fn new_account(label: &str, problems: Problems) -> NewSubscriptionPage {
    NewSubscriptionPage {
        shell: shell(Nav::Accounts, "New ACME account"),
        ask: if problems.is_empty() {
            String::new()
        } else {
            "Example Certificates".to_owned()
        },
        kinds: vec![choice(
            "dv",
            "Domain validated (DV)",
            "Control of the domain is checked, nothing else.",
            true,
        )],
        key_note: "The credentials are shown on the next page and can be looked up again later, with your password.".to_owned(),
        label: label.to_owned(),
        organizations: organizations(),
        terms: vec![
            choice("1", "1 year", "until 23 November 2027", true),
            choice("2", "2 years", "until 23 November 2028", false),
            choice("3", "3 years", "until 23 November 2029", false),
        ],
        problems,
    }
}

fn head(tab: Tab, status: Chip, explanation: &str) -> SubscriptionHead {
    let is_active = explanation.is_empty();
    SubscriptionHead {
        id: "x".to_owned(),
        href: "/accounts/x".to_owned(),
        label: "Production".to_owned(),
        kind: "DV".to_owned(),
        status,
        facts: vec![
            ("Term", "2 years".to_owned()),
            ("Ends", "14 March 2028".to_owned()),
            ("Domains", "38 and 12 free".to_owned()),
            ("Registered", "3 clients".to_owned()),
        ],
        explanation: explanation.to_owned(),
        tab,
        can_extend: is_active,
        can_suspend: is_active,
        can_resume: !is_active,
        can_deactivate: true,
    }
}

fn active(tab: Tab) -> SubscriptionHead {
    head(tab, chip(Tone::Good, "Active"), "")
}

fn credentials(mac_key: MacKey, last_order: Option<LastOrder>) -> CredentialsPage {
    let revealed = if let MacKey::Revealed(key) = &mac_key {
        Some(key.clone())
    } else {
        None
    };
    let facts = CommandFacts {
        server_url: "https://acme.chancery.example/v2/DV".to_owned(),
        key_id: "Zy0pH3kW5vT9bQ2e".to_owned(),
        mac_key: revealed,
        is_withheld: matches!(mac_key, MacKey::Withheld(_)),
        email: "ops@northwind.example".to_owned(),
        names: strings(&["example.com", "www.example.com"]),
        ..CommandFacts::default()
    };
    CredentialsPage {
        shell: shell(Nav::Accounts, "Production"),
        head: active(Tab::Credentials),
        server_url: facts.server_url.clone(),
        test_server_url: Some(format!("{}-TEST", facts.server_url)),
        key_id: facts.key_id.clone(),
        mac_key,
        reveal_note: "The key can be shown again at any time.".to_owned(),
        keys: keys(),
        can_rotate: true,
        commands: command::for_account(&facts),
        last_order,
        organization: None,
        policy: Some(Policy::default().in_words()),
    }
}

/// Its one client has registered, and its key is gone.
fn erased() -> CredentialsPage {
    let why = "The MAC key of EAB key ID Zy0pH3kW5vT9bQ2e was erased on 23 November 2026, when its last ACME account was \
               bound; rotate the credential to get a new key.";
    let facts = CommandFacts {
        server_url: "https://acme.chancery.example/v2/DV".to_owned(),
        key_id: "Zy0pH3kW5vT9bQ2e".to_owned(),
        is_withheld: true,
        is_erased: true,
        ..CommandFacts::default()
    };
    CredentialsPage {
        reveal_note: "The key is shown until a client has registered with it, and erased when no further one can."
            .to_owned(),
        keys: vec![KeyRow {
            key_id: "Zy0pH3kW5vT9bQ2e".to_owned(),
            made: "14 March 2026".to_owned(),
            bound: "1 of 1".to_owned(),
            until: Some(date("23 November 2026, 09:00", "6 days ago")),
            status: chip(Tone::Idle, "Used up"),
            revoke_href: Some("/credentials/x/revoke".to_owned()),
        }],
        commands: command::for_account(&facts),
        ..credentials(MacKey::Withheld(why.to_owned()), None)
    }
}

fn keys() -> Vec<KeyRow> {
    let key = |key_id: &str, bound: &str, status: Chip| KeyRow {
        key_id: key_id.to_owned(),
        made: "14 March 2026".to_owned(),
        bound: bound.to_owned(),
        until: None,
        status,
        revoke_href: Some("/credentials/x/revoke".to_owned()),
    };
    vec![
        key("Zy0pH3kW5vT9bQ2e", "2 of 5", chip(Tone::Good, "Active")),
        KeyRow {
            until: Some(date("3 December 2026, 12:00", "in 7 days")),
            ..key("m4Cx9TqA1sLh6BvR", "1 of 5", chip(Tone::Warn, "Replaced"))
        },
        KeyRow {
            until: Some(date("2 December 2026, 09:00", "6 days ago")),
            revoke_href: None,
            ..key("Qw3eR5tY7uI9oP1a", "0", chip(Tone::Bad, "Revoked"))
        },
    ]
}

fn client(agent: &str, contact: &str, status: Chip) -> ClientRow {
    ClientRow {
        directory: "DV".to_owned(),
        binding: "key ID Zy0pH3kW5vT9bQ2e".to_owned(),
        revoke_href: (status.tone != Tone::Bad).then(|| "/clients/x/revoke".to_owned()),
        release_href: Some("/clients/x/release".to_owned()),
        thumbprint: "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s".to_owned(),
        contact: contact.to_owned(),
        agent: agent.to_owned(),
        address: "203.0.113.7".to_owned(),
        first_seen: date("2 Feb 2026", "10 months ago"),
        orders_left: "298 of 300 left".to_owned(),
        last_seen: Some(when(
            "2026-11-23T09:12:00Z",
            "23 Nov 2026, 09:12",
            "4 minutes ago",
        )),
        status,
    }
}

fn tabs(pages: &mut Pages, is_empty: bool) -> Result<(), Error> {
    let suffix = if is_empty { "-empty" } else { "" };
    let shell = || shell(Nav::Accounts, "Production");
    let paging = || paging("25 of 38");
    let domains = if is_empty { Vec::new() } else { domain::rows() };
    let add_href = "/domains/new?account=x".to_owned();
    let page = SubscriptionDomainsPage {
        shell: shell(),
        head: active(Tab::Domains),
        domains,
        paging: paging(),
        add_href,
    };
    pages.add(&format!("account-domains{suffix}"), &page)?;
    let certificates = if is_empty {
        Vec::new()
    } else {
        certificate::rows()
    };
    let page = SubscriptionCertificatesPage {
        shell: shell(),
        head: active(Tab::Certificates),
        certificates,
        paging: paging(),
    };
    pages.add(&format!("account-certificates{suffix}"), &page)?;
    let orders = if is_empty { Vec::new() } else { order::rows() };
    let page = SubscriptionActivityPage {
        shell: shell(),
        head: active(Tab::Activity),
        orders,
        paging: paging(),
    };
    pages.add(&format!("account-activity{suffix}"), &page)?;
    let clients = if is_empty {
        Vec::new()
    } else {
        vec![
            client(
                "certbot/5.8.0",
                "ops@northwind.example",
                chip(Tone::Good, "Valid"),
            ),
            client("", "", chip(Tone::Good, "Valid")),
            client(
                "lego/4.21.0",
                "dev@northwind.example",
                chip(Tone::Idle, "Deactivated"),
            ),
        ]
    };
    let page = SubscriptionClientsPage {
        shell: shell(),
        head: active(Tab::Clients),
        clients,
        paging: Paging::default(),
        orders_left: "4996 of 5000 left".to_owned(),
    };
    pages.add(&format!("account-clients{suffix}"), &page)
}

fn consequences(pages: &mut Pages) -> Result<(), Error> {
    let shell = |title| shell(Nav::Accounts, title);
    let href = "/accounts/x";
    pages.add(
        "account-suspend",
        &state::suspend_page(shell("Suspend account"), "Production", href),
    )?;
    // 24 November 2027, and a year later.
    let (end, until) = (
        Timestamp::from_seconds(1_827_014_400),
        Timestamp::from_seconds(1_858_550_400),
    );
    pages.add(
        "account-extend",
        &extend::extend_page(shell("Extend account"), ("Production", href), (end, until)),
    )?;
    pages.add(
        "account-resume",
        &state::resume_page(shell("Resume account"), "Production", href),
    )?;
    let problems = Problems::one("confirmation", "That is not the label. Type Production.");
    let page = |problems| {
        state::deactivate_page(
            shell("Deactivate account"),
            "Production",
            href,
            "Production",
            problems,
        )
    };
    endings(pages)?;
    pages.add("account-deactivate", &page(Problems::none()))?;
    pages.add("account-deactivate-error", &page(problems))
}

/// Pages before a credential or a client ends.
fn endings(pages: &mut Pages) -> Result<(), Error> {
    let shell = |title| shell(Nav::Accounts, title);
    let choosing = Extras {
        choosing: Some(rotate::overlaps(Some(24))),
        ..Extras::default()
    };
    let rotation = |extras| {
        let shell = shell("Rotate the credential of “Production”");
        rotate::rotate_page(shell, "Production", "/accounts/x", extras)
    };
    pages.add("account-rotate", &rotation(choosing))?;
    let at_once = Extras {
        asks_password: true,
        problems: Problems::one("password", "That is not your password."),
        ..Extras::default()
    };
    pages.add("account-rotate-error", &rotation(at_once))?;
    let view = |name: &str, own_href: &str| EndView {
        label: "Production".to_owned(),
        href: "/accounts/x".to_owned(),
        name: name.to_owned(),
        own_href: own_href.to_owned(),
    };
    let key = view("Zy0pH3kW5vT9bQ2e", "/credentials/x");
    let page = revoke::credential_page(shell("Revoke credential"), &key, Extras::default());
    pages.add("credential-revoke", &page)?;
    let client = view(
        "certbot/5.8.0 with the key cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s",
        "/clients/x",
    );
    let page = revoke::client_page(shell("Revoke client"), &client, Extras::default());
    pages.add("client-revoke", &page)?;
    let page = revoke::release_page(shell("Release binding"), &client, Extras::default());
    pages.add("client-release", &page)
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    pages.add("accounts", &list(rows(), false))?;
    pages.add("accounts-looked-after", &looked_after())?;
    pages.add("accounts-empty", &list(Vec::new(), false))?;
    pages.add("accounts-filtered-empty", &list(Vec::new(), true))?;
    pages.add("account-new", &new_account("", Problems::none()))?;
    let problems = Problems::one("label", "The label has 71 characters; use at most 64.")
        .and("term_years", "Choose a term of 1, 2 or 3 years.");
    pages.add(
        "account-new-error",
        &new_account("A label that goes on and on", problems),
    )?;
    let last = LastOrder {
        href: "/activity/x".to_owned(),
        status: chip(Tone::Bad, "Failed"),
        steps: order::failed_steps(false),
    };
    pages.add("account", &credentials(MacKey::Hidden, Some(last)))?;
    pages.add(
        "account-revealed",
        &credentials(MacKey::Revealed(KEY.to_owned()), None),
    )?;
    pages.add(
        "account-password",
        &credentials(MacKey::NeedsPassword(Problems::none()), None),
    )?;
    let wrong = Problems::one("password", "That is not your password.");
    pages.add(
        "account-password-error",
        &credentials(MacKey::NeedsPassword(wrong), None),
    )?;
    let withheld = "The MAC key of EAB key ID Zy0pH3kW5vT9bQ2e was shown once and is not shown again; rotate the \
                    credential to get a new key.";
    let withheld = MacKey::Withheld(withheld.to_owned());
    pages.add("account-withheld", &credentials(withheld, None))?;
    pages.add("account-erased", &erased())?;
    let why = "You suspended it on 20 November 2026. New orders are refused until you resume it; certificates already issued stay valid.";
    let suspended = CredentialsPage {
        shell: with_flash(
            shell(Nav::Accounts, "Production"),
            Tone::Good,
            "Production is suspended.",
        ),
        head: head(Tab::Credentials, chip(Tone::Warn, "Suspended"), why),
        ..credentials(MacKey::Hidden, None)
    };
    pages.add("account-suspended", &suspended)?;
    let assigned = CredentialsPage {
        organization: Some(AccountOrganization {
            named: Some((
                "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft Example AG".to_owned(),
                "/organizations/x".to_owned(),
            )),
            choices: organizations(),
        }),
        ..credentials(MacKey::Hidden, None)
    };
    pages.add("account-organization", &assigned)?;
    tabs(pages, false)?;
    tabs(pages, true)?;
    consequences(pages)
}
