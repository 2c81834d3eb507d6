//! A table's columns, written once: the list for SELECT, the INSERT, reading and writing.
//!
//! [`columns!`](macro@crate::columns) ties the fields of a struct to columns; what a column can hold is a [`Column`].

use std::str::FromStr;

use base::{Actor, DnsName, Identifier, IdentifierKind, TenantId, TenantPath, Timestamp};

use super::value::for_each_id;
use super::{Error, Row, Sql, Value};

/// A type that one column holds.
pub trait Column: Sized {
    /// Reads the column of a row.
    fn read(row: &Row, column: &'static str) -> Result<Self, Error>;

    /// What is stored.
    fn value(&self) -> Value<'_>;
}

/// A struct that is a row of a table.
pub trait Record: Sized {
    /// The statement that inserts one.
    const INSERT: fn() -> Sql;
    /// The same, for a row that may be there already.
    const INSERT_NEW: fn() -> Sql;
    /// Where among the values the tenant stands, if the table has one.
    const TENANT: Option<usize>;

    /// Reads a row that has all the columns.
    fn from_row(row: &Row) -> Result<Self, Error>;

    /// Reads a row of several tables, in which the name of the list stands before each column.
    fn from_joined(row: &Row) -> Result<Self, Error>;

    /// The values in the order of the columns.
    fn values(&self) -> Vec<Value<'_>>;
}

/// Ties a struct to the columns of a table: `columns! { "table" name => Type { field, field = "column" } }`. The list
/// of columns for a SELECT is then `name!()`; among other tables it is `name!(alias)`, and each column comes as
/// `name_column`.
#[macro_export]
macro_rules! columns {
    ($table:literal $name:ident => $type:ty { $($field:ident $(= $column:literal)?),+ $(,)? }) => {
        $crate::columns!(@lists ($) $name $($field $(= $column)?),+);

        impl $crate::Record for $type {
            const INSERT: fn() -> $crate::Sql = || {
                $crate::columns!(@insert $table, $name, "", $($field)+)
            };
            const INSERT_NEW: fn() -> $crate::Sql = || {
                $crate::columns!(@insert $table, $name, " ON CONFLICT DO NOTHING", $($field)+)
            };
            const TENANT: Option<usize> =
                $crate::tenant_column(&[$($crate::columns!(@name $field $(= $column)?)),+]);

            fn from_row(row: &$crate::Row) -> Result<Self, $crate::Error> {
                Ok(Self {
                    $($field: $crate::Column::read(row, $crate::columns!(@name $field $(= $column)?))?),+
                })
            }

            fn from_joined(row: &$crate::Row) -> Result<Self, $crate::Error> {
                Ok(Self {
                    $($field: $crate::Column::read(
                        row,
                        concat!(stringify!($name), "_", $crate::columns!(@name $field $(= $column)?)),
                    )?),+
                })
            }

            fn values(&self) -> Vec<$crate::Value<'_>> {
                vec![$($crate::Column::value(&self.$field)),+]
            }
        }
    };
    (@lists ($d:tt) $name:ident $($field:ident $(= $column:literal)?),+) => {
        macro_rules! $name {
            () => { $crate::columns!(@list $($field $(= $column)?),+) };
            ($d alias:ident) => { $crate::columns!(@joined $name $d alias $($field $(= $column)?),+) };
        }
    };
    (@insert $table:literal, $name:ident, $end:literal, $($field:ident)+) => {
        $crate::sql!(insert:
            "INSERT INTO ", $table, " (", $name!(), ") VALUES (",
            $crate::columns!(@places (
                "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "$9" "$10" "$11" "$12"
                "$13" "$14" "$15" "$16" "$17" "$18" "$19" "$20" "$21" "$22" "$23" "$24"
            ) $($field)+),
            ")", $end
        )
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident = $column:literal) => { $column };
    (@list $field:ident $(= $column:literal)?) => { $crate::columns!(@name $field $(= $column)?) };
    (@list $field:ident $(= $column:literal)?, $($rest:tt)+) => {
        concat!($crate::columns!(@name $field $(= $column)?), ", ", $crate::columns!(@list $($rest)+))
    };
    (@joined $name:ident $alias:ident $field:ident $(= $column:literal)?) => {
        concat!(
            stringify!($alias), ".", $crate::columns!(@name $field $(= $column)?), " AS ",
            stringify!($name), "_", $crate::columns!(@name $field $(= $column)?)
        )
    };
    (@joined $name:ident $alias:ident $field:ident $(= $column:literal)?, $($rest:tt)+) => {
        concat!(
            $crate::columns!(@joined $name $alias $field $(= $column)?), ", ",
            $crate::columns!(@joined $name $alias $($rest)+)
        )
    };
    (@places ($first:literal $($more:literal)*) $field:ident) => { $first };
    (@places ($first:literal $($more:literal)*) $field:ident $($rest:ident)+) => {
        concat!($first, ", ", $crate::columns!(@places ($($more)*) $($rest)+))
    };
}

/// Where `tenant_id` stands; for [`columns!`](crate::columns).
#[doc(hidden)]
#[expect(
    clippy::indexing_slicing,
    reason = "the index is below the length, and it is evaluated by the compiler"
)]
pub const fn tenant_column(columns: &[&str]) -> Option<usize> {
    let mut index = 0;
    while index < columns.len() {
        if is_tenant(columns[index].as_bytes()) {
            return Some(index);
        }
        index += 1;
    }
    None
}

#[expect(clippy::indexing_slicing, reason = "both lengths are the same")]
const fn is_tenant(name: &[u8]) -> bool {
    const TENANT: &[u8] = b"tenant_id";
    if name.len() != TENANT.len() {
        return false;
    }
    let mut index = 0;
    while index < TENANT.len() {
        if name[index] != TENANT[index] {
            return false;
        }
        index += 1;
    }
    true
}

impl<T: Column> Column for Option<T> {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        if row.is_null(column)? {
            Ok(None)
        } else {
            T::read(row, column).map(Some)
        }
    }

    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::value)
    }
}

/// Types that are read by one method of [`Row`] and stored by `Value::from`.
macro_rules! plain {
    ($($type:ty => |$row:ident, $column:ident| $read:expr, |$value:ident| $store:expr;)*) => {
        $(impl Column for $type {
            fn read($row: &Row, $column: &'static str) -> Result<Self, Error> {
                $read
            }

            fn value(&self) -> Value<'_> {
                let $value = self;
                Value::from($store)
            }
        })*
    };
}

plain! {
    String => |row, column| row.text(column).map(str::to_owned), |text| text.as_str();
    Timestamp => |row, column| row.timestamp(column), |moment| *moment;
    Vec<u8> => |row, column| row.bytes(column).map(<[u8]>::to_vec), |bytes| bytes.as_slice();
    bool => |row, column| row.bool(column), |fact| *fact;
    i64 => |row, column| row.int(column), |number| *number;
    u16 => |row, column| small(row, column), |number| *number;
    u32 => |row, column| small(row, column), |number| *number;
    DnsName => |row, column| row.parse(column), |name| name;
    Identifier => |row, column| row.parse(column), |identifier| identifier;
    IdentifierKind => |row, column| row.word(column, IdentifierKind::parse), |kind| kind.as_str();
    Actor => |row, column| row.parsed(column, Actor::parse), |actor| actor.to_string();
    TenantPath => |row, column| row.parsed(column, TenantPath::parse), |path| path.as_str();
}

macro_rules! id_columns {
    ($($id:ident),* $(,)?) => {
        $(impl Column for base::$id {
            fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
                row.id(column)
            }

            fn value(&self) -> Value<'_> {
                Value::from(*self)
            }
        })*
    };
}

for_each_id!(id_columns);

fn small<T>(row: &Row, column: &'static str) -> Result<T, Error>
where
    T: TryFrom<i64>,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(row.int(column)?).map_err(|error| row.corrupt(column, error))
}

impl<const N: usize> Column for [u8; N] {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        let bytes = row.bytes(column)?;
        bytes
            .try_into()
            .map_err(|error: std::array::TryFromSliceError| row.corrupt(column, error))
    }

    fn value(&self) -> Value<'_> {
        Value::from(self)
    }
}

/// Enums that are stored as one word each.
#[macro_export]
macro_rules! word_columns {
    ($($type:ty),+ $(,)?) => {
        $(impl $crate::Column for $type {
            fn read(row: &$crate::Row, column: &'static str) -> Result<Self, $crate::Error> {
                row.word(column, <$type>::parse)
            }

            fn value(&self) -> $crate::Value<'_> {
                $crate::Value::from(self.as_str())
            }
        })+
    };
}

/// Types that are stored as their text, `as_str`, and read by `parse`.
#[macro_export]
macro_rules! text_columns {
    ($($type:ty),+ $(,)?) => {
        $(impl $crate::Column for $type {
            fn read(row: &$crate::Row, column: &'static str) -> Result<Self, $crate::Error> {
                row.parsed(column, <$type>::parse)
            }

            fn value(&self) -> $crate::Value<'_> {
                $crate::Value::from(self.as_str())
            }
        })+
    };
}

impl Row {
    /// A text that `parse` takes.
    pub fn parsed<T, E>(
        &self,
        column: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, Error>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        parse(self.text(column)?).map_err(|error| self.corrupt(column, error))
    }

    /// A word that `parse` knows.
    pub fn word<T>(&self, column: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
        let word = self.text(column)?;
        parse(word).ok_or_else(|| self.corrupt(column, format!("unknown word \"{word}\"")))
    }

    /// Items separated by spaces.
    pub fn parse_list<T>(&self, column: &str) -> Result<Vec<T>, Error>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.text(column)?
            .split_ascii_whitespace()
            .map(|item| item.parse().map_err(|error| self.corrupt(column, error)))
            .collect()
    }
}

/// The tenant that a record belongs to.
pub(crate) fn tenant_of<T: Record>(values: &[Value<'_>]) -> Option<TenantId> {
    match values.get(T::TENANT?) {
        Some(Value::Id(bytes)) => Some(TenantId::from_bytes(*bytes)),
        _ => None,
    }
}
