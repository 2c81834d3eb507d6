//! What becomes, or became, of each name, in words.

use askama::Template;
use base::{DnsName, SubscriptionId};
use enrollment::enrolled_domain::bulk::Row;
use enrollment::enrolled_domain::{Addition, Plan};
use flow::enrollment::list_subscriptions;

use super::form::AddDomainsForm;
use crate::portal::gate::permitted::{ManageDomains, Permitted};
use crate::portal::page::account::label;
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::part::{Chip, Tone};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::{count, sentence};
use crate::portal::state::Portal;

pub(super) async fn view(
    portal: &Portal,
    who: &Permitted<ManageDomains>,
    account: SubscriptionId,
    typed: &AddDomainsForm,
    rows: &[Row],
    is_preview: bool,
) -> Result<VerdictsPage, Refusal> {
    let found = list_subscriptions::find(&portal.app, &who.caller, account).await?;
    let found = found.ok_or(Refusal::NotFound)?;
    let tally = Tally::new(rows);
    let title = match (is_preview, tally.paid + tally.free) {
        (true, _) => "Preview",
        (false, 0) => "Nothing was added",
        (false, _) => "Domains added",
    };
    Ok(VerdictsPage {
        shell: who.shell(Nav::Domains, title),
        account: label(&found.subscription),
        account_href: links::account(account),
        account_id: account.suffix(),
        names: typed.names.clone(),
        anchor: typed.anchor.clone(),
        is_only_this_name: typed.only_this_name == "on",
        is_preview,
        can_add: tally.paid + tally.free > 0,
        outcome: tally.words(),
        verdicts: rows
            .iter()
            .flat_map(|row| verdicts(row, is_preview))
            .collect(),
    })
}

/// How many names of each kind.
#[derive(Default)]
struct Tally {
    paid: i64,
    free: i64,
    present: i64,
    invalid: i64,
}

impl Tally {
    fn new(rows: &[Row]) -> Self {
        let mut tally = Self::default();
        for row in rows {
            match &row.outcome {
                Err(_) => tally.invalid += 1,
                Ok(plan) if plan.additions.is_empty() => tally.present += 1,
                Ok(plan) => {
                    for addition in &plan.additions {
                        match addition.companion_of {
                            None => tally.paid += 1,
                            Some(_) => tally.free += 1,
                        }
                    }
                }
            }
        }
        tally
    }

    fn words(&self) -> String {
        let parts = [
            (self.paid, "new name", "new names"),
            (self.free, "free companion", "free companions"),
            (self.present, "already there", "already there"),
            (self.invalid, "invalid line", "invalid lines"),
        ];
        let parts: Vec<_> = parts
            .iter()
            .filter(|(number, _, _)| *number > 0)
            .map(|(number, one, many)| count(*number, one, many))
            .collect();
        if parts.is_empty() {
            "No names".to_owned()
        } else {
            parts.join(", ")
        }
    }
}

fn verdicts(row: &Row, is_preview: bool) -> Vec<Verdict> {
    let plan = match &row.outcome {
        Err(refusal) => {
            let result = Chip::new(Tone::Bad, "Invalid");
            return vec![verdict(&row.text, result, &sentence(refusal))];
        }
        Ok(plan) => plan,
    };
    let mut verdicts = Vec::new();
    if !plan.additions.iter().any(|new| new.name == plan.entered) {
        let result = Chip::new(Tone::Idle, "Already there");
        verdicts.push(verdict(plan.entered.as_str(), result, &why_present(plan)));
    }
    let additions = plan.additions.iter().map(|new| added(new, is_preview));
    verdicts.extend(additions);
    verdicts
}

fn why_present(plan: &Plan) -> String {
    match &plan.covered_by {
        Some(wildcard) if !plan.present.contains(&plan.entered) => {
            format!(
                "{} covers it; nothing is added or charged.",
                readable(wildcard)
            )
        }
        Some(_) | None => "It is in this account already; nothing is charged twice.".to_owned(),
    }
}

fn added(new: &Addition, is_preview: bool) -> Verdict {
    let name = new.name.as_str();
    match &new.companion_of {
        None => {
            let text = if is_preview {
                "Would be added."
            } else {
                "Added."
            };
            let hint = if new.name.is_wildcard() {
                " A wildcard is proved by a DNS record."
            } else {
                ""
            };
            let text = format!("{text}{hint}");
            verdict(name, Chip::new(Tone::Good, "New"), &text)
        }
        Some(main) => Verdict {
            is_companion: true,
            ..verdict(
                name,
                Chip::new(Tone::Good, "Included"),
                &format!("Comes with {}, free.", readable(main)),
            )
        },
    }
}

/// A name in a sentence: beside it stands the row with both of its spellings.
fn readable(name: &DnsName) -> String {
    name.to_unicode().unwrap_or_else(|| name.to_string())
}

fn verdict(name: &str, result: Chip, detail: &str) -> Verdict {
    Verdict {
        name: name.to_owned(),
        result,
        detail: detail.to_owned(),
        is_companion: false,
    }
}

/// What becomes, or became, of one name that was typed or came along.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The name as typed, or the companion's name.
    pub name: String,
    /// "New", "Included", "Already there", "Invalid".
    pub result: Chip,
    /// One sentence: why.
    pub detail: String,
    /// Companions stand indented below the name they come with.
    pub is_companion: bool,
}

/// Answer to `POST /domains/preview` and to `POST /domains`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/enrollment/domains/verdict.html")]
pub struct VerdictsPage {
    /// The frame.
    pub shell: Shell,
    /// Label of the ACME account.
    pub account: String,
    /// Path of that account.
    pub account_href: String,
    /// The account's id, sent on as `account`.
    pub account_id: String,
    /// What was typed, sent on as `names`.
    pub names: String,
    /// Sent on as `anchor`.
    pub anchor: String,
    /// Sent on as `only_this_name`.
    pub is_only_this_name: bool,
    /// Whether nothing was changed yet.
    pub is_preview: bool,
    /// Whether there is anything to add.
    pub can_add: bool,
    /// Such as "2 new names, 1 free companion, 1 invalid line".
    pub outcome: String,
    /// One per name.
    pub verdicts: Vec<Verdict>,
}
