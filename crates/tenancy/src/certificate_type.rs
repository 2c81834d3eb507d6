//! The types of certificates that name an organization, as their standards call them, and what each asks of a reviewer.

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
