//! `chancery config show`: every setting, its value, and where that came from. Opens nothing and makes nothing.

use serde_json::{Value, json};

use super::given::Origin;
use super::{Loaded, known};

/// A setting in force.
pub(super) struct Shown {
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// All of them as text, one a line.
pub(crate) fn show(loaded: &Loaded, as_json: bool) -> String {
    let all = loaded.settings();
    let widest = |text: fn(&Shown) -> String| {
        let widths = all.iter().map(|shown| text(shown).chars().count());
        widths.max().unwrap_or_default()
    };
    let key_width = widest(|shown| shown.key.clone());
    let value_width = widest(Shown::text);
    let lines = all.iter().map(|shown| {
        if as_json {
            return shown.json().to_string();
        }
        let (key, text) = (&shown.key, shown.text());
        format!("{key:key_width$}  {text:value_width$}  {}", shown.origin)
    });
    lines.collect::<Vec<_>>().join("\n")
}

impl Loaded {
    /// Every setting; those of flags first, then section by section.
    pub(super) fn settings(&self) -> Vec<Shown> {
        let values = known::values(&self.options, &self.sections).into_iter();
        let (in_sections, with_flags): (Vec<_>, Vec<_>) =
            values.partition(|(key, _)| key.contains('.'));
        let all = with_flags.into_iter().chain(in_sections);
        all.map(|(key, value)| Shown {
            origin: self.given.origin(&key),
            key,
            value,
        })
        .collect()
    }
}

impl Shown {
    /// For people: without quotes, and a dash for none.
    fn text(&self) -> String {
        match &self.value {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            Value::Array(all) if all.is_empty() => "-".to_owned(),
            Value::Array(all) => {
                let texts = all.iter().map(|each| match each.as_str() {
                    Some(text) => text.to_owned(),
                    None => each.to_string(),
                });
                texts.collect::<Vec<_>>().join(",")
            }
            Value::Bool(_) | Value::Number(_) | Value::Object(_) => self.value.to_string(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "key": self.key,
            "value": self.value,
            "source": self.origin.to_string(),
            "flag": known::flag(&self.key),
            "variable": known::variable(&self.key),
        })
    }
}
