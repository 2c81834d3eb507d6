//! The lists of issued certificates, and the parts of them that other pages show (`ux.md` R14).

use askama::Template;
use axum::extract::{Query, State};
use base::{Cursor as _, DnsName, Page, Slice, SubscriptionId, Timestamp};
use flow::Caller;
use flow::issuance::list_certificates::counts::Length;
use flow::issuance::list_certificates::{
    CertificateFilter, CertificateListing, CertificateRow as Listed, Cursor, Names, View,
    certificates, certificates_by_serial,
};

use super::length;
use super::table::{CertificateRow, rows};
use crate::portal::gate::permitted::{Permitted, ViewCertificates};
use crate::portal::page::account;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::listing::{FilterGroup, ListQuery, Paging, Search};
use crate::portal::page::menu::Nav;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::{count, grouped};
use crate::portal::state::Portal;

/// The list.
pub(super) const PATH: &str = "/certificates";
/// How many certificates a domain's page shows.
const OF_NAME: usize = 5;
/// Shorter texts are taken for parts of names only.
const MIN_SERIAL: usize = 4;

pub(super) async fn list(
    who: Permitted<ViewCertificates>,
    State(portal): State<Portal>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let listing = read(&portal, &who.caller, &query).await?;
    let accounts = account::filter(&portal, &who.caller, &query, PATH).await?;
    let paging = paging(&query, PATH, &listing);
    let rows: Vec<_> = rows(&portal, &listing.page.rows, listing.now);
    page(&CertificateListPage {
        shell: who.shell(Nav::Certificates, "Certificates"),
        search: query.search(PATH, "Search names or serial numbers", paging.text.clone()),
        filters: vec![views(&query, &listing), accounts],
        certificates: rows,
        paging,
        is_filtered: listing.has_any || is_narrowed(&query),
    })
}

/// The certificates of one ACME account, for its tab at `path`.
pub(crate) async fn of_account<P>(
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
    let listing = read(portal, &who.caller, &narrowed).await?;
    let mut paging_query = narrowed;
    // The path says it; the count of all accounts must not be shown for one.
    let text = counted(&paging_query, &listing);
    paging_query.account = String::new();
    let (first, last) = cursors(&listing.page);
    let paging = paging_query.paging(path, first.as_deref(), last.as_deref(), text);
    Ok((rows(portal, &listing.page.rows, listing.now), paging))
}

/// The valid certificates with a name that end last, for its domain's page.
pub(crate) async fn of_name<P>(
    portal: &Portal,
    who: &Permitted<P>,
    account: SubscriptionId,
    name: &DnsName,
) -> Result<Vec<CertificateRow>, Refusal> {
    let filter = CertificateFilter {
        subscription: Some(account),
        names: Names::Include(name.clone()),
        ..CertificateFilter::of(View::Valid, portal.app.now())
    };
    let end = Cursor {
        at: Timestamp::from_micros(i64::MAX),
        id: [0xff; 16],
    };
    let asked = base::Query {
        filter,
        slice: Slice::Before(end),
        limit: OF_NAME,
    };
    let found = certificates(&portal.app, &who.caller, asked).await?;
    Ok(rows(portal, &found.page.rows, found.now))
}

async fn read(
    portal: &Portal,
    caller: &Caller,
    query: &ListQuery,
) -> Result<CertificateListing, Refusal> {
    let text = query.text();
    let serial = serial(&text);
    if !serial.is_empty() {
        let found = certificates_by_serial(&portal.app, caller, &serial).await?;
        if !found.page.rows.is_empty() {
            return Ok(found);
        }
    }
    let filter = CertificateFilter {
        view: view(query),
        subscription: SubscriptionId::from_suffix(&query.account).ok(),
        names: Names::containing(&text),
        now: portal.app.now(),
    };
    Ok(certificates(&portal.app, caller, query.asked(filter)).await?)
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

fn views(query: &ListQuery, listing: &CertificateListing) -> FilterGroup {
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
            chip.count = length::number(count);
        }
        chip
    });
    FilterGroup {
        label: "View".to_owned(),
        chips: chips.to_vec(),
        is_menu: false,
    }
}

fn paging(query: &ListQuery, path: &str, listing: &CertificateListing) -> Paging {
    let (first, last) = cursors(&listing.page);
    query.paging(
        path,
        first.as_deref(),
        last.as_deref(),
        counted(query, listing),
    )
}

fn cursors(page: &Page<Listed>) -> (Option<String>, Option<String>) {
    let (before, after) = page.neighbours();
    (
        before.map(|cursor| cursor.text()),
        after.map(|cursor| cursor.text()),
    )
}

/// How many certificates the list has, where that is known.
fn counted(query: &ListQuery, listing: &CertificateListing) -> String {
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
    let total = total.filter(|_| query.q.is_empty() && query.account.is_empty());
    let Some(total) = total else {
        return format!("{shown_text} on this page");
    };
    let shown = grouped(shown);
    match (total, length::as_of(total, listing.now)) {
        (Length::Exact(total), _) => {
            format!("{shown} of {}", count(total, "certificate", "certificates"))
        }
        (Length::Long { .. }, Some(as_of)) => {
            format!("{shown} of {} certificates, {as_of}", length::number(total))
        }
        (Length::Long { at_least, .. }, None) => {
            format!("{shown} of {} certificates or more", grouped(at_least))
        }
    }
}

/// `GET /certificates`, with `view`, `q`, `account`, `after`, `before`, `size`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/issuance/certificates/list.html")]
pub struct CertificateListPage {
    /// The frame.
    pub shell: Shell,
    /// The search field: names and serial numbers.
    pub search: Search,
    /// Views and accounts.
    pub filters: Vec<FilterGroup>,
    /// Certificates, those that end first on top.
    pub certificates: Vec<CertificateRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
    /// Whether a search or filter other than the usual view is set.
    pub is_filtered: bool,
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
        let read = Cursor::parse(text);
        assert_eq!(read.map(|cursor| cursor.text()).as_deref(), Some(text));
        for odd in ["", ".", "1", "x.01k0000000000000000000000z"] {
            assert_eq!(Cursor::parse(odd), None, "{odd}");
        }
    }
}
