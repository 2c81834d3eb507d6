//! Every crate takes the workspace's lint table; one that does not is checked by nobody.

use std::fs;
use std::path::Path;

use anyhow::Context;

use super::{Finding, source};
use crate::workspace::Package;

/// Reads the manifests of all members.
pub(crate) fn check(root: &Path, members: &[Package]) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in members {
        let path = source::relative(root, &package.manifest_path);
        let text = fs::read_to_string(&package.manifest_path)
            .with_context(|| format!("{path} is unreadable"))?;
        findings.extend(missing(&path, &text)?);
    }
    Ok(findings)
}

fn missing(path: &str, manifest: &str) -> anyhow::Result<Option<Finding>> {
    let manifest: toml::Table = manifest
        .parse()
        .with_context(|| format!("{path} is not TOML"))?;
    let inherits = manifest
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(toml::Value::as_bool);
    Ok((inherits != Some(true))
        .then(|| Finding::new(path, 0, "add `[lints]` with `workspace = true`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_manifest(manifest: &str, is_wrong: bool) {
        assert_eq!(missing("Cargo.toml", manifest).unwrap().is_some(), is_wrong);
    }

    #[test]
    fn the_lint_table_is_inherited() {
        check_manifest(
            "[package]\nname = \"a\"\n[lints]\nworkspace = true\n",
            false,
        );
        check_manifest("[package]\nname = \"a\"\n", true);
        check_manifest("[lints]\nworkspace = false\n", true);
        check_manifest("[lints.rust]\nunsafe_code = \"deny\"\n", true);
    }
}
