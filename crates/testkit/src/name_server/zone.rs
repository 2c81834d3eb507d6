//! A zone and its key.

use hickory_proto::dnssec::crypto::EcdsaSigningKey;
use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, DS, RRSIG, sig::SigInput};
use hickory_proto::dnssec::{Algorithm, DigestType, PublicKeyBuf, SigningKey as _, TBS};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType, SerialNumber, rdata};

use super::{TTL, full};

const ALGORITHM: Algorithm = Algorithm::ECDSAP256SHA256;
/// Signatures hold from September 2020 until January 2065, or until November 2023 if they have ended.
const INCEPTION: u32 = 1_600_000_000;
const EXPIRATION: u32 = 3_000_000_000;
const EXPIRED: u32 = 1_700_000_000;

/// A zone.
pub(super) struct Zone {
    pub(super) name: Name,
    key: Option<Key>,
}

struct Key {
    signing: EcdsaSigningKey,
    public: PublicKeyBuf,
}

impl Zone {
    pub(super) fn new(name: Name, is_signed: bool) -> Self {
        let key = is_signed.then(|| {
            let pkcs8 = EcdsaSigningKey::generate_pkcs8(ALGORITHM).expect("a key");
            let signing = EcdsaSigningKey::from_pkcs8(&pkcs8, ALGORITHM).expect("a key");
            let public = signing.to_public_key().expect("a public key");
            Key { signing, public }
        });
        Self { name, key }
    }

    pub(super) fn key(&self) -> Option<DNSKEY> {
        self.key.as_ref().map(|key| DNSKEY::from_key(&key.public))
    }

    /// What stands at its start by itself.
    pub(super) fn own(&self, kind: RecordType) -> Option<RData> {
        if kind == RecordType::SOA {
            return Some(start());
        }
        if kind == RecordType::NS {
            return Some(RData::NS(rdata::NS(full("ns.test"))));
        }
        let key = (kind == RecordType::DNSKEY).then(|| self.key()).flatten();
        Some(RData::DNSSEC(DNSSECRData::DNSKEY(key?)))
    }

    /// What its parent says about its key.
    pub(super) fn delegation(&self) -> Option<RData> {
        let key = self.key.as_ref()?;
        let ds = DS::from_key(&key.public, &self.name, DigestType::SHA256).expect("a digest");
        Some(RData::DNSSEC(DNSSECRData::DS(ds)))
    }

    /// A signature over records of one name and type, unless this zone is not signed.
    pub(super) fn sign(&self, records: &[Record], is_expired: bool) -> Option<Record> {
        let (key, first) = (self.key.as_ref()?, records.first()?);
        let input = SigInput {
            type_covered: first.record_type(),
            algorithm: ALGORITHM,
            num_labels: first.name.num_labels(),
            original_ttl: TTL,
            sig_expiration: SerialNumber::new(if is_expired { EXPIRED } else { EXPIRATION }),
            sig_inception: SerialNumber::new(INCEPTION),
            key_tag: self.key()?.calculate_key_tag().ok()?,
            signer_name: self.name.clone(),
        };
        let tbs = TBS::from_input(&first.name, DNSClass::IN, &input, records.iter()).ok()?;
        let signature = RRSIG::from_sig(input, key.signing.sign(&tbs).ok()?);
        let data = RData::DNSSEC(DNSSECRData::RRSIG(signature));
        Some(Record::from_rdata(first.name.clone(), TTL, data))
    }
}

/// The start of authority of every zone.
pub(super) fn start() -> RData {
    let (server, person) = (full("ns.test"), full("admin.test"));
    RData::SOA(rdata::SOA::new(server, person, 1, 3600, 600, 86_400, 300))
}
