//! Organizations: legal entities that certificates name, the departments in them, and whom reviewers ask about them
//! (feature F-028).
//!
//! An organization belongs to a tenant. What a certificate says about it is `pki::Subject`; whether that was checked is
//! [`crate::pre_validation`].

use std::fmt;

use base::{Class, Refusal, Refuse, words};

use crate::certificate_type::CertificateType;
use crate::line;
pub use crate::line::NameError;
use crate::user::{DisplayName, Email};

/// How many people of an organization are kept.
pub const MAX_CONTACTS: usize = 10;
/// How many departments an organization has.
pub const MAX_DEPARTMENTS: u32 = 100;
/// How many organizations a tenant has.
pub const MAX_ORGANIZATIONS: u32 = 10_000;

words! {
    /// What somebody does for an organization when its certificates are asked for.
    pub enum ContactRole {
        /// Approves requests for EV certificates (EVG §4.1.2).
        Approver = "approver",
        /// Confirms, when called back, that the organization asks.
        Confirms = "confirms",
        /// Signs the contract for EV certificates.
        Signer = "signer",
    }
}

/// Somebody whom reviewers ask; never in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// What they do.
    pub role: ContactRole,
    /// What they are called.
    pub name: DisplayName,
    /// Where they get mail.
    pub email: Email,
}

/// Everybody whom reviewers ask about an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contacts(Vec<Contact>);

/// There are too many contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an organization has at most {MAX_CONTACTS} contacts; leave some out")]
pub struct ContactsError;

impl Refuse for ContactsError {
    fn refusal(&self) -> Refusal {
        Class::Invalid
            .because("contacts_too_many", self)
            .at("contact")
    }
}

impl Contacts {
    /// Them, in the order in which they were given.
    pub fn new(contacts: Vec<Contact>) -> Result<Self, ContactsError> {
        if contacts.len() > MAX_CONTACTS {
            return Err(ContactsError);
        }
        Ok(Self(contacts))
    }

    /// Them.
    pub fn iter(&self) -> impl Iterator<Item = &Contact> {
        self.0.iter()
    }

    /// The first who does this.
    pub fn who(&self, role: ContactRole) -> Option<&Contact> {
        self.iter().find(|contact| contact.role == role)
    }

    /// What somebody has to do before this type can be asked for, and nobody does.
    pub fn missing_for(&self, kind: CertificateType) -> Option<ContactRole> {
        let mut asked = asked_of(kind).iter().copied();
        asked.find(|role| self.who(*role).is_none())
    }
}

/// Whom reviewers have to be able to ask.
const fn asked_of(kind: CertificateType) -> &'static [ContactRole] {
    match kind {
        CertificateType::Ov => &[ContactRole::Confirms],
        CertificateType::Ev | CertificateType::Qwac => {
            &[ContactRole::Approver, ContactRole::Signer]
        }
    }
}

/// What a department is called: 1 to 100 characters on one line.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DepartmentName(String);

impl DepartmentName {
    /// Reads what a person typed.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        line::parse(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DepartmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(role: ContactRole) -> Contact {
        Contact {
            role,
            name: DisplayName::parse("Maria Example").unwrap(),
            email: Email::parse("maria@example.com").unwrap(),
        }
    }

    #[test]
    fn each_type_says_whom_it_needs() {
        use CertificateType::{Ev, Ov, Qwac};
        use ContactRole::{Approver, Confirms, Signer};
        let missing = |roles: &[ContactRole], kind| {
            let contacts = roles.iter().copied().map(contact).collect();
            Contacts::new(contacts).unwrap().missing_for(kind)
        };
        assert_eq!(missing(&[], Ov), Some(Confirms));
        assert_eq!(missing(&[Confirms], Ov), None);
        assert_eq!(missing(&[Confirms], Ev), Some(Approver));
        assert_eq!(missing(&[Confirms, Approver], Qwac), Some(Signer));
        assert_eq!(missing(&[Signer, Approver, Confirms], Qwac), None);
    }

    #[test]
    fn contacts_are_bounded() {
        let many = vec![contact(ContactRole::Confirms); MAX_CONTACTS];
        assert!(Contacts::new(many.clone()).is_ok());
        let more = [many, vec![contact(ContactRole::Signer)]].concat();
        assert_eq!(Contacts::new(more), Err(ContactsError));
    }
}
