//! Who signs and where, as they stand. They are changed at the command line.

use askama::Template;
use axum::extract::State;
use base::Timestamp;
use flow::catalog::show_authorities::{CrlLine, DirectoryLine, IssuerLine, show_authorities};
use pki::{Ceiling, ceilings};

use crate::portal::gate::permitted::{Permitted, ViewAuthorities};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::{distance, when};
use crate::portal::page::part::{Chip, Tone, When};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::grouped;
use crate::portal::state::Portal;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default().get(links::AUTHORITIES, ViewAuthorities, show)
}

/// `GET /authorities`.
async fn show(State(portal): State<Portal>, who: Permitted<ViewAuthorities>) -> Answer {
    let now = portal.app.now();
    let found = show_authorities(&portal.app, &who.caller).await?;
    page(&AuthoritiesPage {
        shell: who.shell(Nav::Authorities, "Authorities"),
        issuers: found.issuers.iter().map(|each| issuer(each, now)).collect(),
        directories: found.directories.iter().map(directory).collect(),
        ceilings: ceilings().iter().map(|each| ceiling(*each, now)).collect(),
    })
}

fn issuer(found: &IssuerLine, now: Timestamp) -> IssuerRow {
    let is_root = found.kind == "root";
    let place = match &found.parent {
        Some(parent) => format!("{}, under {}", found.kind, called(parent)),
        None => found.kind.clone(),
    };
    IssuerRow {
        name: called(&found.name).to_owned(),
        place,
        key: found.key.clone().unwrap_or_default(),
        key_place: if found.has_key {
            "sealed here"
        } else {
            "elsewhere"
        },
        ends: found.ends_at.map(|at| when(at, now)),
        crl: found.crl.map(|crl| list(crl, now)),
        status: match (found.retired_at, found.signs_in.as_slice()) {
            _ if found.ends_at.is_some_and(|at| at < now) => Chip::new(Tone::Bad, "Expired"),
            (Some(_), _) => Chip::new(Tone::Idle, "CRL only"),
            (None, [_, ..]) => Chip::new(Tone::Good, "Signing"),
            (None, []) if is_root && !found.has_key => Chip::new(Tone::Idle, "Offline"),
            (None, []) if is_root => Chip::new(Tone::Good, "Root"),
            (None, []) if found.kind == "server" => Chip::new(Tone::Good, "This server's TLS"),
            (None, []) => Chip::new(Tone::Idle, "In no directory"),
        },
    }
}

/// What a CA is called: its distinguished name, of which a common name alone says enough.
fn called(name: &str) -> &str {
    match name.strip_prefix("CN=") {
        Some(common) if !common.contains('=') => common,
        _ => name,
    }
}

fn list(crl: CrlLine, now: Timestamp) -> CrlRow {
    CrlRow {
        number: grouped(crl.number),
        entries: grouped(crl.entries),
        age: distance(crl.made_at, now),
        is_late: crl.next_at < now,
    }
}

fn directory(found: &DirectoryLine) -> DirectoryRow {
    DirectoryRow {
        slug: found.slug.clone(),
        url: found.url.clone(),
        product: found.product.clone(),
        issuer: found.issuer.as_deref().map_or("nobody", called).to_owned(),
        profile: found.profile.as_ref().map_or_else(
            || "none".to_owned(),
            |(name, number)| format!("{name}, {number}"),
        ),
        offers: grouped(i64::try_from(found.offers).unwrap_or(i64::MAX)),
        status: match (found.closed_at, found.is_test) {
            (Some(_), _) => Chip::new(Tone::Idle, "Closed"),
            (None, true) => Chip::new(Tone::Good, "Test"),
            (None, false) => Chip::new(Tone::Good, "Open"),
        },
    }
}

fn ceiling(ceiling: Ceiling, now: Timestamp) -> CeilingRow {
    CeilingRow {
        from: when(ceiling.from, now),
        days: ceiling.validity_days,
        reuse_days: ceiling.reuse_days,
    }
}

/// A CA.
#[derive(Clone, Debug)]
pub struct IssuerRow {
    /// Its name.
    pub name: String,
    /// What it is, and under whom.
    pub place: String,
    /// What kind of key it has.
    pub key: String,
    /// Where that is.
    pub key_place: &'static str,
    /// Until when its certificate is valid.
    pub ends: Option<When>,
    /// Its list of revoked certificates.
    pub crl: Option<CrlRow>,
    /// What it does.
    pub status: Chip,
}

/// A list of revoked certificates.
#[derive(Clone, Debug)]
pub struct CrlRow {
    /// Its number.
    pub number: String,
    /// How many certificates are in it.
    pub entries: String,
    /// How long ago it was made.
    pub age: String,
    /// Whether the next one should be there.
    pub is_late: bool,
}

/// A directory.
#[derive(Clone, Debug)]
pub struct DirectoryRow {
    /// The last segment of its URL.
    pub slug: String,
    /// Where clients find it.
    pub url: String,
    /// What is ordered there.
    pub product: String,
    /// Who signs.
    pub issuer: String,
    /// What certificates look like.
    pub profile: String,
    /// How many offers lead there.
    pub offers: String,
    /// Whether it takes orders.
    pub status: Chip,
}

/// What public trust allows from a day on.
#[derive(Clone, Debug)]
pub struct CeilingRow {
    /// The day.
    pub from: When,
    /// How long certificates live at most.
    pub days: i64,
    /// How long a proof of control counts at most.
    pub reuse_days: i64,
}

/// `GET /authorities`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/catalog/authorities.html")]
pub struct AuthoritiesPage {
    /// The frame.
    pub shell: Shell,
    /// The CAs, the oldest first.
    pub issuers: Vec<IssuerRow>,
    /// The directories.
    pub directories: Vec<DirectoryRow>,
    /// What public trust allows, from the earliest day on.
    pub ceilings: Vec<CeilingRow>,
}
