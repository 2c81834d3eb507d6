//! What commands do with a database that is empty, behind or foreign.

use base::AccountId;
use flow::caller::system;
use flow::enrollment::list_subscriptions;
use store::Store;
use store::migrate::SchemaState;
use store::seal::Sealer;
use store::tenancy::tenant;
use store::testing::{Database, leave_behind};
use tempfile::TempDir;

use super::*;
use crate::cli::account::{AccountCommand, CertificateCommand, RotateArgs};
use crate::cli::tenancy::ResellerCommand;
use crate::config::{self, Migrate};
use crate::system::SystemRandom;

/// An installation on one engine.
struct Installation {
    config: Config,
    database: Database,
    _data: TempDir,
}

impl Installation {
    async fn on_each_engine() -> Vec<Self> {
        let mut databases = vec![Database::sqlite()];
        databases.extend(Database::postgres().await);
        databases.into_iter().map(Self::on).collect()
    }

    fn on(database: Database) -> Self {
        let data = tempfile::tempdir().unwrap();
        let location = database.setting();
        let settings = format!(
            "data = {:?}\ndatabase = {location:?}\nlab_assume_valid = true",
            data.path()
        );
        let config = config::of_text(&settings).unwrap();
        Self {
            config,
            database,
            _data: data,
        }
    }

    async fn store(&self) -> Store {
        self.database.open().await
    }

    async fn list(&self) -> anyhow::Result<()> {
        let command = CertificateCommand::List { json: true };
        run(&self.config, Admin::Certificate { command }).await
    }

    async fn state(&self) -> SchemaState {
        let store = self.store().await;
        let state = store.check_schema().await.unwrap();
        store.close().await;
        state
    }
}

#[tokio::test]
async fn sb4_a_command_sets_up_an_empty_database() {
    for installation in Installation::on_each_engine().await {
        assert_eq!(installation.state().await, SchemaState::Empty);
        installation.list().await.unwrap();
        assert_eq!(installation.state().await, SchemaState::Current);
        installation.database.remove().await;
    }
}

#[tokio::test]
async fn sb4_a_command_does_not_migrate() {
    for installation in Installation::on_each_engine().await {
        let store = installation.store().await;
        store.migrate().await.unwrap();
        leave_behind(&store).await.unwrap();
        store.close().await;
        let behind = installation.state().await;
        assert!(matches!(behind, SchemaState::Behind(_)), "{behind:?}");

        let error = installation.list().await.unwrap_err();
        let said = format!("{error:#}");
        assert!(
            said.ends_with(
                "run chancery migrate, or chancery serve with migrate = \"auto\" in [storage]"
            ),
            "{said}"
        );
        assert_eq!(installation.state().await, behind);

        let error = parts::start(&installation.config, Migrate::Check).await;
        assert!(error.is_err(), "a server that only checks has started");
        assert_eq!(installation.state().await, behind);
        installation.database.remove().await;
    }
}

#[tokio::test]
async fn fa2_s74_a_sealing_key_is_never_made_beside_a_database_that_has_sealed_values() {
    for installation in Installation::on_each_engine().await {
        assert_eq!(installation.state().await, SchemaState::Empty);
        installation.list().await.unwrap();
        let path = &installation.config.sealing_key;
        let right = fs::read(path).unwrap();
        fs::remove_file(path).unwrap();
        let said = format!("{:#}", installation.list().await.unwrap_err());
        assert!(said.contains("has secrets that only it opens"), "{said}");
        assert!(said.contains("put the file back from its copy"), "{said}");
        assert!(!path.exists(), "a key was made in its place");

        // Another key is told from the right one before anything needs it.
        Sealer::load_or_create(path, &SystemRandom::new()).unwrap();
        let said = format!("{:#}", installation.list().await.unwrap_err());
        assert!(said.contains("does not open the key of CA ca_"), "{said}");

        fs::write(path, right).unwrap();
        installation.list().await.unwrap();
        installation.database.remove().await;
    }
}

fn account(command: AccountCommand) -> Admin {
    Admin::Account { command }
}

/// A reseller with one ACME account.
async fn subscription(app: &App) -> enrollment::subscription::Subscription {
    let reseller = BootstrapArgs {
        operator: "Operator".to_owned(),
        reseller: "Shop".to_owned(),
        email: "admin@shop.test".to_owned(),
        name: "Admin".to_owned(),
        password_stdin: false,
        json: true,
    };
    dispatch(app, Admin::Bootstrap(reseller)).await.unwrap();
    let create = AccountCommand::Open {
        reseller: "Shop".to_owned(),
        label: String::new(),
        offer: None,
        organization: None,
        department: None,
        years: 1,
        json: true,
    };
    dispatch(app, account(create)).await.unwrap();
    let all = app.store(system("a test"));
    let shop = all
        .read((TenantName::parse("Shop").unwrap(), 1), tenant::by_name)
        .await;
    let shop: Vec<tenancy::tenant::Tenant> = shop.unwrap();
    let caller = Caller::command_line().within(shop[0].id);
    let found = list_subscriptions::choices(app, &caller).await.unwrap();
    found.into_iter().next().unwrap()
}

#[tokio::test]
async fn fa5_commands_suspend_a_reseller_and_an_acme_account_and_let_them_go_on() {
    for installation in Installation::on_each_engine().await {
        let app = parts::start(&installation.config, Migrate::Auto)
            .await
            .unwrap();
        let subscription = subscription(&app).await;
        let of = || "Shop".to_owned();
        let suspend = || ResellerCommand::Suspend { reseller: of() };
        let resume = || ResellerCommand::Resume { reseller: of() };
        let reseller = async |command| dispatch(&app, Admin::Reseller { command }).await;
        reseller(suspend()).await.unwrap();
        assert!(suspended_at(&app, subscription.tenant).await.is_some());
        let error = reseller(suspend()).await.unwrap_err();
        assert_eq!(error.to_string(), "\"Shop\" is suspended already");
        reseller(resume()).await.unwrap();
        assert_eq!(suspended_at(&app, subscription.tenant).await, None);
        let error = reseller(resume()).await.unwrap_err();
        assert_eq!(error.to_string(), "\"Shop\" is not suspended");
        let operator = ResellerCommand::Suspend {
            reseller: "Operator".to_owned(),
        };
        let error = reseller(operator).await.unwrap_err().to_string();
        assert!(
            error.ends_with("is the operator, who cannot be suspended"),
            "{error}"
        );
        let unknown = ResellerCommand::Suspend {
            reseller: "Nobody".to_owned(),
        };
        let error = reseller(unknown).await.unwrap_err().to_string();
        assert!(error.ends_with("chancery admin reseller list shows those that there are"));

        let caller = Caller::command_line().within(subscription.tenant);
        let told = app.store(&caller).read(2, store::audit::newest).await;
        let told: Vec<store::audit::Entry> = told.unwrap();
        let told: Vec<_> = told.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(told, ["tenant.resume", "tenant.suspend"]);
        account_is_moved(&app, &subscription).await;
        shut_down(&app).await;
        installation.database.remove().await;
    }
}

#[tokio::test]
async fn s39_the_sealing_key_is_rotated_while_a_server_serves() {
    for installation in Installation::on_each_engine().await {
        let serving = parts::start(&installation.config, Migrate::Auto)
            .await
            .unwrap();
        let subscription = subscription(&serving).await;
        let command = async |command| {
            run(&installation.config, Admin::SealingKey { command })
                .await
                .unwrap();
        };
        command(SealingKeyCommand::Add).await;
        command(SealingKeyCommand::Reseal).await;
        // What it has not read yet it reads with the key that was added.
        let rotate = AccountCommand::Rotate(RotateArgs {
            account: subscription.id.to_string(),
            overlap_hours: 24,
            json: true,
        });
        dispatch(&serving, account(rotate)).await.unwrap();
        command(SealingKeyCommand::Reseal).await;
        shut_down(&serving).await;

        // All of it: the first key is needed no more.
        let path = &installation.config.sealing_key;
        let text = fs::read_to_string(path).unwrap();
        let left: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("1 "))
            .collect();
        assert!(
            left.iter().any(|line| line.starts_with("2 ")),
            "no second key"
        );
        fs::write(path, left.join("\n")).unwrap();
        installation.list().await.unwrap();
        installation.database.remove().await;
    }
}

async fn suspended_at(app: &App, id: base::TenantId) -> Option<base::Timestamp> {
    let found = app.store(system("a test")).read(id, tenant::by_id).await;
    let found: Option<tenancy::tenant::Tenant> = found.unwrap();
    found.unwrap().suspended_at
}

async fn account_is_moved(app: &App, of: &enrollment::subscription::Subscription) {
    // As the portal's URLs have it.
    let id = || of.id.suffix();
    let state = async || {
        let caller = Caller::command_line().within(of.tenant);
        let found = list_subscriptions::find(app, &caller, of.id).await.unwrap();
        found.unwrap().subscription.state(app.now())
    };
    for (command, expected) in [
        (AccountCommand::Suspend { account: id() }, "suspended"),
        (AccountCommand::Resume { account: id() }, "pending"),
        (AccountCommand::Deactivate { account: id() }, "deactivated"),
    ] {
        dispatch(app, account(command)).await.unwrap();
        assert_eq!(state().await.as_str(), expected);
    }
}

#[tokio::test]
async fn c1_commands_rotate_and_revoke_credentials() {
    for installation in Installation::on_each_engine().await {
        let app = parts::start(&installation.config, Migrate::Auto)
            .await
            .unwrap();
        let subscription = subscription(&app).await;
        let caller = Caller::command_line().within(subscription.tenant);
        let id = subscription.id.to_string();
        let rotate = |overlap_hours| {
            account(AccountCommand::Rotate(RotateArgs {
                account: id.clone(),
                overlap_hours,
                json: true,
            }))
        };
        let error = dispatch(&app, rotate(721)).await.unwrap_err();
        assert!(error.to_string().contains("30 days"), "{error}");
        dispatch(&app, rotate(24)).await.unwrap();
        let keys = list_subscriptions::credentials(&app, &caller, subscription.id).await;
        let keys = keys.unwrap();
        assert!(keys[0].is_in_use() && keys[0].revealed_at.is_some());
        let overlap = keys[1].valid_until.unwrap().since(keys[0].created_at);
        assert_eq!(overlap.as_secs(), 24 * 3600);
        let revoke = || {
            let key_id = keys[0].key_id.to_string();
            account(AccountCommand::RevokeCredential { key_id })
        };
        dispatch(&app, revoke()).await.unwrap();
        let error = dispatch(&app, revoke()).await.unwrap_err();
        assert!(error.to_string().contains("already revoked"), "{error}");
        let (account_id, json) = (id.clone(), true);
        let clients = AccountCommand::Clients {
            account: account_id,
            json,
        };
        dispatch(&app, account(clients)).await.unwrap();
        let client = AccountId::generate(app.now(), app.random()).to_string();
        for command in [
            AccountCommand::Release {
                client: client.clone(),
            },
            AccountCommand::RevokeClient { client },
        ] {
            let error = dispatch(&app, account(command)).await.unwrap_err();
            assert!(error.to_string().contains("no client acc_"), "{error}");
        }
        shut_down(&app).await;
        installation.database.remove().await;
    }
}
