//! The public half of a passkey, as authenticators write it (COSE_Key, RFC 9052 §7, with the algorithms of RFC 9053 and
//! RFC 8812).

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use minicbor::Decoder;
use minicbor::data::Type;

use super::PasskeyError;

/// The longest that is read, in octets: RSA with 4096 bits, and room.
const LONGEST: usize = 1024;
/// The longest RSA modulus, in octets.
const LONGEST_MODULUS: usize = 512;

/// How passkeys sign, the best first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSA with PKCS #1 1.5 and SHA-256: keys in TPMs of older machines.
    Rs256,
}

impl Algorithm {
    /// Every one that is asked for.
    pub const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    /// Its number at the IANA.
    pub const fn number(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Rs256 => -257,
        }
    }

    fn of(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.number() == number)
    }
}

/// A public key that signatures can be checked with.
#[derive(Clone, PartialEq, Eq)]
pub struct PasskeyKey {
    /// As it was read.
    cose: Vec<u8>,
    parts: Parts,
}

#[derive(Clone, PartialEq, Eq)]
enum Parts {
    /// An uncompressed point.
    Es256(Vec<u8>),
    EdDsa(Vec<u8>),
    Rs256 {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

impl PasskeyKey {
    /// Reads a key and nothing behind it.
    pub fn parse(cose: &[u8]) -> Result<Self, PasskeyError> {
        match Self::read_first(cose)? {
            (key, []) => Ok(key),
            _ => Err(PasskeyError::Malformed),
        }
    }

    /// As it is stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.cose
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        match self.parts {
            Parts::Es256(_) => Algorithm::Es256,
            Parts::EdDsa(_) => Algorithm::EdDsa,
            Parts::Rs256 { .. } => Algorithm::Rs256,
        }
    }

    /// The key that stands first, and what stands behind it.
    pub(super) fn read_first(bytes: &[u8]) -> Result<(Self, &[u8]), PasskeyError> {
        let mut decoder = Decoder::new(bytes);
        let fields = Fields::read(&mut decoder)?;
        let (cose, rest) = bytes
            .split_at_checked(decoder.position())
            .ok_or(PasskeyError::Malformed)?;
        if cose.len() > LONGEST {
            return Err(PasskeyError::Malformed);
        }
        let key = Self {
            cose: cose.to_vec(),
            parts: fields.into_parts()?,
        };
        key.check_usable()?;
        Ok((key, rest))
    }

    /// That a signature can be checked with it at all, such as that its point is on the curve.
    fn check_usable(&self) -> Result<(), PasskeyError> {
        let parsed = match &self.parts {
            Parts::Es256(point) => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).map(drop),
            Parts::EdDsa(point) => ParsedPublicKey::new(&ED25519, point).map(drop),
            // Its length is looked at where it is read.
            Parts::Rs256 { .. } => Ok(()),
        };
        parsed.map_err(|_| PasskeyError::Algorithm)
    }

    /// Whether it signed the message.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), PasskeyError> {
        let verified = match &self.parts {
            Parts::Es256(point) => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
                .is_ok_and(|key| key.verify_sig(message, signature).is_ok()),
            Parts::EdDsa(point) => ParsedPublicKey::new(&ED25519, point)
                .is_ok_and(|key| key.verify_sig(message, signature).is_ok()),
            Parts::Rs256 { modulus, exponent } => {
                let key = RsaPublicKeyComponents {
                    n: modulus.as_slice(),
                    e: exponent.as_slice(),
                };
                let scheme = &RSA_PKCS1_2048_8192_SHA256;
                key.verify(scheme, message, signature).is_ok()
            }
        };
        verified.then_some(()).ok_or(PasskeyError::Signature)
    }
}

impl fmt::Debug for PasskeyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasskeyKey({:?})", self.algorithm())
    }
}

/// A value of one of the fields that keys have.
#[derive(Clone, Copy)]
enum FieldValue<'a> {
    Number(i64),
    Octets(&'a [u8]),
}

/// What the labels of a key say (RFC 9053 §7).
#[derive(Default)]
struct Fields<'a> {
    /// 1: its type.
    kind: Option<FieldValue<'a>>,
    /// 3: its algorithm.
    algorithm: Option<FieldValue<'a>>,
    /// -1: the curve, or the modulus.
    first: Option<FieldValue<'a>>,
    /// -2: the first coordinate, or the exponent.
    second: Option<FieldValue<'a>>,
    /// -3: the second coordinate.
    third: Option<FieldValue<'a>>,
}

impl<'a> Fields<'a> {
    fn read(decoder: &mut Decoder<'a>) -> Result<Self, PasskeyError> {
        let unreadable = |_| PasskeyError::Malformed;
        let count = decoder.map().map_err(unreadable)?;
        let mut fields = Self::default();
        for _ in 0..count.ok_or(PasskeyError::Malformed)? {
            let label = decoder.i64().map_err(unreadable)?;
            let place = match label {
                1 => &mut fields.kind,
                3 => &mut fields.algorithm,
                -1 => &mut fields.first,
                -2 => &mut fields.second,
                -3 => &mut fields.third,
                // What else a key says of itself, nobody asks for.
                _ => {
                    decoder.skip().map_err(unreadable)?;
                    continue;
                }
            };
            let value = if decoder.datatype().map_err(unreadable)? == Type::Bytes {
                FieldValue::Octets(decoder.bytes().map_err(unreadable)?)
            } else {
                FieldValue::Number(decoder.i64().map_err(unreadable)?)
            };
            if place.replace(value).is_some() {
                return Err(PasskeyError::Malformed);
            }
        }
        Ok(fields)
    }

    fn into_parts(self) -> Result<Parts, PasskeyError> {
        use FieldValue::{Number, Octets};

        let Some(Number(algorithm)) = self.algorithm else {
            return Err(PasskeyError::Malformed);
        };
        let algorithm = Algorithm::of(algorithm).ok_or(PasskeyError::Algorithm)?;
        match (algorithm, self.kind, self.first, self.second, self.third) {
            // Elliptic curve with two coordinates, P-256.
            (
                Algorithm::Es256,
                Some(Number(2)),
                Some(Number(1)),
                Some(Octets(x)),
                Some(Octets(y)),
            ) if x.len() == 32 && y.len() == 32 => Ok(Parts::Es256([&[0x04], x, y].concat())),
            // Octet key pair, Ed25519.
            (Algorithm::EdDsa, Some(Number(1)), Some(Number(6)), Some(Octets(x)), None)
                if x.len() == 32 =>
            {
                Ok(Parts::EdDsa(x.to_vec()))
            }
            (Algorithm::Rs256, Some(Number(3)), Some(Octets(n)), Some(Octets(e)), None)
                if (256..=LONGEST_MODULUS).contains(&n.len()) && (1..=8).contains(&e.len()) =>
            {
                Ok(Parts::Rs256 {
                    modulus: n.to_vec(),
                    exponent: e.to_vec(),
                })
            }
            _ => Err(PasskeyError::Algorithm),
        }
    }
}
