//! Years of a busy installation in minutes: the real doors and use cases on a real database, under a clock that goes
//! ahead a day at a time. What must have an end has one, or this fails: after each month every table is held against
//! what came into it within its period.
//!
//! `cargo xtask soak` runs it at length, a test of the server a short form of it.

mod bounds;
mod chart;
mod shop;

use std::time::Duration;

use flow::caller::system;
use flow::operations::record_refusals::record;
use flow::operations::share_limits::share;
use store::testing::rows::{self, TABLES};
use store::testing::{self, Database};

use self::bounds::{Day, History};
pub use self::chart::chart;
use self::shop::Shop;
use crate::{MailServer, TestServer};

/// How long a day is.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// After how many days the tables are looked at.
const MONTH: u32 = 30;
/// How often a name gets another certificate, in days.
const RENEWED: u32 = 60;
/// After how many days every reseller has another subscription, since a term ends, and a tenth of its names are others.
const TERM: u32 = 300;

/// What happens.
#[derive(Clone, Copy, Debug)]
pub struct Soak {
    /// How many orders are placed in all.
    pub orders: u32,
    /// Within how many days.
    pub days: u32,
    /// How many days pass at once: whatever is due in them is done on the last one. 30 is a multiple of it.
    pub step: u32,
    /// How many days audit entries stay.
    pub audit_days: u32,
}

/// What was found after some time.
#[derive(Clone, Debug)]
pub struct Sample {
    /// After how many days.
    pub day: u32,
    /// How many rows each table had, in the order of [`TABLES`].
    pub rows: Vec<i64>,
    /// How many octets tables and indexes took.
    pub bytes: i64,
}

impl Sample {
    /// How many rows a table had.
    pub fn of(&self, table: &str) -> i64 {
        let mut all = TABLES.iter().zip(&self.rows);
        let found = all.find(|(name, _)| **name == table);
        *found.expect("a table that is counted").1
    }
}

impl Soak {
    /// How many names are renewed again and again.
    fn names(&self) -> u32 {
        let turns = self.days.div_ceil(RENEWED).max(1);
        (self.orders / turns).max(1)
    }

    /// Whether a name is renewed on a day.
    fn renews(&self, name: u32, day: u32) -> bool {
        (name % RENEWED) / self.step == (day % RENEWED) / self.step
    }

    /// How many steps days are, and the one before them, since a step ends with the work and begins with the end of what is
    /// over.
    fn steps(&self, days: u32) -> usize {
        usize::try_from(days.div_ceil(self.step)).expect("few days") + 1
    }

    /// How many resellers there are.
    fn shops(&self) -> u32 {
        (self.names() / 500).clamp(2, 10)
    }
}

/// Lets the time pass, and tells what it finds after each month, the empty store first.
///
/// # Panics
///
/// When a table holds more than its period allows, or anything is refused that should not be.
pub async fn soak(database: Database, wanted: Soak, mut tell: impl FnMut(&Sample)) -> Vec<Sample> {
    let first = TestServer::start_with(database, |settings| {
        settings.keep_audit = DAY * wanted.audit_days;
    })
    .await;
    let mail = MailServer::start().await;
    let server = first.mailing(mail.mailer()).await;
    // Nobody needs what a crash would lose.
    testing::flush(&server.store, false).await.expect("a store");
    let mut shops = Vec::new();
    for number in 0..wanted.shops() {
        shops.push(Shop::open(&server, number).await);
    }
    let mut samples = vec![sample(&server, 0).await];
    samples.iter().for_each(&mut tell);
    let mut history = History::new(&server, wanted);
    history.add(Day {
        entries: entries(&server).await,
        ..Day::default()
    });
    let steps = (1..=wanted.days).filter(|day| day.is_multiple_of(wanted.step));
    for day in steps {
        let told = pass(&server, DAY * wanted.step).await;
        let mut done = work(&server, &mut shops, wanted, day, &mut history).await;
        done.entries = entries(&server).await - told;
        history.add(done);
        if day % MONTH == 0 {
            let found = sample(&server, day).await;
            history.check(&found);
            tell(&found);
            samples.push(found);
        }
    }
    bounds::check_growth(&samples);
    assert!(!mail.mails().is_empty(), "nobody was told anything");
    server.end().await;
    first.end().await;
    samples
}

/// The night: what is due runs, and what has ended goes. How many audit entries are left.
async fn pass(server: &TestServer, time: Duration) -> i64 {
    let before = server.app.now();
    server.clock().advance(time);
    let shared = share(&server.app, before, server.app.now()).await;
    shared.expect("limits");
    server.run_jobs().await;
    entries(server).await
}

/// What all do on one day, each reseller beside the others.
async fn work(
    server: &TestServer,
    shops: &mut [Shop],
    wanted: Soak,
    day: u32,
    history: &mut History,
) -> Day {
    let mut done = Day::default();
    let count = wanted.shops();
    let mut at_work = tokio::task::JoinSet::new();
    for (number, shop) in (0..count).zip(shops) {
        let names: Vec<u32> = (0..wanted.names())
            .filter(|name| name % count == number)
            .collect();
        if day % TERM == wanted.step % TERM {
            shop.subscribe(server, &names, day / TERM).await;
        }
        // Another machine of the customer.
        if day % (MONTH * count) == MONTH * number {
            shop.register(server).await;
        }
        done.failures += shop.sign_in(server, day).await;
        done.sessions += 1;
        shop.ask_in_vain(day).await;
        done.refusals += 1;
        let turns = shop::turns(wanted, &names, day);
        for turn in turns.iter().filter(|turn| turn.fails()) {
            shop::refuse(server, turn);
        }
        at_work.spawn(shop.turns(server, turns));
    }
    for turns in at_work.join_all().await {
        history.note(&turns, day);
        for turn in turns {
            done.count(&turn);
            shop::release(server, &turn);
        }
    }
    record(&server.app).await;
    done
}

async fn entries(server: &TestServer) -> i64 {
    let store = server.app.store(system("a test counts all entries"));
    let counted = store.scan((), rows::of_audit).await;
    counted.expect("a count")
}

async fn sample(server: &TestServer, day: u32) -> Sample {
    let store = server.app.store(system("a test counts all rows"));
    let rows = store.scan((), rows::of_all).await;
    let bytes = store.scan((), testing::size).await;
    Sample {
        day,
        rows: rows.expect("counts"),
        bytes: bytes.expect("a size"),
    }
}
