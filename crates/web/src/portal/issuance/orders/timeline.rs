//! One order as a row of events, told from what is stored about it.

use std::fmt::Write as _;

use acme::authorization::{AuthorizationStatus, State};
use acme::challenge::Type;
use base::Timestamp;
use flow::issuance::list_orders::{Attempt, CaaEvidence, Hop, Lookup, OrderDetail, Stage};

use super::explain;
use super::table::agent;
use crate::portal::page::moment;
use crate::portal::page::part::Tone;

/// What happened so far, first things first.
pub(super) fn steps(detail: &OrderDetail) -> Vec<TimelineStep> {
    let began = detail.row.created_at;
    let mut steps = vec![placed(detail)];
    steps.extend(detail.attempts.iter().map(|attempt| proof(attempt, began)));
    if let Some(finalized) = detail.finalized_at {
        let title = "The client sent its certificate request";
        steps.push(step(Tone::Good, title, "", since(began, Some(finalized))));
    }
    steps.extend(last(detail));
    steps
}

/// The same without next steps and evidence, which are left to the order's own page.
pub(super) fn short_steps(detail: &OrderDetail) -> Vec<TimelineStep> {
    let mut steps = steps(detail);
    for step in &mut steps {
        step.evidence.clear();
        if step.tone == Tone::Bad {
            step.detail.clear();
        }
    }
    steps
}

/// Why the order failed and what to do about it.
pub(super) fn failure(detail: &OrderDetail) -> Option<Failure> {
    let problem = detail.row.problem.as_ref()?;
    if detail.row.stage != Stage::Failed {
        return None;
    }
    let (kind, _) = explain::caller(problem);
    let words = explain::words(kind);
    let explained = detail
        .attempts
        .iter()
        .filter(|attempt| matches!(attempt.state, State::Invalid { .. }))
        .find_map(explanation)
        .and_then(|text| text.split_once(". "));
    let (sentence, next_step) = explained.map_or_else(
        || (words.sentence.to_owned(), words.next_step.to_owned()),
        |(sentence, next_step)| (format!("{sentence}."), next_step.to_owned()),
    );
    let document = serde_json::to_string_pretty(problem).ok();
    Some(Failure {
        title: explain::title(problem),
        sentence,
        next_step,
        problem_type: kind.urn().to_owned(),
        document: document.map(|text| Evidence {
            title: "The problem document".to_owned(),
            text,
        }),
    })
}

/// The state in one sentence.
pub(super) fn announcement(detail: &OrderDetail) -> String {
    match detail.row.stage {
        Stage::Expired => "The client did not finish this order in time.".to_owned(),
        Stage::Failed => match &detail.row.problem {
            Some(problem) => format!("{}.", explain::title(problem)),
            None => "The order failed.".to_owned(),
        },
        Stage::Issued => "The certificate was issued.".to_owned(),
        Stage::Ready => "All names are proved; waiting for the client's request.".to_owned(),
        Stage::Signing => "The certificate is being made.".to_owned(),
        Stage::Validating => "Control of the names is being checked.".to_owned(),
        Stage::Waiting => "Waiting for the client to answer a challenge.".to_owned(),
    }
}

/// What a validation saw, in one line.
pub(crate) fn seen_in_short(attempt: &Attempt) -> String {
    let Some(evidence) = &attempt.evidence else {
        return String::new();
    };
    let seen = &evidence.seen;
    if seen.assumed {
        return "Taken as proved: this server is set up not to check".to_owned();
    }
    if seen.challenge == Type::Dns01.as_str() {
        return "The TXT record holds the expected value".to_owned();
    }
    if seen.challenge == Type::Mail.as_str() {
        return "Somebody at the domain confirmed it by mail".to_owned();
    }
    let answered = seen.hops.last().and_then(|hop| hop.address);
    answered.map_or_else(String::new, |address| {
        format!("{} answered with the key authorization", address.ip())
    })
}

fn placed(detail: &OrderDetail) -> TimelineStep {
    let names = match detail.row.names.as_slice() {
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [first, others @ ..] => format!("{first} and {} more names", others.len()),
        [] => String::new(),
    };
    let agent = agent(&detail.row.client_agent);
    let client = match (agent.is_empty(), detail.client_address.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("from {}", detail.client_address),
        (false, true) => agent,
        (false, false) => format!("{agent} from {}", detail.client_address),
    };
    let title = format!("Order for {names}");
    step(Tone::Good, &title, &client, "0 ms".to_owned())
}

fn proof(attempt: &Attempt, began: Timestamp) -> TimelineStep {
    let name = attempt.name.as_str();
    let took = since(began, attempt.ended_at.filter(|_| !attempt.is_reused));
    let mut made = match (&attempt.state, attempt.status) {
        (State::Valid { challenge, .. }, AuthorizationStatus::Valid) if attempt.is_reused => {
            let detail = format!("By {}, for an earlier order", challenge.as_str());
            step(
                Tone::Good,
                &format!("{name} was proved before"),
                &detail,
                took,
            )
        }
        (State::Valid { challenge, .. }, _) => {
            let title = format!("{name} validated {}", way(*challenge));
            step(Tone::Good, &title, &seen_in_short(attempt), took)
        }
        (State::Invalid { error, .. }, _) => {
            let predicate = explain::words(error.kind).predicate;
            let detail = explanation(attempt).unwrap_or(&error.detail).to_owned();
            step(Tone::Bad, &format!("{name} {predicate}"), &detail, took)
        }
        (State::Processing { challenge }, AuthorizationStatus::Pending) => {
            let title = format!("Validating {name} {}", way(*challenge));
            step(Tone::Busy, &title, "", took)
        }
        (State::Pending, AuthorizationStatus::Pending) => {
            let title = format!("{name} waits for the client to answer a challenge");
            step(Tone::Idle, &title, "", took)
        }
        (State::Deactivated, _) => step(
            Tone::Idle,
            &format!("The proof for {name} was withdrawn"),
            "",
            took,
        ),
        (State::Revoked, _) => step(
            Tone::Bad,
            &format!("The proof for {name} was revoked"),
            "",
            took,
        ),
        (State::Pending | State::Processing { .. }, _) => step(
            Tone::Idle,
            &format!("{name} was not proved in time"),
            "",
            took,
        ),
    };
    made.evidence.extend(evidence(attempt));
    made
}

fn last(detail: &OrderDetail) -> Option<TimelineStep> {
    let took = since(detail.row.created_at, detail.ended_at);
    let has_shown_failure = detail
        .attempts
        .iter()
        .any(|attempt| matches!(attempt.state, State::Invalid { .. }));
    match detail.row.stage {
        Stage::Expired => Some(step(Tone::Idle, "The client did not go on", "", took)),
        Stage::Failed if has_shown_failure => None,
        Stage::Failed => {
            let problem = detail.row.problem.as_ref();
            let title = problem.map_or("The order failed".to_owned(), explain::title);
            let text = problem.map_or("", |problem| problem.detail.as_str());
            Some(step(Tone::Bad, &title, text, took))
        }
        Stage::Issued => Some(step(Tone::Good, "Certificate issued", "", took)),
        Stage::Ready => {
            let title = "Waiting for the client's certificate request";
            Some(step(Tone::Busy, title, "", String::new()))
        }
        Stage::Signing => Some(step(
            Tone::Busy,
            "Making the certificate",
            "",
            String::new(),
        )),
        Stage::Validating | Stage::Waiting => None,
    }
}

/// How control was proved, in words.
pub(crate) fn way(challenge: Type) -> &'static str {
    match challenge {
        Type::Dns01 => "by DNS",
        Type::Http01 => "over HTTP",
        Type::Mail => "by mail",
    }
}

fn explanation(attempt: &Attempt) -> Option<&str> {
    attempt.evidence.as_ref()?.explanation.as_deref()
}

fn step(tone: Tone, title: &str, detail: &str, took: String) -> TimelineStep {
    TimelineStep {
        tone,
        title: title.to_owned(),
        detail: detail.to_owned(),
        took,
        evidence: Vec::new(),
    }
}

fn since(began: Timestamp, at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| moment::took(at.since(began)))
}

fn evidence(attempt: &Attempt) -> Option<Evidence> {
    let seen = &attempt.evidence.as_ref()?.seen;
    let mut text = String::new();
    for found in &seen.lookups {
        lookup(&mut text, found);
    }
    for found in &seen.hops {
        hop(&mut text, found);
    }
    if let Some(found) = &seen.caa {
        caa(&mut text, found);
    }
    if !seen.resolver.is_empty() {
        let _ = writeln!(text, "Name servers asked: {}", seen.resolver);
    }
    if let State::Invalid { error, .. } = &attempt.state {
        let _ = writeln!(text, "\n{}", error.detail);
    }
    (!text.is_empty()).then(|| Evidence {
        title: format!("What validation saw, in {} ms", seen.ms),
        text,
    })
}

/// Writing to a string cannot fail, here and below.
fn lookup(text: &mut String, found: &Lookup) {
    let _ = writeln!(text, "DNS {} ({} ms)", found.name, found.ms);
    for alias in &found.aliases {
        let _ = writeln!(text, "  is an alias of {alias}");
    }
    for address in &found.addresses {
        let _ = match &address.refused {
            Some(why) => writeln!(text, "  {}, not contacted: {why}", address.ip),
            None => writeln!(text, "  {}", address.ip),
        };
    }
    if let Some(records) = found.txt_records {
        let _ = writeln!(text, "  TXT records: {records}");
    }
    if let Some(error) = &found.error {
        let _ = writeln!(text, "  {error}");
    }
}

fn caa(text: &mut String, found: &CaaEvidence) {
    let _ = writeln!(text, "CAA ({} ms)", found.ms);
    for asked in &found.lookups {
        let outcome = asked.error.as_deref().unwrap_or("answered");
        let security = if asked.secure { ", signed" } else { "" };
        let _ = writeln!(text, "  {}: {outcome}{security}", asked.name);
    }
    for record in &found.records {
        let _ = writeln!(text, "  {record}");
    }
    let _ = match (&found.allowed_as, &found.allowed_account) {
        (Some(identity), Some(account)) => {
            writeln!(text, "  allowed as {identity} for {account}")
        }
        (Some(identity), None) => writeln!(text, "  allowed as {identity}"),
        (None, _) if found.refused.is_some() => Ok(()),
        (None, _) => writeln!(text, "  nothing restricts who may issue"),
    };
}

fn hop(text: &mut String, found: &Hop) {
    let _ = writeln!(text, "GET {} ({} ms)", found.url, found.ms);
    for failed in &found.failed {
        let _ = writeln!(
            text,
            "  {}: {} ({} ms)",
            failed.address, failed.error, failed.ms
        );
    }
    match (found.address, found.status) {
        (Some(address), Some(status)) => {
            let _ = writeln!(text, "  {address} answered with status {status}");
        }
        (Some(address), None) => {
            let _ = writeln!(text, "  {address} gave no usable answer");
        }
        (None, _) => {}
    }
}

/// What was sent and seen, word for word.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What it shows, such as "What the server at 192.0.2.7 answered".
    pub title: String,
    /// The text, already limited in length.
    pub text: String,
}

/// One thing that happened in an order.
#[derive(Clone, Debug)]
pub struct TimelineStep {
    /// How it went; busy while it is going on.
    pub tone: Tone,
    /// What happened.
    pub title: String,
    /// A plain sentence; may be empty.
    pub detail: String,
    /// Time since the order began, such as "212 ms".
    pub took: String,
    /// Shown collapsed.
    pub evidence: Vec<Evidence>,
}

/// Why an order failed and what to do about it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Such as "www.example.com answered 404".
    pub title: String,
    /// A plain sentence: what it means.
    pub sentence: String,
    /// One next step.
    pub next_step: String,
    /// Type of the problem document (RFC 8555 §6.7).
    pub problem_type: String,
    /// The problem document as the client received it.
    pub document: Option<Evidence>,
}
