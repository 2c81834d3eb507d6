//! Every direct dependency has its reason in `docs/dependencies.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context;

use super::Finding;
use crate::workspace::Package;

const DOCUMENT: &str = "docs/dependencies.md";

/// Looks for the name of every external crate that a member names.
pub(crate) fn check(root: &Path, members: &[Package]) -> anyhow::Result<Vec<Finding>> {
    let text = fs::read_to_string(root.join(DOCUMENT))
        .with_context(|| format!("{DOCUMENT} is unreadable"))?;
    Ok(undocumented(members, &text)
        .into_iter()
        .map(|name| Finding::new(DOCUMENT, 0, format!("say what {name} is for, and why it")))
        .collect())
}

fn undocumented<'a>(members: &'a [Package], text: &str) -> BTreeSet<&'a str> {
    let words: BTreeSet<&str> = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
        .collect();
    let ours: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    members
        .iter()
        .flat_map(|member| &member.dependencies)
        .map(|dependency| dependency.name.as_str())
        .filter(|name| !ours.contains(name) && !words.contains(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Metadata;

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let text = r#"{"packages": [
            {"name": "flow", "dependencies": [
                {"name": "base", "kind": null},
                {"name": "tokio-util", "kind": null},
                {"name": "tokio", "kind": "dev"}
            ]},
            {"name": "base", "dependencies": []}
        ]}"#;
        let metadata: Metadata = serde_json::from_str(text).unwrap();
        let found = undocumented(&metadata.packages, "| tokio, tokio-rustls | runtime |");
        assert_eq!(Vec::from_iter(found), ["tokio-util"]);
    }
}
