//! A reviewer approves or rejects.

use axum::extract::State;
use base::Timestamp;
use flow::tenancy::pre_validation::OrganizationCheck;
use flow::tenancy::pre_validation::list_waiting::Reviewed;
use flow::tenancy::pre_validation::review_pre_validation::{
    DecideError, Verdict, review_pre_validation,
};
use pki::{OrganizationError, SubjectFields};
use tenancy::pre_validation::{Approval, Evidence, MAX_TEXT, ReviewError, ReviewState};

use super::show;
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{DecidePreValidations, Permitted};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, done, not_done, refused_form};
use crate::portal::page::links;
use crate::portal::page::refused::{Refusal, problems};
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;
use crate::portal::tenancy::fields::{self, Typed, text};

/// `POST /reviews/{id}`.
pub(super) async fn decide(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<DecidePreValidations, Reviewed>,
    Form(typed): Form<Typed>,
) -> Answer {
    let verdict = match text(&typed, "decision") {
        "approve" => approval(&found.check, &typed, portal.app.now()),
        "reject" => Ok(Verdict::Reject(text(&typed, "reason").to_owned())),
        _ => return Err(Refusal::NotFound),
    };
    let verdict = match verdict {
        Ok(verdict) => verdict,
        Err(problems) => return again(&portal, &who, &found, (&typed, problems)).await,
    };
    let by = (found.check.id, who.signed_in.user.id);
    match review_pre_validation(&portal.app, &who.caller, by, verdict).await {
        Ok(check) => Ok(decided(&check, portal.app.now())),
        Err(DecideError::Subject(OrganizationError::Incomplete(error))) => {
            let problems = fields::problem(&error);
            again(&portal, &who, &found, (&typed, problems)).await
        }
        Err(DecideError::Review(
            error @ (ReviewError::NoEvidence(_) | ReviewError::Outdated(_) | ReviewError::Text),
        )) => {
            let problems = problems(error)?;
            again(&portal, &who, &found, (&typed, problems)).await
        }
        Err(DecideError::Review(error)) => {
            Ok(not_done(&links::review(found.check.id), &sentence(&error)))
        }
        Err(error) => Err(error.into()),
    }
}

async fn again(
    portal: &Portal,
    who: &Permitted<DecidePreValidations>,
    found: &Reviewed,
    typed: (&Typed, Problems),
) -> Answer {
    refused_form(&show::view(portal, who, found, Some(typed)).await?)
}

fn decided(check: &OrganizationCheck, now: Timestamp) -> axum::response::Response {
    match check.state(now) {
        ReviewState::InReview => done(
            "/reviews",
            "Your yes was recorded. A second reviewer has to agree.",
        ),
        ReviewState::Rejected => done("/reviews", "It was rejected; the tenant reads your reason."),
        ReviewState::Requested | ReviewState::Valid | ReviewState::Expired | ReviewState::Ended => {
            done("/reviews", "It was approved and counts from now on.")
        }
    }
}

/// Reads a yes. A second reviewer, to whom no fields were shown for change, says yes to those that the first confirmed.
fn approval(check: &OrganizationCheck, typed: &Typed, now: Timestamp) -> Result<Verdict, Problems> {
    let fields = if typed.contains_key("legal_name") || check.reviewed_by.is_none() {
        fields::read(typed)
    } else {
        check.fields.clone()
    };
    let mut wrong = Problems::none();
    let mut evidence = Vec::new();
    for of in check.kind.checks() {
        let at = of.as_str();
        let source = text(typed, at);
        let seen_name = format!("{at}_seen");
        let seen_at = seen(text(typed, &seen_name), now);
        if seen_at.is_none() {
            wrong = wrong.and(
                &seen_name,
                "Write the day as 2026-11-23, or leave it empty for today.",
            );
        }
        if source.chars().count() > MAX_TEXT {
            wrong = wrong.and(at, &sentence(&ReviewError::Text));
        }
        let is_known = check.evidence.iter().any(|each| each.check == *of);
        if source.is_empty() && !is_known {
            wrong = wrong.and(at, &sentence(&ReviewError::NoEvidence(*of)));
        }
        if let (Some(seen_at), false) = (seen_at, source.is_empty()) {
            evidence.push(Evidence {
                check: *of,
                source: source.to_owned(),
                seen_at,
            });
        }
    }
    if wrong.is_empty() {
        let approval: Approval<SubjectFields> = Approval { fields, evidence };
        Ok(Verdict::Approve(Box::new(approval)))
    } else {
        Err(wrong)
    }
}

/// The beginning of a day in UTC; now if none is said.
fn seen(date: &str, now: Timestamp) -> Option<Timestamp> {
    if date.is_empty() {
        return Some(now);
    }
    Timestamp::parse_rfc3339(&format!("{date}T00:00:00Z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_and_none_is_today() {
        let now = Timestamp::from_seconds(1_795_435_200);
        assert_eq!(seen("", now), Some(now));
        let day = seen("2026-11-23", now).unwrap();
        assert_eq!(day.to_string(), "2026-11-23T00:00:00Z");
        assert_eq!(seen("23.11.2026", now), None);
        assert_eq!(seen("2026-02-30", now), None);
    }
}
