//! `chancery admin certificate`: what was issued, to whom, and its revocation.

use acme::revocation::Reason;
use anyhow::{Context, bail};
use base::CertificateId;
use flow::caller::system;
use flow::issuance::revoke::revoke_as_operator;
use flow::{App, Caller};
use serde_json::{Value, json};
use store::issuance::certificate::{self, Certificate, Status};
use store::issuance::revocation;

use super::{PAGE, say};
use crate::cli::account::CertificateCommand;

/// The words of RFC 5280 §5.3.1 for what a subscriber may say.
const REASONS: [(&str, Reason); 5] = [
    ("unspecified", Reason::Unspecified),
    ("keyCompromise", Reason::KeyCompromise),
    ("affiliationChanged", Reason::AffiliationChanged),
    ("superseded", Reason::Superseded),
    ("cessationOfOperation", Reason::CessationOfOperation),
];

pub(super) async fn certificate(app: &App, command: CertificateCommand) -> anyhow::Result<()> {
    match command {
        CertificateCommand::List { json } => list(app, json).await,
        CertificateCommand::Revoke {
            certificate,
            reason,
        } => {
            let reason = reason_of(&reason)?;
            let found = find(app, &certificate).await?;
            let caller = Caller::command_line().within(found.tenant);
            revoke_as_operator(app, &caller, found.id, reason).await?;
            say("revoked; its CRL follows within a second or two");
            Ok(())
        }
        CertificateCommand::Show { certificate, json } => {
            let found = find(app, &certificate).await?;
            show(&found, reason(app, &found).await?, json);
            Ok(())
        }
    }
}

fn reason_of(word: &str) -> anyhow::Result<Reason> {
    let found = REASONS.iter().find(|(known, _)| *known == word);
    if let Some((_, reason)) = found {
        return Ok(*reason);
    }
    let known = REASONS.map(|(known, _)| known).join(", ");
    bail!("there is no reason \"{word}\"; there are {known}")
}

/// By identifier or by serial number, however that is written.
async fn find(app: &App, text: &str) -> anyhow::Result<Certificate> {
    let all = app.store(system(
        "an operator names a certificate at the command line",
    ));
    let found = if let Ok(id) = text.parse::<CertificateId>() {
        all.read(id, certificate::by_id).await?
    } else {
        let text = text.to_lowercase();
        let digits = text.strip_prefix("0x").unwrap_or(&text);
        let digits = digits.replace([':', ' '], "");
        all.read(digits, certificate::by_serial).await?
    };
    found.with_context(|| {
        format!("there is no certificate {text}; chancery admin certificate list shows those that there are")
    })
}

fn json_of(found: &Certificate) -> Value {
    json!({ "certificate": found.id, "serial": found.serial, "status": status(found), "order": found.order,
        "names": names(found), "not_before": found.not_before, "not_after": found.not_after,
        "tenant": found.tenant, "subscription": found.subscription, "client": found.account,
        "revoked_at": found.revoked_at })
}

/// Why it was revoked, in the words of RFC 5280 §5.3.1, or by its number.
async fn reason(app: &App, found: &Certificate) -> anyhow::Result<Option<String>> {
    if found.revoked_at.is_none() {
        return Ok(None);
    }
    let all = app.store(system(
        "an operator names a certificate at the command line",
    ));
    let code = all.read(found.id, revocation::reason).await?;
    Ok(code.map(|code| {
        let mut known = REASONS.iter();
        let word = known.find(|(_, reason)| i64::from(reason.code()) == code);
        word.map_or_else(|| code.to_string(), |(word, _)| (*word).to_owned())
    }))
}

fn status(certificate: &Certificate) -> &'static str {
    match certificate.status {
        Status::Issued => "issued",
        Status::Revoked => "revoked",
    }
}

fn names(certificate: &Certificate) -> Vec<String> {
    certificate.names.iter().map(ToString::to_string).collect()
}

fn show(found: &Certificate, reason: Option<String>, as_json: bool) {
    if as_json {
        let mut shown = json_of(found);
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("reason".to_owned(), json!(reason));
        }
        say(&shown.to_string());
        return;
    }
    for (what, value) in [
        ("certificate", found.id.to_string()),
        ("serial", found.serial.clone()),
        ("status", status(found).to_owned()),
        ("names", names(found).join(" ")),
        ("valid from", found.not_before.to_string()),
        ("valid until", found.not_after.to_string()),
        ("reseller", found.tenant.to_string()),
        ("ACME account", found.subscription.to_string()),
        ("client", found.account.to_string()),
    ] {
        say(&format!("{what:<13} {value}"));
    }
    if let Some(at) = found.revoked_at {
        let reason = reason.unwrap_or_default();
        say(&format!("revoked       {at}  {reason}"));
    }
}

async fn list(app: &App, as_json: bool) -> anyhow::Result<()> {
    let mut after: Option<CertificateId> = None;
    loop {
        let store = app.store(system("the operator lists every certificate"));
        let page = store.scan((after, PAGE), certificate::page).await?;
        for found in &page {
            if as_json {
                say(&json_of(found).to_string());
            } else {
                let names = names(found).join(" ");
                say(&format!(
                    "{}  {:7}  until {}  {names}",
                    found.serial,
                    status(found),
                    found.not_after
                ));
            }
        }
        match page.last() {
            Some(last) => after = Some(last.id),
            None => return Ok(()),
        }
    }
}
