//! Lab networks and shorthand for the tests.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{Clock, DnsName, Timestamp};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use reach::network::{LabSettings, Network};
use reach::resolver::{Addresses, CaaRecords, LookupError, LookupFailure, Resolver, TxtRecords};
use validation::{ACME_LABEL, Method, NetworkValidator, Outcome, Probe, ProbeSettings, Validator};

pub(crate) const TOKEN: &str = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA";
pub(crate) const KEY_AUTHORIZATION: &str =
    "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.nP1qzpXGymHBrUEepNY9HCsQk7K8KhOypzEt62jcerQ";

pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_795_435_200)
    }
}

/// A validator whose probes give up soon.
pub(crate) fn validator(network: Network) -> NetworkValidator {
    let settings = ProbeSettings {
        total_timeout: Duration::from_secs(5),
        ..ProbeSettings::default()
    };
    NetworkValidator::new(network, &settings, Arc::new(FixedClock)).unwrap()
}

pub(crate) fn impatient(network: Network) -> NetworkValidator {
    let settings = ProbeSettings {
        total_timeout: Duration::from_millis(200),
        ..ProbeSettings::default()
    };
    NetworkValidator::new(network, &settings, Arc::new(FixedClock)).unwrap()
}

/// A network with these lines as its table.
pub(crate) fn lab(hosts: &[&str], http_port: u16, tls_port: u16) -> Network {
    Network::lab(LabSettings {
        hosts: hosts.iter().map(|line| line.parse().unwrap()).collect(),
        http_port,
        tls_port,
        ..LabSettings::default()
    })
    .unwrap()
}

pub(crate) async fn http_01(validator: &NetworkValidator, name: &str) -> Outcome {
    let name = name.parse().unwrap();
    let method = Method::Http01 {
        token: TOKEN,
        key_authorization: KEY_AUTHORIZATION,
    };
    let probe = Probe {
        identifier: &name,
        method,
    };
    validator.validate(probe).await
}

pub(crate) async fn dns_01(validator: &NetworkValidator, name: &str, digest: &str) -> Outcome {
    let name = name.parse().unwrap();
    let probe = Probe {
        identifier: &name,
        method: Method::Dns01 {
            label: ACME_LABEL,
            digest,
        },
    };
    validator.validate(probe).await
}

/// Answers each lookup of a name with the next list of addresses; the last one stays.
#[derive(Default)]
pub(crate) struct ScriptedResolver {
    answers: Mutex<HashMap<String, VecDeque<Vec<String>>>>,
    asked: Mutex<Vec<String>>,
}

impl ScriptedResolver {
    pub(crate) fn new(script: &[(&str, &[&[&str]])]) -> Arc<Self> {
        let lines = script.iter().map(|(name, answers)| {
            let answers = answers
                .iter()
                .map(|answer| answer.iter().map(ToString::to_string).collect())
                .collect();
            ((*name).to_owned(), answers)
        });
        Arc::new(Self {
            answers: Mutex::new(lines.collect()),
            asked: Mutex::default(),
        })
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn next(&self, name: &str) -> Option<Vec<String>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answers = answers.get_mut(name)?;
        if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        }
    }
}

impl Resolver for ScriptedResolver {
    fn addresses<'a>(&'a self, name: &'a DnsName) -> BoxFuture<'a, Result<Addresses, LookupError>> {
        let answer = self.next(name.as_str()).ok_or_else(|| LookupError {
            name: name.to_string(),
            records: "A and AAAA",
            cause: LookupFailure::NoSuchName,
        });
        let parsed = answer.map(|answer| Addresses {
            addresses: answer.iter().map(|text| text.parse().unwrap()).collect(),
            ..Addresses::default()
        });
        ready(parsed).boxed()
    }

    fn txt<'a>(&'a self, _name: &'a str) -> BoxFuture<'a, Result<TxtRecords, LookupError>> {
        ready(Ok(TxtRecords::default())).boxed()
    }

    fn caa<'a>(&'a self, _name: &'a str) -> BoxFuture<'a, Result<CaaRecords, LookupError>> {
        ready(Ok(CaaRecords::default())).boxed()
    }

    fn description(&self) -> &'static str {
        "script"
    }
}
