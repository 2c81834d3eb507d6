//! What is taken from a browser and what is not, against an authenticator in software.

use base64::Engine as _;
use proptest::prelude::*;

use super::testing::{AssertionForm, SoftAuthenticator};
use super::*;
use crate::token::Token;

const ORIGIN: &str = "https://portal.example.com";

struct Fixed;
impl base::Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

fn party() -> RelyingParty {
    RelyingParty::at(ORIGIN).unwrap()
}

fn challenge() -> String {
    Token::generate(&Fixed).reveal()
}

fn handle() -> UserHandle {
    UserHandle::generate(&Fixed)
}

/// What is stored of an authenticator that registers.
fn registered(authenticator: &mut SoftAuthenticator) -> Result<Passkey, PasskeyError> {
    let form = authenticator.register(&challenge(), &handle().to_text());
    let registration = form.answer()?;
    assert_eq!(registration.challenge()?.reveal(), challenge());
    let (id, proven) = registration.verify(&party())?;
    Ok(Passkey {
        user: UserId::FIRST,
        tenant: TenantId::FIRST,
        id,
        name: PasskeyName::parse("Work laptop").unwrap(),
        handle: handle(),
        proven,
        created_at: Timestamp::from_seconds(1_800_000_000),
        last_used_at: None,
    })
}

fn proven(form: &AssertionForm, passkey: &Passkey) -> Result<u32, PasskeyError> {
    let assertion = form.answer()?;
    assert_eq!(assertion.challenge()?.reveal(), challenge());
    assertion.verify(&party(), passkey)
}

#[test]
fn s16_keys_of_each_kind_register_and_prove() {
    for algorithm in Algorithm::ALL {
        let mut authenticator = SoftAuthenticator::with(algorithm, ORIGIN);
        let passkey = registered(&mut authenticator).unwrap();
        assert_eq!(passkey.proven.key.algorithm(), algorithm);
        let again = PasskeyKey::parse(passkey.proven.key.as_bytes()).unwrap();
        assert_eq!(again, passkey.proven.key);
        let form = authenticator.assert(&challenge());
        assert_eq!(proven(&form, &passkey), Ok(1), "{algorithm:?}");
        let mut other = SoftAuthenticator::with(algorithm, ORIGIN);
        other.id.clone_from(&authenticator.id);
        other.handle.clone_from(&authenticator.handle);
        let forged = proven(&other.assert(&challenge()), &passkey);
        assert_eq!(forged, Err(PasskeyError::Signature), "{algorithm:?}");
    }
}

/// Whatever is wrong with an authenticator is refused when it registers and when it proves.
#[track_caller]
fn check(spoil: fn(&mut SoftAuthenticator), expected: PasskeyError) {
    let mut authenticator = SoftAuthenticator::new(ORIGIN);
    let passkey = registered(&mut authenticator).unwrap();
    spoil(&mut authenticator);
    let form = authenticator.assert(&challenge());
    assert_eq!(proven(&form, &passkey), Err(expected));
    let mut authenticator = SoftAuthenticator::new(ORIGIN);
    spoil(&mut authenticator);
    assert_eq!(registered(&mut authenticator), Err(expected));
}

#[test]
fn s16_origin_relying_party_and_verification_of_the_user_are_checked() {
    for origin in [
        "https://evil.example",
        "https://portal.example.com:8443",
        "http://portal.example.com",
        "https://www.portal.example.com",
    ] {
        let mut authenticator = SoftAuthenticator::new(ORIGIN);
        let passkey = registered(&mut authenticator).unwrap();
        origin.clone_into(&mut authenticator.origin);
        let form = authenticator.assert(&challenge());
        assert_eq!(
            proven(&form, &passkey),
            Err(PasskeyError::Origin),
            "{origin}"
        );
    }
    check(
        |spoilt| spoilt.origin = "https://evil.example".to_owned(),
        PasskeyError::Origin,
    );
    check(
        |spoilt| spoilt.party = "example.com".to_owned(),
        PasskeyError::RelyingParty,
    );
    check(|spoilt| spoilt.verifies = false, PasskeyError::Unverified);
}

#[test]
fn s16_a_counter_that_does_not_rise_is_refused_but_of_those_that_never_count() {
    let mut authenticator = SoftAuthenticator::new(ORIGIN);
    let mut passkey = registered(&mut authenticator).unwrap();
    authenticator.counter = 6;
    passkey.proven.counter = proven(&authenticator.assert(&challenge()), &passkey).unwrap();
    assert_eq!(passkey.proven.counter, 7);
    for before in [6, 5, 0] {
        authenticator.counter = before;
        let back = proven(&authenticator.assert(&challenge()), &passkey);
        assert_eq!(back, Err(PasskeyError::Counter), "from {before}");
    }
    authenticator.counter = 7;
    assert_eq!(proven(&authenticator.assert(&challenge()), &passkey), Ok(8));
    // One that counted and says zero is another one.
    (authenticator.counter, authenticator.counts) = (0, false);
    let zero = proven(&authenticator.assert(&challenge()), &passkey);
    assert_eq!(zero, Err(PasskeyError::Counter));
    passkey.proven.counter = 0;
    for _ in 0..2 {
        assert_eq!(proven(&authenticator.assert(&challenge()), &passkey), Ok(0));
    }
}

#[test]
fn s16_a_proof_is_of_one_passkey_of_one_person() {
    let mut authenticator = SoftAuthenticator::new(ORIGIN);
    let passkey = registered(&mut authenticator).unwrap();
    let good = authenticator.assert(&challenge());
    let mut untold = good.clone();
    untold.handle.clear();
    assert_eq!(proven(&untold, &passkey), Ok(1));
    let mut foreign = good.clone();
    foreign.handle = UserHandle([7; 32]).to_text();
    assert_eq!(proven(&foreign, &passkey), Err(PasskeyError::Foreign));
    let mut renamed = good.clone();
    renamed.id = SoftAuthenticator::new(ORIGIN).assert(&challenge()).id;
    assert_eq!(proven(&renamed, &passkey), Err(PasskeyError::Foreign));
    // A registration is no proof, nor a proof a registration.
    let created = authenticator.register(&challenge(), &handle().to_text());
    let mut mixed = good.clone();
    mixed.client_data.clone_from(&created.client_data);
    assert_eq!(proven(&mixed, &passkey), Err(PasskeyError::Malformed));
    let swapped = Registration::decode(&good.client_data, &created.attestation).unwrap();
    assert_eq!(swapped.verify(&party()), Err(PasskeyError::Malformed));
}

#[test]
fn s16_what_answers_no_challenge_of_ours_is_not_read() {
    let mut authenticator = SoftAuthenticator::new(ORIGIN);
    let passkey = registered(&mut authenticator).unwrap();
    let good = challenge();
    for challenge in [
        "",
        "x",
        good.strip_prefix('W').unwrap(),
        &format!("{good}A"),
        &good.replace('W', "}"),
    ] {
        let created = authenticator.register(challenge, &handle().to_text());
        let registration = created.answer().unwrap();
        assert_eq!(
            registration.challenge().err(),
            Some(PasskeyError::Malformed)
        );
        let verified = registration.verify(&party());
        assert_eq!(verified, Err(PasskeyError::Malformed), "{challenge}");
        let assertion = authenticator.assert(challenge).answer().unwrap();
        assert_eq!(assertion.challenge().err(), Some(PasskeyError::Malformed));
        let verified = assertion.verify(&party(), &passkey);
        assert_eq!(verified, Err(PasskeyError::Malformed), "{challenge}");
    }
}

#[test]
fn what_may_be_copied_to_other_devices_stays_so() {
    let mut authenticator = SoftAuthenticator::new(ORIGIN);
    authenticator.is_backup_eligible = true;
    let passkey = registered(&mut authenticator).unwrap();
    assert!(passkey.proven.is_backup_eligible);
    assert_eq!(proven(&authenticator.assert(&challenge()), &passkey), Ok(1));
    authenticator.is_backup_eligible = false;
    let changed = proven(&authenticator.assert(&challenge()), &passkey);
    assert_eq!(changed, Err(PasskeyError::Malformed));
}

#[test]
fn keys_of_other_kinds_or_with_more_behind_them_are_refused() {
    let authenticator = SoftAuthenticator::new(ORIGIN);
    let good = authenticator.cose();
    let spoilt = |place: usize, octet: u8| {
        let mut cose = good.clone();
        cose[place] = octet;
        PasskeyKey::parse(&cose).map(|_| ())
    };
    assert_eq!(spoilt(2, 0x02), Ok(()));
    // ES384, another type, another curve, a point that is not on the curve.
    assert_eq!(spoilt(4, 0x38), Err(PasskeyError::Malformed));
    assert_eq!(spoilt(4, 0x22), Err(PasskeyError::Algorithm));
    assert_eq!(spoilt(2, 0x01), Err(PasskeyError::Algorithm));
    assert_eq!(spoilt(6, 0x02), Err(PasskeyError::Algorithm));
    let off_curve = [&good[..10], &[0x11; 32][..], &good[42..45], &[0x22; 32]].concat();
    assert_eq!(PasskeyKey::parse(&off_curve), Err(PasskeyError::Algorithm));
    // A label that stands there twice, and an octet too many.
    assert_eq!(spoilt(3, 0x01), Err(PasskeyError::Malformed));
    let longer = [&good[..], &[0]].concat();
    assert_eq!(PasskeyKey::parse(&longer), Err(PasskeyError::Malformed));
}

#[test]
fn s16_a_person_has_ten_passkeys_at_most() {
    assert_eq!(Passkey::may_add(9), Ok(()));
    assert_eq!(Passkey::may_add(10), Err(TooManyPasskeys));
}

#[test]
fn a_credential_has_a_short_name_in_links() {
    let id = CredentialId::new(&[1; 1023]).unwrap();
    assert_eq!(id.shown().len(), 22);
    assert_eq!(CredentialId::parse(&id.to_text()), Some(id));
    assert!(CredentialId::new(&[]).is_none());
    assert!(CredentialId::new(&[1; 1024]).is_none());
}

proptest! {
    #[test]
    fn whatever_a_browser_sends_is_answered(
        client_data in proptest::collection::vec(any::<u8>(), 0..80),
        data in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let (client_data, data) = (URL_SAFE_NO_PAD.encode(client_data), URL_SAFE_NO_PAD.encode(data));
        let registration = Registration::decode(&client_data, &data).unwrap();
        prop_assert!(registration.verify(&party()).is_err());
    }

    #[test]
    fn whatever_stands_behind_the_browsers_word_is_answered(place in 0_usize..164, octet in any::<u8>()) {
        let mut authenticator = SoftAuthenticator::new(ORIGIN);
        let form = authenticator.register(&challenge(), &handle().to_text());
        let mut data = URL_SAFE_NO_PAD.decode(&form.attestation).unwrap();
        if let Some(spoilt) = data.get_mut(place) {
            *spoilt = octet;
        }
        let spoilt = URL_SAFE_NO_PAD.encode(data);
        let registration = Registration::decode(&form.client_data, &spoilt).unwrap();
        let _ = registration.verify(&party());
    }
}
