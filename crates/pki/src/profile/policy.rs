//! Which certificate policies a public profile of a level has (BR §7.1.6.1, EVG §9.3, EN 319 411-2 §5.3).

use const_oid::ObjectIdentifier;

use super::level::Level;

/// The reserved policy identifier of domain-validated certificates (BR §7.1.6.1).
pub const DOMAIN_VALIDATED: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.140.1.2.1");
/// The same of organization-validated certificates.
pub const ORGANIZATION_VALIDATED: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.140.1.2.2");
/// The same of certificates by the EV Guidelines (EVG §9.3.2).
pub const EXTENDED_VALIDATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.140.1.1");
/// QEVCP-w: qualified website authentication by the EV Guidelines (EN 319 411-2 §5.3).
pub const QUALIFIED_EXTENDED: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194112.1.4");
/// QNCP-w: qualified website authentication by the Baseline Requirements (EN 319 411-2 §5.3).
pub const QUALIFIED_NORMALIZED: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194112.1.5");
/// The identifiers of which a public certificate has exactly one, the first (BR §7.1.2.7.9); the last is that of
/// individuals.
pub(crate) const RESERVED: [ObjectIdentifier; 4] = [
    DOMAIN_VALIDATED,
    ORGANIZATION_VALIDATED,
    EXTENDED_VALIDATION,
    ObjectIdentifier::new_unwrap("2.23.140.1.2.3"),
];
/// The policies of EN 319 411-2, from QCP-n to QNCP-w-gen: a certificate has one at most (EN 319 412-2 §5.2).
const QUALIFIED_ARC: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194112.1");
/// Whatever else there is (RFC 5280 §4.2.1.4); no certificate of a subscriber has it (BR §7.1.2.7.9).
pub(crate) const ANY_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32.0");

/// Whether a public profile of this level can have these policies.
pub(super) fn fits(level: Level, policies: &[ObjectIdentifier]) -> bool {
    let Some((first, others)) = policies.split_first() else {
        return false;
    };
    let statement = match (level, *first) {
        (Level::Domain, DOMAIN_VALIDATED) => return others.is_empty(),
        (Level::Organization, ORGANIZATION_VALIDATED) | (Level::Extended, EXTENDED_VALIDATION) => {
            None
        }
        (Level::Qualified, EXTENDED_VALIDATION) => Some(QUALIFIED_EXTENDED),
        (Level::Qualified, ORGANIZATION_VALIDATED) => Some(QUALIFIED_NORMALIZED),
        (Level::Domain | Level::Organization | Level::Extended | Level::Qualified, _) => {
            return false;
        }
    };
    let is_foreign = |policy| RESERVED.contains(policy) || *policy == ANY_POLICY;
    let qualified = others.iter().filter(|policy| is_qualified(policy));
    !others.iter().any(is_foreign) && qualified.eq(&statement) && are_different(policies)
}

/// Whether it is one of EN 319 411-2 §5.3.
pub(crate) fn is_qualified(policy: &ObjectIdentifier) -> bool {
    policy.parent() == Some(QUALIFIED_ARC)
}

/// A policy occurs once (RFC 5280 §4.2.1.4).
pub(super) fn are_different(policies: &[ObjectIdentifier]) -> bool {
    let mut sorted = policies.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len() == policies.len()
}

/// What a public profile of this level has, in words.
pub(super) const fn wanted(level: Level) -> &'static str {
    match level {
        Level::Domain => "2.23.140.1.2.1 (domain validated)",
        Level::Organization => {
            "2.23.140.1.2.2 (organization validated), and after it policies of your own"
        }
        Level::Extended => "2.23.140.1.1 (extended validation), and after it policies of your own",
        Level::Qualified => {
            "2.23.140.1.1 and 0.4.0.194112.1.4 (QEVCP-w), or 2.23.140.1.2.2 and 0.4.0.194112.1.5 (QNCP-w), and after \
             them policies of your own"
        }
    }
}
