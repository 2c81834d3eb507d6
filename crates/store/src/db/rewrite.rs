//! From PostgreSQL's words to SQLite's, for statements and for migrations.
//!
//! This is a scanner for the few differences between two texts that we wrote ourselves, not a
//! translator: strings, quoted names and comments pass through untouched.

use super::Engine;

/// A query or change: `$1` becomes `?1`, `STRPOS` is `INSTR`, `COLLATE "C"` goes (SQLite compares bytes anyway).
pub(crate) fn statement_for_sqlite(text: &str) -> String {
    let mut pieces = Pieces::of(text);
    let mut out = String::with_capacity(text.len());
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Word(word) if is(word, "COLLATE") && pieces.skip_c() => {}
            Piece::Word(word) if is(word, "STRPOS") => out.push_str("INSTR"),
            Piece::Word(word) | Piece::Verbatim(word) => out.push_str(word),
            Piece::Other('$') => out.push('?'),
            Piece::Other(other) => out.push(other),
        }
    }
    out
}

/// A schema in PostgreSQL's words, as an engine takes it. A line that begins with `-- postgres: ` or
/// `-- sqlite: ` is one statement in the words of that engine, which it alone runs, after all the rest.
pub(crate) fn schema_for(engine: Engine, text: &str) -> String {
    let (mut out, prefix) = match engine {
        Engine::Postgres => (text.to_owned(), "-- postgres: "),
        Engine::Sqlite => (schema_for_sqlite(text), "-- sqlite: "),
    };
    for own in text.lines().filter_map(|line| line.strip_prefix(prefix)) {
        out.push('\n');
        out.push_str(own.trim_end().trim_end_matches(';'));
        out.push(';');
    }
    out
}

/// The statements of a text, for who has to send them one by one.
pub(crate) fn statements(text: &str) -> Vec<String> {
    let mut pieces = Pieces::of(text);
    let mut found = Vec::new();
    let mut statement = String::new();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Other(';') => found.push(std::mem::take(&mut statement)),
            Piece::Other(other) => statement.push(other),
            Piece::Verbatim(comment) if comment.starts_with("--") => {}
            Piece::Word(text) | Piece::Verbatim(text) => statement.push_str(text),
        }
    }
    found.push(statement);
    found.retain(|statement| !statement.trim().is_empty());
    found
}

/// The types SQLite has, tables STRICT, and what it lacks left out.
fn schema_for_sqlite(text: &str) -> String {
    let mut pieces = Pieces::of(text);
    let mut out = String::with_capacity(text.len());
    let mut words: Vec<String> = Vec::new();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Word(word) => {
                if words.len() < 2 && !is(word, "UNLOGGED") {
                    words.push(word.to_ascii_uppercase());
                }
                schema_word(word, &mut pieces, &mut out);
            }
            Piece::Verbatim(text) => out.push_str(text),
            Piece::Other(';') => {
                if words == ["CREATE", "TABLE"] {
                    out.push_str(pieces.table_options());
                }
                words.clear();
                out.push(';');
            }
            Piece::Other(other) => out.push(other),
        }
    }
    out
}

fn schema_word(word: &str, pieces: &mut Pieces<'_>, out: &mut String) {
    if is(word, "COLLATE") && pieces.skip_c() {
        return;
    }
    if is(word, "UNLOGGED") {
        pieces.skip_space();
    } else if is(word, "BIGINT") || is(word, "BOOLEAN") {
        out.push_str("INTEGER");
    } else if is(word, "BYTEA") {
        out.push_str("BLOB");
    } else if is(word, "TRUE") {
        out.push('1');
    } else if is(word, "FALSE") {
        out.push('0');
    } else {
        out.push_str(word);
    }
}

fn is(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}

enum Piece<'t> {
    /// A bare name, keyword or number.
    Word(&'t str),
    /// A string, a quoted name or a comment.
    Verbatim(&'t str),
    /// Any other character.
    Other(char),
}

struct Pieces<'t> {
    rest: &'t str,
}

impl<'t> Pieces<'t> {
    fn of(text: &'t str) -> Self {
        Self { rest: text }
    }

    fn next(&mut self) -> Option<Piece<'t>> {
        let first = self.rest.chars().next()?;
        let length = match first {
            '\'' | '"' => self.quoted(first),
            '-' if self.rest.starts_with("--") => self.rest.find('\n').unwrap_or(self.rest.len()),
            letter if is_word(letter) => self
                .rest
                .find(|other: char| !is_word(other))
                .unwrap_or(self.rest.len()),
            other => {
                self.take(other.len_utf8());
                return Some(Piece::Other(other));
            }
        };
        let piece = self.take(length);
        Some(if is_word(first) {
            Piece::Word(piece)
        } else {
            Piece::Verbatim(piece)
        })
    }

    /// The length of a quoted text, with its quotes; a doubled quote starts the next one at once.
    fn quoted(&self, quote: char) -> usize {
        let closing = self.rest.char_indices().skip(1).find(|(_, c)| *c == quote);
        closing.map_or(self.rest.len(), |(at, _)| at + quote.len_utf8())
    }

    fn take(&mut self, length: usize) -> &'t str {
        let (piece, rest) = self
            .rest
            .split_at_checked(length)
            .unwrap_or((self.rest, ""));
        self.rest = rest;
        piece
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// How the table whose definition has just ended is kept: by its key when its line says so.
    fn table_options(&self) -> &'static str {
        let line = self.rest.lines().next().unwrap_or_default();
        if line.trim() == "-- clustered" {
            " STRICT, WITHOUT ROWID"
        } else {
            " STRICT"
        }
    }

    /// Steps over `"C"` if it comes next.
    fn skip_c(&mut self) -> bool {
        match self.rest.trim_start().strip_prefix("\"C\"") {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn statement(text: &str, expected: &str) {
        assert_eq!(statement_for_sqlite(text), expected);
    }

    #[track_caller]
    fn schema(text: &str, expected: &str) {
        assert_eq!(schema_for(Engine::Sqlite, text), expected);
    }

    #[track_caller]
    fn postgres_schema(text: &str, expected: &str) {
        assert_eq!(schema_for(Engine::Postgres, text), expected);
    }

    #[test]
    fn placeholders_are_rewritten_outside_strings_and_comments() {
        statement("SELECT $1, $12", "SELECT ?1, ?12");
        statement(
            "SELECT '$1''$2', \"$3\" -- $4\n, $5",
            "SELECT '$1''$2', \"$3\" -- $4\n, ?5",
        );
        statement("SELECT 'é$1' || $2", "SELECT 'é$1' || ?2");
        statement("SELECT 'open $1", "SELECT 'open $1");
    }

    #[test]
    fn the_place_of_a_text_in_another_has_its_own_word() {
        statement("STRPOS(rname, $1) > 0", "INSTR(rname, ?1) > 0");
        statement("SELECT 'STRPOS', strpos_of", "SELECT 'STRPOS', strpos_of");
    }

    #[test]
    fn the_c_collation_is_dropped_and_others_are_kept() {
        statement("ORDER BY id COLLATE \"C\" DESC", "ORDER BY id  DESC");
        statement("ORDER BY id COLLATE NOCASE", "ORDER BY id COLLATE NOCASE");
    }

    #[test]
    fn types_are_those_of_sqlite_and_tables_strict() {
        schema(
            "CREATE TABLE a (id TEXT COLLATE \"C\" PRIMARY KEY, n BIGINT, b BOOLEAN NOT NULL \
             DEFAULT FALSE, s BYTEA);",
            "CREATE TABLE a (id TEXT  PRIMARY KEY, n INTEGER, b INTEGER NOT NULL \
             DEFAULT 0, s BLOB) STRICT;",
        );
        schema(
            "CREATE UNLOGGED TABLE n (bigint_total BIGINT);\nCREATE INDEX i ON n (bigint_total);",
            "CREATE TABLE n (bigint_total INTEGER) STRICT;\nCREATE INDEX i ON n (bigint_total);",
        );
        schema(
            "-- a BIGINT; here\nSELECT 'BYTEA';",
            "-- a BIGINT; here\nSELECT 'BYTEA';",
        );
    }

    #[test]
    fn a_clustered_table_is_kept_by_its_key() {
        let text = "CREATE TABLE a (\n  id BYTEA PRIMARY KEY\n); -- clustered\nCREATE TABLE b (id BYTEA); -- not clustered\n";
        let sqlite = "CREATE TABLE a (\n  id BLOB PRIMARY KEY\n) STRICT, WITHOUT ROWID; -- clustered\n\
             CREATE TABLE b (id BLOB) STRICT; -- not clustered\n";
        schema(text, sqlite);
        postgres_schema(text, text);
        schema(
            "CREATE INDEX i ON a (id); -- clustered",
            "CREATE INDEX i ON a (id); -- clustered",
        );
    }

    #[test]
    fn a_line_for_one_engine_runs_after_the_rest() {
        let text = "-- postgres: ALTER TABLE a SET UNLOGGED\n-- sqlite: CREATE TRIGGER t BEGIN SELECT 1; END;\n\
             CREATE TABLE a (n BIGINT);";
        postgres_schema(text, &format!("{text}\nALTER TABLE a SET UNLOGGED;"));
        let rest = text.replace("BIGINT)", "INTEGER) STRICT");
        schema(
            text,
            &format!("{rest}\nCREATE TRIGGER t BEGIN SELECT 1; END;"),
        );
        // Only where a line begins; elsewhere it is a comment like any other.
        schema(
            "SELECT 1; -- sqlite: SELECT 2",
            "SELECT 1; -- sqlite: SELECT 2",
        );
    }

    #[test]
    fn statements_are_told_apart() {
        let text =
            "DROP INDEX IF EXISTS i; -- ours; only\nCREATE INDEX i ON a (b) WHERE c = ';';\n";
        let expected = [
            "DROP INDEX IF EXISTS i",
            " \nCREATE INDEX i ON a (b) WHERE c = ';'",
        ];
        assert_eq!(statements(text), expected);
        assert_eq!(statements(" -- nothing\n;"), [""; 0]);
    }

    proptest! {
        #[test]
        fn whatever_is_quoted_passes_and_nothing_panics(text in "\\PC{0,60}") {
            let quoted = format!("'{}'", text.replace('\'', "''"));
            prop_assert_eq!(statement_for_sqlite(&quoted), quoted.clone());
            prop_assert_eq!(schema_for(Engine::Sqlite, &quoted), quoted);
            statement_for_sqlite(&text);
            statements(&text);
            schema_for(Engine::Sqlite, &text);
        }
    }
}
