//! `chancery doctor`: looks at what a server needs, says what is wrong and what to do. Changes nothing.

mod doors;
mod stored;

use std::path::Path;

pub(crate) use self::doors::local_urls;

use anyhow::bail;

use crate::admin::say;
use crate::config::Config;

/// What was found of one thing.
enum Finding {
    /// As it should be.
    Good(String),
    /// It works, but not yet as an installation for others should.
    Note(String),
    /// It does not work, or works badly.
    Wrong(String),
}

impl Finding {
    /// A whole answer, or why there is none.
    fn of(outcome: Result<String, String>) -> Self {
        outcome.map_or_else(Self::Wrong, Self::Good)
    }
}

/// Looks at everything; fails when something is wrong.
pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    let mut report = Report(0);
    report.say("data directory", data_directory(&config.data));
    for (what, finding) in stored::look(config).await {
        report.say(what, finding);
    }
    for (what, finding) in doors::look(config).await {
        report.say(what, finding);
    }
    match report.0 {
        0 => Ok(()),
        1 => bail!("one thing needs your attention"),
        wrong => bail!("{wrong} things need your attention"),
    }
}

/// Counts what is wrong.
struct Report(usize);

impl Report {
    fn say(&mut self, what: &str, finding: Finding) {
        let (word, text) = match finding {
            Finding::Good(text) => ("ok   ", text),
            Finding::Note(text) => ("NOTE ", text),
            Finding::Wrong(text) => {
                self.0 = self.0.saturating_add(1);
                ("WRONG", text)
            }
        };
        say(&format!("{word} {what}: {text}"));
    }
}

fn data_directory(path: &Path) -> Finding {
    let path_text = path.display();
    match std::fs::metadata(path) {
        Ok(found) if !found.is_dir() => Finding::Wrong(format!("{path_text} is not a directory")),
        Ok(found) if found.permissions().readonly() => Finding::Wrong(format!(
            "{path_text} is not writable; change its owner or mode"
        )),
        Ok(_) => Finding::Good(path_text.to_string()),
        Err(_) => Finding::Good(format!("{path_text} is not there yet and will be made")),
    }
}
