//! Whether an issuer's certificate leads to a root, by the part of RFC 5280 §6.1 that concerns CA certificates.
//!
//! Policies, name constraints and revocation are for relying parties; they are not looked at here.

use std::iter::once;
use std::slice;

use base::Timestamp;

use super::{Issuer, IssuerError};
use crate::certificate::Certificate;

impl Issuer {
    /// Whether `root` is a self-signed CA that signed this issuer's certificate, and both are valid `now`.
    pub fn verify_chain(&self, root: &Certificate, now: Timestamp) -> Result<(), IssuerError> {
        self.verify_path(slice::from_ref(root), now)
    }

    /// Whether `parents` lead from this issuer's certificate to a root, each signed by the next and all CAs that are
    /// valid `now`: the certificate that signed this issuer's first, the self-signed root last. A root has no parents.
    pub fn verify_path(&self, parents: &[Certificate], now: Timestamp) -> Result<(), IssuerError> {
        let chain = || once(&self.certificate).chain(parents);
        for certificate in chain() {
            if now < certificate.not_before || now > certificate.not_after {
                return Err(IssuerError::Expired(certificate.subject.clone()));
            }
            check_ca(certificate)?;
        }
        let mut below = 0;
        for (certificate, parent) in chain().zip(parents) {
            check_link(certificate, parent)?;
            below += u32::from(!certificate.is_self_issued());
            check_path_length(parent, below)?;
        }
        match chain().last() {
            Some(root) if !root.is_self_signed() => {
                Err(IssuerError::NotARoot(root.subject.clone()))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Whether a certificate may sign others at all.
pub(super) fn check_ca(certificate: &Certificate) -> Result<(), IssuerError> {
    if !certificate.is_ca {
        return Err(IssuerError::NotACa(certificate.subject.clone()));
    }
    if !certificate.may_sign_certificates {
        return Err(IssuerError::NotForSigning(certificate.subject.clone()));
    }
    Ok(())
}

fn check_link(certificate: &Certificate, parent: &Certificate) -> Result<(), IssuerError> {
    if !certificate.issuer_is(parent.subject_der()) {
        return Err(IssuerError::ChainName {
            certificate: certificate.subject.clone(),
            issuer: certificate.issuer.clone(),
            parent: parent.subject.clone(),
        });
    }
    let verified = certificate.verify_signature(&parent.key);
    verified.map_err(|source| IssuerError::Chain {
        certificate: certificate.subject.clone(),
        parent: parent.subject.clone(),
        source,
    })
}

fn check_path_length(parent: &Certificate, below: u32) -> Result<(), IssuerError> {
    match parent.path_length {
        Some(most) if below > most => Err(IssuerError::PathLength {
            certificate: parent.subject.clone(),
            most,
            below,
        }),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
