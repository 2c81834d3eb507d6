//! Who delivers mails, as the settings say.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use flow::settings::MailSettings;
use outbound::mail::letter::Brand;
use outbound::mail::smtp::{SmtpCredentials, SmtpSecurity, SmtpSettings};
use outbound::mail::{Mailer, NoMailer, SmtpMailer};

use crate::config::{Config, MailSection, MailSecurity};

/// The operator's mail server, or nobody.
pub(crate) fn mailer(config: &Config) -> anyhow::Result<Arc<dyn Mailer>> {
    Ok(match smtp(&config.mail)? {
        Some(settings) => Arc::new(SmtpMailer::new(settings).context("section [mail]")?),
        None => Arc::new(NoMailer),
    })
}

/// How mails are written, if any are sent.
pub(crate) fn settings(config: &Config) -> Option<MailSettings> {
    config.mail.host.as_ref()?;
    Some(MailSettings {
        brand: brand(config),
    })
}

/// Who sends mails, or would.
pub(crate) fn brand(config: &Config) -> Brand {
    let contact = config.mail.contact.as_ref().unwrap_or(&config.portal_url);
    Brand {
        name: config.mail.brand.clone(),
        contact: contact.clone(),
    }
}

fn smtp(section: &MailSection) -> anyhow::Result<Option<SmtpSettings>> {
    let Some((host, from)) = section.host.clone().zip(section.from.clone()) else {
        return Ok(None);
    };
    Ok(Some(SmtpSettings {
        host,
        port: section.port(),
        security: match section.security {
            MailSecurity::None => SmtpSecurity::Plain,
            MailSecurity::StartTls => SmtpSecurity::StartTls,
            MailSecurity::Tls => SmtpSecurity::Tls,
        },
        credentials: credentials(section)?,
        from,
        reply_to: section.reply_to.clone(),
        timeout: Duration::from_secs(section.timeout),
    }))
}

fn credentials(section: &MailSection) -> anyhow::Result<Option<SmtpCredentials>> {
    let Some(username) = section.username.clone() else {
        return Ok(None);
    };
    let given = section.password.as_ref();
    let in_file = section
        .password_file
        .as_deref()
        .map(password_in)
        .transpose()?;
    let password = given.map(|given| given.reveal().to_owned()).or(in_file);
    Ok(password.map(|password| SmtpCredentials { username, password }))
}

fn password_in(path: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("the password of the mail server in {}", path.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
