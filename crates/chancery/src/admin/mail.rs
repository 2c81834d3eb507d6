//! `chancery admin mail`: what mails look like. Opens no database and sends nothing.

use anyhow::Context;
use outbound::mail::{Letter, MailKind};

use super::say;
use crate::cli::MailCommand;
use crate::config::Config;
use crate::mail::brand;

pub(super) fn mail(config: &Config, command: &MailCommand) -> anyhow::Result<()> {
    let MailCommand::Preview { kind, html } = command;
    let known = MailKind::parse(kind).with_context(|| {
        let all: Vec<&str> = MailKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!(
            "there are no mails of kind \"{kind}\"; there are {}",
            all.join(", ")
        )
    })?;
    let body = Letter::sample(known).write(&brand(config));
    if *html {
        say(&body.html);
    } else {
        say(&format!("Subject: {}\n\n{}", body.subject, body.text));
    }
    Ok(())
}
