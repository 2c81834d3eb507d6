//! What was refused to clients and is not in the database yet: counted here, so that no refusal costs a statement, and told
//! once a second (`flow/operations/record_refusals`). A node that is killed loses a second of it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base::{Class, Part, Refusal, SubscriptionId, TenantId, Timestamp};

use crate::caller::Client;

/// Of so many it is told apart who asked; what comes on top in the same second is not counted.
const ASKERS: usize = 1_000;
/// So many reasons and names of one; further names are counted without their name.
const EACH: usize = 50;
/// So many names of one request.
const NAMES: usize = 10;
/// A name with its asterisk and final dot; what is longer is none.
const LONGEST_NAME: usize = 256;
/// Sentences quote what the client has sent.
const LONGEST_SENTENCE: usize = 500;

/// Who asked, as far as that is known.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Asker {
    /// A client of this subscription.
    Client(TenantId, SubscriptionId),
    /// Whoever brought this key ID, which nobody has looked at.
    Credential(String),
    /// Nobody who is known.
    Nobody,
}

/// What was refused to one asker for one reason.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    /// As of the last time.
    pub(crate) sentence: String,
    pub(crate) client: Client,
}

/// Why, and the name that it is about, if it is about one.
pub(crate) type Reason = (&'static str, String);

/// What one asker was refused.
pub(crate) type Told = HashMap<Reason, Tally>;

/// The counts of one node.
#[derive(Default)]
pub(crate) struct RefusedRequests {
    waiting: Mutex<HashMap<Asker, Told>>,
}

impl RefusedRequests {
    /// Counts one request; what is our own fault is no refusal.
    pub(crate) fn count(&self, asker: Asker, client: &Client, refusal: &Refusal, now: Timestamp) {
        if matches!(refusal.class, Class::Internal | Class::Unavailable) {
            return;
        }
        let mut waiting = self.lock();
        if waiting.len() >= ASKERS && !waiting.contains_key(&asker) {
            return;
        }
        let told = waiting.entry(asker).or_default();
        for (name, sentence) in names(refusal) {
            let reason = (refusal.code, name);
            let reason = if told.len() < EACH || told.contains_key(&reason) {
                reason
            } else {
                (refusal.code, String::new())
            };
            let tally = told.entry(reason).or_insert_with(|| Tally {
                count: 0,
                first_at: now,
                last_at: now,
                sentence: String::new(),
                client: Client::default(),
            });
            tally.count = tally.count.saturating_add(1);
            tally.last_at = now;
            tally.sentence = sentence.chars().take(LONGEST_SENTENCE).collect();
            tally.client.clone_from(client);
        }
    }

    /// Takes all that was counted.
    pub(crate) fn take(&self) -> HashMap<Asker, Told> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Asker, Told>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The names that a refusal is about, each with what is told of it; one without a name if it is about none.
fn names(refusal: &Refusal) -> Vec<(String, &str)> {
    let of_name = |about: &'_ base::About| match &about.part {
        Part::Identifier { value, .. } if value.len() <= LONGEST_NAME => Some(value.clone()),
        Part::Identifier { .. } | Part::Field(_) => None,
    };
    let mut names: Vec<_> = refusal
        .about
        .iter()
        .filter_map(|about| Some((of_name(about)?, about.sentence.as_str())))
        .take(NAMES)
        .collect();
    if names.is_empty() {
        names.push((String::new(), refusal.sentence.as_str()));
    }
    names
}

#[cfg(test)]
mod tests {
    use base::About;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn not_enrolled(names: usize) -> Refusal {
        let about = (0..names).map(|name| About {
            part: Part::Identifier {
                kind: "dns".to_owned(),
                value: format!("n{name}.example.com"),
            },
            code: "name_not_enrolled",
            sentence: "add it".to_owned(),
        });
        Class::Forbidden
            .because("name_not_enrolled", "not enrolled")
            .about(about)
    }

    #[test]
    fn fa1_names_are_counted_apart_and_not_without_end() {
        let refused = RefusedRequests::default();
        let client = Client::default();
        for _ in 0..3 {
            refused.count(Asker::Nobody, &client, &not_enrolled(2), NOW);
        }
        let taken = refused.take();
        let told = &taken[&Asker::Nobody];
        assert_eq!(told.len(), 2);
        let reason = ("name_not_enrolled", "n1.example.com".to_owned());
        assert_eq!(told[&reason].count, 3);
        assert!(refused.take().is_empty());
    }

    #[test]
    fn fa1_names_askers_and_reasons_have_a_bound() {
        let refused = RefusedRequests::default();
        let client = Client::default();
        refused.count(Asker::Nobody, &client, &not_enrolled(100), NOW);
        for number in 0..200 {
            let mut refusal = not_enrolled(1);
            refusal.about[0].part = Part::Identifier {
                kind: "dns".to_owned(),
                value: format!("m{number}.example.com"),
            };
            refused.count(Asker::Nobody, &client, &refusal, NOW);
        }
        for number in 0..2_000 {
            let asker = Asker::Credential(number.to_string());
            refused.count(asker, &client, &not_enrolled(1), NOW);
        }
        let taken = refused.take();
        assert_eq!(taken.len(), ASKERS);
        let told = &taken[&Asker::Nobody];
        assert_eq!(told.len(), EACH + 1);
        let nameless = ("name_not_enrolled", String::new());
        assert_eq!(told[&nameless].count, 200 - 40);
    }
}
