//! A browser's own name, such as it is, in words that its owner recognises.

/// Such as "Firefox on Linux"; the beginning of the agent text when it is none of the usual ones.
pub(super) fn name(agent: &str) -> String {
    let browser = first_of(agent, &BROWSERS);
    let system = first_of(agent, &SYSTEMS);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) if agent.is_empty() => "Unknown browser".to_owned(),
        (None, _) => agent.chars().take(40).collect(),
    }
}

fn first_of(agent: &str, words: &[(&str, &'static str)]) -> Option<&'static str> {
    words
        .iter()
        .find(|(word, _)| agent.contains(word))
        .map(|(_, name)| *name)
}

/// Those that claim to be others come first.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];

const SYSTEMS: [(&str, &str); 6] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_browsers_are_named() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                    Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0";
        assert_eq!(name(firefox), "Firefox on Linux");
        assert_eq!(name(edge), "Edge on Windows");
        assert_eq!(name("curl/8.5.0"), "curl");
        assert_eq!(name(""), "Unknown browser");
    }
}
