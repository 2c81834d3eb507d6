//! Which pre-validation a name stands on that is added to a subscription whose certificates name an organization: the one whose
//! number is given, or the one that counts longest where the offer takes that by itself.

use base::{Class, Refusal, Refuse, Timestamp};
use enrollment::policy::OvValidation;
use enrollment::subscription::Subscription;
use store::ReadTx;
use store::tenancy::pre_validation;
use tenancy::certificate_type::CertificateType;
use tenancy::pre_validation::Anchor;

use crate::memory::catalog::Catalog;

/// Why names cannot stand on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnchorRefused {
    /// The offer asks for it.
    #[error(
        "names of this ACME account are added with the anchor number of a valid {} pre-validation of its organization; copy it \
         from the organization's page", .0.title()
    )]
    Missing(CertificateType),
    /// Certificates name nobody.
    #[error("certificates of this ACME account name no organization; leave the anchor number out")]
    NotNeeded,
    /// It is none of the organization's that counts.
    #[error(
        "the organization of this ACME account has no valid {} pre-validation with this anchor number; copy it from the \
         organization's page", .0.title()
    )]
    Unknown(CertificateType),
}

impl Refuse for AnchorRefused {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Missing(_) => "anchor_missing",
            Self::NotNeeded => "anchor_not_needed",
            Self::Unknown(_) => "anchor_unknown",
        };
        Class::Invalid.because(code, self).at("anchor")
    }
}

/// The number that names of a subscription of the caller's tenant stand on; none where certificates name nobody.
pub(crate) async fn anchor_for(
    tx: &mut ReadTx,
    (catalog, subscription, asks): (&Catalog, &Subscription, OvValidation),
    given: Option<&Anchor>,
    now: Timestamp,
) -> Result<Result<Option<String>, AnchorRefused>, store::Error> {
    let kind = catalog.certificate_type(&subscription.product);
    let Some((kind, organization)) = kind.zip(subscription.organization) else {
        return Ok(match given {
            Some(_) => Err(AnchorRefused::NotNeeded),
            None => Ok(None),
        });
    };
    let found = match (given, asks) {
        (None, OvValidation::AnchorRequired) => return Ok(Err(AnchorRefused::Missing(kind))),
        (None, OvValidation::DefaultAnchorOk) => {
            pre_validation::valid(tx, &(organization, kind, now)).await?
        }
        (Some(anchor), _) => {
            let asked = (organization, kind, anchor.clone(), now);
            pre_validation::by_anchor(tx, &asked).await?
        }
    };
    let anchor = found.map(|check| check.anchor.as_str().to_owned());
    Ok(anchor.map(Some).ok_or(AnchorRefused::Unknown(kind)))
}
