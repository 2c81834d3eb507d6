//! DNSSEC: what is not proven is no answer (H0; RFC 4033 to 4035).

use reach::Network;
use reach::network::PublicSettings;
use reach::resolver::LookupFailure::{self, Bogus};
use reach::resolver::Security::{self, Insecure, Secure};
use testkit::name_server::{RData, RecordType, ResponseCode, caa};
use testkit::{Misbehaviour, NameServer};

use super::{lab, network, zones};

const TXT: RecordType = RecordType::TXT;
const CAA: RecordType = RecordType::CAA;

async fn txt(network: &Network, name: &str) -> Result<(Vec<String>, Security), LookupFailure> {
    let answer = network.txt(name).await;
    let answer = answer.map(|found| (found.values, found.security));
    answer.map_err(|error| error.cause)
}

async fn records(network: &Network, name: &str) -> Result<(usize, Security), LookupFailure> {
    let answer = network.caa(name).await;
    let answer = answer.map(|found| (found.records.len(), found.security));
    answer.map_err(|error| error.cause)
}

/// Every way to answer for a signed zone that does not hold.
fn lies(forged: RData) -> Vec<Misbehaviour> {
    vec![
        Misbehaviour::DeniedBy("plain.test"),
        Misbehaviour::Expired,
        Misbehaviour::Forged(vec![forged]),
        Misbehaviour::Unsigned,
    ]
}

#[tokio::test]
async fn h0_signed_zones_are_secure_and_others_are_proven_not_to_be() {
    let names = zones().await;
    let network = lab(&names);
    for (zone, expected) in [("signed.test", Secure), ("plain.test", Insecure)] {
        let host = format!("www.{zone}");
        names.add_txt(&host, "here");
        names.add_caa(zone, "0 issue acme.test");
        names.add_address(&host, [127, 0, 0, 1].into());
        let here = Ok((vec!["here".to_owned()], expected));
        assert_eq!(txt(&network, &host).await, here);
        assert_eq!(records(&network, &host).await, Ok((0, expected)));
        assert_eq!(records(&network, zone).await, Ok((1, expected)));
        let addresses = network.addresses(&host.parse().unwrap()).await.unwrap();
        assert_eq!(
            (addresses.addresses.len(), addresses.security),
            (1, expected)
        );
        let nothing = txt(&network, &format!("gone.{zone}")).await;
        assert!(nothing.unwrap_err().is_negative_answer(), "{zone}");
    }
    assert_eq!(records(&network, "test").await, Ok((0, Secure)));
}

#[tokio::test]
async fn h0_bogus_is_no_answer() {
    let names = zones().await;
    names.add_caa("signed.test", "0 issue other.test");
    names.add_txt("signed.test", "right");
    let network = lab(&names);
    for how in lies(caa("0 issue acme.test")) {
        names.misbehave("signed.test", CAA, how.clone());
        assert_eq!(
            records(&network, "signed.test").await,
            Err(Bogus),
            "{how:?}"
        );
    }
    let wrong = testkit::name_server::text("wrong");
    for how in lies(wrong) {
        names.misbehave("signed.test", TXT, how.clone());
        assert_eq!(txt(&network, "signed.test").await, Err(Bogus), "{how:?}");
    }
}

/// Taking records away is the lie that matters: without any, everybody may issue.
#[tokio::test]
async fn h0_a_denial_has_to_be_proven_too() {
    let names = zones().await;
    let network = lab(&names);
    let denials = [
        Misbehaviour::DeniedBy("plain.test"),
        Misbehaviour::Expired,
        Misbehaviour::Unsigned,
    ];
    for how in denials {
        names.misbehave("www.signed.test", CAA, how.clone());
        assert_eq!(
            records(&network, "www.signed.test").await,
            Err(Bogus),
            "{how:?}"
        );
    }
    names.behave();
    assert_eq!(records(&network, "www.signed.test").await, Ok((0, Secure)));
}

#[tokio::test]
async fn h0_a_zone_whose_key_or_delegation_does_not_hold_is_bogus_until_it_is_mended() {
    let names = zones().await;
    names.add_txt("signed.test", "right");
    let network = lab(&names);
    // A key that its parent vouches for needs no signature besides.
    for place in ["signed.test", "test"] {
        for (kind, how) in [
            (RecordType::DS, Misbehaviour::Expired),
            (RecordType::DS, Misbehaviour::Unsigned),
            (RecordType::DS, Misbehaviour::Silent),
            (RecordType::DNSKEY, Misbehaviour::Forged(Vec::new())),
            (RecordType::DNSKEY, Misbehaviour::Silent),
        ] {
            // Each time by somebody who has not seen the zone before.
            let network = lab(&names);
            names.misbehave(place, kind, how.clone());
            let found = txt(&network, "signed.test").await;
            assert_eq!(found, Err(Bogus), "{place} {kind} {how:?}");
            names.behave();
        }
    }
    assert!(txt(&network, "signed.test").await.is_ok());
    // A new key, as after a change at the registrar that came too early.
    names.zone("signed.test", true);
    names.misbehave("signed.test", RecordType::DS, Misbehaviour::Unsigned);
    assert_eq!(txt(&network, "signed.test").await, Err(Bogus));
    names.behave();
    assert!(txt(&network, "signed.test").await.is_ok());
}

#[tokio::test]
async fn h0_what_else_an_answer_holds_is_not_looked_at() {
    let names = zones().await;
    names.add_caa("signed.test", "0 issue other.test");
    let extra = Misbehaviour::Padded("www.plain.test", caa("0 issue acme.test"));
    names.misbehave("signed.test", CAA, extra);
    let found = lab(&names).caa("signed.test").await.unwrap();
    let values: Vec<_> = found
        .records
        .iter()
        .map(|record| record.value.as_slice())
        .collect();
    assert_eq!(values, [b"other.test"]);
}

#[tokio::test]
async fn h0_aliases_are_judged_at_each_step() {
    let names = zones().await;
    names.add_alias("a.signed.test", "b.signed.test");
    names.add_txt("b.signed.test", "b");
    names.add_alias("c.signed.test", "d.plain.test");
    names.add_txt("d.plain.test", "d");
    names.add_alias("e.plain.test", "b.signed.test");
    let network = lab(&names);
    let found = |text: &str, security| Ok((vec![text.to_owned()], security));
    assert_eq!(txt(&network, "a.signed.test").await, found("b", Secure));
    assert_eq!(txt(&network, "c.signed.test").await, found("d", Insecure));
    assert_eq!(txt(&network, "e.plain.test").await, found("b", Insecure));
    // That the zone of the alias is known not to be signed says nothing about where it leads.
    assert_eq!(records(&network, "x.plain.test").await, Ok((0, Insecure)));
    let wrong = testkit::name_server::text("wrong");
    names.misbehave(
        "e.plain.test",
        TXT,
        Misbehaviour::Padded("b.signed.test", wrong),
    );
    assert_eq!(txt(&network, "e.plain.test").await, Err(Bogus));
}

#[tokio::test]
async fn h0_errors_are_told_apart_and_cut_off_answers_come_over_tcp() {
    let names = zones().await;
    names.add_txt("signed.test", "right");
    let network = lab(&names);
    let explained = (6, "DNSSEC \u{7}Bogus");
    for (how, expected) in [
        (Misbehaviour::Silent, LookupFailure::Timeout),
        (
            Misbehaviour::Fails(ResponseCode::Refused, None),
            LookupFailure::Refused,
        ),
        (
            Misbehaviour::Fails(ResponseCode::ServFail, None),
            LookupFailure::ServerFailure,
        ),
        (
            Misbehaviour::Fails(ResponseCode::ServFail, Some(explained)),
            LookupFailure::ServerFailureExplained("extended error 6: DNSSEC .Bogus".to_owned()),
        ),
    ] {
        for (name, kind) in [("signed.test", TXT), ("signed.test", CAA)] {
            names.misbehave(name, kind, how.clone());
        }
        assert_eq!(txt(&network, "signed.test").await, Err(expected.clone()));
        assert_eq!(records(&network, "signed.test").await, Err(expected));
    }
    names.misbehave("signed.test", TXT, Misbehaviour::Truncated);
    assert!(txt(&network, "signed.test").await.is_ok());
    assert!(names.asked().contains(&"tcp signed.test TXT".to_owned()));
}

#[tokio::test]
async fn h0_without_anchors_a_lab_takes_everything_for_insecure() {
    let names = zones().await;
    names.add_txt("signed.test", "right");
    names.misbehave("signed.test", TXT, Misbehaviour::Expired);
    let found = txt(&network(&names, None), "signed.test").await;
    assert_eq!(found, Ok((vec!["right".to_owned()], Insecure)));
    assert_eq!(names.asked(), ["udp signed.test TXT"]);
}

#[tokio::test]
async fn h0_another_root_is_not_believed_and_the_internet_has_one() {
    let (names, other) = (zones().await, NameServer::start().await);
    for zone in ["signed.test", "plain.test"] {
        names.add_txt(zone, "right");
        let found = txt(&network(&names, Some(&other.anchors())), zone).await;
        assert_eq!(found, Err(Bogus), "{zone}");
        // No setting of the public network names another root, or none.
        let settings = PublicSettings {
            dns_servers: vec![names.address],
            ..PublicSettings::default()
        };
        let public = Network::public(&settings).unwrap();
        assert_eq!(txt(&public, zone).await, Err(Bogus), "{zone}");
    }
}

#[tokio::test]
async fn h0_the_chain_of_trust_is_asked_for_once_and_unsigned_zones_are_proven_once() {
    let names = zones().await;
    let network = lab(&names);
    for number in 0..5 {
        let signed = format!("w{number}.signed.test");
        assert_eq!(records(&network, &signed).await, Ok((0, Secure)));
        let plain = format!("w{number}.plain.test");
        assert_eq!(records(&network, &plain).await, Ok((0, Insecure)));
    }
    for (name, kind) in [
        (".", RecordType::DNSKEY),
        ("test", RecordType::DNSKEY),
        ("test", RecordType::DS),
        ("signed.test", RecordType::DNSKEY),
        ("signed.test", RecordType::DS),
        ("plain.test", RecordType::DS),
    ] {
        assert_eq!(names.count(name, kind), 1, "{name} {kind}");
    }
    let of_chain = |line: &&String| !line.ends_with(" CAA");
    let later: Vec<_> = names.asked().iter().filter(of_chain).cloned().collect();
    assert!(
        !later.iter().any(|line| line.contains("w1.plain.test")),
        "{later:?}"
    );
}

#[tokio::test]
async fn h0_that_there_are_no_caa_records_is_remembered_and_records_are_not() {
    let names = zones().await;
    names.add_caa("signed.test", "0 issue other.test");
    let network = lab(&names);
    for is_remembered in [false, true] {
        let none = network.caa("www.signed.test").await.unwrap();
        assert_eq!((none.is_remembered, none.security), (is_remembered, Secure));
        let some = network.caa("signed.test").await.unwrap();
        assert!(!some.is_remembered && some.records.len() == 1);
    }
    assert_eq!(names.count("www.signed.test", CAA), 1);
    assert_eq!(names.count("signed.test", CAA), 2);
    names.misbehave(
        "b.signed.test",
        CAA,
        Misbehaviour::Fails(ResponseCode::ServFail, None),
    );
    assert!(records(&network, "b.signed.test").await.is_err());
    names.behave();
    assert!(records(&network, "b.signed.test").await.is_ok());
}
