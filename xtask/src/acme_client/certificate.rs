//! Just enough of a certificate to name it: the leaf of a chain and its serial number.

use anyhow::Context;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// The first certificate of a PEM chain.
pub(crate) fn leaf(chain: &[u8]) -> anyhow::Result<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(chain).context("the chain is not PEM")
}

/// The serial number in the form that [`normal_serial`] gives.
pub(crate) fn serial(certificate: &[u8]) -> anyhow::Result<String> {
    let number = serial_bytes(certificate).context("the certificate is not DER")?;
    let hex = number.iter().map(|byte| format!("{byte:02x}"));
    Ok(normal_serial(&hex.collect::<String>()))
}

/// Lower-case hexadecimal without separators or leading zeros, so that spellings compare equal.
pub(crate) fn normal_serial(text: &str) -> String {
    let text = text.trim_start_matches("0x").replace([':', ' '], "");
    text.trim_start_matches('0').to_ascii_lowercase()
}

/// Certificate, TBSCertificate, version in `[0]`, then the serial number (RFC 5280 §4.1).
fn serial_bytes(certificate: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = value(certificate, 0x30)?;
    let (to_be_signed, _) = value(certificate, 0x30)?;
    let (_, after_version) = value(to_be_signed, 0xa0)?;
    let (number, _) = value(after_version, 0x02)?;
    Some(number)
}

/// The contents of the DER value at the start, which must have this tag, and what follows it.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let length = bytes.iter().try_fold(0_usize, |sum, byte| {
            sum.checked_mul(256)?.checked_add(usize::from(*byte))
        })?;
        (length, rest)
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SerialNumber};

    use super::*;

    #[test]
    fn the_serial_of_a_certificate_is_read() {
        let mut parameters = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        parameters.serial_number = Some(SerialNumber::from(vec![0x0a, 0xbc, 0x00, 0xff]));
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let leaf = leaf(certificate.pem().as_bytes()).unwrap();
        assert_eq!(serial(&leaf).unwrap(), "abc00ff");
    }

    #[test]
    fn spellings_of_a_serial_compare_equal() {
        assert_eq!(normal_serial("0A:BC:00:FF"), "abc00ff");
        assert_eq!(normal_serial("000abc00ff"), "abc00ff");
    }

    #[test]
    fn what_is_not_a_certificate_is_refused() {
        assert!(serial(b"\x30\x03\x02\x01").is_err());
        assert!(serial(b"").is_err());
        assert!(leaf(b"no PEM here").is_err());
    }
}
