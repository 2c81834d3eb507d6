//! `chancery admin`: what an operator does without the portal. Works beside a running server, so that it never changes
//! the schema of a database in use.

mod account;
mod brand;
mod catalog;
mod certificate;
mod customer;
mod delegated_domain;
mod domain;
mod effect;
mod job;
mod limit;
mod mail;
mod named;
mod oidc;
mod organization;
mod pre_validation;
mod refusal;
mod reseller;
mod token;
mod user;

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};

use acme::identifier::Identifiers;
use anyhow::{Context, bail};
use base::{Identifier, Refuse as _};
use enrollment::delegated;
use flow::enrollment::explain_admission::explain_admission;
use flow::mail::portal::served_portal_url;
use flow::operations::bootstrap::{Bootstrap, bootstrap};
use flow::operations::node::shut_down;
use flow::operations::rotate_sealing_key::{add_sealing_key, reseal_secrets};
use flow::{App, Caller};
use serde_json::json;
use tenancy::password::Password;
use tenancy::tenant::TenantName;
use tenancy::user::{DisplayName, Email};

use crate::cli::{Admin, BootstrapArgs, SealingKeyCommand};
use crate::config::Config;
use crate::{logging, parts};

/// How many certificates are read at a time.
const PAGE: i64 = 500;

/// `chancery migrate`.
pub(crate) async fn migrate(config: &Config) -> anyhow::Result<()> {
    logging::start(config)?;
    fs::create_dir_all(&config.data)?;
    let store = parts::open_store(config).await?;
    let applied = store.migrate().await.with_context(|| {
        format!(
            "the database {} cannot be brought up to date",
            config.database
        )
    })?;
    if applied.names.is_empty() {
        say("the database is up to date");
    }
    for name in applied.names {
        say(&format!("applied {name}"));
    }
    if let Some(text) = parts::what_the_wall_lacks(&store.wall().await?) {
        say(&format!("tenants: {text}"));
    }
    store.close().await;
    Ok(())
}

/// Runs one command and closes the database.
pub(crate) async fn run(config: &Config, command: Admin) -> anyhow::Result<()> {
    if let Admin::Mail { command } = &command {
        return mail::mail(config, command);
    }
    if !command.may_begin() {
        parts::expect_database(config)?;
    }
    let app = parts::start_aside(config).await?;
    let done = dispatch(&app, command).await;
    shut_down(&app).await;
    done
}

async fn dispatch(app: &App, command: Admin) -> anyhow::Result<()> {
    match command {
        Admin::Account { command } => account::account(app, command).await,
        Admin::Brand { command } => brand::brand(app, command).await,
        Admin::Ca { command } => catalog::ca(app, command).await,
        Admin::Directory { command } => catalog::directory(app, command).await,
        Admin::Job { command } => job::job(app, command).await,
        Admin::Limit { command } => limit::limit(app, command).await,
        Admin::Offer { command } => catalog::offer(app, command).await,
        Admin::Product { command } => catalog::product(app, command).await,
        Admin::Profile { command } => catalog::profile(app, command).await,
        Admin::Bootstrap(args) => make_reseller(app, args).await,
        Admin::Certificate { command } => certificate::certificate(app, command).await,
        Admin::Credential { command } => account::credential(app, command).await,
        Admin::Customer { command } => customer::customer(app, command).await,
        Admin::DelegatedDomain { command } => {
            delegated_domain::delegated_domain(app, command).await
        }
        Admin::Domain { command } => domain::domain(app, command).await,
        Admin::Effect { command } => effect::effect(app, command).await,
        Admin::Mail { .. } => Ok(()),
        Admin::Explain {
            account,
            names,
            json,
        } => explain(app, &account, &names, json).await,
        Admin::Oidc { command } => oidc::oidc(app, command).await,
        Admin::Organization { command } => organization::organization(app, command).await,
        Admin::PreValidation { command } => pre_validation::pre_validation(app, command).await,
        Admin::Refusal { command } => refusal::refusal(app, command).await,
        Admin::Reseller { command } => reseller::reseller(app, command).await,
        Admin::SealingKey { command } => sealing_key(app, command).await,
        Admin::Token { command } => token::token(app, command).await,
        Admin::User { command } => user::user(app, command).await,
    }
}

async fn sealing_key(app: &App, command: SealingKeyCommand) -> anyhow::Result<()> {
    let caller = Caller::command_line();
    match command {
        SealingKeyCommand::Add => {
            let key = add_sealing_key(app, &caller).await?;
            say(&format!(
                "added key {key}; copy the file to every other node and to where its copies are kept, then run chancery \
                 admin sealing-key reseal"
            ));
        }
        SealingKeyCommand::Reseal => {
            let count = reseal_secrets(app, &caller).await?;
            say(&format!("sealed {count} secrets with the newest key"));
        }
    }
    Ok(())
}

async fn make_reseller(app: &App, args: BootstrapArgs) -> anyhow::Result<()> {
    let password = if args.password_stdin {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        Some(Password::new(text.trim_end_matches(['\r', '\n'])))
    } else {
        None
    };
    let made = bootstrap(
        app,
        &Caller::command_line(),
        Bootstrap {
            operator: TenantName::parse(&args.operator)?,
            reseller: TenantName::parse(&args.reseller)?,
            email: Email::parse(&args.email)?,
            display_name: DisplayName::parse(&args.name)?,
            password,
        },
    )
    .await?;
    let link = match &made.link {
        Some(token) => Some(user::link_url(app, &made.reseller, token).await?),
        None => None,
    };
    if args.json {
        say(&json!({ "tenant": made.reseller.id, "user": made.user.id, "email": made.user.email.as_str(),
            "link": link })
        .to_string());
        return Ok(());
    }
    say(&format!(
        "reseller {} ({})",
        made.reseller.name.as_str(),
        made.reseller.id
    ));
    let portal = served_portal_url(app).await?;
    let at = portal.map_or_else(String::new, |url| format!(" at {url}"));
    say(&format!("sign-in  {}{at}", made.user.email.as_str()));
    if let Some(link) = link {
        say(&format!(
            "link     {link}  (works once, for 72 hours, and asks for a password)"
        ));
    }
    Ok(())
}

/// Fails when the order would be refused, so that a script can ask too.
async fn explain(app: &App, account: &str, names: &[String], as_json: bool) -> anyhow::Result<()> {
    let parsed: Result<Vec<Identifier>, _> = names.iter().map(|name| name.parse()).collect();
    let identifiers = Identifiers::new(parsed?).context("name at least one name")?;
    let caller = Caller::command_line();
    let explained = explain_admission(app, &caller, account.parse()?, identifiers).await;
    let refusal = explained.err().map(|error| error.refusal());
    if as_json {
        let refused = refusal.as_ref().map(|refusal| {
            let about = refusal.about.iter().map(|about| &about.sentence);
            json!({ "class": refusal.class, "code": refusal.code, "sentence": refusal.sentence,
                "about": about.collect::<Vec<_>>() })
        });
        say(&json!({ "admitted": refused.is_none(), "refused": refused }).to_string());
    }
    let Some(refusal) = refusal else {
        if !as_json {
            say("an order for these names would be admitted");
        }
        return Ok(());
    };
    if !as_json && refusal.about.len() > 1 {
        for about in &refusal.about {
            say(&about.sentence);
        }
    }
    let next = match refusal.code {
        "name_not_enrolled" | "subscription_without_domain" => {
            format!(
                "\nnext: chancery admin domain add {account} {}",
                names.join(" ")
            )
        }
        code if delegated::CODES.contains(&code) => {
            "\nnext: chancery admin delegated-domain --help".to_owned()
        }
        _ => String::new(),
    };
    bail!("{} ({}){next}", refusal.sentence, refusal.code)
}

/// A number with its noun.
fn counted(number: impl Into<i64>, noun: &str) -> String {
    match number.into() {
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    }
}

/// A line of output. Whoever reads it may have seen enough: then the command ends, as others do. What it was asked to
/// change has been stored by then.
pub(crate) fn say(line: &str) {
    if let Err(error) = writeln!(std::io::stdout(), "{line}") {
        if error.kind() != ErrorKind::BrokenPipe {
            complain(&format!("the answer cannot be written: {error}"));
        }
        std::process::exit(i32::from(error.kind() != ErrorKind::BrokenPipe));
    }
}

/// Why a command has failed, for whoever listens.
pub(crate) fn complain(why: &str) {
    // Nobody can be told that nobody listens.
    drop(writeln!(std::io::stderr(), "chancery: {why}"));
}

#[cfg(test)]
mod tests;
