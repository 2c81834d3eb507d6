//! `App` is the roof over the rooms of flow and holds nothing itself: at most 80 lines.

use crate::check::Finding;
use crate::check::code::Code;

const FILE: &str = "crates/flow/src/app.rs";
const LINES: usize = 80;

/// Checks that file; there is one finding for each line too many.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in code.sources.iter().filter(|source| source.path == FILE) {
        let lines = source.text.lines().count();
        let message = format!("{lines} lines, at most {LINES}: what it holds belongs in a room");
        for _ in LINES..lines {
            findings.push(Finding::new(FILE, 0, message.as_str()));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::code::places;

    #[test]
    fn the_roof_has_at_most_80_lines() {
        let line = "const A: u8 = 1;\n";
        assert_eq!(places(check, &[(FILE, &line.repeat(80))]).len(), 0);
        assert_eq!(places(check, &[(FILE, &line.repeat(83))]).len(), 3);
        let other = "crates/web/src/app.rs";
        assert_eq!(places(check, &[(other, &line.repeat(83))]).len(), 0);
    }
}
