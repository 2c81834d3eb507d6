//! `chancery admin ca|product|profile|directory|offer`: what can be had, and who signs.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use base::CaId;
use enrollment::policy::{Policy, Preset};
use flow::caller::system;
use flow::catalog::change_directory::{DirectoryPlan, change_directory};
use flow::catalog::create_ca::{CaPlan, create_ca};
use flow::catalog::create_product::create_product;
use flow::catalog::import_cas::{ImportedCas, import_cas};
use flow::catalog::publish_offer::{OfferPlan, publish_offer};
use flow::catalog::publish_profile::publish_profile;
use flow::catalog::retire_ca::retire_ca;
use flow::catalog::retire_offer::retire_offer;
use flow::operations::node::served_directory_url;
use flow::{App, Caller};
use pki::{CaName, KeyAlgorithm, ObjectIdentifier, Profile};
use serde_json::{Map, Value, json};
use store::catalog::ca::{self, Trust};
use store::catalog::{directory, product, profile};

use super::say;
use crate::cli::catalog::{
    CaCommand, CaImport, DirectoryCommand, DirectoryParts, OfferCommand, ProductCommand,
    ProfileCommand,
};
use crate::parts;

pub(super) async fn ca(app: &App, command: CaCommand) -> anyhow::Result<()> {
    match command {
        CaCommand::Create {
            name,
            key,
            parent,
            policies,
            trust,
            json,
        } => {
            let plan = CaPlan {
                name: CaName::parse(&name)?,
                algorithm: algorithm(&key)?,
                parent: parent.map(|id| id.parse()).transpose()?,
                trust: Trust::parse(&trust)
                    .with_context(|| format!("\"{trust}\" is not private or test"))?,
                policies: policies
                    .iter()
                    .map(|text| policy_of(text))
                    .collect::<Result<_, _>>()?,
            };
            let id = create_ca(app, &Caller::command_line(), plan).await?;
            parts::begin_crls(app).await?;
            say_id(id, json);
            Ok(())
        }
        CaCommand::Import(import) => import_ca(app, import).await,
        CaCommand::List { json } => list_cas(app, json).await,
        CaCommand::Retire { ca } => {
            retire_ca(app, &Caller::command_line(), ca.parse()?).await?;
            say("retired");
            Ok(())
        }
        CaCommand::Show { ca } => {
            let catalog = app.catalog();
            let path = catalog.path(ca.parse()?);
            if path.is_empty() {
                bail!("there is no CA {ca}");
            }
            for certificate in path {
                say(certificate.to_pem().trim_end());
            }
            Ok(())
        }
    }
}

fn say_id(id: CaId, as_json: bool) {
    if as_json {
        say(&json!({ "ca": id }).to_string());
    } else {
        say(&format!("CA {id}"));
    }
}

fn policy_of(text: &str) -> anyhow::Result<ObjectIdentifier> {
    let read = ObjectIdentifier::new(text);
    read.map_err(|_| {
        anyhow::anyhow!("\"{text}\" is not an object identifier, such as 2.23.140.1.2.2")
    })
}

fn algorithm(text: &str) -> anyhow::Result<KeyAlgorithm> {
    Ok(match text {
        "p256" => KeyAlgorithm::EcdsaP256,
        "p384" => KeyAlgorithm::EcdsaP384,
        "rsa2048" => KeyAlgorithm::Rsa { bits: 2048 },
        "rsa3072" => KeyAlgorithm::Rsa { bits: 3072 },
        "rsa4096" => KeyAlgorithm::Rsa { bits: 4096 },
        _ => bail!("\"{text}\" is no kind of key; use p256, p384, rsa2048, rsa3072 or rsa4096"),
    })
}

async fn import_ca(app: &App, import: CaImport) -> anyhow::Result<()> {
    let read = |path: &Path| {
        fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
    };
    let wanted = ImportedCas {
        root: read(&import.root)?,
        root_key: import.root_key.as_deref().map(read).transpose()?,
        issuing: read(&import.issuing)?,
        issuing_key: read(&import.issuing_key)?,
        trust: if import.public {
            Trust::Public
        } else {
            Trust::Private
        },
    };
    let caller = Caller::command_line();
    let id = import_cas(app, &caller, wanted).await?;
    // Before it signs, so that no certificate points to a CRL that is not there.
    parts::begin_crls(app).await?;
    if let Some(slug) = import.directory {
        let plan = DirectoryPlan {
            slug,
            cas: vec![id],
            ..DirectoryPlan::default()
        };
        change_directory(app, &caller, plan).await?;
    }
    say_id(id, import.json);
    Ok(())
}

async fn list_cas(app: &App, as_json: bool) -> anyhow::Result<()> {
    let store = app.store(system("the operator lists every CA"));
    let all: Vec<ca::Ca> = store.read((), ca::all).await?;
    let catalog = app.catalog();
    for each in all {
        let signs: Vec<_> = catalog
            .directories()
            .into_iter()
            .filter(|directory| directory.issuing.id == each.id)
            .map(|directory| directory.slug.clone())
            .collect();
        if as_json {
            let listed = json!({ "ca": each.id, "name": each.name, "kind": each.kind,
                "trust": each.trust, "parent": each.parent, "has_key": each.private_key.is_some(),
                "signs_in": signs, "retired_at": each.retired_at });
            say(&listed.to_string());
        } else {
            let state = if each.retired_at.is_some() {
                "  retired"
            } else {
                ""
            };
            let (kind, trust, name) = (each.kind, each.trust.as_str(), each.name);
            let signs = signs.join(" ");
            say(&format!(
                "{}  {kind:12} {trust:8} {name}  {signs}{state}",
                each.id
            ));
        }
    }
    Ok(())
}

pub(super) async fn product(app: &App, command: ProductCommand) -> anyhow::Result<()> {
    match command {
        ProductCommand::Create { code, name, level } => {
            let caller = Caller::command_line();
            let made = create_product(app, &caller, (&code, &name, &level)).await?;
            say(&format!("product {}", made.code));
        }
        ProductCommand::List { json } => {
            let store = app.store(system("the operator lists every product"));
            let all: Vec<product::Product> = store.read((), product::all).await?;
            for each in all {
                if json {
                    let listed =
                        json!({ "code": each.code, "name": each.name, "level": each.level });
                    say(&listed.to_string());
                } else {
                    say(&format!("{:12} {:12} {}", each.code, each.level, each.name));
                }
            }
        }
    }
    Ok(())
}

pub(super) async fn profile(app: &App, command: ProfileCommand) -> anyhow::Result<()> {
    let store = app.store(system("the operator lists every profile"));
    let all: Vec<profile::ProfileVersion> = store.read((), profile::all).await?;
    match command {
        ProfileCommand::List { json } => {
            for each in all {
                let config: Value = serde_json::from_str(&each.config)?;
                if json {
                    let listed = json!({ "version": each.id, "name": each.name, "number": each.number,
                        "config": config });
                    say(&listed.to_string());
                } else {
                    say(&format!("{:12} {:4} {config}", each.name, each.number));
                }
            }
            Ok(())
        }
        ProfileCommand::Publish {
            name,
            file,
            set,
            json,
        } => {
            let newest = all.iter().rev().find(|each| each.name == name);
            let base = match (&file, newest) {
                (Some(file), _) => fs::read_to_string(file)
                    .with_context(|| format!("{} cannot be read", file.display()))?,
                (None, Some(newest)) => newest.config.clone(),
                (None, None) => bail!("profile \"{name}\" is new: give all of it with --file"),
            };
            let profile = Profile::from_file_json(&name, &changed(&base, set)?)?;
            let published = publish_profile(app, &Caller::command_line(), &profile).await?;
            if json {
                say(&json!({ "version": published.id, "number": published.number }).to_string());
            } else {
                say(&format!("profile {name} {}", published.number));
            }
            Ok(())
        }
    }
}

/// A JSON object with other values in some places.
fn changed(text: &str, set: Vec<(String, String)>) -> anyhow::Result<String> {
    let mut all: Map<String, Value> =
        serde_json::from_str(text).context("a profile is a JSON object")?;
    for (key, value) in set {
        let value = serde_json::from_str(&value).unwrap_or(Value::String(value));
        all.insert(key, value);
    }
    Ok(Value::Object(all).to_string())
}

pub(super) async fn directory(app: &App, command: DirectoryCommand) -> anyhow::Result<()> {
    let plan = match command {
        DirectoryCommand::List { json } => return list_directories(app, json).await,
        DirectoryCommand::Change {
            slug,
            parts,
            close,
            open,
        } => DirectoryPlan {
            is_closed: (close || open).then_some(close),
            ..with_parts(slug, parts)?
        },
        DirectoryCommand::Create {
            slug,
            product,
            beside,
            parts,
        } => DirectoryPlan {
            product: Some(product),
            beside,
            ..with_parts(slug, parts)?
        },
    };
    let changed = change_directory(app, &Caller::command_line(), plan).await?;
    let url = served_directory_url(app, &changed.slug).await?;
    say(&format!("directory {url}"));
    Ok(())
}

fn with_parts(slug: String, parts: DirectoryParts) -> anyhow::Result<DirectoryPlan> {
    let cas = parts.cas.iter().map(|id| id.parse());
    Ok(DirectoryPlan {
        slug,
        cas: cas.collect::<Result<_, _>>()?,
        profile: parts.profile,
        rules: parts.set,
        ..DirectoryPlan::default()
    })
}

async fn list_directories(app: &App, as_json: bool) -> anyhow::Result<()> {
    let store = app.store(system("the operator lists every directory"));
    let all: Vec<directory::Directory> = store.read((), directory::all).await?;
    let catalog = app.catalog();
    for each in all {
        let served = catalog.directory(&each.slug);
        let url = served_directory_url(app, &each.slug).await?;
        let ca = served.map(|served| served.issuing.id);
        let profile = served.map(|served| {
            let version = &served.profile;
            format!("{} {}", version.profile.name, version.number)
        });
        if as_json {
            let rules: Value = serde_json::from_str(&each.config)?;
            let listed = json!({ "directory": each.slug, "url": url, "product": each.product_code,
                "is_test": each.is_test, "is_open": served.is_some(), "ca": ca, "profile": profile,
                "rules": rules });
            say(&listed.to_string());
        } else {
            let signs = ca.map_or_else(|| "closed".to_owned(), |ca| ca.to_string());
            let profile = profile.unwrap_or_default();
            say(&format!(
                "{:14} {:10} {signs}  {profile:12} {url}",
                each.slug, each.product_code
            ));
        }
    }
    Ok(())
}

pub(super) async fn offer(app: &App, command: OfferCommand) -> anyhow::Result<()> {
    let catalog = app.catalog();
    match command {
        OfferCommand::List { json } => list_offers(app, json)?,
        OfferCommand::Publish {
            slug,
            name,
            product,
            preset,
            set,
            json,
        } => {
            let present = catalog
                .offer(&slug)
                .map(|offer| offer.policy.as_ref().clone());
            let plan = OfferPlan {
                policy: policy(present, preset.as_deref(), &set)?,
                slug,
                name,
                product,
            };
            let published = publish_offer(app, &Caller::command_line(), plan).await?;
            let (number, id) = (published.version.number, published.version.id);
            if json {
                say(&json!({ "version": id, "number": number }).to_string());
            } else {
                say(&format!("offer {} {number}", published.offer.slug));
            }
        }
        OfferCommand::Retire { slug } => {
            retire_offer(app, &Caller::command_line(), &slug).await?;
            say("retired");
        }
        OfferCommand::Show { slug, preset } => {
            let policy = if preset {
                preset_of(&slug)?
            } else {
                let offer = catalog.offer(&slug);
                let offer = offer.with_context(|| format!("nothing is sold as \"{slug}\""))?;
                offer.policy.as_ref().clone()
            };
            for (key, value) in policy.describe() {
                say(&format!("{key:26} {value}"));
            }
        }
    }
    Ok(())
}

fn list_offers(app: &App, as_json: bool) -> anyhow::Result<()> {
    for each in app.catalog().offers() {
        if as_json {
            let policy: Value = serde_json::from_str(&each.policy.to_json())?;
            let listed = json!({ "offer": each.slug, "name": each.name,
                "product": each.product.as_str(), "version": each.version, "policy": policy });
            say(&listed.to_string());
        } else {
            let product = each.product.as_str();
            say(&format!("{:12} {product:10} {}", each.slug, each.name));
        }
    }
    Ok(())
}

/// A preset, or what the offer has now, with single policies in another way.
fn policy(
    present: Option<Policy>,
    from: Option<&str>,
    set: &[(String, String)],
) -> anyhow::Result<Policy> {
    let mut policy = match (from, present) {
        (Some(name), _) => preset_of(name)?,
        (None, Some(policy)) => policy,
        (None, None) => bail!("a new offer begins with a preset: --preset {}", presets()),
    };
    for (key, value) in set {
        policy = policy.with(key, value)?;
    }
    Ok(policy)
}

fn preset_of(name: &str) -> anyhow::Result<Policy> {
    let preset = Preset::named(name);
    let preset =
        preset.with_context(|| format!("\"{name}\" is no preset; there are {}", presets()))?;
    Ok(preset.policy.clone())
}

fn presets() -> String {
    let names: Vec<_> = Preset::all()
        .iter()
        .map(|preset| preset.name.as_str())
        .collect();
    names.join(", ")
}
