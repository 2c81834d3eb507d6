//! `chancery admin domain`: the names of an ACME account.

use anyhow::{Context, bail};
use base::{DnsName, Placed as _, Query, Slice};
use enrollment::subscription::Subscription;
use flow::enrollment::enroll_domains::{Enrollment, enroll_domains};
use flow::enrollment::list_domains::{DomainFilter, DomainLine, page};
use flow::enrollment::remove_domain::remove_domain;
use flow::{App, Caller};
use serde_json::json;
use tenancy::pre_validation::Anchor;

use super::account::find_subscription;
use super::{PAGE, say};
use crate::cli::account::{AddDomainArgs, DomainCommand};

pub(super) async fn domain(app: &App, command: DomainCommand) -> anyhow::Result<()> {
    match command {
        DomainCommand::Add(args) => add(app, args).await,
        DomainCommand::List { account, json } => {
            let (subscription, caller) = find_subscription(app, &account).await?;
            for line in lines(app, &caller, &subscription, String::new()).await? {
                say_line(&line, json);
            }
            Ok(())
        }
        DomainCommand::Remove { account, name } => {
            let (line, caller) = find(app, &account, &name).await?;
            for gone in remove_domain(app, &caller, line.domain.id).await? {
                say(&format!("removed {}", gone.name));
            }
            Ok(())
        }
        DomainCommand::Show {
            account,
            name,
            json,
        } => {
            let (line, _) = find(app, &account, &name).await?;
            say_line(&line, json);
            Ok(())
        }
    }
}

/// What can be added is; what is wrong is told of each of the others.
async fn add(app: &App, args: AddDomainArgs) -> anyhow::Result<()> {
    let account = args.account.or(args.old_account).unwrap_or_default();
    let mut names = args.names.join("\n");
    if let Some(old) = args.old_name {
        names = old.replace(',', "\n");
    }
    let (subscription, caller) = find_subscription(app, &account).await?;
    let wanted = Enrollment {
        subscription: subscription.id,
        text: names,
        companions: args.only.then_some(false),
        anchor: args.anchor.as_deref().map(Anchor::parse).transpose()?,
    };
    let enrolled = enroll_domains(app, &caller, wanted).await?;
    for domain in &enrolled.added {
        if args.json {
            say(&json!({ "domain": domain.id, "name": domain.name }).to_string());
        } else {
            say(&format!("added {}", domain.name));
        }
    }
    let refused = enrolled.rows.iter();
    let refused: Vec<String> = refused
        .filter_map(|row| row.outcome.as_ref().err().map(ToString::to_string))
        .collect();
    if !refused.is_empty() {
        bail!("{}", refused.join("\n"));
    }
    if enrolled.added.is_empty() && !args.json {
        say("nothing to add: the names were there already");
    }
    Ok(())
}

/// The names of an account that contain a text.
async fn lines(
    app: &App,
    caller: &Caller,
    subscription: &Subscription,
    contains: String,
) -> anyhow::Result<Vec<DomainLine>> {
    let filter = DomainFilter {
        subscription: Some(subscription.id),
        contains,
        ..DomainFilter::default()
    };
    let mut asked = Query::first(filter, usize::try_from(PAGE)?);
    let mut all = Vec::new();
    loop {
        let found = page(app, caller, asked.clone()).await?.page;
        let more = found.rows.last().map(DomainLine::cursor);
        all.extend(found.rows);
        match more {
            Some(last) if found.has_after => asked.slice = Slice::After(last),
            Some(_) | None => return Ok(all),
        }
    }
}

async fn find(app: &App, account: &str, name: &str) -> anyhow::Result<(DomainLine, Caller)> {
    let (subscription, caller) = find_subscription(app, account).await?;
    let name = DnsName::parse(name)?;
    let all = lines(app, &caller, &subscription, name.to_string()).await?;
    let found = all.into_iter().find(|line| line.domain.name == name);
    let found = found.with_context(|| {
        format!("{name} is not enrolled in {account}; chancery admin domain list {account} shows what is")
    })?;
    Ok((found, caller))
}

fn say_line(line: &DomainLine, as_json: bool) {
    let domain = &line.domain;
    if as_json {
        say(
            &json!({ "domain": domain.id, "name": domain.name, "companion_of": line.companion_of,
            "since": domain.added_at, "last_issued_at": line.last_issued_at })
            .to_string(),
        );
        return;
    }
    let kind = match &line.companion_of {
        Some(of) => format!("free with {of}"),
        None => "paid".to_owned(),
    };
    let issued = line.last_issued_at;
    let issued = issued.map_or_else(|| "never".to_owned(), |at| at.to_string());
    say(&format!("{}  {kind}  issued: {issued}", domain.name));
}
