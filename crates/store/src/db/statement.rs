//! Every SQL statement of the program, registered with its place so that a test can prepare all
//! of them on both engines without running them.

use std::sync::OnceLock;

use super::{Engine, SourceLine, statement_for_sqlite};

/// All statements written with [`sql!`](crate::sql).
#[linkme::distributed_slice]
pub static STATEMENTS: [&'static Statement];

/// Whose rows a statement touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Everybody's; a test lists these statements with their reasons.
    Everybodys,
    /// Those that are inserted, each for its own tenant, which is held against the transaction's.
    Inserted,
    /// None of a tenant.
    Ours,
    /// Those of the transaction's tenant, which is bound as `$1`.
    Tenants,
    /// The same, by a statement that PostgreSQL does not guard, since it would then not use the index that the statement
    /// is made for; a test lists these with their reasons.
    TenantsUnguarded,
}

impl Rows {
    /// Whether the transaction's tenant is bound as `$1`.
    pub fn binds_tenant(self) -> bool {
        match self {
            Self::Tenants | Self::TenantsUnguarded => true,
            Self::Everybodys | Self::Inserted | Self::Ours => false,
        }
    }

    /// Whether PostgreSQL holds the statement to the rows of the tenant where somebody's scope asks for that.
    pub fn is_guarded(self) -> bool {
        match self {
            Self::Inserted | Self::Ours | Self::Tenants => true,
            Self::Everybodys | Self::TenantsUnguarded => false,
        }
    }
}

/// A statement in PostgreSQL's words, with placeholders `$1…$n`.
#[derive(Debug)]
pub struct Statement {
    place: SourceLine,
    text: &'static str,
    rows: Rows,
    /// The only engine that takes it, when there is only one.
    only: Option<Engine>,
    sqlite: OnceLock<String>,
    columns: OnceLock<Vec<String>>,
}

/// A registered statement; made by [`sql!`](crate::sql) only, so no text is ever pasted together.
#[derive(Clone, Copy, Debug)]
pub struct Sql(&'static Statement);

impl Statement {
    /// For [`sql!`](crate::sql).
    #[doc(hidden)]
    pub const fn new(
        text: &'static str,
        rows: Rows,
        only: Option<Engine>,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self {
            place: SourceLine { file, line },
            text,
            rows,
            only,
            sqlite: OnceLock::new(),
            columns: OnceLock::new(),
        }
    }
}

impl Sql {
    /// For [`sql!`](crate::sql).
    #[doc(hidden)]
    pub const fn registered(statement: &'static Statement) -> Self {
        Self(statement)
    }

    /// Whether this engine takes it.
    pub fn is_for(self, engine: Engine) -> bool {
        self.0.only.is_none_or(|only| only == engine)
    }

    /// Whose rows it touches.
    pub fn rows(self) -> Rows {
        self.0.rows
    }

    /// Whether it only looks.
    pub(super) fn is_query(self) -> bool {
        self.0.text.trim_start().starts_with("SELECT")
    }

    /// Where it is written.
    pub fn place(self) -> SourceLine {
        self.0.place
    }

    /// As PostgreSQL takes it.
    pub fn postgres(self) -> &'static str {
        self.0.text
    }

    /// As SQLite takes it.
    pub fn sqlite(self) -> &'static str {
        self.0
            .sqlite
            .get_or_init(|| statement_for_sqlite(self.0.text))
    }

    /// The names of the result's columns on SQLite; they are part of the text, so one connection
    /// can learn them for all.
    pub(super) fn columns(self, read: impl FnOnce() -> Vec<String>) -> &'static [String] {
        self.0.columns.get_or_init(read)
    }
}

/// Registers a statement and gives its [`Sql`](crate::Sql).
///
/// The text, in one or several pieces, is PostgreSQL's; what SQLite spells differently (`$1`, `COLLATE "C"`) is
/// rewritten once. `sql!(tenant: "…")` is for rows of tenants: the transaction binds its tenant as `$1`, the values
/// given begin at `$2`. `sql!(system: "…")` touches rows of all tenants and is listed, with its reason, in a test.
/// Where the engines have different words for one thing, a variant for each, such as `sql!(sqlite: "…")` or
/// `sql!(tenant postgres: "…")`, goes through [`ReadTx::pick`](crate::ReadTx::pick).
#[macro_export]
macro_rules! sql {
    (tenant unguarded postgres: $($text:expr),+ $(,)?) => { $crate::sql!(@ TenantsUnguarded, Some($crate::Engine::Postgres), $($text),+) };
    (tenant postgres: $($text:expr),+ $(,)?) => { $crate::sql!(@ Tenants, Some($crate::Engine::Postgres), $($text),+) };
    (tenant sqlite: $($text:expr),+ $(,)?) => { $crate::sql!(@ Tenants, Some($crate::Engine::Sqlite), $($text),+) };
    (system postgres: $($text:expr),+ $(,)?) => { $crate::sql!(@ Everybodys, Some($crate::Engine::Postgres), $($text),+) };
    (system sqlite: $($text:expr),+ $(,)?) => { $crate::sql!(@ Everybodys, Some($crate::Engine::Sqlite), $($text),+) };
    (insert: $($text:expr),+ $(,)?) => { $crate::sql!(@ Inserted, None, $($text),+) };
    (tenant: $($text:expr),+ $(,)?) => { $crate::sql!(@ Tenants, None, $($text),+) };
    (system: $($text:expr),+ $(,)?) => { $crate::sql!(@ Everybodys, None, $($text),+) };
    (postgres: $($text:expr),+ $(,)?) => { $crate::sql!(@ Ours, Some($crate::Engine::Postgres), $($text),+) };
    (sqlite: $($text:expr),+ $(,)?) => { $crate::sql!(@ Ours, Some($crate::Engine::Sqlite), $($text),+) };
    (@ $rows:ident, $only:expr, $($text:expr),+) => {{
        static STATEMENT: $crate::Statement = $crate::Statement::new(
            ::core::concat!($($text),+),
            $crate::Rows::$rows,
            $only,
            ::core::file!(),
            ::core::line!(),
        );
        #[$crate::linkme::distributed_slice($crate::STATEMENTS)]
        #[linkme(crate = $crate::linkme)]
        #[expect(unsafe_code, reason = "linkme places its entries in a link section of its own")]
        static REGISTERED: &$crate::Statement = &STATEMENT;
        $crate::Sql::registered(&STATEMENT)
    }};
    ($($text:expr),+ $(,)?) => { $crate::sql!(@ Ours, None, $($text),+) };
}
