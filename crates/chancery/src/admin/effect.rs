//! `chancery admin effect`: what is done to the outside, such as mails, and what nobody here knows of it.

use anyhow::Context;
use base::EffectId;
use flow::operations::effect::change_effect::{EffectChange, change_effect};
use flow::operations::effect::list_effects::{
    FoundEffect, list_newest, list_unresolved, show_effect,
};
use flow::{App, Caller};
use serde_json::{Value, json};
use store::effects::effect::Effect;
use store::effects::mail::Mail;

use super::say;
use crate::cli::EffectCommand;

pub(super) async fn effect(app: &App, command: EffectCommand) -> anyhow::Result<()> {
    let caller = Caller::command_line();
    match command {
        EffectCommand::Close { id, reason } => {
            let change = EffectChange::Close(reason);
            change_effect(app, &caller, parse(&id)?, change).await?;
            say("taken for done; a server stores its end");
        }
        EffectCommand::List { kind, json } => {
            let all = match kind {
                Some(kind) => list_newest(app, &kind).await?,
                None => list_unresolved(app).await?,
            };
            for each in all {
                say(&line(&each, json));
            }
        }
        EffectCommand::Resend { id } => {
            change_effect(app, &caller, parse(&id)?, EffectChange::Resend).await?;
            say("a server sends it again");
        }
        EffectCommand::Show { id } => {
            let found = show_effect(app, parse(&id)?).await?;
            let found = found.context("there is no such effect")?;
            say(&serde_json::to_string_pretty(&whole(&found))?);
        }
    }
    Ok(())
}

fn parse(id: &str) -> anyhow::Result<EffectId> {
    id.parse()
        .with_context(|| "effects are named as chancery admin effect list shows them".to_owned())
}

fn of_effect(effect: &Effect) -> Value {
    let moment = |at: Option<base::Timestamp>| at.map(|at| at.to_string());
    json!({
        "id": effect.id, "kind": effect.kind, "tenant": effect.tenant, "key": effect.idempotency_key,
        "state": effect.state, "outcome": effect.outcome, "attempt": effect.attempt,
        "intended_at": effect.id.made_at().to_string(), "sent_at": moment(effect.sent_at),
        "resolved_at": moment(effect.resolved_at), "response": effect.response,
    })
}

/// What it says is not told: there may be a link in it that opens something.
fn of_mail(mail: &Mail) -> Value {
    json!({
        "id": mail.id, "kind": mail.kind, "recipient": mail.recipient,
        "sent_at": mail.sent_at.map(|at| at.to_string()), "error": mail.error,
        "has_body": mail.body.is_some(),
    })
}

fn whole(found: &FoundEffect) -> Value {
    let mut document = of_effect(&found.effect);
    if let (Some(mail), Some(fields)) = (&found.mail, document.as_object_mut()) {
        fields.insert("mail".to_owned(), of_mail(mail));
    }
    document
}

fn line(effect: &Effect, as_json: bool) -> String {
    if as_json {
        return of_effect(effect).to_string();
    }
    let outcome = effect.outcome.map_or("", |outcome| outcome.as_str());
    format!(
        "{} {} {} {outcome} since {}, attempt {}: {}",
        effect.id,
        effect.kind,
        effect.state,
        effect.id.made_at(),
        effect.attempt,
        effect.response.as_deref().unwrap_or("-")
    )
}
