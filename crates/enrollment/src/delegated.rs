//! Which delegated domains admit a requested identifier (contradiction C3, `validated_delegated`).
//!
//! A domain whose control the DNS has proven counts for itself and for everything below it, wildcards among them; one that a
//! file has proven counts for that name alone (BR §3.2.2.4.18). A proof by mail counts as one by the DNS does, where it is taken.

use base::{About, Class, DnsName, Identifier, Part, Refusal, Refuse, Timestamp, ValidationId};

/// The codes of all refusals that say that no delegated domain admits a name.
pub const CODES: [&str; 6] = [
    "domain_not_for_this_type",
    "domain_not_proven",
    "domain_proven_by_mail",
    "domain_proven_for_itself_only",
    "name_not_delegated",
    "names_not_delegated",
];

/// A domain that is delegated to whom a subscription is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegatedDomain {
    /// Its name.
    pub name: DnsName,
    /// Whether it may be used for certificates of the type that is asked for.
    pub allows: bool,
    /// That its control was proven, if it was.
    pub proof: Option<Proof>,
}

/// How control of a domain was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownBy {
    /// A record in the DNS.
    Dns,
    /// A file, which counts for its name alone.
    File,
    /// A mail to whom the domain belongs to.
    Mail,
    /// The same, where it does not count.
    MailNotTaken,
}

/// That control of a domain was proven outside of any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// How.
    pub shown: ShownBy,
    /// When.
    pub proven_at: Timestamp,
    /// Until when it counts.
    pub valid_until: Timestamp,
    /// What was seen.
    pub evidence: ValidationId,
}

/// Why no domain admits a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    /// Its domain was proven by mail, which does not count where the order is.
    #[error(
        "control of {domain} was proven by mail, which does not count in this directory, so {name} has to wait; validate \
         {domain} by DNS in the portal"
    )]
    ByMail {
        /// What is asked for.
        name: DnsName,
        /// The domain.
        domain: DnsName,
    },
    /// No domain above it is delegated.
    #[error(
        "{0} is in no domain that is delegated to the organization of this ACME account; delegate its domain in the portal"
    )]
    NotDelegated(DnsName),
    /// Its domain was proven by a file.
    #[error(
        "control of {domain} was proven by a file, which counts for that name alone and not for {name}; validate {domain} by \
         DNS in the portal"
    )]
    NameAlone {
        /// What is asked for.
        name: DnsName,
        /// The domain.
        domain: DnsName,
    },
    /// Its domain is not proven.
    #[error(
        "control of {domain} is not proven, or was too long ago, so {name} has to wait; validate {domain} in the portal"
    )]
    NotProven {
        /// What is asked for.
        name: DnsName,
        /// The domain.
        domain: DnsName,
    },
    /// Its domain is delegated for other certificates.
    #[error(
        "{domain} is not delegated for certificates of this type, so {name} cannot have one; change the delegation in the \
         portal"
    )]
    OtherType {
        /// What is asked for.
        name: DnsName,
        /// The domain.
        domain: DnsName,
    },
}

impl Lack {
    const fn code(&self) -> &'static str {
        match self {
            Self::ByMail { .. } => "domain_proven_by_mail",
            Self::NotDelegated(_) => "name_not_delegated",
            Self::NameAlone { .. } => "domain_proven_for_itself_only",
            Self::NotProven { .. } => "domain_not_proven",
            Self::OtherType { .. } => "domain_not_for_this_type",
        }
    }

    const fn name(&self) -> &DnsName {
        match self {
            Self::NotDelegated(name)
            | Self::ByMail { name, .. }
            | Self::NameAlone { name, .. }
            | Self::NotProven { name, .. }
            | Self::OtherType { name, .. } => name,
        }
    }
}

/// The names that no domain admits, all at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} names are in no domain that is validated and delegated to the organization of this ACME account; the portal says what each of them lacks", .0.len())]
pub struct NotAdmitted(pub Vec<Lack>);

impl Refuse for NotAdmitted {
    fn refusal(&self) -> Refusal {
        let about = self.0.iter().map(|lack| About {
            part: Part::Identifier {
                kind: Identifier::from(lack.name().clone())
                    .kind()
                    .as_str()
                    .to_owned(),
                value: lack.name().to_string(),
            },
            code: lack.code(),
            sentence: lack.to_string(),
        });
        let refusal = match self.0.as_slice() {
            [only] => Class::Forbidden.because(only.code(), only),
            _ => Class::Forbidden.because("names_not_delegated", self),
        };
        refusal.about(about)
    }
}

/// The proof that a name stands on, of the domain that is nearest to it; none where none is needed.
pub fn admit_one(
    name: &DnsName,
    domains: &[DelegatedDomain],
    needs_proof: bool,
    now: Timestamp,
) -> Result<Option<Proof>, Lack> {
    let mut lack = None;
    for above in name.domains() {
        for domain in domains.iter().filter(|domain| domain.name == above) {
            match judge(name, domain, needs_proof, now) {
                Ok(proof) => return Ok(proof),
                Err(found) => lack = lack.or(Some(found)),
            }
        }
    }
    Err(lack.unwrap_or_else(|| Lack::NotDelegated(name.clone())))
}

fn judge(
    name: &DnsName,
    domain: &DelegatedDomain,
    needs_proof: bool,
    now: Timestamp,
) -> Result<Option<Proof>, Lack> {
    let (name, of) = (name.clone(), domain.name.clone());
    if !domain.allows {
        return Err(Lack::OtherType { name, domain: of });
    }
    if !needs_proof {
        return Ok(None);
    }
    let Some(proof) = domain.proof.filter(|proof| now < proof.valid_until) else {
        return Err(Lack::NotProven { name, domain: of });
    };
    match proof.shown {
        ShownBy::File if name != of => Err(Lack::NameAlone { name, domain: of }),
        ShownBy::MailNotTaken => Err(Lack::ByMail { name, domain: of }),
        ShownBy::Dns | ShownBy::File | ShownBy::Mail => Ok(Some(proof)),
    }
}

/// Decides an order's identifiers together; for each, the proof that it stands on.
pub fn admit(
    names: &[Identifier],
    domains: &[DelegatedDomain],
    needs_proof: bool,
    now: Timestamp,
) -> Result<Vec<Option<Proof>>, NotAdmitted> {
    let (mut proofs, mut lacks) = (Vec::with_capacity(names.len()), Vec::new());
    for Identifier::Dns(name) in names {
        match admit_one(name, domains, needs_proof, now) {
            Ok(proof) => proofs.push(proof),
            Err(lack) => lacks.push(lack),
        }
    }
    if lacks.is_empty() {
        return Ok(proofs);
    }
    Err(NotAdmitted(lacks))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base::Random;

    use super::*;

    struct Fixed;
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn name(text: &str) -> DnsName {
        DnsName::parse(text).unwrap()
    }

    fn domain(text: &str, shown: ShownBy) -> DelegatedDomain {
        DelegatedDomain {
            name: name(text),
            allows: true,
            proof: Some(Proof {
                shown,
                proven_at: NOW,
                valid_until: NOW.plus(Duration::from_secs(60)),
                evidence: ValidationId::generate(NOW, &Fixed),
            }),
        }
    }

    #[track_caller]
    fn check(domains: &[DelegatedDomain], asked: &str, expected: &str) {
        let told = admit_one(&name(asked), domains, true, NOW);
        assert_eq!(
            told.as_ref().err().map_or("", Lack::code),
            expected,
            "{asked}"
        );
    }

    #[test]
    fn f097_a_name_belongs_to_a_domain_that_the_dns_has_proven() {
        let domains = [domain("example.com", ShownBy::Dns)];
        for good in [
            "example.com",
            "a.example.com",
            "*.example.com",
            "a.b.example.com",
        ] {
            check(&domains, good, "");
        }
        for bad in ["badexample.com", "com.example", "example.com.evil.test"] {
            check(&domains, bad, "name_not_delegated");
        }
        check(&[], "example.com", "name_not_delegated");
    }

    #[test]
    fn f095_a_proof_by_a_file_counts_for_that_name_alone() {
        let domains = [domain("example.com", ShownBy::File)];
        check(&domains, "example.com", "");
        for other in ["a.example.com", "*.example.com"] {
            check(&domains, other, "domain_proven_for_itself_only");
        }
        let both = [
            domain("example.com", ShownBy::Dns),
            domain("a.example.com", ShownBy::File),
        ];
        check(&both, "b.a.example.com", "");
    }

    #[test]
    fn f095_a_proof_by_mail_counts_for_all_below_where_it_is_taken() {
        for asked in ["example.com", "a.example.com", "*.example.com"] {
            check(&[domain("example.com", ShownBy::Mail)], asked, "");
            let not_taken = domain("example.com", ShownBy::MailNotTaken);
            check(&[not_taken], asked, "domain_proven_by_mail");
        }
    }

    #[test]
    fn f029_a_delegation_is_for_some_types() {
        let other = DelegatedDomain {
            allows: false,
            ..domain("example.com", ShownBy::Dns)
        };
        check(
            std::slice::from_ref(&other),
            "a.example.com",
            "domain_not_for_this_type",
        );
        // Another delegation of the same domain may allow it.
        check(
            &[other, domain("example.com", ShownBy::Dns)],
            "a.example.com",
            "",
        );
    }

    #[test]
    fn f097_a_proof_has_an_end() {
        let mut late = domain("example.com", ShownBy::Dns);
        check(std::slice::from_ref(&late), "example.com", "");
        late.proof = late.proof.map(|proof| Proof {
            valid_until: NOW,
            ..proof
        });
        check(
            std::slice::from_ref(&late),
            "example.com",
            "domain_not_proven",
        );
        late.proof = None;
        check(
            std::slice::from_ref(&late),
            "example.com",
            "domain_not_proven",
        );
        assert_eq!(
            admit_one(&name("example.com"), &[late], false, NOW),
            Ok(None)
        );
    }

    #[test]
    fn f097_every_name_that_lacks_something_is_told() {
        let names = ["a.example.com", "b.other.test", "*.third.test"].map(|text| name(text).into());
        let domains = [
            domain("example.com", ShownBy::Dns),
            domain("third.test", ShownBy::File),
        ];
        let refusal = admit(&names, &domains, true, NOW).unwrap_err().refusal();
        let about: Vec<_> = refusal.about.iter().map(|about| about.code).collect();
        assert_eq!(
            about,
            ["name_not_delegated", "domain_proven_for_itself_only"]
        );
        let one = admit(&names[..1], &domains, true, NOW).unwrap();
        assert_eq!(one, [domains[0].proof]);
        let refusal = admit(&names[1..2], &domains, true, NOW)
            .unwrap_err()
            .refusal();
        assert_eq!(refusal.code, "name_not_delegated");
        assert!(refusal.sentence.starts_with("b.other.test is in no domain"));
    }
}
