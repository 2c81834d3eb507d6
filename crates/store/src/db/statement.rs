//! Every SQL statement of the program, registered with its place so that a test can prepare all
//! of them on both engines without running them.

use std::sync::OnceLock;

use super::{Place, statement_for_sqlite};

/// All statements written with [`sql!`](crate::sql).
#[linkme::distributed_slice]
pub static STATEMENTS: [&'static Statement];

/// A statement in PostgreSQL's words, with placeholders `$1…$n`.
#[derive(Debug)]
pub struct Statement {
    place: Place,
    text: &'static str,
    sqlite: OnceLock<String>,
    columns: OnceLock<Vec<String>>,
}

/// A registered statement; made by [`sql!`](crate::sql) only, so no text is ever pasted together.
#[derive(Clone, Copy, Debug)]
pub struct Sql(&'static Statement);

impl Statement {
    /// For [`sql!`](crate::sql).
    #[doc(hidden)]
    pub const fn new(text: &'static str, file: &'static str, line: u32) -> Self {
        Self {
            place: Place { file, line },
            text,
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

    /// Where it is written.
    pub fn place(self) -> Place {
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
/// once. Words that only one engine has go through [`ReadTx::pick`](crate::ReadTx::pick).
#[macro_export]
macro_rules! sql {
    ($text:expr) => {{
        static STATEMENT: $crate::Statement =
            $crate::Statement::new($text, ::core::file!(), ::core::line!());
        #[$crate::linkme::distributed_slice($crate::STATEMENTS)]
        #[linkme(crate = $crate::linkme)]
        #[expect(
            unsafe_code,
            reason = "linkme places its entries in a link section of its own"
        )]
        static REGISTERED: &$crate::Statement = &STATEMENT;
        $crate::Sql::registered(&STATEMENT)
    }};
}
