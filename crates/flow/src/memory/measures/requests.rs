//! What the doors answered, and how fast. The doors say what a route is called; a figure of a route is made when it is
//! first needed and kept, so that a request looks up its route and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{NewHistogram, observe};

base::words! {
    /// A way in.
    pub enum DoorName {
        /// ACME clients.
        Acme = "acme",
        /// Programs with a token, on the listener of the portal.
        Api = "api",
        /// Operators and other nodes.
        Internal = "internal",
        /// Relying parties: CRLs and CA certificates.
        Pki = "pki",
        /// People with a browser.
        Portal = "portal",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    door: &'static str,
    method: &'static str,
    resource: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    door: &'static str,
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AtDoor {
    door: &'static str,
}

type Durations = Family<Answered, Histogram, NewHistogram>;

/// The figures of all doors.
pub struct RequestFigures {
    durations: Durations,
    refusals: Family<Refused, Counter>,
    server_errors: Family<AtDoor, Counter>,
    no_room: Family<AtDoor, Counter>,
    acme: Counter,
}

/// The figures of one door with its routes. Several may stand for the same door, and count together.
pub struct DoorFigures {
    door: &'static str,
    /// Only the ACME door has one.
    arrivals: Option<Counter>,
    refusals: Family<Refused, Counter>,
    server_errors: Counter,
    routes: HashMap<String, Arc<RouteFigures>>,
    /// Of what leads to no route.
    nowhere: Arc<RouteFigures>,
}

/// Counts one thing.
#[derive(Clone, Debug, Default)]
pub struct Tally(Counter);

impl Tally {
    /// It happened once more.
    pub fn count(&self) {
        self.0.inc();
    }
}

/// The figures of one route.
pub struct RouteFigures {
    door: &'static str,
    resource: &'static str,
    durations: Durations,
    /// By method and class of status. A figure that was never needed is not there and not shown.
    made: [[OnceLock<Histogram>; CLASSES.len()]; METHODS.len()],
}

impl RequestFigures {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let new = Self {
            durations: Family::new_with_constructor(of_answer),
            refusals: Family::default(),
            server_errors: Family::default(),
            no_room: Family::default(),
            acme: Counter::default(),
        };
        registry.register(
            "acme_requests",
            "Requests to ACME resources",
            new.acme.clone(),
        );
        registry.register(
            "request_duration_seconds",
            "Requests that were answered, from the head of the request to the head of the answer",
            new.durations.clone(),
        );
        registry.register(
            "refusals",
            "Answers with status 400 and above, by the code of the refusal",
            new.refusals.clone(),
        );
        registry.register(
            "server_errors",
            "Answers with status 500 and above",
            new.server_errors.clone(),
        );
        registry.register(
            "connections_without_room",
            "Connections that were not served because there were too many, in all or from one network",
            new.no_room.clone(),
        );
        new
    }

    /// What counts connections of a door that came when there was no room for them.
    pub fn no_room(&self, door: DoorName) -> Tally {
        let door = AtDoor {
            door: door.as_str(),
        };
        Tally(self.no_room.get_or_create_owned(&door))
    }

    /// The figures of a door: its routes by their patterns, with what they are called.
    pub fn door(
        &self,
        door: DoorName,
        routes: impl IntoIterator<Item = (String, &'static str)>,
    ) -> DoorFigures {
        let door_word = door.as_str();
        let figures = |resource| {
            Arc::new(RouteFigures {
                door: door_word,
                resource,
                durations: self.durations.clone(),
                made: Default::default(),
            })
        };
        let server_errors = AtDoor { door: door_word };
        DoorFigures {
            door: door_word,
            arrivals: (door == DoorName::Acme).then(|| self.acme.clone()),
            refusals: self.refusals.clone(),
            server_errors: self.server_errors.get_or_create_owned(&server_errors),
            routes: routes
                .into_iter()
                .map(|(pattern, resource)| (pattern, figures(resource)))
                .collect(),
            nowhere: figures(NOWHERE),
        }
    }
}

impl DoorFigures {
    /// A request has come, to a route with this pattern if there is one.
    pub fn asked(&self, pattern: Option<&str>) -> Arc<RouteFigures> {
        if let Some(arrivals) = &self.arrivals {
            arrivals.inc();
        }
        let route = pattern.and_then(|pattern| self.routes.get(pattern));
        Arc::clone(route.unwrap_or(&self.nowhere))
    }

    /// It was answered with a status of 400 or more. `code` says why, if the door gave a reason.
    pub fn refused(&self, status: u16, code: Option<&'static str>) {
        let refused = Refused {
            door: self.door,
            code: code.unwrap_or_else(|| code_of(status)),
        };
        self.refusals.get_or_create(&refused).inc();
        if status >= 500 {
            self.server_errors.inc();
        }
    }
}

impl RouteFigures {
    /// A request to it was answered.
    pub fn answered(&self, method: &str, status: u16, took: Duration) {
        let (method_at, method) = place(&METHODS, |known| *known == method);
        let (class_at, class) = place(&CLASSES, |class| class.starts_with(first_digit(status)));
        let made = self.made.get(method_at).and_then(|row| row.get(class_at));
        let Some(made) = made else { return };
        let histogram = made.get_or_init(|| {
            self.durations.get_or_create_owned(&Answered {
                door: self.door,
                method,
                resource: self.resource,
                status: class,
            })
        });
        observe(histogram, took);
    }
}

/// The methods that are told apart; the last word stands for all others.
const METHODS: [&str; 4] = ["GET", "HEAD", "POST", "other"];
/// The classes of status; the last word stands for what no answer of ours has.
const CLASSES: [&str; 5] = ["2xx", "3xx", "4xx", "5xx", "other"];
/// What is asked for where nothing is.
const NOWHERE: &str = "none";

/// The first word that fits, or the last one.
fn place<const N: usize>(
    words: &[&'static str; N],
    fits: impl Fn(&&'static str) -> bool,
) -> (usize, &'static str) {
    let found = words.iter().position(fits).unwrap_or(N.saturating_sub(1));
    (found, words.get(found).copied().unwrap_or_default())
}

fn first_digit(status: u16) -> char {
    char::from_digit(u32::from(status / 100), 10).unwrap_or('o')
}

/// What an answer without a reason of its own says by its status.
fn code_of(status: u16) -> &'static str {
    match status {
        400 => "invalid",
        401 => "unauthenticated",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        409 => "conflict",
        413 => "too_large",
        429 => "too_many",
        503 => "unavailable",
        500.. => "internal",
        _ => "other",
    }
}

/// A nonce takes microseconds, and nobody waits longer than ten seconds.
fn of_answer() -> Histogram {
    Histogram::new([
        0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    ])
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::prometheus_text::encode;

    use super::*;

    fn text(registry: &Registry) -> String {
        let mut text = String::new();
        encode(&mut text, registry).unwrap();
        text
    }

    #[test]
    fn words_from_outside_become_no_series() {
        let mut registry = Registry::default();
        let figures = RequestFigures::registered(&mut registry);
        let door = figures.door(DoorName::Portal, [("/a/{id}".to_owned(), "/a/{id}")]);
        door.asked(Some("/a/{id}"))
            .answered("GET", 200, Duration::from_millis(3));
        for number in 100..1000_u16 {
            let route = door.asked(Some("/made/up"));
            route.answered(&number.to_string(), number, Duration::ZERO);
            door.refused(number, None);
        }
        let text = text(&registry);
        let known = "request_duration_seconds_count{door=\"portal\",method=\"GET\",resource=\"/a/{id}\",status=\"2xx\"} 1";
        assert!(text.contains(known), "{text}");
        let series = text.lines().filter(|line| line.contains("_seconds_count"));
        assert_eq!(series.count(), 1 + CLASSES.len());
        let codes = text
            .lines()
            .filter(|line| line.starts_with("refusals_total"));
        assert_eq!(codes.count(), 11);
    }

    #[test]
    fn figures_of_one_door_count_together() {
        let mut registry = Registry::default();
        let figures = RequestFigures::registered(&mut registry);
        for _ in 0..2 {
            let door = figures.door(DoorName::Acme, []);
            door.asked(None).answered("POST", 503, Duration::ZERO);
            door.refused(503, Some("database_full"));
        }
        let text = text(&registry);
        for line in [
            "acme_requests_total 2",
            "refusals_total{door=\"acme\",code=\"database_full\"} 2",
            "server_errors_total{door=\"acme\"} 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{text}");
        }
        assert!(
            text.contains("le=\"+Inf\",door=\"acme\",method=\"POST\"")
                || text.contains("_count{door=\"acme\",method=\"POST\""),
            "{text}"
        );
    }
}
