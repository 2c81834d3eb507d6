//! What may be told: types without secrets, and texts of bounded length without control characters.

use base::{
    AccountId, ApiTokenId, AuthorizationId, CaId, CertificateId, DelegationId, DepartmentId,
    DnsName, DomainId, EffectId, EnrolledDomainId, JobId, OrderId, OrganizationId, PreValidationId,
    ProfileVersionId, SubscriptionId, TenantId, Timestamp, UserId,
};
use serde::Serialize;
use serde_json::{Value, json};

/// How many characters of a text are told.
const LONGEST: usize = 500;

/// What may be told.
pub(crate) trait Fact {
    /// As it stands in the entry.
    fn told(&self) -> Value;

    /// As it names the object or its parent.
    fn name(&self) -> String {
        match self.told() {
            Value::String(text) => text,
            Value::Null => String::new(),
            other @ (Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
                other.to_string()
            }
        }
    }
}

/// A text from outside or of our own that holds no secret.
#[derive(Clone, Debug)]
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        let fit = text.as_ref().chars().filter(|each| !each.is_control());
        Self(fit.take(LONGEST).collect())
    }
}

/// A document that an operator wrote and that holds no secret: a policy, a profile, the rules of a directory.
#[derive(Clone, Debug)]
pub(crate) struct Document(Value);

impl Document {
    /// Of what is stored as JSON.
    pub(crate) fn new(document: &impl Serialize) -> Self {
        Self(json!(document))
    }
}

impl Fact for Text {
    fn told(&self) -> Value {
        Value::from(self.0.as_str())
    }
}

impl Fact for Document {
    fn told(&self) -> Value {
        self.0.clone()
    }
}

impl<T: Fact> Fact for Option<T> {
    fn told(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::told)
    }
}

macro_rules! facts {
    ($($type:ty),* $(,)?) => {
        $(impl Fact for $type {
            fn told(&self) -> Value {
                json!(self)
            }
        })*
    };
}

facts!(
    AccountId,
    ApiTokenId,
    AuthorizationId,
    CaId,
    CertificateId,
    DelegationId,
    DepartmentId,
    DnsName,
    DomainId,
    EffectId,
    EnrolledDomainId,
    JobId,
    OrderId,
    OrganizationId,
    PreValidationId,
    ProfileVersionId,
    SubscriptionId,
    TenantId,
    Timestamp,
    UserId,
    bool,
    i64,
    u64,
    &'static str,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_bounded_and_has_no_control_characters() {
        let long = "x".repeat(9_000);
        assert_eq!(Text::new(&long).name().len(), LONGEST);
        assert_eq!(Text::new("a\u{1b}[31m\r\nb").name(), "a[31mb");
    }

    #[test]
    fn nothing_is_told_as_nothing() {
        assert_eq!(None::<bool>.told(), Value::Null);
        assert_eq!(None::<bool>.name(), "");
        assert_eq!(Some(7_u64).name(), "7");
    }
}
