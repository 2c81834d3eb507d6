//! The types of certificates that name an organization, as their standards call them, and what each asks of a reviewer.

use std::collections::BTreeSet;
use std::fmt;

use base::words;

words! {
    /// A type of certificate that names an organization.
    pub enum CertificateType {
        /// Organization validated (BR §3.2.2.1).
        Ov = "ov",
        /// Extended validation (EVG §11).
        Ev = "ev",
        /// Qualified website authentication (EN 319 411-2).
        Qwac = "qwac",
    }
}

words! {
    /// Something that a reviewer makes sure of.
    pub enum Check {
        /// The organization exists (BR §3.2.2.1).
        Existence = "existence",
        /// Its address is its own.
        Address = "address",
        /// Who asks may ask, confirmed by a call to a number that was found elsewhere (BR §3.2.5).
        Authority = "authority",
        /// The entry in the register of its jurisdiction (EVG §11.2).
        Register = "register",
        /// It does business (EVG §11.6).
        Operation = "operation",
        /// It is on no list of those with whom no business may be done (EVG §11.12).
        BlockedLists = "blocked_lists",
        /// The identity of who represents it (EN 319 411-2 §6.2.2).
        Representative = "representative",
    }
}

const OV_CHECKS: [Check; 3] = [Check::Existence, Check::Address, Check::Authority];
const EV_CHECKS: [Check; 6] = [
    Check::Existence,
    Check::Address,
    Check::Authority,
    Check::Register,
    Check::Operation,
    Check::BlockedLists,
];
const QWAC_CHECKS: &[Check] = Check::ALL;

impl CertificateType {
    /// As it stands in texts for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ov => "OV",
            Self::Ev => "EV",
            Self::Qwac => "QWAC",
        }
    }

    /// What has to be checked.
    pub const fn checks(self) -> &'static [Check] {
        match self {
            Self::Ov => &OV_CHECKS,
            Self::Ev => &EV_CHECKS,
            Self::Qwac => QWAC_CHECKS,
        }
    }

    /// Whether a second person has to agree (EVG §11.13).
    pub const fn needs_second_reviewer(self) -> bool {
        match self {
            Self::Ov => false,
            Self::Ev | Self::Qwac => true,
        }
    }
}

impl Check {
    /// What was found out, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Existence => "The organization exists",
            Self::Address => "The address is its own",
            Self::Authority => "Who asks may ask, confirmed by a call to a listed number",
            Self::Register => "The entry in the register of its jurisdiction agrees",
            Self::Operation => "It does business",
            Self::BlockedLists => "It is on no blocked list",
            Self::Representative => "The identity of who represents it",
        }
    }
}

/// What stands for certificates that name nobody.
const DOMAIN_ONLY: &str = "dv";

/// Which certificates something may be used for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AllowedTypes(BTreeSet<Option<CertificateType>>);

impl AllowedTypes {
    /// All of them: those that name nobody, and each type that names an organization.
    pub fn all() -> Self {
        let named = CertificateType::ALL.iter().copied().map(Some);
        Self(std::iter::once(None).chain(named).collect())
    }

    /// Reads words, separated by spaces or commas; `None` when there is none, or one that is not ours.
    pub fn parse(words: &str) -> Option<Self> {
        let words = words.split([' ', ',']).filter(|word| !word.is_empty());
        let mut types = BTreeSet::new();
        for word in words {
            types.insert(match word {
                DOMAIN_ONLY => None,
                word => Some(CertificateType::parse(word)?),
            });
        }
        (!types.is_empty()).then_some(Self(types))
    }

    /// Whether certificates of this type are among them; nothing stands for those that name nobody.
    pub fn allow(&self, kind: Option<CertificateType>) -> bool {
        self.0.contains(&kind)
    }

    /// The word of each, with how it is called in texts for people.
    pub fn words(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.iter().map(|kind| match kind {
            None => (DOMAIN_ONLY, "DV"),
            Some(kind) => (kind.as_str(), kind.title()),
        })
    }
}

impl fmt::Display for AllowedTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.words().map(|(word, _)| word).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_types_are_words_in_their_order() {
        let read = |text: &str| AllowedTypes::parse(text).map(|types| types.to_string());
        assert_eq!(read("ev,dv").as_deref(), Some("dv ev"));
        assert_eq!(read(" ").as_deref(), None);
        assert_eq!(read("dv smime").as_deref(), None);
        let all = AllowedTypes::all();
        assert_eq!(AllowedTypes::parse(&all.to_string()), Some(all.clone()));
        assert!(all.allow(None) && all.allow(Some(CertificateType::Qwac)));
    }

    #[test]
    fn what_is_not_said_is_not_allowed() {
        let types = AllowedTypes::parse("dv ov").unwrap();
        assert!(types.allow(None) && types.allow(Some(CertificateType::Ov)));
        assert!(!types.allow(Some(CertificateType::Ev)));
        let named = AllowedTypes::parse("ov").unwrap();
        assert!(!named.allow(None));
    }
}
