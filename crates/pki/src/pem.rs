//! PEM (RFC 7468) in and out: chains for clients, certificates and keys for import.

use pem_rfc7468::LineEnding;
use zeroize::Zeroizing;

/// Why a text is not the PEM that was expected.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum PemError {
    /// Not one block, or none.
    #[error("expected one \"{0}\" block")]
    Count(&'static str),
    /// Broken armour or base64.
    #[error("the text is not valid PEM")]
    Encoding(#[from] pem_rfc7468::Error),
    /// Another kind of block.
    #[error("expected a \"{expected}\" block and found \"{found}\"")]
    Label {
        /// What was wanted.
        expected: &'static str,
        /// What was there.
        found: String,
    },
}

/// Certificates one after the other, leaf first (RFC 8555 §7.4.2).
pub fn encode_chain<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> String {
    certificates
        .into_iter()
        .filter_map(|der| encode(CERTIFICATE, der))
        .collect()
}

/// A PKCS#8 private key.
pub fn encode_private_key(pkcs8: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(encode(PRIVATE_KEY, pkcs8).unwrap_or_default())
}

/// A certificate signing request, for tools that want it as text.
pub fn encode_csr(der: &[u8]) -> String {
    encode("CERTIFICATE REQUEST", der).unwrap_or_default()
}

/// A CRL, for tools that want it as text.
pub fn encode_crl(der: &[u8]) -> String {
    encode("X509 CRL", der).unwrap_or_default()
}

/// The DER of the only certificate in a text.
pub fn decode_certificate(text: &str) -> Result<Vec<u8>, PemError> {
    decode_one(text, CERTIFICATE)
}

/// The PKCS#8 DER of the only private key in a text.
pub fn decode_private_key(text: &str) -> Result<Zeroizing<Vec<u8>>, PemError> {
    decode_one(text, PRIVATE_KEY).map(Zeroizing::new)
}

/// The DER of every certificate in a text, in its order; at least one.
pub fn decode_chain(text: &str) -> Result<Vec<Vec<u8>>, PemError> {
    let blocks = text.split_inclusive("-----END CERTIFICATE-----");
    let chain = blocks
        .filter(|block| block.contains("-----BEGIN "))
        .map(|block| decode_one(block, CERTIFICATE))
        .collect::<Result<Vec<_>, _>>()?;
    if chain.is_empty() {
        return Err(PemError::Count(CERTIFICATE));
    }
    Ok(chain)
}

/// Encoding fails only beyond the sizes that memory holds.
fn encode(label: &'static str, der: &[u8]) -> Option<String> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).ok()
}

fn decode_one(text: &str, label: &'static str) -> Result<Vec<u8>, PemError> {
    if text.matches("-----BEGIN ").count() != 1 {
        return Err(PemError::Count(label));
    }
    let (found, der) = pem_rfc7468::decode_vec(text.trim_end().as_bytes())?;
    if found != label {
        return Err(PemError::Label {
            expected: label,
            found: found.to_owned(),
        });
    }
    Ok(der)
}

const CERTIFICATE: &str = "CERTIFICATE";
const PRIVATE_KEY: &str = "PRIVATE KEY";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_reads_back() {
        let chain = [b"first".to_vec(), vec![7; 100]];
        let text = encode_chain(chain.iter().map(Vec::as_slice));
        assert_eq!(text.matches("-----BEGIN CERTIFICATE-----\n").count(), 2);
        assert_eq!(decode_chain(&text), Ok(chain.to_vec()));
        assert_eq!(
            decode_chain(&format!("subject=x\n{text}\n\n")),
            Ok(chain.to_vec())
        );
        assert_eq!(
            decode_chain(&text.replace('\n', "\r\n")),
            Ok(chain.to_vec())
        );
        assert_eq!(decode_certificate(&text), Err(PemError::Count(CERTIFICATE)));
        assert_eq!(decode_chain(""), Err(PemError::Count(CERTIFICATE)));
    }

    #[test]
    fn a_key_is_no_certificate() {
        let text = encode_private_key(b"key");
        assert_eq!(decode_private_key(&text).unwrap().as_slice(), b"key");
        assert!(matches!(
            decode_certificate(&text),
            Err(PemError::Label { .. })
        ));
    }
}
