//! A node of the installation in this process, with everything outside of it in the hands of the test.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use acme::directory::Meta;
use acme::paths::Shape;
use acme::policy::Policy;
use axum::Router;
use base::{TenantId, Timestamp, UserId};
use enrollment::enrolled_domain::EnrolledDomain;
use enrollment::policy::Preset;
use enrollment::subscription::{Label, Term};
use flow::caller::system;
use flow::catalog::publish_offer::{OfferPlan, publish_offer};
use flow::enrollment::enroll_domains::{Enrollment, enroll_domains};
use flow::enrollment::open_subscription::{Opening, open_subscription};
use flow::memory::catalog::{Directory, SoldOffer};
use flow::operations::bootstrap::{Bootstrap, bootstrap};
use flow::operations::node::{reclaim_jobs, shut_down, start};
use flow::queue::Queue;
use flow::settings::MailSettings;
use flow::{App, Caller, Outside, Settings, jobs};
use outbound::mail::letter::Brand;
use outbound::mail::{Mailer, NoMailer};
use store::Store;
use store::queue::{job, summary};
use store::seal::Sealer;
use store::testing::Database;
use tempfile::TempDir;
use tenancy::password::{HashParameters, Mode};
use tenancy::role::binding::Part;
use tenancy::tenant::TenantName;
use tenancy::user::{DisplayName, Email};

use crate::clock::FakeClock;
use crate::identity_provider::{FakeIdentityProvider, FlakyProviders};
use crate::peers::FakePeers;
use crate::random::SeededRandom;
use crate::validator::FakeValidator;
use crate::{AcmeClient, Eab, InProcess};

/// Where the doors of every test server are reached.
pub const ORIGIN: &str = "https://acme.test";

/// A node with its doors.
pub struct TestServer {
    /// The application behind the doors.
    pub app: App,
    /// The ACME door.
    pub acme: Router,
    /// The door for relying parties.
    pub pki: Router,
    /// The database below, for tests that count its work or take it away.
    pub store: Store,
    surroundings: Arc<Surroundings>,
}

/// What the nodes of one installation share.
struct Surroundings {
    clock: Arc<FakeClock>,
    database: Database,
    key_directory: TempDir,
    nodes: AtomicU64,
    peers: Arc<FakePeers>,
    providers: Arc<FlakyProviders>,
    resellers: AtomicU64,
    settings: Settings,
    validator: Arc<FakeValidator>,
}

/// A reseller with its administrator.
#[derive(Clone, Copy, Debug)]
pub struct Reseller {
    /// The tenant.
    pub tenant: TenantId,
    /// Its first user.
    pub user: UserId,
}

impl TestServer {
    /// The first node on an empty database, with the settings of a production server.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, |_| {}).await
    }

    /// The first node on an empty database, with other settings.
    pub async fn start_with(database: Database, change: impl FnOnce(&mut Settings)) -> Self {
        let clock = Arc::new(FakeClock::at(Timestamp::from_seconds(1_795_435_200)));
        let mut settings = settings();
        change(&mut settings);
        let surroundings = Arc::new(Surroundings {
            validator: Arc::new(FakeValidator::new(clock.clone())),
            clock,
            database,
            key_directory: tempfile::tempdir().expect("a temporary directory"),
            nodes: AtomicU64::new(0),
            peers: Arc::default(),
            providers: Arc::new(FlakyProviders::new()),
            resellers: AtomicU64::new(0),
            settings,
        });
        Self::node(surroundings, Arc::new(NoMailer), |_| {}).await
    }

    /// One more node of the installation, on the same database.
    pub async fn beside(&self) -> Self {
        self.beside_with(|_| {}).await
    }

    /// One more node of the installation, whose chance is that of no other test with another number: for what is looked for
    /// in files that tests share.
    pub async fn beside_by_itself(&self, number: u64) -> Self {
        let seed = number.saturating_mul(1_000_000);
        self.surroundings.nodes.fetch_add(seed, Ordering::SeqCst);
        self.beside().await
    }

    /// One more node of the installation, with other settings.
    pub async fn beside_with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        Self::node(self.surroundings.clone(), Arc::new(NoMailer), change).await
    }

    /// One more node of the installation, which sends mails: others send none.
    pub async fn mailing(&self, mailer: impl Mailer + 'static) -> Self {
        let mail = MailSettings {
            brand: Brand {
                name: "Chancery".to_owned(),
                contact: "help@ca.test".to_owned(),
            },
        };
        let change = |settings: &mut Settings| settings.mail = Some(mail);
        Self::node(self.surroundings.clone(), Arc::new(mailer), change).await
    }

    async fn node(
        of: Arc<Surroundings>,
        mailer: Arc<dyn Mailer>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let number = of.nodes.fetch_add(1, Ordering::SeqCst);
        let random = Arc::new(SeededRandom::new(number));
        let store = of.database.open().await;
        store.migrate().await.expect("a schema");
        let key_file = of.key_directory.path().join("sealing.key");
        let internal_url = format!("http://node-{number}.test");
        let mut settings = of.settings.clone();
        change(&mut settings);
        let outside = Outside {
            store: store.clone(),
            clock: of.clock.clone(),
            sealer: Sealer::load_or_create(&key_file, random.as_ref()).expect("a sealing key"),
            random,
            validator: of.validator.clone(),
            peers: of.peers.clone(),
            mailer,
            providers: of.providers.clone(),
            internal_url: internal_url.clone(),
            settings,
        };
        let app = start(outside, jobs::all()).await.expect("a node");
        jobs::ensure_schedules(&app).await.expect("schedules");
        of.peers.add(&internal_url, app.clone());
        Self {
            acme: web::acme::router(app.clone()),
            pki: web::pki::router(app.clone()),
            app,
            store,
            surroundings: of,
        }
    }

    /// The time of every node.
    pub fn clock(&self) -> &FakeClock {
        &self.surroundings.clock
    }

    /// What stands for the names that are validated.
    pub fn validator(&self) -> &FakeValidator {
        &self.surroundings.validator
    }

    /// The other nodes.
    pub fn peers(&self) -> &FakePeers {
        &self.surroundings.peers
    }

    /// What stands between the nodes and identity providers.
    pub fn providers(&self) -> &FlakyProviders {
        &self.surroundings.providers
    }

    /// An identity provider with this name below `test`, whose clock is the nodes'.
    pub async fn identity_provider(&self, name: &str) -> FakeIdentityProvider {
        FakeIdentityProvider::start(name, self.surroundings.clock.clone()).await
    }

    /// Where the database is.
    pub fn location(&self) -> &store::DatabaseUrl {
        self.surroundings.database.location()
    }

    /// The keys that the secrets in the database are sealed with.
    pub fn sealer(&self) -> Sealer {
        let key_file = self.surroundings.key_directory.path().join("sealing.key");
        Sealer::load_or_create(&key_file, self.app.random()).expect("the sealing key")
    }

    /// A new reseller.
    pub async fn reseller(&self) -> Reseller {
        let number = self.surroundings.resellers.fetch_add(1, Ordering::SeqCst);
        let wanted = Bootstrap {
            operator: TenantName::parse("Operator").expect("a name"),
            reseller: TenantName::parse(&format!("Reseller {number}")).expect("a name"),
            email: Email::parse(&format!("admin{number}@reseller.test")).expect("an address"),
            display_name: DisplayName::parse("Admin").expect("a name"),
            password: None,
        };
        let made = bootstrap(&self.app, &Caller::command_line(), wanted).await;
        let made = made.expect("a reseller");
        Reseller {
            tenant: made.reseller.id,
            user: made.user.id,
        }
    }

    /// Publishes an offer of a product: the policies of a preset, with some of them set anew.
    pub async fn sell(&self, (slug, product): (&str, &str), preset: &str, set: &[(&str, &str)]) {
        self.clock().advance(Duration::from_millis(1));
        let mut policy = Preset::named(preset).expect("a preset").policy.clone();
        for (key, value) in set {
            policy = policy.with(key, value).expect("a value");
        }
        let plan = OfferPlan {
            slug: slug.to_owned(),
            name: Some(slug.to_owned()),
            product: Some(product.to_owned()),
            policy,
        };
        let published = publish_offer(&self.app, &Caller::command_line(), plan).await;
        published.expect("an offer");
    }

    /// A new subscription of a reseller of its own, without domains.
    pub async fn account(&self) -> Eab {
        let reseller = self.reseller().await;
        self.account_of(reseller, None).await
    }

    /// A new subscription whose credential binds at most so many ACME accounts.
    pub async fn account_of(&self, reseller: Reseller, max_bindings: Option<u32>) -> Eab {
        self.open(reseller, self.offer().slug, max_bindings).await
    }

    /// A new subscription of a reseller of its own, under another offer.
    pub async fn account_for(&self, offer: &str) -> Eab {
        let reseller = self.reseller().await;
        self.open(reseller, offer.to_owned(), None).await
    }

    /// A new subscription of a reseller for an organization of it, or a department of that, under another offer.
    pub async fn account_of_part(&self, reseller: Reseller, offer: &str, part: Part) -> Eab {
        let opening = Opening {
            organization: Some(part.organization),
            department: part.department,
            ..opening(offer)
        };
        self.opened(reseller, opening).await
    }

    async fn open(&self, reseller: Reseller, offer: String, max_bindings: Option<u32>) -> Eab {
        let opening = Opening {
            max_bindings,
            ..opening(&offer)
        };
        self.opened(reseller, opening).await
    }

    async fn opened(&self, reseller: Reseller, opening: Opening) -> Eab {
        let caller = Caller::command_line().within(reseller.tenant);
        let opened = open_subscription(&self.app, &caller, opening).await;
        let opened = opened.expect("a subscription");
        Eab {
            tenant: reseller.tenant,
            subscription: opened.subscription.id,
            key_id: opened.credential.key_id.as_str().to_owned(),
            mac_key: opened.mac_key.as_bytes().to_vec(),
        }
    }

    /// Adds names, one a line, without companions.
    pub async fn enroll(&self, eab: &Eab, names: &str) -> Vec<EnrolledDomain> {
        let enrollment = Enrollment {
            anchor: None,
            subscription: eab.subscription,
            text: names.to_owned(),
            companions: Some(false),
        };
        let caller = Caller::command_line().within(eab.tenant);
        let enrolled = enroll_domains(&self.app, &caller, enrollment).await;
        enrolled.expect("enrolled domains").added
    }

    /// An ACME client without an account.
    pub async fn stranger(&self) -> AcmeClient {
        self.stranger_in(&self.directory().slug).await
    }

    /// An ACME client without an account, in a directory.
    pub async fn stranger_in(&self, slug: &str) -> AcmeClient {
        AcmeClient::new(self.acme.clone(), &self.app.directory_url(slug)).await
    }

    /// The directory that orders go to unless a test says something else.
    ///
    /// # Panics
    ///
    /// When it is closed.
    pub fn directory(&self) -> Arc<Directory> {
        let (catalog, offer) = (self.app.catalog(), self.offer());
        let directory = catalog.of_product(offer.product.as_str());
        directory.expect("a directory").clone()
    }

    /// What is sold first.
    fn offer(&self) -> SoldOffer {
        let catalog = self.app.catalog();
        catalog.offers().first().expect("an offer").clone()
    }

    /// The root above the CA of that directory.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn root(&self) -> pki::Certificate {
        let catalog = self.app.catalog();
        let path = catalog.path(self.directory().issuing.id);
        path.last().copied().expect("a root").clone()
    }

    /// Where clients find the directory that orders go to unless a test says something else.
    pub fn directory_url(&self) -> String {
        self.app.directory_url(&self.directory().slug)
    }

    /// An ACME client with an account that may order these names, one a line.
    pub async fn client(&self, names: &str) -> AcmeClient {
        let eab = self.account().await;
        self.enroll(&eab, names).await;
        self.stranger().await.register(&eab).await
    }

    /// The way in for instant-acme.
    pub fn in_process(&self) -> InProcess {
        InProcess(self.acme.clone())
    }

    /// Runs every job that is due, and those that they lead to.
    pub async fn run_jobs(&self) {
        while jobs::run_due(&self.app).await.expect("jobs") > 0 {}
    }

    /// Goes on with what dead nodes have left behind, as after the start of the only node.
    pub async fn reclaim_jobs(&self) {
        reclaim_jobs(&self.app).await.expect("jobs");
        self.run_jobs().await;
    }

    /// Nothing waits, and nobody is at work.
    async fn assert_no_jobs(&self) {
        let store = self.app.store(system("a test counts all jobs"));
        for queue in Queue::ALL {
            let asked = (queue.as_str().to_owned(), self.app.now());
            let standing = store.read(asked, summary::of_queue).await;
            let standing = standing.expect("the queue");
            let asked = (queue.as_str().to_owned(), 5);
            let left = store.read(asked, job::of_queue).await.expect("the queue");
            let standing = (standing.waiting, standing.running);
            assert_eq!(standing, (0, 0), "{queue:?}: {left:?}");
        }
    }

    /// Ends the node and its database; every job must have ended.
    pub async fn end(self) {
        if flow::operations::health::check(&self.app).await.is_ok() {
            self.run_jobs().await;
            self.assert_no_jobs().await;
            shut_down(&self.app).await;
        }
        self.peers().clear();
        let Self { surroundings, .. } = self;
        if let Some(surroundings) = Arc::into_inner(surroundings) {
            surroundings.database.remove().await;
        }
    }
}

fn settings() -> Settings {
    Settings {
        acme_origin: ORIGIN.to_owned(),
        portal_origin: "https://portal.test".to_owned(),
        pki_origin: "http://pki.acme.test".to_owned(),
        paths: Shape::Ours,
        sole_directory: None,
        meta: Meta {
            terms_of_service: Some("https://acme.test/terms".to_owned()),
            website: None,
            caa_identities: vec!["acme.test".to_owned()],
            external_account_required: true,
        },
        max_identifiers: 100,
        order_lifetime: Duration::from_secs(7 * 24 * 3600),
        authorization_lifetime: Duration::from_secs(24 * 3600),
        keep_certificates: Duration::from_secs(731 * 24 * 3600),
        keep_audit: Duration::from_secs(2557 * 24 * 3600),
        // A test that is held up must not see another answer than one that is not.
        challenge_wait: Duration::from_secs(60),
        finalize_wait: Duration::from_secs(60),
        retry_after: Duration::from_secs(1),
        orders_per_page: 3,
        // Tests need more names than example.com has to give.
        name_policy: Policy::new().allow_suffix("example").allow_suffix("test"),
        weak_keys: pki::DebianWeakKeys::default(),
        breached: None,
        password_policy: Mode::Composition,
        mail: None,
        // The least that Argon2 allows: these passwords protect nothing.
        crl_wait: Duration::ZERO,
        counted_up_to: 10_000,
        has_limits: true,
        operator_needs_second_factor: true,
        password_hash: HashParameters::new(8, 1, 1).expect("parameters"),
    }
}

/// A subscription for a year, for nobody in particular.
///
/// # Panics
///
/// Never: a year is a term.
pub fn opening(offer: &str) -> Opening {
    Opening {
        organization: None,
        department: None,
        offer: offer.to_owned(),
        shows_key: false,
        label: Label::default(),
        term: Term::from_years(1).expect("a term"),
        max_bindings: None,
    }
}
