//! `chancery admin brand`: how tenants show themselves to their people, and at which host names.

use anyhow::{Context, bail};
use flow::App;
use flow::tenancy::brand::change_brand::{change_brand, remove_brand};
use flow::tenancy::brand::change_hosts::{add_host, remove_host};
use flow::tenancy::brand::show_brand::show_brand;
use serde_json::json;
use tenancy::tenant::brand::{Brand, BrandContact, BrandHost, BrandName};

use super::named::for_tenant;
use super::say;
use crate::cli::brand::BrandCommand;

pub(super) async fn brand(app: &App, command: BrandCommand) -> anyhow::Result<()> {
    match command {
        BrandCommand::AddHost { reseller, host } => {
            let caller = for_tenant(app, &reseller).await?;
            add_host(app, &caller, BrandHost::parse(&host)?).await?;
            say("added; the name has to lead to the portal, with a TLS certificate for it");
        }
        BrandCommand::Remove { tenant } => {
            remove_brand(app, &for_tenant(app, &tenant).await?).await?;
            say("removed");
        }
        BrandCommand::RemoveHost { reseller, host } => {
            let caller = for_tenant(app, &reseller).await?;
            remove_host(app, &caller, BrandHost::parse(&host)?).await?;
            say("removed");
        }
        BrandCommand::Set {
            tenant,
            name,
            contact,
        } => {
            let brand = Brand {
                name: BrandName::parse(&name).context("--name")?,
                contact: BrandContact::parse(&contact.join("\n")).context("--contact")?,
            };
            change_brand(app, &for_tenant(app, &tenant).await?, brand).await?;
            say("set");
        }
        BrandCommand::Show { tenant, json } => show(app, &tenant, json).await?,
    }
    Ok(())
}

async fn show(app: &App, tenant: &str, as_json: bool) -> anyhow::Result<()> {
    let found = show_brand(app, &for_tenant(app, tenant).await?).await?;
    let hosts: Vec<&str> = found.hosts.iter().map(base::DnsName::as_str).collect();
    let Some(brand) = found.brand else {
        bail!("\"{tenant}\" has no brand of its own; chancery admin brand set makes one");
    };
    if as_json {
        say(
            &json!({ "name": brand.name.as_str(), "contact": brand.contact.as_str(), "hosts": hosts })
                .to_string(),
        );
        return Ok(());
    }
    say(&format!("name     {}", brand.name));
    for line in brand.contact.lines() {
        say(&format!("contact  {line}"));
    }
    for host in hosts {
        say(&format!("host     {host}"));
    }
    Ok(())
}
