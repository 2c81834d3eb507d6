//! `chancery admin pre-validation`: what is checked of organizations, and by whom.

use anyhow::{Context, bail};
use base::{PreValidationId, Timestamp};
use flow::tenancy::pre_validation::end_pre_validation::{End, end_pre_validation};
use flow::tenancy::pre_validation::find_reviewer::find_reviewer;
use flow::tenancy::pre_validation::list_waiting::{Reviewed, list_waiting, show_pre_validation};
use flow::tenancy::pre_validation::request_pre_validation::request_pre_validation;
use flow::tenancy::pre_validation::review_pre_validation::{Verdict, review_pre_validation};
use flow::{App, Caller};
use serde_json::json;
use tenancy::certificate_type::{CertificateType, Check};
use tenancy::pre_validation::{Approval, Evidence};
use tenancy::user::Email;

use super::organization::{find, json_of_check, say_check, say_contacts, say_fields, with};
use super::{PAGE, say};
use crate::cli::organization::{ApproveArgs, PreValidationCommand};

const ADVICE: &str = "chancery admin pre-validation list shows those that wait";

pub(super) async fn pre_validation(app: &App, command: PreValidationCommand) -> anyhow::Result<()> {
    match command {
        PreValidationCommand::Approve(args) => approve(app, &args).await,
        PreValidationCommand::End {
            pre_validation,
            reason,
        } => {
            let found = named(app, &pre_validation).await?;
            let caller = Caller::command_line().within(found.check.tenant);
            let end = End::ByOperator(reason);
            let ended = end_pre_validation(app, &caller, found.check.id, end).await?;
            say_check(app, &ended);
            Ok(())
        }
        PreValidationCommand::List { json } => list(app, json).await,
        PreValidationCommand::Reject {
            pre_validation,
            reviewer,
            reason,
        } => decide(app, &pre_validation, &reviewer, Verdict::Reject(reason)).await,
        PreValidationCommand::Request {
            organization,
            kind,
            json,
        } => request(app, &organization, &kind, json).await,
        PreValidationCommand::Show {
            pre_validation,
            json,
        } => show(app, &pre_validation, json).await,
    }
}

async fn request(app: &App, organization: &str, kind: &str, as_json: bool) -> anyhow::Result<()> {
    let Some(kind) = CertificateType::parse(kind) else {
        bail!("nothing is checked for \"{kind}\"; choose ov, ev or qwac");
    };
    let (id, caller) = find(app, organization).await?;
    let check = request_pre_validation(app, &caller, id, kind).await?;
    if as_json {
        say(&json_of_check(app, &check).to_string());
    } else {
        say_check(app, &check);
    }
    Ok(())
}

async fn approve(app: &App, args: &ApproveArgs) -> anyhow::Result<()> {
    let found = named(app, &args.pre_validation).await?;
    let today = app.now();
    let evidence = args
        .check
        .iter()
        .map(|(check, source)| evidence(check, source, today));
    let approval = Approval {
        fields: with(found.check.fields, &args.set)?,
        evidence: evidence.collect::<anyhow::Result<_>>()?,
    };
    decide(
        app,
        &args.pre_validation,
        &args.reviewer,
        Verdict::Approve(Box::new(approval)),
    )
    .await
}

async fn decide(
    app: &App,
    pre_validation: &str,
    reviewer: &str,
    verdict: Verdict,
) -> anyhow::Result<()> {
    let found = named(app, pre_validation).await?;
    let reviewer = find_reviewer(app, Email::parse(reviewer)?).await?;
    let caller = Caller::command_line();
    let of = (found.check.id, reviewer);
    let decided = review_pre_validation(app, &caller, of, verdict).await?;
    say_check(app, &decided);
    Ok(())
}

/// `Trade register FI 0000000-0@2026-11-20`; without a day, it was seen today.
fn evidence(check: &str, source: &str, today: Timestamp) -> anyhow::Result<Evidence> {
    let words: Vec<_> = Check::ALL.iter().map(|each| each.as_str()).collect();
    let Some(check) = Check::parse(check) else {
        bail!(
            "there is no check \"{check}\"; choose one of {}",
            words.join(", ")
        );
    };
    let day = source.rsplit_once('@').and_then(|(source, day)| {
        let seen_at = Timestamp::parse_rfc3339(&format!("{day}T00:00:00Z"));
        Some((source, seen_at.ok()?))
    });
    let (source, seen_at) = day.unwrap_or((source, today));
    Ok(Evidence {
        check,
        source: source.trim().to_owned(),
        seen_at,
    })
}

async fn list(app: &App, as_json: bool) -> anyhow::Result<()> {
    let mut after = PreValidationId::FIRST;
    loop {
        let page = list_waiting(app, after, PAGE).await?;
        for waiting in &page {
            if as_json {
                say(&json_of_check(app, &waiting.check).to_string());
            } else {
                say_check(app, &waiting.check);
                say(&format!(
                    "  {}, of {}",
                    waiting.organization, waiting.tenant
                ));
            }
        }
        match page.last() {
            Some(last) => after = last.check.id,
            None => return Ok(()),
        }
    }
}

async fn show(app: &App, pre_validation: &str, as_json: bool) -> anyhow::Result<()> {
    let found = named(app, pre_validation).await?;
    let check = &found.check;
    if as_json {
        let mut shown = json_of_check(app, check);
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("asked_by".to_owned(), json!(found.tenant.name.as_str()));
            shown.insert("checks".to_owned(), json!(check.kind.checks()));
        }
        say(&shown.to_string());
        return Ok(());
    }
    say_check(app, check);
    say(&format!(
        "{:24} {}",
        "asked for by",
        found.tenant.name.as_str()
    ));
    say_fields(&check.fields);
    say_contacts(&found.organization.contacts);
    for needed in check.kind.checks() {
        let mut evidence = check.evidence.iter().rev();
        let seen = evidence.find(|each| each.check == *needed);
        let seen = seen.map(|each| format!("{}, seen {}", each.source, each.seen_at));
        let seen = seen.unwrap_or_else(|| "nothing yet".to_owned());
        say(&format!("check {:18} {seen}", needed.as_str()));
    }
    if let Some(reason) = &check.refusal {
        say(&format!("{:24} {reason}", "rejected because"));
    }
    Ok(())
}

async fn named(app: &App, text: &str) -> anyhow::Result<Reviewed> {
    let id = PreValidationId::from_suffix(text).or_else(|_| text.parse());
    let Ok(id) = id else {
        bail!("\"{text}\" is no identifier of a pre-validation; {ADVICE}");
    };
    let found = show_pre_validation(app, id).await?;
    found.with_context(|| format!("there is no pre-validation {text}; {ADVICE}"))
}
