//! One domain: its proof, what proves it, and to whom it is delegated.

use acme::challenge::path_of;
use askama::Template;
use axum::extract::State;
use base::Timestamp;
use flow::tenancy::domain::ask_by_mail::may_ask_by_mail;
use flow::tenancy::domain::{NamedDelegation, OwnDomainDetail};
use tenancy::certificate_type::AllowedTypes;
use tenancy::domain::{Addressee, DNS_LABEL, Domain, DomainState, ProofMethod};
use tenancy::role::Permission;

use super::chip;
use super::form::DelegationForm;
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::permitted::{Permitted, ViewDomains};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::day;
use crate::portal::page::part::{Chip, Tone};
use crate::portal::page::part_choice::choices;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;
use crate::portal::tenancy::standing::{StandingAnswer, types};

/// What stands among the addresses for those that the DNS names.
const CONTACTS: &str = "The contacts that the DNS names";

/// `GET /delegated-domains/{id}`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ViewDomains, OwnDomainDetail>,
) -> Answer {
    let nothing = DelegationForm::default();
    page(&view(&portal, &who, &found, (&nothing, Problems::none())).await?)
}

/// The page, with what was typed to delegate the domain.
pub(super) async fn view<P>(
    portal: &Portal,
    who: &Permitted<P>,
    found: &OwnDomainDetail,
    (typed, problems): (&DelegationForm, Problems),
) -> Result<DelegatedDomainPage, Refusal> {
    let (now, domain) = (portal.app.now(), &found.domain);
    let may_manage = who.may_for_whole(Permission::ManageDomains);
    let organizations = if may_manage {
        choices(portal, who.bounds(), ("None", &typed.organization)).await?
    } else {
        Vec::new()
    };
    let chosen = typed.types().unwrap_or_else(AllowedTypes::all);
    Ok(DelegatedDomainPage {
        shell: who.shell(Nav::Organizations, domain.name.as_str()),
        href: links::delegated_domain(domain.id),
        status: chip(domain, now),
        answer: answer(domain, now),
        missed: domain
            .missed
            .as_ref()
            .map(|missed| sentence(&missed.sentence)),
        challenge: challenge(domain, now),
        mail: mail(portal, domain).filter(|_| may_manage),
        delegations: found.delegations.iter().map(line).collect(),
        organizations,
        types: type_choices(&chosen),
        may_manage,
        problems,
    })
}

fn answer(domain: &Domain, now: Timestamp) -> StandingAnswer {
    let reach = |method: ProofMethod| match method {
        ProofMethod::Dns => {
            "The DNS has proven it: it counts for all names below it, wildcards among them."
        }
        ProofMethod::Mail => {
            "Whoever it belongs to has confirmed it by mail: it counts for all names below it, wildcards among them."
        }
        ProofMethod::Http => {
            "A file has proven it: it counts for this name alone, not for names below it or wildcards."
        }
    };
    let told = |tone, lead: String, text: &str, next: &str| StandingAnswer {
        tone,
        lead,
        text: text.to_owned(),
        next: next.to_owned(),
    };
    match (domain.state(now), domain.proof) {
        (DomainState::Valid, Some(proof)) => told(
            Tone::Good,
            format!("Control is proven until {}.", day(proof.valid_until)),
            reach(proof.method),
            "",
        ),
        (DomainState::Expired, Some(proof)) => told(
            Tone::Bad,
            format!("The proof ended on {}.", day(proof.valid_until)),
            "Orders for names in this domain are refused. Certificates that were issued stay valid.",
            "ask for new values, and show one of them.",
        ),
        (DomainState::Waiting, _) if domain.expects_mail(now).is_some() => told(
            Tone::Warn,
            "Control is not proven yet.".to_owned(),
            "A mail is on its way. Orders for names in this domain are refused until whoever gets it confirms it.",
            "wait for them, or put one of the values below in place and have it looked for. We recommend the DNS.",
        ),
        (DomainState::Waiting, _) => told(
            Tone::Warn,
            "Control is not proven yet.".to_owned(),
            "Orders for names in this domain are refused until it is.",
            "put one of the values below in place, then have it looked for. We recommend the DNS.",
        ),
        (DomainState::New | DomainState::Expired | DomainState::Valid, _) => told(
            Tone::Warn,
            "Control is not proven yet.".to_owned(),
            "Orders for names in this domain are refused until it is.",
            "ask for new values, and show one of them.",
        ),
    }
}

fn challenge(domain: &Domain, now: Timestamp) -> Option<ChallengeView> {
    let challenge = domain.expects(now).ok()?;
    Some(ChallengeView {
        record: format!("{DNS_LABEL}.{}", domain.name),
        value: challenge.value.clone(),
        url: format!("http://{}{}", domain.name, path_of(&challenge.token)),
        content: challenge.content(),
        until: day(challenge.expires_at),
    })
}

/// To whom a mail can go; none where it would count for nothing, or none can be sent.
fn mail(portal: &Portal, domain: &Domain) -> Option<MailView> {
    if !may_ask_by_mail(&portal.app) {
        return None;
    }
    let now = portal.app.now();
    let choice = |to: &Addressee| Choice {
        value: to.as_str().to_owned(),
        label: to.at(&domain.name).unwrap_or_else(|| CONTACTS.to_owned()),
        hint: String::new(),
        is_chosen: false,
    };
    Some(MailView {
        choices: Addressee::ALL.iter().map(choice).collect(),
        sent: domain.expects_mail(now).map(|link| {
            let to = link.to.replace(' ', ", ");
            format!("{to}, until {}", day(link.expires_at))
        }),
    })
}

fn line(named: &NamedDelegation) -> DelegationLine {
    DelegationLine {
        id: named.delegation.id.suffix(),
        href: links::organization(named.delegation.organization),
        organization: named.organization.clone(),
        part: match &named.department {
            Some(department) => department.clone(),
            None => "whole organization".to_owned(),
        },
        types: types(&named.delegation.types),
    }
}

fn type_choices(chosen: &AllowedTypes) -> Vec<Choice> {
    let ticked: Vec<_> = chosen.words().map(|(word, _)| word).collect();
    let all = AllowedTypes::all();
    let choice = |(word, title): (&'static str, &'static str)| Choice {
        value: word.to_owned(),
        label: title.to_owned(),
        hint: String::new(),
        is_chosen: ticked.contains(&word),
    };
    all.words().map(choice).collect()
}

/// What proves control of a domain, in one way or the other.
#[derive(Clone, Debug)]
pub struct ChallengeView {
    /// The name of the TXT record.
    pub record: String,
    /// What it holds.
    pub value: String,
    /// Where the file is.
    pub url: String,
    /// What it holds.
    pub content: String,
    /// Until when that proves something.
    pub until: String,
}

/// How a domain is proven by mail.
#[derive(Clone, Debug)]
pub struct MailView {
    /// To whom a mail can go.
    pub choices: Vec<Choice>,
    /// To whom the last one went whose link works, and until when.
    pub sent: Option<String>,
}

/// To whom a domain is delegated.
#[derive(Clone, Debug)]
pub struct DelegationLine {
    /// The delegation, as forms send it.
    pub id: String,
    /// The organization's page.
    pub href: String,
    /// The organization.
    pub organization: String,
    /// Which part of it.
    pub part: String,
    /// For which certificates.
    pub types: String,
}

/// `GET /delegated-domains/{id}`, and a delegation that was not made.
///
/// Forms: `POST …/ask`, `…/check` (`method`), `…/mail` (`to`), `…/delegations` (`organization`, a tick for each type), `…/delegations/end`
/// (`delegation`).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/delegated_domains/show.html")]
pub struct DelegatedDomainPage {
    /// The frame; its title is the name.
    pub shell: Shell,
    /// This page.
    pub href: String,
    /// Where its proof stands.
    pub status: Chip,
    /// The one thing that matters.
    pub answer: StandingAnswer,
    /// Why the last look found nothing.
    pub missed: Option<String>,
    /// What proves control, if it was asked for.
    pub challenge: Option<ChallengeView>,
    /// How it is proven by mail, for who may.
    pub mail: Option<MailView>,
    /// To whom it is delegated.
    pub delegations: Vec<DelegationLine>,
    /// To whom it can be delegated; empty for who may not.
    pub organizations: Vec<Choice>,
    /// For which certificates.
    pub types: Vec<Choice>,
    /// Whether the one who looks may change it.
    pub may_manage: bool,
    /// What is wrong; fields `organization`, `to`, `types`.
    pub problems: Problems,
}
