//! `chancery admin delegated-domain`: domains whose control is proven outside of orders, and to whom they are delegated.

use anyhow::{Context, bail};
use base::{DnsName, Placed as _, Slice};
use flow::mail::portal::served_portal_url;
use flow::tenancy::domain::add_domain::add_domain;
use flow::tenancy::domain::ask_by_mail::ask_by_mail;
use flow::tenancy::domain::delegate_domain::{Grant, delegate_domain, end_delegation};
use flow::tenancy::domain::list_own_domains::{list_own_domains, show_own_domain};
use flow::tenancy::domain::prove_domain::{ask_for_proof, prove_domain};
use flow::tenancy::domain::release_domain::release_domain;
use flow::tenancy::domain::{NamedDelegation, OwnDomainDetail, OwnDomainFilter, OwnDomainQuery};
use flow::{App, Caller};
use serde_json::{Value, json};
use store::tenancy::domain;
use tenancy::certificate_type::AllowedTypes;
use tenancy::domain::{Addressee, DNS_LABEL, Domain, DomainState, ProofMethod};

use super::named::{for_tenant, part};
use super::{PAGE, say};
use crate::cli::delegated_domain::{DelegatedDomainCommand, DomainArgs, PartArgs};

const ADVICE: &str = "chancery admin delegated-domain list shows those that there are";

pub(super) async fn delegated_domain(
    app: &App,
    command: DelegatedDomainCommand,
) -> anyhow::Result<()> {
    match command {
        DelegatedDomainCommand::Add(args) => {
            let caller = for_tenant(app, &args.reseller).await?;
            let added = add_domain(app, &caller, DnsName::parse(&args.name)?).await?;
            say_domain(app, &added, &[], args.json);
            Ok(())
        }
        DelegatedDomainCommand::Ask(args) => {
            let (found, caller) = find(app, &args).await?;
            let asked = ask_for_proof(app, &caller, found.domain.id).await?;
            say_domain(app, &asked, &found.delegations, args.json);
            Ok(())
        }
        DelegatedDomainCommand::Check { of, by } => check(app, &of, &by).await,
        DelegatedDomainCommand::Delegate { of, to, types } => {
            delegate(app, &of, &to, types.as_deref()).await
        }
        DelegatedDomainCommand::List { reseller, json } => list(app, &reseller, json).await,
        DelegatedDomainCommand::Mail { of, to } => mail(app, &of, &to).await,
        DelegatedDomainCommand::Remove(args) => {
            let (found, caller) = find(app, &args).await?;
            release_domain(app, &caller, found.domain.id).await?;
            say("removed");
            Ok(())
        }
        DelegatedDomainCommand::Show(args) => {
            let (found, _) = find(app, &args).await?;
            say_domain(app, &found.domain, &found.delegations, args.json);
            Ok(())
        }
        DelegatedDomainCommand::Undelegate { of, to } => undelegate(app, &of, &to).await,
    }
}

async fn check(app: &App, args: &DomainArgs, by: &str) -> anyhow::Result<()> {
    let Some(method) = ProofMethod::parse(by) else {
        bail!("control is not shown by \"{by}\"; choose dns or http");
    };
    let (found, caller) = find(app, args).await?;
    let looked = prove_domain(app, &caller, found.domain.id, method).await?;
    say_domain(app, &looked, &found.delegations, args.json);
    if let Some(missed) = looked.missed {
        bail!("{}", missed.sentence);
    }
    Ok(())
}

async fn mail(app: &App, args: &DomainArgs, to: &str) -> anyhow::Result<()> {
    let Some(to) = Addressee::parse(to) else {
        let words: Vec<_> = Addressee::ALL.iter().map(|each| each.as_str()).collect();
        bail!(
            "no mail goes to \"{to}\"; choose one of: {}",
            words.join(", ")
        );
    };
    let (found, caller) = find(app, args).await?;
    let portal = served_portal_url(app).await?;
    let portal = portal.context("no server has said yet where its portal is; start it once")?;
    let asked = ask_by_mail(app, &caller, &portal, (found.domain.id, to)).await?;
    say_domain(app, &asked, &found.delegations, args.json);
    Ok(())
}

async fn delegate(
    app: &App,
    args: &DomainArgs,
    to: &PartArgs,
    types: Option<&str>,
) -> anyhow::Result<()> {
    let (found, caller) = find(app, args).await?;
    let types = match types {
        None => AllowedTypes::all(),
        Some(words) => AllowedTypes::parse(words).with_context(|| {
            let all = AllowedTypes::all();
            format!("\"{words}\" says no types of certificates; use some of: {all}")
        })?,
    };
    let part = part(app, &caller, &to.organization, to.department.as_deref()).await?;
    let grant = Grant {
        organization: part.organization,
        department: part.department,
        types,
    };
    let made = delegate_domain(app, &caller, found.domain.id, grant).await?;
    say(&format!("delegated for {}", made.types));
    Ok(())
}

async fn undelegate(app: &App, args: &DomainArgs, to: &PartArgs) -> anyhow::Result<()> {
    let (found, caller) = find(app, args).await?;
    let part = part(app, &caller, &to.organization, to.department.as_deref()).await?;
    let mut delegations = found.delegations.iter().map(|named| &named.delegation);
    let ended = delegations
        .find(|each| each.organization == part.organization && each.department == part.department)
        .context("the domain is not delegated there; its page shows to whom it is")?;
    end_delegation(app, &caller, found.domain.id, ended.id).await?;
    say("ended");
    Ok(())
}

async fn list(app: &App, reseller: &str, as_json: bool) -> anyhow::Result<()> {
    let caller = for_tenant(app, reseller).await?;
    let page = usize::try_from(PAGE)?;
    let mut asked = OwnDomainQuery::first(OwnDomainFilter::default(), page);
    loop {
        let found = list_own_domains(app, &caller, asked.clone()).await?;
        for domain in &found.rows {
            if as_json {
                say(&json_of(app, domain, &[]).to_string());
            } else {
                say(&line(app, domain));
            }
        }
        match found.rows.last() {
            Some(last) if found.has_after => asked.slice = Slice::After(last.cursor()),
            Some(_) | None => return Ok(()),
        }
    }
}

fn line(app: &App, domain: &Domain) -> String {
    let until = domain
        .proof
        .map(|proof| format!("  by {} until {}", proof.method, proof.valid_until));
    let state = domain.state(app.now());
    format!("{state:8} {}{}", domain.name, until.unwrap_or_default())
}

fn say_domain(app: &App, domain: &Domain, delegations: &[NamedDelegation], as_json: bool) {
    if as_json {
        say(&json_of(app, domain, delegations).to_string());
        return;
    }
    say(&line(app, domain));
    if let Ok(challenge) = domain.expects(app.now()) {
        say(&format!(
            "by dns:  a TXT record at {DNS_LABEL}.{} with the value {}",
            domain.name, challenge.value
        ));
        say(&format!(
            "by http: http://{}{} with the content {}",
            domain.name,
            acme::challenge::path_of(&challenge.token),
            challenge.content()
        ));
    } else if domain.state(app.now()) != DomainState::Valid {
        say("chancery admin delegated-domain ask shows what proves control of it");
    }
    if let Some(link) = domain.expects_mail(app.now()) {
        say(&format!(
            "by mail: a link went to {}, which works until {}",
            link.to, link.expires_at
        ));
    }
    for named in delegations {
        let department = named.department.as_ref().map(|name| format!(", {name}"));
        say(&format!(
            "delegated to {} ({}){} for {}",
            named.organization,
            named.delegation.organization,
            department.unwrap_or_default(),
            named.delegation.types
        ));
    }
}

fn json_of(app: &App, domain: &Domain, delegations: &[NamedDelegation]) -> Value {
    let delegations = delegations.iter().map(|named| {
        json!({ "delegation": named.delegation.id, "organization": named.delegation.organization,
            "department": named.department, "types": named.delegation.types.to_string() })
    });
    let delegations: Vec<_> = delegations.collect();
    let challenge = domain.expects(app.now()).ok().map(|challenge| {
        json!({ "dns_name": format!("{DNS_LABEL}.{}", domain.name), "dns_value": challenge.value,
            "http_path": acme::challenge::path_of(&challenge.token), "http_content": challenge.content(),
            "expires_at": challenge.expires_at })
    });
    let mailed = domain
        .expects_mail(app.now())
        .map(|link| json!({ "to": link.to, "expires_at": link.expires_at }));
    json!({ "domain": domain.id, "mailed": mailed, "name": domain.name.as_str(), "tenant": domain.tenant,
        "state": domain.state(app.now()), "method": domain.proof.map(|proof| proof.method),
        "proven_at": domain.proof.map(|proof| proof.proven_at),
        "valid_until": domain.proof.map(|proof| proof.valid_until), "challenge": challenge,
        "missed": domain.missed.as_ref().map(|missed| missed.sentence.as_str()), "delegations": delegations })
}

/// Which one an operator names, and whoever acts for its tenant.
async fn find(app: &App, args: &DomainArgs) -> anyhow::Result<(OwnDomainDetail, Caller)> {
    let caller = for_tenant(app, &args.reseller).await?;
    let name = DnsName::parse(&args.name)?;
    let found = app.store(&caller).read(name, domain::by_name).await?;
    let missing = || format!("{} has no domain {}; {ADVICE}", args.reseller, args.name);
    let id = found.with_context(missing)?.id;
    let detail = show_own_domain(app, &caller, id).await?;
    Ok((detail.with_context(missing)?, caller))
}
