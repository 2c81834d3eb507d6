//! The two validators: one that looks, and one for benches that does not.

use std::sync::Arc;
use std::time::Duration;

use base::{Clock, DnsName, Identifier};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use crate::evidence::{CaaEvidence, Evidence};
use crate::failure::Failure;
use crate::probe::{CaaOutcome, CaaQuestion, ContactsOutcome, Method, Outcome, Probe, Validator};
use crate::trace::Trace;
use crate::{caa, contacts, dns_01, http_01};
use reach::network::Network;

/// How a probe behaves towards others.
#[derive(Clone, Debug)]
pub struct ProbeSettings {
    /// For one TCP connection attempt; the second SYN goes out after a second.
    pub connect_timeout: Duration,
    /// For all of a probe: lookups, connections, redirects.
    pub total_timeout: Duration,
    /// Sent with each request, so that operators of web servers know who asks.
    pub user_agent: String,
}

impl Default for ProbeSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            total_timeout: Duration::from_secs(10),
            user_agent: "Mozilla/5.0 (compatible; Chancery validation server)".to_owned(),
        }
    }
}

/// Validates over a network. How many probes run at once is for its caller to bound: each ends within its time.
pub struct NetworkValidator {
    clock: Arc<dyn Clock>,
    http: http_01::Client,
    network: Network,
    total_timeout: Duration,
}

impl NetworkValidator {
    /// A validator for this network. Fails only when TLS cannot be set up.
    pub fn new(
        network: Network,
        settings: &ProbeSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            clock,
            http: http_01::Client::new(settings.connect_timeout, &settings.user_agent)?,
            network,
            total_timeout: settings.total_timeout,
        })
    }

    async fn run(&self, probe: Probe<'_>) -> Outcome {
        let evidence = Evidence::new(self.clock.now(), probe.method.challenge_type());
        let mut trace = Trace::new(evidence, Arc::clone(&self.clock));
        trace.evidence.resolver = self.network.resolver_description().to_owned();
        let result = self.run_in_time(probe, &mut trace).await;
        trace.evidence.ms = trace.elapsed_ms();
        Outcome {
            result,
            evidence: trace.evidence,
        }
    }

    async fn run_in_time(&self, probe: Probe<'_>, trace: &mut Trace) -> Result<(), Failure> {
        let probing = self.probe(probe, trace);
        if let Ok(result) = tokio::time::timeout(self.total_timeout, probing).await {
            return result;
        }
        trace.close_hop();
        Err(trace.timeout())
    }

    async fn probe(&self, probe: Probe<'_>, trace: &mut Trace) -> Result<(), Failure> {
        let Identifier::Dns(name) = probe.identifier;
        match probe.method {
            Method::Dns01 { label, digest } => {
                dns_01::probe(&self.network, name, (label, digest), trace).await
            }
            Method::Http01 {
                token,
                key_authorization,
            } => {
                let challenge = http_01::Challenge {
                    name,
                    token,
                    key_authorization,
                };
                http_01::probe(&self.http, &self.network, challenge, trace).await
            }
        }
    }
}

impl Validator for NetworkValidator {
    fn validate<'a>(&'a self, probe: Probe<'a>) -> BoxFuture<'a, Outcome> {
        self.run(probe).boxed()
    }

    fn caa<'a>(&'a self, question: CaaQuestion<'a>) -> BoxFuture<'a, CaaOutcome> {
        caa::ask(
            &self.network,
            question,
            self.clock.as_ref(),
            self.total_timeout,
        )
        .boxed()
    }

    fn contacts<'a>(&'a self, domain: &'a DnsName) -> BoxFuture<'a, ContactsOutcome> {
        let clock = self.clock.as_ref();
        contacts::ask(&self.network, domain, clock, self.total_timeout).boxed()
    }
}

/// The validator cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// TLS for redirects to https.
    #[error("TLS for validation could not be set up")]
    Tls(#[from] rustls::Error),
}

/// Declares every name valid without looking, and says so in the evidence.
///
/// Only for benches and lab servers, to measure everything but the network; never beside a
/// public network.
pub struct AssumeValid {
    clock: Arc<dyn Clock>,
}

impl AssumeValid {
    /// For a lab; the name of the constructor is there to be seen at the call.
    pub fn in_lab(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl Validator for AssumeValid {
    fn validate<'a>(&'a self, probe: Probe<'a>) -> BoxFuture<'a, Outcome> {
        let mut evidence = Evidence::new(self.clock.now(), probe.method.challenge_type());
        evidence.assumed = true;
        ready(Outcome {
            result: Ok(()),
            evidence,
        })
        .boxed()
    }

    fn caa<'a>(&'a self, _question: CaaQuestion<'a>) -> BoxFuture<'a, CaaOutcome> {
        let evidence = CaaEvidence::new(self.clock.now());
        ready(CaaOutcome {
            result: Ok(()),
            evidence,
        })
        .boxed()
    }

    fn contacts<'a>(&'a self, _domain: &'a DnsName) -> BoxFuture<'a, ContactsOutcome> {
        let evidence = Evidence::new(self.clock.now(), contacts::MAIL);
        ready(ContactsOutcome {
            result: Ok(Vec::new()),
            evidence,
        })
        .boxed()
    }
}
