//! What a reseller changes at once, as the portal does it for a person, and the state that it needs.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::task::JoinHandle;

use crate::acme_client::http_01::Answers;
use crate::acme_client::order::OrderStatus;
use crate::acme_client::{Account, Client};
use crate::portal_client::{Visitor, between};
use crate::server::chancery::{Access, Chancery, EnrolledName};
use crate::stopwatch::Stopwatch;

/// Connections by which accounts come and order.
const CONNECTIONS: usize = 16;
/// How often we look whether all of a removal is done, and for how long.
const LOOK: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(120);

/// Something that one round does.
pub(super) enum Change {
    /// A name goes, and what hangs on it ends.
    Removal(Box<Removal>),
    /// Names come, from several forms at once.
    Imports(Vec<Import>),
}

/// A name to remove and who sees that all has ended.
pub(super) struct Removal {
    visitor: Visitor,
    domain: String,
    witness: Client,
    orders: Vec<String>,
}

/// One form.
pub(super) struct Import {
    visitor: Visitor,
    account: String,
    names: String,
    count: usize,
}

/// Thousands of ACME accounts of one subscription, and a wildcard for each round.
pub(super) struct Crowd {
    builders: Vec<Builder>,
    access: Access,
    /// A name with its free companion, for each round.
    families: Vec<Vec<EnrolledName>>,
}

/// A connection and the accounts that use it in turn.
struct Builder {
    client: Client,
    accounts: Vec<Account>,
}

/// Accounts that take names.
pub(super) struct Importers {
    accounts: Vec<String>,
    names: usize,
}

impl Change {
    /// What a reader calls it.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Removal(_) => "removal",
            Self::Imports(_) => "imports",
        }
    }

    /// Does it and comes back when nothing of it is left to do.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Removal(removal) => removal.run().await,
            Self::Imports(imports) => {
                let begin = |import: Import| tokio::spawn(import.run());
                let running: Vec<_> = imports.into_iter().map(begin).collect();
                for import in running {
                    import.await??;
                }
                Ok(())
            }
        }
    }
}

impl Removal {
    async fn run(mut self) -> anyhow::Result<()> {
        self.visitor.remove_domain(&self.domain).await?;
        let started = Stopwatch::start();
        // The witness is the youngest account, so its orders end last.
        while let Some(url) = self.orders.last() {
            if self.witness.order(url).await?.status == OrderStatus::Invalid {
                self.orders.pop();
            } else if started.elapsed() > PATIENCE {
                bail!("{url} has not ended with its name");
            } else {
                tokio::time::sleep(LOOK).await;
            }
        }
        Ok(())
    }
}

impl Import {
    async fn run(mut self) -> anyhow::Result<()> {
        let page = self.visitor.add_domains(&self.account, &self.names).await?;
        let outcome = between(&page, "<span class=\"muted small\">", " new name");
        let outcome = outcome.unwrap_or_default();
        let digits: String = outcome.chars().filter(char::is_ascii_digit).collect();
        ensure!(
            digits == self.count.to_string(),
            "of {} names \"{outcome}\" were added",
            self.count
        );
        Ok(())
    }
}

impl Crowd {
    /// Registers the accounts and enrols the names.
    pub(super) async fn register(
        chancery: &Chancery,
        access: &Access,
        accounts: usize,
        rounds: usize,
    ) -> anyhow::Result<Self> {
        let opened = chancery.open_account("crowd").await?;
        let mut families = Vec::new();
        for round in 0..rounds {
            let name = format!("*.crowd-{round}.example");
            families.push(chancery.enroll(&opened.id, &[name]).await?);
        }
        let mut coming = Vec::new();
        for connection in 0..CONNECTIONS {
            let share =
                accounts * (connection + 1) / CONNECTIONS - accounts * connection / CONNECTIONS;
            let access = access.bound_by(&opened.external);
            coming.push(tokio::spawn(Builder::register(access, share)));
        }
        Ok(Self {
            builders: all(coming).await?,
            access: access.bound_by(&opened.external),
            families,
        })
    }

    /// Has each account prove and order this round's wildcard.
    pub(super) async fn prepare(
        &mut self,
        round: usize,
        visitor: Visitor,
    ) -> anyhow::Result<Change> {
        let family = self.families.get(round).context("no name for this round")?;
        let wildcard = family
            .iter()
            .find(|enrolled| enrolled.name.starts_with("*."));
        let wildcard = wildcard.context("the wildcard was not enrolled")?;
        let order = |builder: Builder| tokio::spawn(builder.order(wildcard.name.clone()));
        let ordering = std::mem::take(&mut self.builders).into_iter().map(order);
        self.builders = all(ordering.collect()).await?;
        let mut witness = self.access.client().await?;
        let mut orders = Vec::new();
        for enrolled in family {
            orders.push(witness.new_order(&enrolled.name).await?.url);
        }
        Ok(Change::Removal(Box::new(Removal {
            visitor,
            domain: wildcard.domain.clone(),
            witness,
            orders,
        })))
    }
}

impl Builder {
    async fn register(access: Access, count: usize) -> anyhow::Result<Self> {
        let mut client = access.client().await?;
        let mut accounts = Vec::new();
        for _ in 1..count {
            accounts.push(client.register_another(&access.external).await?);
        }
        Ok(Self { client, accounts })
    }

    /// A valid proof and an order that is ready, for each account.
    async fn order(mut self, name: String) -> anyhow::Result<Self> {
        let answers = Answers::default();
        // The client's own account first, then each of the others takes its place.
        for index in 0..=self.accounts.len() {
            let order = self.client.new_order(&name).await?;
            self.client.make_ready(&order, &answers).await?;
            if let Some(account) = self.accounts.get_mut(index) {
                self.client.swap_account(account);
            }
        }
        Ok(self)
    }
}

impl Importers {
    /// Opens an account for each import.
    pub(super) async fn open(
        chancery: &Chancery,
        imports: usize,
        names: usize,
    ) -> anyhow::Result<Self> {
        let mut accounts = Vec::new();
        for import in 0..imports {
            let label = format!("import {import}");
            accounts.push(chancery.open_account(&label).await?.id);
        }
        Ok(Self { accounts, names })
    }

    /// Names that nobody has yet, a form for each account.
    pub(super) fn prepare(&self, round: usize, visitor: &Visitor) -> anyhow::Result<Change> {
        let form = |(import, account): (usize, &String)| {
            let name = |number| format!("shop-{round}-{import}-{number}.example");
            let names: Vec<String> = (0..self.names).map(name).collect();
            Ok(Import {
                visitor: visitor.another()?,
                account: account.clone(),
                names: names.join("\n"),
                count: self.names,
            })
        };
        let forms = self.accounts.iter().enumerate().map(form);
        Ok(Change::Imports(forms.collect::<anyhow::Result<_>>()?))
    }
}

async fn all<T>(tasks: Vec<JoinHandle<anyhow::Result<T>>>) -> anyhow::Result<Vec<T>> {
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await??);
    }
    Ok(done)
}
