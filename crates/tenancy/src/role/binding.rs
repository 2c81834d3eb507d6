//! Of which organizations and departments somebody's roles are, where they are not of the whole tenant (security S-29).
//!
//! An object is for a part of the tenant, or for nobody in particular. Who is bound to parts sees and changes what is for
//! these and nothing else; what is for nobody is of the whole tenant.

use std::collections::BTreeSet;
use std::fmt;

use base::{Class, DepartmentId, OrganizationId, Refusal, Refuse};
use serde::{Serialize, Serializer};

use super::{Role, Roles};

/// To how many parts somebody can be bound.
pub const MAX_PARTS: usize = 100;

/// An organization of a tenant as a whole, or one department of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Part {
    /// The organization.
    pub organization: OrganizationId,
    /// Its department; none for all of it.
    pub department: Option<DepartmentId>,
}

impl Part {
    /// All of an organization.
    pub const fn whole(organization: OrganizationId) -> Self {
        Self {
            organization,
            department: None,
        }
    }

    /// For whom something is that names an organization and perhaps a department; `None` for nobody.
    pub fn of(
        organization: Option<OrganizationId>,
        department: Option<DepartmentId>,
    ) -> Option<Self> {
        organization.map(|organization| Self {
            organization,
            department,
        })
    }

    /// Reads what [`Display`](fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (organization, department) = match text.split_once('.') {
            None => (text, None),
            Some((organization, department)) => (organization, Some(department)),
        };
        let department = department.map(DepartmentId::from_suffix).transpose();
        Some(Self {
            organization: OrganizationId::from_suffix(organization).ok()?,
            department: department.ok()?,
        })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.organization.suffix())?;
        match self.department {
            None => Ok(()),
            Some(department) => write!(f, ".{}", department.suffix()),
        }
    }
}

/// Of which parts of a tenant somebody's roles are; of the whole where it names none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Binding(BTreeSet<Part>);

/// Why somebody cannot be bound so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// A role that is about the tenant itself.
    #[error(
        "the role {0} is for the whole organisation; give another one to somebody who is bound to some of it"
    )]
    OfWhole(Role),
    /// Too many parts.
    #[error("somebody can be bound to at most {MAX_PARTS} organizations and departments")]
    TooMany,
    /// The tenant has no such part.
    #[error("one of the organizations or departments is not there any more; choose again")]
    Unknown,
}

impl Refuse for BindingError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::OfWhole(_) => Class::Invalid
                .because("role_of_whole_tenant", self)
                .at("binding"),
            Self::TooMany => Class::Invalid
                .because("binding_too_many", self)
                .at("binding"),
            Self::Unknown => Class::Invalid
                .because("binding_unknown_part", self)
                .at("binding"),
        }
    }
}

/// Something is of the whole tenant, and whoever asks has some of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "your role is for some organizations and departments only; ask an administrator of your organisation to do this"
)]
pub struct OfWholeTenant;

impl Refuse for OfWholeTenant {
    fn refusal(&self) -> Refusal {
        Class::Forbidden.because("role_is_bound", self)
    }
}

impl Binding {
    /// Reads stored parts, separated by spaces; `None` when one is none.
    pub fn parse(words: &str) -> Option<Self> {
        let parts: Option<BTreeSet<_>> = words.split_whitespace().map(Part::parse).collect();
        parts.map(Self)
    }

    /// To these parts; to none of them means the whole tenant.
    pub fn to(parts: impl IntoIterator<Item = Part>) -> Self {
        Self(parts.into_iter().collect())
    }

    /// Whether it is the whole tenant.
    pub fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    /// The parts, each once.
    pub fn iter(&self) -> impl Iterator<Item = Part> {
        self.0.iter().copied()
    }

    /// Whether it names exactly this part.
    pub fn has(&self, part: Part) -> bool {
        self.0.contains(&part)
    }

    /// Whether somebody with these roles can be bound so.
    pub fn check(&self, roles: &Roles) -> Result<(), BindingError> {
        if self.is_whole() {
            return Ok(());
        }
        if self.0.len() > MAX_PARTS {
            return Err(BindingError::TooMany);
        }
        match roles.iter().find(|role| !role.can_be_bound()) {
            Some(role) => Err(BindingError::OfWhole(role)),
            None => Ok(()),
        }
    }

    /// Whether it covers what is for a part of the tenant, or for nobody.
    pub fn covers(&self, part: Option<Part>) -> bool {
        if self.is_whole() {
            return true;
        }
        part.is_some_and(|part| self.has(part) || self.has(Part::whole(part.organization)))
    }

    /// Whether it is of an organization or of a department in it: enough to see what is said of the organization.
    pub fn reaches(&self, organization: OrganizationId) -> bool {
        self.is_whole() || self.0.iter().any(|part| part.organization == organization)
    }
}

impl Serialize for Binding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Part::to_string))
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(Part::to_string).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn organization(number: u8) -> OrganizationId {
        OrganizationId::from_bytes([number; 16])
    }

    fn part(organization_number: u8, department: u8) -> Part {
        Part {
            organization: organization(organization_number),
            department: Some(DepartmentId::from_bytes([department; 16])),
        }
    }

    #[test]
    fn s29_who_is_bound_to_nothing_has_the_whole_tenant() {
        let whole = Binding::default();
        assert!(whole.is_whole() && whole.covers(None) && whole.covers(Some(part(1, 2))));
        assert!(whole.reaches(organization(1)));
    }

    #[test]
    fn s29_an_organization_covers_its_departments_and_nothing_of_others() {
        let binding = Binding::to([Part::whole(organization(1))]);
        assert!(binding.covers(Some(Part::whole(organization(1)))));
        assert!(binding.covers(Some(part(1, 2))));
        assert!(!binding.covers(Some(part(2, 2))) && !binding.covers(None));
        assert!(binding.reaches(organization(1)) && !binding.reaches(organization(2)));
    }

    #[test]
    fn s29_a_department_covers_neither_its_organization_nor_its_neighbours() {
        let binding = Binding::to([part(1, 2)]);
        assert!(binding.covers(Some(part(1, 2))));
        assert!(!binding.covers(Some(part(1, 3))));
        assert!(!binding.covers(Some(Part::whole(organization(1)))));
        assert!(binding.reaches(organization(1)) && !binding.covers(None));
    }

    #[test]
    fn s29_administrators_and_people_of_the_operator_are_bound_to_nothing() {
        let bound = Binding::to([part(1, 2)]);
        for role in Role::ALL {
            let checked = bound.check(&Roles::one(*role));
            let expected = match role {
                Role::Manager | Role::Viewer => Ok(()),
                Role::Admin | Role::Auditor | Role::Owner | Role::Reviewer | Role::Support => {
                    Err(BindingError::OfWhole(*role))
                }
            };
            assert_eq!(checked, expected);
            assert_eq!(Binding::default().check(&Roles::one(*role)), Ok(()));
        }
        let many = Binding::to((0..=100).map(|number| part(1, number)));
        let checked = many.check(&Roles::one(Role::Viewer));
        assert_eq!(checked, Err(BindingError::TooMany));
    }

    proptest! {
        #[test]
        fn stored_parts_round_trip(numbers in proptest::collection::vec((0_u8..4, 0_u8..4), 0..6)) {
            let parts = numbers.iter().map(|(one, other)| match other {
                0 => Part::whole(organization(*one)),
                _ => part(*one, *other),
            });
            let binding = Binding::to(parts);
            prop_assert_eq!(Binding::parse(&binding.to_string()), Some(binding));
        }
    }
}
