//! Certificates: list, detail, revoking.

use super::{
    Chip, Error, Nav, Pages, Tone, accounts_filter, chip, date, filter, life, paging, search,
    shell, strings, when,
};
use crate::portal::issuance::certificates::list::CertificateListPage;
use crate::portal::issuance::certificates::revoke::RevokePage;
use crate::portal::issuance::certificates::show::{
    CertificatePage, ChainLink, Fact, Proof, Revocation,
};
use crate::portal::issuance::certificates::table::CertificateRow;
use crate::portal::page::form::Problems;

fn row(name: &str, more: &str, percent: u8, tone: Tone, status: Chip) -> CertificateRow {
    CertificateRow {
        href: "/certificates/x".to_owned(),
        name: name.to_owned(),
        more: more.to_owned(),
        serial: "04 9f 21 c0 …".to_owned(),
        issuer: "Chancery DV CA 1".to_owned(),
        not_after: date("30 Jan 2027", "in 68 days"),
        lifetime: life(percent, tone),
        status,
        account: "Production".to_owned(),
    }
}

pub(super) fn rows() -> Vec<CertificateRow> {
    vec![
        row(
            "shop.lakeside.example",
            "",
            93,
            Tone::Bad,
            chip(Tone::Warn, "Expiring"),
        ),
        row(
            "example.com",
            "and www.example.com",
            24,
            Tone::Good,
            chip(Tone::Good, "Valid"),
        ),
        row(
            "*.harbor.example",
            "and 11 more",
            61,
            Tone::Good,
            chip(Tone::Good, "Valid"),
        ),
        row(
            "mail.northwind.example",
            "",
            44,
            Tone::Idle,
            chip(Tone::Bad, "Revoked"),
        ),
        row(
            "a-rather-long-host-name-that-somebody-chose-in-1998.department.northwind.example",
            "",
            100,
            Tone::Idle,
            chip(Tone::Idle, "Expired"),
        ),
    ]
}

fn list(certificates: Vec<CertificateRow>, query: &str, is_filtered: bool) -> CertificateListPage {
    let views = [
        ("Valid", "119"),
        ("Expiring", "3"),
        ("Revoked", "4"),
        ("Expired", "861"),
        ("All", ""),
    ];
    CertificateListPage {
        shell: shell(Nav::Certificates, "Certificates"),
        search: search(
            "/certificates",
            query,
            "Search names or serial numbers",
            "119 certificates",
        ),
        filters: vec![filter("View", false, &views, 0), accounts_filter()],
        certificates,
        paging: paging("50 of 119 certificates"),
        is_filtered,
    }
}

fn link(role: &str, subject: &str, note: &str) -> ChainLink {
    ChainLink {
        role: role.to_owned(),
        subject: subject.to_owned(),
        note: note.to_owned(),
    }
}

fn proof(name: &str, way: &'static str, detail: &str) -> Proof {
    Proof {
        name: name.to_owned(),
        way,
        when: when("2026-11-01T03:12:44Z", "1 Nov 2026, 03:12", ""),
        detail: detail.to_owned(),
    }
}

fn detail(status: Chip, explanation: &str, revocation: Option<Revocation>) -> CertificatePage {
    let is_revoked = revocation.is_some();
    CertificatePage {
        shell: shell(Nav::Certificates, "example.com"),
        href: "/certificates/x".to_owned(),
        back_href: "/certificates?view=valid".to_owned(),
        name: "example.com".to_owned(),
        status,
        explanation: explanation.to_owned(),
        names: strings(&["example.com", "www.example.com"]),
        not_before: when("2026-11-01T03:12:50Z", "1 Nov 2026, 03:12", "22 days ago"),
        not_after: when("2027-01-30T03:12:49Z", "30 Jan 2027, 03:12", "in 68 days"),
        lifetime: life(24, if is_revoked { Tone::Idle } else { Tone::Good }),
        account: "Production".to_owned(),
        account_href: "/accounts/x".to_owned(),
        key_facts: vec![
            Fact::text("Issuer", "Chancery DV CA 1"),
            Fact::text("Key", "EC P-256"),
            Fact::text("Profile", "DV server, 90 days"),
        ],
        facts: vec![
            Fact::code(
                "Serial number",
                "04:9f:21:c0:8e:5d:11:7a:33:b0:4c:6e:91:d2:0f:aa:17:c5",
            ),
            Fact::code(
                "SHA-256",
                "9B:2E:71:0C:44:F1:8A:6D:02:5B:E3:97:A0:CC:1D:38:7F:64:B9:20:5E:D8:13:AF:46:90:2C:EB:71:35:08:DA",
            ),
            Fact::text("Issuer", "CN=Chancery DV CA 1,O=Chancery,C=FI"),
            Fact::text("Key usage", "digital signature; critical"),
            Fact::text(
                "CRL distribution points",
                "http://pki.chancery.example/ca/dv1.crl",
            ),
        ],
        chain: vec![
            link("Certificate", "example.com", "ends 30 January 2027"),
            link("Issuing CA", "Chancery DV CA 1", "ends 3 March 2031"),
            link("Root", "Chancery Root R1", "ends 3 March 2046"),
        ],
        proofs: vec![
            proof(
                "example.com",
                "over HTTP",
                "192.0.2.7 answered with the key authorization",
            ),
            proof(
                "www.example.com",
                "over HTTP",
                "192.0.2.7 answered with the key authorization",
            ),
        ],
        order_href: Some("/activity/x".to_owned()),
        successor_href: is_revoked.then(|| "/certificates/y".to_owned()),
        can_revoke: !is_revoked,
        revocation,
    }
}

fn revoke(problems: Problems) -> RevokePage {
    RevokePage {
        shell: shell(Nav::Certificates, "Revoke certificate"),
        href: "/certificates/x".to_owned(),
        name: "example.com".to_owned(),
        names: strings(&["example.com", "www.example.com"]),
        serial: "04:9f:21:c0:8e:5d:11:7a:33:b0:4c:6e:91:d2:0f:aa:17:c5".to_owned(),
        reasons: RevokePage::usual_reasons(),
        asks_password: !problems.is_empty(),
        problems,
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    pages.add("certificates", &list(rows(), "", false))?;
    pages.add("certificates-empty", &list(Vec::new(), "", false))?;
    pages.add(
        "certificates-filtered-empty",
        &list(Vec::new(), "nothing", true),
    )?;
    let text = "Valid for another 68 days. Its client is due to renew it around 31 December 2026.";
    pages.add(
        "certificate",
        &detail(chip(Tone::Good, "Valid"), text, None),
    )?;
    let revocation = Revocation {
        reason: "key compromised".to_owned(),
        when: when("2026-11-20T10:00:00Z", "20 Nov 2026, 10:00", ""),
        by: "ops@northwind.example".to_owned(),
    };
    let text = "No client should accept it any more.";
    pages.add(
        "certificate-revoked",
        &detail(chip(Tone::Bad, "Revoked"), text, Some(revocation)),
    )?;
    pages.add("certificate-revoke", &revoke(Problems::none()))?;
    let problems = Problems::one(
        "confirmation",
        "Tick the box to confirm; this cannot be undone.",
    );
    pages.add("certificate-revoke-error", &revoke(problems))
}
