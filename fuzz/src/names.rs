//! Single values that people type, clients send and links carry: what is accepted has one written form.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use acme::requested::Requested;
use base::{
    AccountId, Actor, AddressBlock, ApiTokenId, AuditId, AuthorizationId, CaId, CertificateId,
    DnsName, EnrolledDomainId, Identifier, IdentifierKind, JobId, OrderId, Slice, SubscriptionId,
    TenantId, TenantPath, Timestamp, UserId,
};
use enrollment::eab::KeyId;
use enrollment::subscription::{Label, ProductCode, Term};
use pki::{
    CaName, Country, Level, OrganizationIdentifier, RevocationReason, SerialNumber, Subject,
    SubjectField, SubjectFields,
};
use reach::network::LabHost;
use tenancy::api_token::{ApiTokenName, BearerToken, Networks, Scopes, Validity};
use tenancy::organization::DepartmentName;
use tenancy::password::{self, Context, Mode, Password};
use tenancy::pre_validation::Anchor;
use tenancy::recovery::RecoveryCode;
use tenancy::session::acting::ActingReason;
use tenancy::tenant::TenantName;
use tenancy::tenant::brand::{BrandContact, BrandHost, BrandName, MAX_CONTACT_LINES};
use tenancy::token::Token;
use tenancy::user::{DisplayName, Email};

/// One text, read as each of them.
pub(crate) fn names(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    domain(text);
    same(Email::parse(text).ok(), |it| Email::parse(it).ok());
    same(Email::from_str(text).ok(), |it| Email::from_str(it).ok());
    same(KeyId::from_str(text).ok(), |it| KeyId::from_str(it).ok());
    same(SerialNumber::from_str(text).ok(), |it| {
        SerialNumber::from_str(it).ok()
    });
    same(RevocationReason::from_str(text).ok(), |it| {
        RevocationReason::from_str(it).ok()
    });
    same(Actor::parse(text).ok(), |it| Actor::parse(it).ok());
    same(Timestamp::parse_rfc3339(text).ok(), |it| {
        Timestamp::parse_rfc3339(it).ok()
    });
    same(CaName::parse(text).ok(), |it| CaName::parse(it).ok());
    same(LabHost::from_str(text).ok(), |it| {
        LabHost::from_str(it).ok()
    });
    same(AddressBlock::from_str(text).ok(), |it| {
        AddressBlock::from_str(it).ok()
    });
    same(Country::parse(text).ok(), |it| Country::parse(it).ok());
    same(OrganizationIdentifier::parse(text).ok(), |it| {
        OrganizationIdentifier::parse(it).ok()
    });
    api_token(text);
    organization(text);
    typed(text);
    if let Some(code) = RecoveryCode::parse(text) {
        let again = RecoveryCode::parse(&code.reveal()).unwrap();
        assert_eq!(again.digest(), code.digest());
    }
    ids(text);
    if let Slice::After(cursor) | Slice::Before(cursor) = Slice::<OrderId>::parse(text, text) {
        assert_eq!(OrderId::from_suffix(text).unwrap(), cursor);
    }
    for word in text.split(|letter: char| !letter.is_alphanumeric()) {
        let verdict = password::check(
            Mode::Composition,
            &Password::new(word),
            &Context::new([word]),
        );
        assert!(verdict.is_err(), "one's own name is no password: {word}");
    }
}

fn domain(text: &str) {
    let requested = acme::identifier::parse(&Requested::dns(text));
    if let Ok(name) = DnsName::parse(text) {
        assert_eq!(DnsName::parse(name.as_str()).unwrap(), name);
        assert!(name.as_str().is_ascii() && name.as_str().len() <= 255);
        let unicode = name.to_unicode();
        assert!(unicode.is_none_or(|text| text.len() <= 4 * 255));
        let from_labels = DnsName::from_reversed(&name.reversed()).unwrap();
        assert_eq!(from_labels, name);
        let identifier = Identifier::from_str(name.as_str()).unwrap();
        assert_eq!(identifier.as_text(), name.as_str());
        assert_eq!(identifier.kind(), IdentifierKind::Dns);
    }
    // What a client may order can be enrolled too.
    if let Ok(identifier) = requested {
        let name = DnsName::from_str(text).unwrap();
        assert_eq!(name.as_str(), identifier.as_text());
    }
}

/// One text in each field of an organization; what is taken is taken again as it is.
fn organization(text: &str) {
    for field in SubjectField::ALL {
        let mut fields = SubjectFields {
            legal_name: "Example".to_owned(),
            country: "FI".to_owned(),
            locality: Some("Helsinki".to_owned()),
            ..SubjectFields::default()
        };
        fields.set(*field, Some(text.to_owned()));
        if let Ok(subject) = Subject::new(fields) {
            let again = Subject::new(subject.fields().clone()).unwrap();
            assert_eq!(again, subject);
            assert!(subject.organization_name().chars().count() <= 64);
        }
    }
}

/// What a program brings as its token, and what a person types to make one.
fn api_token(text: &str) {
    if let Some(token) = BearerToken::parse(text) {
        assert_eq!(token.reveal(), text);
    }
    same(Networks::parse(text).ok(), |it| Networks::parse(it).ok());
    same(Scopes::parse(text), Scopes::parse);
    if let Ok(validity) = Validity::parse(text) {
        assert!((1..=Validity::MAX_DAYS).contains(&validity.days()));
    }
    if let Ok(name) = ApiTokenName::parse(text) {
        assert_eq!(ApiTokenName::parse(name.as_str()).unwrap(), name);
    }
}

/// What a person types as a name of something.
fn typed(text: &str) {
    if let Ok(name) = DisplayName::parse(text) {
        assert_eq!(
            DisplayName::parse(name.as_str()).unwrap().as_str(),
            name.as_str()
        );
    }
    if let Ok(name) = TenantName::parse(text) {
        assert_eq!(
            TenantName::parse(name.as_str()).unwrap().as_str(),
            name.as_str()
        );
    }
    if let Ok(name) = BrandName::parse(text) {
        assert_eq!(BrandName::parse(name.as_str()).as_ref(), Ok(&name));
    }
    if let Ok(contact) = BrandContact::parse(text) {
        assert_eq!(BrandContact::parse(contact.as_str()).as_ref(), Ok(&contact));
        assert!(contact.lines().count() <= MAX_CONTACT_LINES);
    }
    if let Ok(host) = BrandHost::parse(text) {
        assert_eq!(BrandHost::parse(host.name().as_str()).as_ref(), Ok(&host));
    }
    if let Ok(name) = DepartmentName::parse(text) {
        assert_eq!(
            DepartmentName::parse(name.as_str()).unwrap().as_str(),
            name.as_str()
        );
    }
    if let Ok(anchor) = Anchor::parse(text) {
        assert_eq!(Anchor::parse(anchor.as_str()), Ok(anchor));
    }
    if let Ok(label) = Label::parse(text) {
        assert_eq!(
            Label::parse(label.as_str()).unwrap().as_str(),
            label.as_str()
        );
    }
    if let Ok(code) = ProductCode::parse(text) {
        assert_eq!(code.as_str(), text);
    }
    if let Some(level) = Level::parse(text) {
        assert_eq!(level.as_str(), text);
    }
    if let Some(term) = Term::parse(text) {
        assert_eq!(term.as_str(), text);
    }
    if let Some(kind) = IdentifierKind::parse(text) {
        assert_eq!(kind.as_str(), text);
    }
    if let Some(token) = Token::parse(text) {
        assert_eq!(token.reveal(), text);
    }
    if let Ok(reason) = ActingReason::parse(text) {
        assert_eq!(ActingReason::parse(reason.as_str()), Ok(reason));
    }
    if let Ok(path) = TenantPath::parse(text) {
        assert_eq!(path.as_str(), text);
    }
}

macro_rules! each_id {
    ($text:ident: $($id:ty),+) => {
        $(
            same(<$id>::from_str($text).ok(), |it| <$id>::from_str(it).ok());
            if let Ok(id) = <$id>::from_suffix($text) {
                assert_eq!(<$id>::from_suffix(&id.suffix()).unwrap(), id);
            }
        )+
    };
}

fn ids(text: &str) {
    each_id!(text: AccountId, ApiTokenId, AuditId, AuthorizationId, CaId, CertificateId, EnrolledDomainId, JobId, OrderId);
    each_id!(text: SubscriptionId, TenantId, UserId);
}

/// What was read is read again from its written form.
fn same<T: Debug + Display + PartialEq>(read: Option<T>, again: impl FnOnce(&str) -> Option<T>) {
    if let Some(value) = read {
        assert_eq!(again(&value.to_string()).as_ref(), Some(&value));
    }
}
