//! One client that orders, finalizes, downloads and revokes, and notes every acknowledgement.

use anyhow::{Context, bail};

use super::record::{Certificate, Record};
use crate::acme_client::Client;
use crate::acme_client::certificate;
use crate::acme_client::csr::Csr;
use crate::acme_client::http_01::Answers;
use crate::acme_client::order::{Order, OrderStatus};
use crate::server::chancery::DOMAIN;

/// One certificate in this many is revoked.
const REVOKED_EVERY: usize = 3;

/// A client with its notes.
pub(crate) struct Worker {
    /// Its account and connection.
    pub(crate) client: Client,
    /// Every order that was acknowledged, in order.
    pub(crate) records: Vec<Record>,
    number: usize,
    names: usize,
}

impl Worker {
    /// Without orders yet.
    pub(crate) fn new(client: Client, number: usize) -> Self {
        Self {
            client,
            records: Vec::new(),
            number,
            names: 0,
        }
    }

    /// Works until a request fails, which is what a kill looks like from here.
    pub(crate) async fn work(&mut self, answers: &Answers) -> anyhow::Error {
        loop {
            if let Err(error) = self.issue(answers).await {
                return error;
            }
        }
    }

    /// Takes the order at `index` to its end from wherever it is.
    pub(crate) async fn finish(&mut self, index: usize, answers: &Answers) -> anyhow::Result<()> {
        let url = &self.records.get(index).context("no such order")?.url;
        let order = self.client.order(url).await?;
        self.go_on(index, order, answers).await
    }

    /// The orders that a kill has cut off.
    pub(crate) fn unfinished(&self) -> Vec<usize> {
        let records = self.records.iter().enumerate();
        records
            .filter(|(_, record)| !record.is_finished())
            .map(|(index, _)| index)
            .collect()
    }

    /// Whether every order has come to its end.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.records.iter().all(Record::is_finished)
    }

    /// Where the order at `index` is, for messages.
    pub(crate) fn url(&self, index: usize) -> String {
        let record = self.records.get(index);
        record.map_or(String::new(), |record| record.url.clone())
    }

    async fn issue(&mut self, answers: &Answers) -> anyhow::Result<()> {
        self.names += 1;
        let name = format!("k{}-{:06}.{DOMAIN}", self.number, self.names);
        let csr = Csr::make(name)?;
        let order = self.client.new_order(&csr.name).await?;
        self.records.push(Record::new(&order, csr));
        let index = self.records.len() - 1;
        self.go_on(index, order, answers).await?;
        if self.names.is_multiple_of(REVOKED_EVERY) {
            self.revoke(index).await?;
        }
        Ok(())
    }

    async fn go_on(&mut self, index: usize, order: Order, answers: &Answers) -> anyhow::Result<()> {
        let record = self.records.get_mut(index).context("no such order")?;
        record.note(&order);
        let csr = record.csr.clone();
        let noted = self
            .client
            .complete(order, &csr, answers, |order| record.note(order));
        let order = noted.await?;
        if order.status == OrderStatus::Invalid {
            return Ok(());
        }
        let Some(url) = order.certificate else {
            bail!("{} is valid and has no certificate", order.url);
        };
        let chain = self.client.certificate(&url).await?;
        let serial = certificate::serial(&certificate::leaf(&chain)?)?;
        record.certificate = Some(Certificate { url, chain, serial });
        Ok(())
    }

    async fn revoke(&mut self, index: usize) -> anyhow::Result<()> {
        let record = self.records.get_mut(index).context("no such order")?;
        if let Some(held) = &record.certificate {
            self.client.revoke(&certificate::leaf(&held.chain)?).await?;
            record.is_revoked = true;
        }
        Ok(())
    }
}
