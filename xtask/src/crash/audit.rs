//! What was checked, and what was found missing.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::record::{Record, keeps};
use crate::acme_client::certificate::normal_serial;
use crate::acme_client::order::OrderStatus;
use crate::server::chancery::ListedCertificate;

/// The most losses that are told one by one.
const SHOWN: usize = 20;

/// The counts of a whole test.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    kills: usize,
    slowest_restart: Duration,
    orders: usize,
    resumed: usize,
    invalid: usize,
    certificates: usize,
    revocations: usize,
    checks: usize,
    losses: Vec<String>,
}

impl Audit {
    /// A restart after a kill.
    pub(crate) fn restarts(&mut self, took: Duration) {
        self.kills += 1;
        self.slowest_restart = self.slowest_restart.max(took);
    }

    /// An unfinished order was taken to its end.
    pub(crate) fn resumes(&mut self) {
        self.resumed += 1;
    }

    /// An order that did not come to an end.
    pub(crate) fn hangs(&mut self, url: &str, error: &anyhow::Error) {
        self.losses.push(format!("{url} does not end: {error:#}"));
    }

    /// An order as it is now, against what was acknowledged.
    pub(crate) fn compares(&mut self, record: &Record, now: OrderStatus) {
        self.checks += 1;
        if !keeps(record.status, now) {
            let was = record.status;
            self.losses
                .push(format!("{} was {was:?} and is {now:?}", record.url));
        }
    }

    /// A chain downloaded again, or the error of trying to.
    pub(crate) fn downloads(&mut self, record: &Record, again: anyhow::Result<bytes::Bytes>) {
        let Some(held) = &record.certificate else {
            return;
        };
        self.checks += 1;
        match again {
            Ok(chain) if chain == held.chain => {}
            Ok(_) => self
                .losses
                .push(format!("{} is another chain now", held.url)),
            Err(error) => self.losses.push(format!("{}: {error:#}", held.url)),
        }
    }

    /// An order that cannot be read any more.
    pub(crate) fn misses(&mut self, record: &Record, error: &anyhow::Error) {
        self.losses
            .push(format!("{} was {:?}: {error:#}", record.url, record.status));
    }

    /// Every serial number the server knows against every one the clients hold.
    pub(crate) fn lists<'a>(
        &mut self,
        records: impl Iterator<Item = &'a Record>,
        listed: &[ListedCertificate],
        has_all_orders: bool,
    ) {
        let mut known: BTreeMap<String, &str> = listed
            .iter()
            .map(|listed| (normal_serial(&listed.serial), listed.status.as_str()))
            .collect();
        (self.orders, self.invalid) = (0, 0);
        (self.certificates, self.revocations) = (0, 0);
        for record in records {
            self.orders += 1;
            self.invalid += usize::from(record.status == OrderStatus::Invalid);
            let Some(held) = &record.certificate else {
                continue;
            };
            self.certificates += 1;
            self.revocations += usize::from(record.is_revoked);
            self.checks += 1;
            match known.remove(&held.serial) {
                None => self
                    .losses
                    .push(format!("{} is unknown to the server", held.serial)),
                Some(status) if record.is_revoked && status != "revoked" => self
                    .losses
                    .push(format!("{} was revoked and is {status}", held.serial)),
                Some(_) => {}
            }
        }
        if has_all_orders {
            self.unasked(&known);
        }
    }

    /// Certificates that belong to no order of ours. One whose signing was only intended when the
    /// server died has never existed.
    fn unasked(&mut self, left: &BTreeMap<String, &str>) {
        for (serial, status) in left {
            if matches!(*status, "valid" | "issued" | "revoked") {
                self.losses
                    .push(format!("{serial} is {status} and nobody asked for it"));
            }
        }
    }

    /// The counts so far, for a line of progress.
    pub(crate) fn brief(&self) -> String {
        format!(
            "{} certificates, {} revocations, {} resumed, {} lost",
            self.certificates,
            self.revocations,
            self.resumed,
            self.losses.len()
        )
    }

    /// Whether nothing was lost.
    pub(crate) fn is_clean(&self) -> bool {
        self.losses.is_empty() && self.certificates > 0
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for loss in self.losses.iter().take(SHOWN) {
            writeln!(f, "LOST: {loss}")?;
        }
        writeln!(f, "kills                        {}", self.kills)?;
        writeln!(
            f,
            "slowest restart              {} ms",
            self.slowest_restart.as_millis()
        )?;
        writeln!(f, "orders acknowledged          {}", self.orders)?;
        writeln!(f, "orders resumed after a kill  {}", self.resumed)?;
        writeln!(f, "orders that ended invalid    {}", self.invalid)?;
        writeln!(f, "certificates received        {}", self.certificates)?;
        writeln!(f, "revocations acknowledged     {}", self.revocations)?;
        writeln!(f, "comparisons                  {}", self.checks)?;
        write!(f, "lost, hanging or unknown     {}", self.losses.len())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::acme_client::csr::Csr;
    use crate::crash::record::Certificate;

    fn record(serial: &str, is_revoked: bool) -> Record {
        Record {
            url: "https://localhost/order/1".to_owned(),
            csr: Csr::make("a.example".to_owned()).unwrap(),
            status: OrderStatus::Valid,
            certificate: Some(Certificate {
                url: "https://localhost/certificate/1".to_owned(),
                chain: Bytes::from_static(b"chain"),
                serial: serial.to_owned(),
            }),
            is_revoked,
        }
    }

    #[track_caller]
    fn check_list(record: &Record, listed: &[(&str, &str)], losses: usize) {
        let listed: Vec<ListedCertificate> = listed
            .iter()
            .map(|(serial, status)| ListedCertificate {
                serial: (*serial).to_owned(),
                status: (*status).to_owned(),
            })
            .collect();
        let mut audit = Audit::default();
        audit.lists([record].into_iter(), &listed, true);
        assert_eq!(audit.losses.len(), losses, "{audit}");
    }

    #[test]
    fn serials_are_compared_both_ways() {
        check_list(&record("abc", false), &[("0A:BC", "valid")], 0);
        check_list(&record("abc", false), &[], 1);
        check_list(
            &record("abc", false),
            &[("abc", "valid"), ("def", "valid")],
            1,
        );
        check_list(
            &record("abc", false),
            &[("abc", "valid"), ("def", "intended")],
            0,
        );
    }

    #[test]
    fn a_revocation_must_be_known() {
        check_list(&record("abc", true), &[("abc", "revoked")], 0);
        check_list(&record("abc", true), &[("abc", "valid")], 1);
    }

    #[test]
    fn a_chain_must_come_back_the_same() {
        let mut audit = Audit::default();
        audit.downloads(&record("abc", false), Ok(Bytes::from_static(b"chain")));
        assert!(audit.losses.is_empty());
        audit.downloads(&record("abc", false), Ok(Bytes::from_static(b"other")));
        audit.downloads(&record("abc", false), Err(anyhow::anyhow!("404")));
        audit.compares(&record("abc", false), OrderStatus::Invalid);
        assert_eq!(audit.losses.len(), 3);
    }
}
