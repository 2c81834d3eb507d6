//! What a statement is given: the five kinds of value that both engines store.

use std::borrow::Cow;
use std::error::Error;

use base::{
    AccountId, Actor, ApiTokenId, AuditId, AuthorityId, AuthorizationId, CaId, CertificateId,
    DelegationId, DepartmentId, DnsName, DomainId, EffectId, EnrolledDomainId, Identifier, JobId,
    LineageId, MailId, NodeId, OfferId, OfferVersionId, OrderId, OrganizationId, PreValidationId,
    ProfileVersionId, RefusalId, RequestId, SubscriptionId, TenantId, Timestamp, UserId,
    ValidationId,
};
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `BOOLEAN`.
    Bool(bool),
    /// `BYTEA`.
    Bytes(Cow<'a, [u8]>),
    /// An identifier, in a `BYTEA` of 16 bytes.
    Id([u8; 16]),
    /// `BIGINT`.
    Int(i64),
    /// Any column's NULL.
    Null,
    /// `TEXT`.
    Text(Cow<'a, str>),
}

impl Value<'_> {
    /// The same without borrowing.
    pub(super) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Bool(value) => Value::Bool(value),
            Self::Bytes(value) => Value::Bytes(Cow::Owned(value.into_owned())),
            Self::Id(value) => Value::Id(value),
            Self::Int(value) => Value::Int(value),
            Self::Null => Value::Null,
            Self::Text(value) => Value::Text(Cow::Owned(value.into_owned())),
        }
    }
}

/// Makes an array of [`Value`](crate::Value)s, each through `Value::from`.
#[macro_export]
macro_rules! values {
    () => {{
        let none: [$crate::Value<'static>; 0] = [];
        none
    }};
    ($($value:expr),+ $(,)?) => { [$($crate::Value::from($value)),+] };
}

macro_rules! from {
    ($($type:ty => |$value:ident| $into:expr;)*) => {
        $(impl<'a> From<$type> for Value<'a> {
            fn from($value: $type) -> Self {
                $into
            }
        })*
    };
}

from! {
    bool => |value| Self::Bool(value);
    i64 => |value| Self::Int(value);
    i32 => |value| Self::Int(i64::from(value));
    u32 => |value| Self::Int(i64::from(value));
    u16 => |value| Self::Int(i64::from(value));
    Timestamp => |value| Self::Int(value.as_micros());
    &'a str => |value| Self::Text(Cow::Borrowed(value));
    &'a String => |value| Self::Text(Cow::Borrowed(value));
    String => |value| Self::Text(Cow::Owned(value));
    Cow<'a, str> => |value| Self::Text(value);
    Actor => |value| Self::Text(Cow::Owned(value.to_string()));
    &'a DnsName => |value| Self::Text(Cow::Borrowed(value.as_str()));
    &'a Identifier => |value| Self::Text(value.as_text());
    &'a [u8] => |value| Self::Bytes(Cow::Borrowed(value));
    &'a Vec<u8> => |value| Self::Bytes(Cow::Borrowed(value));
    Vec<u8> => |value| Self::Bytes(Cow::Owned(value));
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Self::Bytes(Cow::Borrowed(value))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! from_id {
    ($($id:ty),*) => {
        $(impl From<$id> for Value<'_> {
            fn from(id: $id) -> Self {
                Self::Id(id.to_bytes())
            }
        }

        impl From<&$id> for Value<'_> {
            fn from(id: &$id) -> Self {
                Self::from(*id)
            }
        })*
    };
}

/// Does something for every type of identifier.
macro_rules! for_each_id {
    ($apply:ident) => {
        $apply!(
            AccountId,
            ApiTokenId,
            AuditId,
            AuthorityId,
            AuthorizationId,
            CaId,
            CertificateId,
            DelegationId,
            DepartmentId,
            DomainId,
            EffectId,
            EnrolledDomainId,
            JobId,
            LineageId,
            MailId,
            NodeId,
            OfferId,
            OfferVersionId,
            OrderId,
            OrganizationId,
            PreValidationId,
            ProfileVersionId,
            RefusalId,
            RequestId,
            SubscriptionId,
            TenantId,
            UserId,
            ValidationId
        );
    };
}
pub(super) use for_each_id;

for_each_id!(from_id);

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Bool(value) => ValueRef::Integer(i64::from(*value)),
            Self::Bytes(value) => ValueRef::Blob(value),
            Self::Id(value) => ValueRef::Blob(value),
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Null => ValueRef::Null,
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Bool(value) if *ty == Type::BOOL => value.to_sql(ty, out),
            Self::Bytes(value) if *ty == Type::BYTEA => value.as_ref().to_sql(ty, out),
            Self::Id(value) if *ty == Type::BYTEA => value.as_slice().to_sql(ty, out),
            Self::Int(value) if *ty == Type::INT8 => value.to_sql(ty, out),
            Self::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Self::Null => Ok(IsNull::Yes),
            Self::Text(value) if <&str as ToSql>::accepts(ty) => value.as_ref().to_sql(ty, out),
            Self::Bool(_) | Self::Bytes(_) | Self::Id(_) | Self::Int(_) | Self::Text(_) => {
                Err(format!("{self:?} is given where the statement takes {ty}").into())
            }
        }
    }

    /// The value decides when it is written, since one type holds all kinds.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
