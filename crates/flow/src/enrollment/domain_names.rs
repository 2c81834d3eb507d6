//! Copies of tenants' domain names in memory, which a search by any part of a name walks in a millisecond where
//! the database takes fifty. A copy is used only while the tenant's number of changes is what it was.

use std::sync::Arc;

use base::{EnrolledDomainId, TenantId};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use store::ReadTx;

/// What all copies may weigh together.
const CAPACITY_BYTES: u64 = 32 << 20;
/// More names than this are not copied: they would not fit beside those of others.
const MAX_NAMES: i64 = 300_000;
/// A guess that sizes the table; few enough that one tenant may take all of it.
const TENANTS: usize = 32;

/// One tenant's names.
pub(crate) struct Names {
    version: i64,
    /// Each name after a line break, in the order of pages.
    text: String,
    /// Where each name begins in the text.
    starts: Vec<usize>,
    ids: Vec<EnrolledDomainId>,
}

/// The copies of one node.
pub(crate) struct DomainNames(Cache<TenantId, Arc<Names>, ByBytes>);

#[derive(Clone)]
struct ByBytes;

impl Weighter<TenantId, Arc<Names>> for ByBytes {
    fn weight(&self, _: &TenantId, names: &Arc<Names>) -> u64 {
        let each = size_of::<usize>() + size_of::<EnrolledDomainId>();
        let bytes = names.text.len() + names.ids.len() * each;
        u64::try_from(bytes).unwrap_or(u64::MAX).max(1)
    }
}

impl DomainNames {
    pub(crate) fn new() -> Self {
        Self(Cache::with_weighter(TENANTS, CAPACITY_BYTES, ByBytes))
    }

    /// The copy that there is, which may be old.
    pub(crate) fn get(&self, tenant: TenantId) -> Option<Arc<Names>> {
        self.0.get(&tenant)
    }

    /// Keeps a copy.
    pub(crate) fn keep(&self, tenant: TenantId, names: Arc<Names>) {
        self.0.insert(tenant, names);
    }
}

impl Names {
    /// The copy if it is still right, or a new one; `None` when there are too many names for one.
    pub(crate) async fn current(
        tx: &mut ReadTx,
        tenant: TenantId,
        copy: Option<&Arc<Self>>,
    ) -> Result<Option<Arc<Self>>, store::Error> {
        // The number first: what is read later is at least as new.
        let version = store::enrollment::enrolled_domain::version(tx, tenant).await?;
        if let Some(copy) = copy.filter(|copy| copy.version == version) {
            return Ok(Some(Arc::clone(copy)));
        }
        if store::enrollment::enrolled_domain::total(tx, tenant).await? > MAX_NAMES {
            return Ok(None);
        }
        let names = store::enrollment::enrolled_domain::names(tx, tenant).await?;
        Ok(Some(Arc::new(Self::new(version, names))))
    }

    fn new(version: i64, names: Vec<(String, EnrolledDomainId)>) -> Self {
        let mut copy = Self {
            version,
            text: String::with_capacity(names.iter().map(|(name, _)| name.len() + 1).sum()),
            starts: Vec::with_capacity(names.len()),
            ids: Vec::with_capacity(names.len()),
        };
        for (name, id) in names {
            copy.text.push('\n');
            copy.starts.push(copy.text.len());
            copy.ids.push(id);
            copy.text.push_str(&name);
        }
        copy
    }

    /// The places of the names that contain `part`, in order.
    pub(crate) fn containing(&self, part: &str) -> Vec<usize> {
        let mut places = Vec::new();
        let finder = memchr::memmem::Finder::new(part);
        let mut from = 0;
        // A part with a line break in it is in no name.
        while !part.contains('\n')
            && let Some(rest) = self.text.as_bytes().get(from..)
            && let Some(found) = finder.find(rest)
        {
            let next = self.starts.partition_point(|start| *start <= from + found);
            places.extend(next.checked_sub(1));
            match self.starts.get(next) {
                Some(start) => from = *start,
                None => break,
            }
        }
        places
    }

    /// The domain at a place.
    pub(crate) fn id(&self, place: usize) -> Option<EnrolledDomainId> {
        self.ids.get(place).copied()
    }

    /// What pages are ordered by.
    pub(crate) fn key(&self, place: usize) -> Option<(&str, EnrolledDomainId)> {
        let start = *self.starts.get(place)?;
        let end = self
            .starts
            .get(place + 1)
            .map_or(self.text.len(), |next| next - 1);
        let name = self.text.get(start..end)?;
        Some((name, self.id(place)?))
    }
}

#[cfg(test)]
mod tests {
    use base::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn names(of: &[&str]) -> Names {
        let random = Counting::default();
        let id = || EnrolledDomainId::generate(Timestamp::from_seconds(1), &random);
        Names::new(
            1,
            of.iter().map(|name| ((*name).to_owned(), id())).collect(),
        )
    }

    #[derive(Default)]
    struct Counting(std::sync::atomic::AtomicU8);

    impl base::Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[track_caller]
    fn check(of: &[&str], part: &str, expected: &[&str]) {
        let names = names(of);
        let found = names.containing(part);
        let found: Vec<_> = found.iter().filter_map(|place| names.key(*place)).collect();
        let found: Vec<_> = found.iter().map(|(name, _)| *name).collect();
        assert_eq!(found, expected, "{part:?}");
    }

    #[test]
    fn a_part_is_found_wherever_it_stands_and_each_name_once() {
        let all = [
            "a.example.com",
            "aaa.example.com",
            "b.example.org",
            "example.com",
        ];
        check(
            &all,
            "example.com",
            &["a.example.com", "aaa.example.com", "example.com"],
        );
        check(&all, "a", &all);
        check(&all, "b.example.org", &["b.example.org"]);
        check(&all, "org", &["b.example.org"]);
        check(&all, "b", &["b.example.org"]);
        check(&all, "com.aaa", &[]);
        check(&all, "com\naaa", &[]);
        check(&all, "\n", &[]);
        check(&[], "a", &[]);
    }

    proptest! {
        #[test]
        fn it_finds_what_contains_finds(
            all in proptest::collection::vec("[a-c.]{1,6}", 0..12), part in "[a-c.]{1,3}",
        ) {
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            let expected: Vec<usize> = (0..all.len()).filter(|place| all[*place].contains(&part)).collect();
            prop_assert_eq!(names(&all).containing(&part), expected);
        }
    }
}
