//! Issued certificates: lists, one certificate, downloads. Revoking has a file of its own.

mod detail;
mod revoke;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use base::{CertificateId, DnsName, SubscriptionId, TenantId, Timestamp};
use flow::issuance::list_certificates::{
    CertificateError, Cursor, Filter, Format, Listed, Listing, Names, Page, Slice, Status, View,
    ca_name, certificate, certificates, download,
};
use tenancy::role::Permission;

use crate::portal::gate::permitted::{Permitted, ViewCertificates};
use crate::portal::page::account::{self, label_or_stand_in};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::listing::{FilterGroup, ListQuery, Paging, Search};
use crate::portal::page::part::{Chip, Lifetime, Tone};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Nav;
use crate::portal::page::words::{count, grouped, more};
use crate::portal::page::{links, moment};
use crate::portal::state::Portal;
use crate::portal::view::certificates::{CertificateRow, CertificatesPage};

const PATH: &str = "/certificates";
/// How many certificates a domain's page shows.
const OF_NAME: usize = 5;
/// Shorter texts are taken for parts of names only.
const MIN_SERIAL: usize = 4;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route(PATH, get(list))
        .route("/certificates/{id}", get(show))
        .route("/certificates/{id}/{file}", get(fetch))
        .route(
            "/certificates/{id}/revoke",
            get(revoke::form).post(revoke::submit),
        )
}

async fn list(
    who: Permitted<ViewCertificates>,
    State(portal): State<Portal>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let listing = read(&portal, who.tenant(), &query).await?;
    let accounts = account::filter(&portal, who.tenant(), &query, PATH).await?;
    let paging = paging(&query, PATH, &listing);
    let rows: Vec<_> = rows(&portal, &listing.page.rows, listing.now);
    page(&CertificatesPage {
        shell: who.shell(Nav::Certificates, "Certificates"),
        search: Search {
            href: PATH.to_owned(),
            value: query.q.clone(),
            placeholder: "Search names or serial numbers".to_owned(),
            kept: query.kept(),
            outcome: paging.text.clone(),
        },
        filters: vec![views(&query, &listing), accounts],
        certificates: rows,
        paging,
        is_filtered: listing.has_any || is_narrowed(&query),
    })
}

async fn show(
    who: Permitted<ViewCertificates>,
    State(portal): State<Portal>,
    Path(id): Path<String>,
) -> Answer {
    let id = CertificateId::from_suffix(&id).map_err(|_| Refusal::NotFound)?;
    let found = certificate(&portal.app, who.tenant(), id).await?;
    let found = found.ok_or(Refusal::NotFound)?;
    let can_revoke = who.may(Permission::RevokeCertificates);
    let shell = who.shell(Nav::Certificates, &detail::title(&found));
    page(&detail::page(shell, &found, can_revoke))
}

async fn fetch(
    who: Permitted<ViewCertificates>,
    State(portal): State<Portal>,
    Path((id, file)): Path<(String, String)>,
) -> Answer {
    let id = CertificateId::from_suffix(&id).map_err(|_| Refusal::NotFound)?;
    let (format, kind) = match file.as_str() {
        "chain.pem" => (Format::ChainPem, "application/pem-certificate-chain"),
        "leaf.der" => (Format::LeafDer, "application/pkix-cert"),
        "leaf.pem" => (Format::LeafPem, "application/pem-certificate-chain"),
        "root.pem" => (Format::RootPem, "application/pem-certificate-chain"),
        _ => return Err(Refusal::NotFound),
    };
    let found = download(&portal.app, who.tenant(), id, format).await?;
    let found = found.ok_or(Refusal::NotFound)?;
    // An asterisk is no good in a file name.
    let name = found.name.replace('*', "wildcard");
    let disposition = format!("attachment; filename=\"{name}-{file}\"");
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, found.bytes).into_response())
}

/// The certificates of one ACME account, for its tab at `path`.
pub(super) async fn of_account<P>(
    portal: &Portal,
    who: &Permitted<P>,
    account: SubscriptionId,
    query: &ListQuery,
    path: &str,
) -> Result<(Vec<CertificateRow>, Paging), Refusal> {
    let narrowed = ListQuery {
        account: account.suffix(),
        ..query.clone()
    };
    let listing = read(portal, who.tenant(), &narrowed).await?;
    let mut paging_query = narrowed;
    // The path says it; the count of all accounts must not be shown for one.
    let text = counted(&paging_query, &listing);
    paging_query.account = String::new();
    let (first, last) = cursors(&listing.page);
    let paging = paging_query.paging(path, first.as_deref(), last.as_deref(), text);
    Ok((rows(portal, &listing.page.rows, listing.now), paging))
}

/// The valid certificates with a name that end last, for its domain's page.
pub(super) async fn of_name<P>(
    portal: &Portal,
    who: &Permitted<P>,
    account: SubscriptionId,
    name: &DnsName,
) -> Result<Vec<CertificateRow>, Refusal> {
    let filter = Filter {
        subscription: Some(account),
        names: Names::Include(name.clone()),
        ..Filter::default()
    };
    let end = Timestamp::from_micros(i64::MAX);
    let slice = Slice::Before((
        end,
        CertificateId::generate(end, portal.app.random.as_ref()),
    ));
    let found = certificates(&portal.app, who.tenant(), filter, slice, OF_NAME).await?;
    Ok(rows(portal, &found.page.rows, found.now))
}

impl From<CertificateError> for Refusal {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::Certificate(..) => Self::internal(error),
            CertificateError::Store(error) => Self::Store(error),
        }
    }
}

fn rows(portal: &Portal, found: &[Listed], now: Timestamp) -> Vec<CertificateRow> {
    found.iter().map(|each| row(portal, each, now)).collect()
}

fn row(portal: &Portal, found: &Listed, now: Timestamp) -> CertificateRow {
    let names: Vec<String> = found.names.iter().map(ToString::to_string).collect();
    let status = chip(found.status, found.not_after, found.is_expiring(now), now);
    CertificateRow {
        href: links::certificate(found.id),
        name: names.first().cloned().unwrap_or_default(),
        more: more(&names),
        serial: short_serial(&found.serial),
        issuer: ca_name(&portal.app, found.ca),
        not_after: moment::when(found.not_after, now),
        lifetime: lifetime(found.not_before, found.not_after, status.tone, now),
        status,
        account: label_or_stand_in(&found.label),
    }
}

fn chip(status: Status, not_after: Timestamp, is_expiring: bool, now: Timestamp) -> Chip {
    match status {
        Status::Revoked => Chip::new(Tone::Bad, "Revoked"),
        Status::Intended | Status::Issued if not_after <= now => Chip::new(Tone::Idle, "Expired"),
        Status::Intended | Status::Issued if is_expiring => Chip::new(Tone::Warn, "Expiring"),
        Status::Intended | Status::Issued => Chip::new(Tone::Good, "Valid"),
    }
}

/// A revoked certificate has no lifetime left to be glad of.
fn lifetime(from: Timestamp, until: Timestamp, tone: Tone, now: Timestamp) -> Lifetime {
    let whole = until.since(from).as_secs().max(1);
    let passed = now.since(from).as_secs().min(whole);
    let percent = u8::try_from(passed.saturating_mul(100) / whole).unwrap_or(100);
    let days = whole.saturating_add(43_200) / 86_400;
    Lifetime {
        percent,
        tone: if tone == Tone::Bad { Tone::Idle } else { tone },
        text: match days {
            0 => format!("{percent} % of its lifetime has passed"),
            1 => format!("{percent} % of 1 day has passed"),
            _ => format!("{percent} % of {days} days have passed"),
        },
    }
}

/// The first four bytes, apart.
fn short_serial(serial: &str) -> String {
    let pairs: Vec<&str> = pairs(serial).take(4).collect();
    format!("{} …", pairs.join(" "))
}

fn pairs(hex: &str) -> impl Iterator<Item = &str> {
    (0..hex.len())
        .step_by(2)
        .filter_map(|at| hex.get(at..at + 2))
}

async fn read(portal: &Portal, tenant: TenantId, query: &ListQuery) -> Result<Listing, Refusal> {
    let text = query.text();
    let filter = Filter {
        view: view(query),
        subscription: SubscriptionId::from_suffix(&query.account).ok(),
        serial: serial(&text),
        names: Names::containing(&text),
    };
    let slice = if let Some(cursor) = cursor(&query.after) {
        Slice::After(cursor)
    } else if let Some(cursor) = cursor(&query.before) {
        Slice::Before(cursor)
    } else {
        Slice::Start
    };
    let limit = usize::try_from(query.limit()).unwrap_or(usize::MAX);
    Ok(certificates(&portal.app, tenant, filter, slice, limit).await?)
}

/// A serial number as people copy it, with colons or spaces; empty when the text is none.
fn serial(text: &str) -> String {
    let digits: String = text
        .chars()
        .filter(|each| !matches!(each, ':' | ' '))
        .collect();
    let is_hex = digits.len() >= MIN_SERIAL && digits.bytes().all(|each| each.is_ascii_hexdigit());
    if is_hex { digits } else { String::new() }
}

fn view(query: &ListQuery) -> View {
    match query.view.as_str() {
        "expired" => View::Expired,
        "expiring" => View::Expiring,
        "revoked" => View::Revoked,
        _ => View::Valid,
    }
}

fn view_word(view: View) -> &'static str {
    match view {
        View::Expired => "expired",
        View::Expiring => "expiring",
        View::Revoked => "revoked",
        View::Valid => "",
    }
}

fn is_narrowed(query: &ListQuery) -> bool {
    let fields = [&query.q, &query.account, &query.after];
    view(query) != View::Valid || fields.iter().any(|value| !value.is_empty())
}

fn views(query: &ListQuery, listing: &Listing) -> FilterGroup {
    let counts = listing.counts;
    let views = [
        (View::Valid, "Valid", Some(counts.valid)),
        (View::Expiring, "Expiring", Some(counts.expiring)),
        (View::Revoked, "Revoked", Some(counts.revoked)),
        (View::Expired, "Expired", None),
    ];
    // The counts are those of the views alone.
    let has_counts = query.q.is_empty() && query.account.is_empty();
    let chips = views.map(|(each, label, count)| {
        let mut chip = query.chip(PATH, "view", (view_word(each), label), view(query) == each);
        if let Some(count) = count.filter(|_| has_counts) {
            chip.count = grouped(count);
        }
        chip
    });
    FilterGroup {
        label: "View".to_owned(),
        chips: chips.to_vec(),
        is_menu: false,
    }
}

fn paging(query: &ListQuery, path: &str, listing: &Listing) -> Paging {
    let (first, last) = cursors(&listing.page);
    query.paging(
        path,
        first.as_deref(),
        last.as_deref(),
        counted(query, listing),
    )
}

fn cursors(page: &Page<Listed>) -> (Option<String>, Option<String>) {
    let text = |row: Option<&Listed>| row.map(|row| cursor_text(row.cursor()));
    (
        text(page.rows.first()).filter(|_| page.has_before),
        text(page.rows.last()).filter(|_| page.has_after),
    )
}

/// How many certificates the list has, where that is known.
fn counted(query: &ListQuery, listing: &Listing) -> String {
    let shown = i64::try_from(listing.page.rows.len()).unwrap_or(i64::MAX);
    let shown_text = count(shown, "certificate", "certificates");
    if !listing.page.has_before && !listing.page.has_after {
        return shown_text;
    }
    let total = match view(query) {
        View::Expired => None,
        View::Expiring => Some(listing.counts.expiring),
        View::Revoked => Some(listing.counts.revoked),
        View::Valid => Some(listing.counts.valid),
    };
    match total.filter(|_| query.q.is_empty() && query.account.is_empty()) {
        Some(total) => {
            let total = count(total, "certificate", "certificates");
            format!("{} of {total}", grouped(shown))
        }
        None => format!("{shown_text} on this page"),
    }
}

fn cursor_text((end, id): Cursor) -> String {
    format!("{}.{}", end.as_micros(), id.suffix())
}

fn cursor(text: &str) -> Option<Cursor> {
    let (end, id) = text.split_once('.')?;
    let end = Timestamp::from_micros(end.parse().ok()?);
    Some((end, CertificateId::from_suffix(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_found_as_people_copy_them() {
        assert_eq!(serial("04:9f:21 c0"), "049f21c0");
        assert_eq!(serial("cafe.example"), "");
        assert_eq!(serial("abc"), "");
    }

    #[test]
    fn cursors_round_trip_and_nonsense_is_the_start() {
        let text = "1795435200000000.01k0000000000000000000000z";
        assert_eq!(cursor(text).map(cursor_text).as_deref(), Some(text));
        for odd in ["", ".", "1", "x.01k0000000000000000000000z"] {
            assert_eq!(cursor(odd), None, "{odd}");
        }
    }

    #[test]
    fn lifetimes_are_shares_of_the_whole() {
        let day = |days: i64| Timestamp::from_seconds(days * 86_400);
        let bar = lifetime(day(0), day(90), Tone::Good, day(45));
        assert_eq!(
            (bar.percent, bar.text.as_str()),
            (50, "50 % of 90 days have passed")
        );
        assert_eq!(lifetime(day(0), day(90), Tone::Bad, day(100)).percent, 100);
    }
}
