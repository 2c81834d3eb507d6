//! Which settings there are. Nothing is listed here: the structs that are read tell it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::options::Options;
use super::sections::Sections;

/// What stands before the name of every variable.
const PREFIX: &str = "CHANCERY_";
/// How alike two names have to be for one to be a slip of the other; 1 is the same name.
const LIKENESS: f64 = 0.85;

/// Every setting by its key, with its default where that is known without the others; `null` stands for none.
pub(super) fn defaults() -> BTreeMap<String, Value> {
    values(&Options::default(), &Sections::default())
}

/// Settings by their keys.
pub(super) fn values(options: &Options, sections: &Sections) -> BTreeMap<String, Value> {
    let mut values: BTreeMap<String, Value> = members(options).into_iter().collect();
    for (section, all) in members(sections) {
        let keys = members(&all)
            .into_iter()
            .map(|(key, value)| (format!("{section}.{key}"), value));
        values.extend(keys);
    }
    values
}

/// The fields of a struct with their values.
fn members(of: &impl Serialize) -> serde_json::Map<String, Value> {
    match serde_json::to_value(of) {
        Ok(Value::Object(members)) => members,
        // Serializing fails only for paths that are not UTF-8, which were refused when they were given.
        Ok(_) | Err(_) => serde_json::Map::new(),
    }
}

/// The variable of a setting.
pub(super) fn variable(key: &str) -> String {
    let name = key.replace('.', "__").to_uppercase();
    if key.contains('.') {
        format!("{PREFIX}_{name}")
    } else {
        format!("{PREFIX}{name}")
    }
}

/// The flag of a setting; those in sections have none.
pub(super) fn flag(key: &str) -> Option<String> {
    (!key.contains('.')).then(|| format!("--{}", key.replace('_', "-")))
}

/// What is said of a name that nothing has: the one that was meant, or all that there are.
pub(super) fn advice(name: &str, known: &[String]) -> String {
    let last = |name: &str| {
        let parts = name.rsplit(['.', ' ']).next().unwrap_or_default();
        parts.rsplit("__").next().unwrap_or_default().to_owned()
    };
    let likeness = |known: &String| {
        let whole = strsim::jaro_winkler(name, known);
        // The right key in the wrong place.
        whole.max(strsim::normalized_damerau_levenshtein(
            &last(name),
            &last(known),
        ))
    };
    let nearest = known
        .iter()
        .max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    match nearest {
        Some(nearest) if likeness(nearest) >= LIKENESS => format!("did you mean {nearest}?"),
        Some(_) | None => format!("there are: {}", known.join(", ")),
    }
}
