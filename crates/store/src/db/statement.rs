//! Every SQL statement of the program, registered with its place so that a test can prepare all
//! of them on both engines without running them.

use std::sync::OnceLock;

use super::{Engine, SourceLine, statement_for_sqlite};

/// All statements written with [`sql!`](crate::sql).
#[linkme::distributed_slice]
pub static STATEMENTS: [&'static Statement];

/// A statement in PostgreSQL's words, with placeholders `$1…$n`.
#[derive(Debug)]
pub struct Statement {
    place: SourceLine,
    text: &'static str,
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
        only: Option<Engine>,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self {
            place: SourceLine { file, line },
            text,
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
/// The text is PostgreSQL's; what SQLite spells differently (`$1`, `COLLATE "C"`) is rewritten
/// once. Where the engines have different words for one thing, `sql!(sqlite: "…")` and
/// `sql!(postgres: "…")` go through [`ReadTx::pick`](crate::ReadTx::pick).
#[macro_export]
macro_rules! sql {
    (postgres: $text:expr) => {
        $crate::sql!(@ ::core::option::Option::Some($crate::Engine::Postgres), $text)
    };
    (sqlite: $text:expr) => {
        $crate::sql!(@ ::core::option::Option::Some($crate::Engine::Sqlite), $text)
    };
    (@ $only:expr, $text:expr) => {{
        static STATEMENT: $crate::Statement =
            $crate::Statement::new($text, $only, ::core::file!(), ::core::line!());
        #[$crate::linkme::distributed_slice($crate::STATEMENTS)]
        #[linkme(crate = $crate::linkme)]
        #[expect(unsafe_code, reason = "linkme places its entries in a link section of its own")]
        static REGISTERED: &$crate::Statement = &STATEMENT;
        $crate::Sql::registered(&STATEMENT)
    }};
    ($text:expr) => {
        $crate::sql!(@ ::core::option::Option::None, $text)
    };
}
