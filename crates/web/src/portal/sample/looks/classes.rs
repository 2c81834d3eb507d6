//! The style sheet and the pages know the same classes, so that neither keeps what the other has lost.

use std::collections::BTreeSet;

use super::render_all;
use crate::portal::page::assets;

/// Set by scripts alone.
const BY_SCRIPT: [&str; 1] = ["htmx-request"];

fn style() -> String {
    let asset = assets::all()
        .iter()
        .find(|asset| asset.name == "portal.css")
        .expect("the style");
    String::from_utf8(asset.bytes.clone()).expect("text")
}

/// The classes that selectors name: what stands before a brace and begins with no `@`.
fn styled(style: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let bare: String = style
        .split("/*")
        .map(|piece| piece.split_once("*/").map_or(piece, |(_, rest)| rest))
        .collect();
    for piece in bare.split(['{', '}']).filter(|piece| !piece.contains("--")) {
        let is_selector = !piece.contains(": ") && !piece.trim_start().starts_with('@');
        if is_selector {
            found.extend(classes_in_selector(piece));
        }
    }
    found
}

fn classes_in_selector(selector: &str) -> impl Iterator<Item = String> + '_ {
    selector.split('.').skip(1).filter_map(|rest| {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        let name: String = rest.chars().take_while(|letter| is_part(*letter)).collect();
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            .then_some(name)
    })
}

fn used() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, page) in render_all().expect("every page renders") {
        for rest in page.split(" class=\"").skip(1) {
            let list = rest.split('"').next().unwrap_or("");
            found.extend(list.split_whitespace().map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_class_of_the_style_is_on_a_page_or_the_sheet() {
    let used = used();
    let styled = styled(&style());
    let is_idle = |class: &&String| !used.contains(*class) && !BY_SCRIPT.contains(&class.as_str());
    let idle: Vec<_> = styled.iter().filter(is_idle).collect();
    assert!(styled.len() > 100, "{styled:?}");
    assert!(idle.is_empty(), "no page has {idle:?}");
}

#[test]
fn pages_have_no_class_that_the_style_does_not_know() {
    let styled = styled(&style());
    let used = used();
    let unknown: Vec<_> = used.difference(&styled).collect();
    assert!(unknown.is_empty(), "no rule for {unknown:?}");
}

#[test]
fn classes_are_found_in_selectors_alone() {
    let style = "/* .a */ .b:not(.c), d.e > .f { width: .5em; margin: 0 }\n@media (x: y) {\n .g { color: red } }";
    let found: Vec<_> = styled(style).into_iter().collect();
    assert_eq!(found, ["b", "c", "e", "f", "g"]);
}
