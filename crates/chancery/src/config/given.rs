//! What was given where: values by the keys of settings, from a file, from variables, or by flags.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::ArgMatches;
use clap::parser::ValueSource;
use serde_json::Value as Json;
use toml::{Table, Value};

use super::known;
use super::options::Options;
use super::refused::Refused;
use super::sections::Sections;

/// What stands before the variable of a setting in a section.
const IN_SECTION: &str = "CHANCERY__";

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    Default,
    File(PathBuf),
    Flag(String),
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Variable(name) => write!(f, "variable {name}"),
        }
    }
}

/// Values by the keys of their settings, each of a type that its setting takes.
#[derive(Debug, Default)]
pub(super) struct Given(BTreeMap<String, (Value, Origin)>);

impl Given {
    /// What stands in a TOML file.
    pub(super) fn in_file(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("cannot read the settings in {}", path.display()))?;
        Self::in_text(&text, path)
    }

    /// What stands in the text of a file.
    pub(super) fn in_text(text: &str, path: &Path) -> anyhow::Result<Self> {
        let table: Table = toml::from_str(text)
            .with_context(|| format!("{} is not a TOML file", path.display()))?;
        let origin = Origin::File(path.to_owned());
        let known = known::defaults();
        let mut given = Self::default();
        for (name, value) in table {
            let Value::Table(section) = value else {
                given.add(&known, name, value, &origin)?;
                continue;
            };
            refuse_other_section(&known, &name, &origin)?;
            for (key, value) in section {
                given.add(&known, format!("{name}.{key}"), value, &origin)?;
            }
        }
        Ok(given)
    }

    /// What variables say about settings in sections; those of flags are read with the flags. Whoever writes one
    /// underscore for two is told, other variables that begin with `CHANCERY_` are somebody else's.
    pub(super) fn in_variables(
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> anyhow::Result<Self> {
        let known = known::defaults();
        let in_section = known.iter().filter(|(key, _)| key.contains('.'));
        let by_name: BTreeMap<String, (&String, &Json)> = in_section
            .map(|(key, default)| (known::variable(key), (key, default)))
            .collect();
        let mut given = Self::default();
        for (name, text) in variables {
            let Some(name) = name.to_str() else { continue };
            let Some((key, default)) = by_name.get(name).copied() else {
                refuse_slip(name, &by_name)?;
                continue;
            };
            let text = text
                .into_string()
                .map_err(|_| anyhow!("variable {name} is not UTF-8"))?;
            let origin = Origin::Variable(name.to_owned());
            given.add(&known, key.clone(), typed(key, default, text), &origin)?;
        }
        Ok(given)
    }

    /// What was given by flags, and by the variables that flags have.
    pub(super) fn by_command_line(options: &Options, matches: &ArgMatches) -> anyhow::Result<Self> {
        let table = Table::try_from(options).context("a flag or its variable is not UTF-8")?;
        let mut given = Self::default();
        for (key, mut value) in table {
            if let Value::Array(all) = &mut value {
                // Nothing between two commas, or at all: so lists of the file are taken back.
                all.retain(|each| each.as_str() != Some(""));
            }
            let origin = match matches.value_source(&key) {
                Some(ValueSource::EnvVariable) => Origin::Variable(known::variable(&key)),
                Some(_) | None => Origin::Flag(known::flag(&key).unwrap_or_default()),
            };
            given.0.insert(key, (value, origin));
        }
        Ok(given)
    }

    /// What the other one says counts more.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Where the value of a setting came from.
    pub(super) fn origin(&self, key: &str) -> Origin {
        let given = self.0.get(key);
        given.map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// A refusal with the source of the value.
    pub(super) fn explain(&self, refused: &Refused) -> String {
        let Refused {
            key,
            value,
            allowed,
        } = refused;
        format!(
            "{key} is {value} ({}); allowed: {allowed}",
            self.origin(key)
        )
    }

    /// All of it as settings.
    pub(super) fn read(&self) -> anyhow::Result<(Options, Sections)> {
        let mut options = Table::new();
        let mut sections = Table::new();
        for (key, (value, _)) in &self.0 {
            let place = if key.contains('.') {
                &mut sections
            } else {
                &mut options
            };
            place.extend(nested(key, value.clone(), place));
        }
        Ok((options.try_into()?, sections.try_into()?))
    }

    fn add(
        &mut self,
        known: &BTreeMap<String, Json>,
        key: String,
        value: Value,
        origin: &Origin,
    ) -> anyhow::Result<()> {
        if sections(known).contains(&key) {
            bail!(
                "{origin} has {key} as a setting, which is a section: write [{key}] above its keys"
            );
        }
        if !known.contains_key(&key) {
            let all: Vec<String> = known.keys().cloned().collect();
            bail!(
                "{origin} has {key}, which is no setting; {}",
                known::advice(&key, &all)
            );
        }
        check(&key, &value).map_err(|reason| anyhow!("{key} ({origin}): {reason}"))?;
        self.0.insert(key, (value, origin.clone()));
        Ok(())
    }
}

/// The names of all sections.
fn sections(known: &BTreeMap<String, Json>) -> Vec<String> {
    let in_section = known.keys().filter_map(|key| key.split_once('.'));
    let mut names: Vec<String> = in_section.map(|(name, _)| name.to_owned()).collect();
    names.dedup();
    names
}

/// Refuses a section that nothing would read, with keys or without.
fn refuse_other_section(
    known: &BTreeMap<String, Json>,
    name: &str,
    origin: &Origin,
) -> anyhow::Result<()> {
    let all = sections(known);
    if all.iter().any(|known| known == name) {
        return Ok(());
    }
    let advice = known::advice(name, &all);
    bail!("{origin} has [{name}], which is no section; {advice}");
}

/// A value below its key, in the section if it has one; `beside` has what that section holds so far.
fn nested(key: &str, value: Value, beside: &Table) -> Table {
    let Some((section, key)) = key.split_once('.') else {
        return Table::from_iter([(key.to_owned(), value)]);
    };
    let present = beside.get(section).and_then(Value::as_table);
    let mut inner = present.cloned().unwrap_or_default();
    inner.insert(key.to_owned(), value);
    Table::from_iter([(section.to_owned(), Value::Table(inner))])
}

/// Whether a setting takes a value of this type.
fn check(key: &str, value: &Value) -> Result<(), String> {
    let table = nested(key, value.clone(), &Table::new());
    let outcome = if key.contains('.') {
        table.try_into::<Sections>().map(drop)
    } else {
        table.try_into::<Options>().map(drop)
    };
    outcome.map_err(|error| {
        let words = [
            ("usize", "a whole number"),
            ("u64", "a whole number"),
            ("u16", "a whole number"),
            ("a sequence", "a list, such as [\"...\", \"...\"]"),
        ];
        let message = error.message().to_owned();
        words.into_iter().fold(message, |message, (word, plain)| {
            message.replace(&format!("expected {word}"), &format!("expected {plain}"))
        })
    })
}

/// The text of a variable as a value of the type that the setting's default has. What is no such value stays a text, so
/// that it is refused with its reason.
fn typed(key: &str, default: &Json, text: String) -> Value {
    let number = |text: String| text.parse().map_or(Value::String(text), Value::Integer);
    match default {
        Json::Array(_) => {
            let all = text
                .split(',')
                .map(str::trim)
                .filter(|each| !each.is_empty());
            Value::Array(all.map(Value::from).collect())
        }
        Json::Bool(_) => match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Value::Boolean(true),
            "false" | "no" | "off" | "0" => Value::Boolean(false),
            _ => Value::String(text),
        },
        Json::Number(_) => number(text),
        // Its default does not say of which type it is.
        Json::Null if check(key, &Value::String(text.clone())).is_err() => number(text),
        Json::Null | Json::Object(_) | Json::String(_) => Value::String(text),
    }
}

/// Refuses a variable that cannot be anybody else's and that nothing would read.
fn refuse_slip(name: &str, by_name: &BTreeMap<String, (&String, &Json)>) -> anyhow::Result<()> {
    let one_underscore = |known: &str| known.replace("__", "_");
    let without_section = |known: &str| {
        let key = known.rsplit_once("__").map_or(known, |(_, key)| key);
        format!("CHANCERY_{key}")
    };
    let meant = by_name
        .keys()
        .find(|known| one_underscore(known) == name || without_section(known) == name);
    if let Some(known) = meant {
        bail!("variable {name} is no setting; did you mean {known}?");
    }
    if name.starts_with(IN_SECTION) {
        let all: Vec<String> = known::defaults()
            .keys()
            .map(|key| known::variable(key))
            .collect();
        bail!(
            "variable {name} is no setting; {}",
            known::advice(name, &all)
        );
    }
    Ok(())
}
