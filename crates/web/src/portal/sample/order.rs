//! Activity: list, and orders that run, failed and succeeded.

use super::{
    Chip, Error, Nav, Pages, Tone, accounts_filter, chip, filter, paging, search, shell, strings,
    when,
};
use crate::portal::issuance::orders::list::OrderListPage;
use crate::portal::issuance::orders::refused::RefusalPage;
use crate::portal::issuance::orders::show::OrderPage;
use crate::portal::issuance::orders::table::OrderRow;
use crate::portal::issuance::orders::timeline::{Evidence, Failure, TimelineStep};

fn row(name: &str, more: &str, agent: &str, stage: &str, status: Chip) -> OrderRow {
    OrderRow {
        href: "/activity/x".to_owned(),
        name: name.to_owned(),
        more: more.to_owned(),
        account: "Production".to_owned(),
        agent: agent.to_owned(),
        stage: stage.to_owned(),
        status,
        when: when(
            "2026-11-23T09:12:00Z",
            "23 Nov 2026, 09:12",
            "4 minutes ago",
        ),
    }
}

pub(super) fn rows() -> Vec<OrderRow> {
    vec![
        row(
            "mail.northwind.example",
            "",
            "certbot/5.8.0",
            "Validating",
            chip(Tone::Busy, "Running"),
        ),
        row(
            "example.com",
            "and www.example.com",
            "certbot/5.8.0",
            "www.example.com answered 404",
            chip(Tone::Bad, "Failed"),
        ),
        row(
            "new.northwind.example",
            "6 times",
            "lego/4.21.0",
            "Not in this ACME account",
            chip(Tone::Warn, "Refused"),
        ),
        row(
            "*.harbor.example",
            "and 11 more",
            "lego/4.21.0",
            "No TXT record found",
            chip(Tone::Bad, "Failed"),
        ),
        row(
            "shop.lakeside.example",
            "",
            "",
            "Certificate issued",
            chip(Tone::Good, "Issued"),
        ),
        row(
            "fjord.example",
            "and www.fjord.example",
            "Caddy/2.10.0",
            "Certificate issued",
            chip(Tone::Good, "Issued"),
        ),
        row(
            "old.example",
            "",
            "acme.sh/3.1.1",
            "Given up by the client",
            chip(Tone::Idle, "Expired"),
        ),
    ]
}

fn step(tone: Tone, title: &str, detail: &str, took: &str) -> TimelineStep {
    TimelineStep {
        tone,
        title: title.to_owned(),
        detail: detail.to_owned(),
        took: took.to_owned(),
        evidence: Vec::new(),
    }
}

fn seen(title: &str, text: &str) -> Vec<Evidence> {
    vec![Evidence {
        title: title.to_owned(),
        text: text.to_owned(),
    }]
}

pub(super) fn failed_steps(has_evidence: bool) -> Vec<TimelineStep> {
    let mut good = step(
        Tone::Good,
        "example.com validated over HTTP",
        "192.0.2.7 answered with the key authorization",
        "212 ms",
    );
    let mut bad = step(
        Tone::Bad,
        "www.example.com answered 404",
        "The web server answers for this name from another site. Add it to server_name.",
        "240 ms",
    );
    if has_evidence {
        good.evidence = seen(
            "What 192.0.2.7 answered",
            "HTTP/1.1 200 OK\nContent-Type: text/plain\n\nLoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI",
        );
        bad.evidence = seen(
            "What 192.0.2.9 answered",
            "GET http://www.example.com/.well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0\n\nHTTP/1.1 404 Not Found\nServer: nginx\nContent-Type: text/html\n\n<html><head><title>404 Not Found</title></head></html>",
        );
    }
    vec![
        step(
            Tone::Good,
            "Order for example.com and www.example.com",
            "certbot/5.8.0 from 203.0.113.7",
            "0 ms",
        ),
        good,
        bad,
    ]
}

fn order(status: Chip, announcement: &str, steps: Vec<TimelineStep>) -> OrderPage {
    OrderPage {
        shell: shell(Nav::Activity, "Order for example.com"),
        href: "/activity/x".to_owned(),
        back_href: "/activity".to_owned(),
        name: "example.com".to_owned(),
        is_running: status.tone == Tone::Busy,
        took: if status.tone == Tone::Busy {
            String::new()
        } else {
            "1.4 s".to_owned()
        },
        certificate_href: (status.tone == Tone::Good).then(|| "/certificates/x".to_owned()),
        status,
        announcement: announcement.to_owned(),
        names: strings(&["example.com", "www.example.com"]),
        account: "Production".to_owned(),
        account_href: "/accounts/x".to_owned(),
        agent: "certbot/5.8.0".to_owned(),
        address: "203.0.113.7".to_owned(),
        began: when(
            "2026-11-23T09:12:00Z",
            "23 Nov 2026, 09:12",
            "4 minutes ago",
        ),
        steps,
        failure: None,
    }
}

fn failure() -> Failure {
    let document = seen(
        "Problem document",
        "{\n  \"type\": \"urn:ietf:params:acme:error:unauthorized\",\n  \"detail\": \"www.example.com: http-01 answered 404 instead of 200\",\n  \"status\": 403\n}",
    );
    Failure {
        title: "www.example.com answered 404".to_owned(),
        sentence: "We asked the web server at 192.0.2.9 for the file your client had put in place, and it said that there is no such file.".to_owned(),
        next_step: "Add www.example.com to server_name of the site that certbot changed, reload the web server, and run certbot again.".to_owned(),
        problem_type: "urn:ietf:params:acme:error:unauthorized".to_owned(),
        document: document.into_iter().next(),
    }
}

fn list(orders: Vec<OrderRow>, query: &str, is_filtered: bool) -> OrderListPage {
    let results = [
        ("All", ""),
        ("Failed", "2"),
        ("Running", "1"),
        ("Issued", ""),
    ];
    OrderListPage {
        shell: shell(Nav::Activity, "Activity"),
        search: search("/activity", query, "Search names", "6 orders"),
        filters: vec![
            filter("Result", false, &results, usize::from(is_filtered)),
            accounts_filter(),
        ],
        orders,
        paging: paging("50 orders"),
        is_filtered,
    }
}

pub(super) fn add(pages: &mut Pages) -> Result<(), Error> {
    pages.add("activity", &list(rows(), "", false))?;
    pages.add("activity-empty", &list(Vec::new(), "", false))?;
    pages.add(
        "activity-filtered-empty",
        &list(Vec::new(), "nothing", true),
    )?;
    let running = vec![
        step(
            Tone::Good,
            "Order for example.com and www.example.com",
            "certbot/5.8.0 from 203.0.113.7",
            "0 ms",
        ),
        step(
            Tone::Good,
            "example.com validated over HTTP",
            "192.0.2.7 answered with the key authorization",
            "212 ms",
        ),
        step(
            Tone::Busy,
            "Asking www.example.com",
            "Waiting for 192.0.2.9, port 80",
            "",
        ),
    ];
    pages.add(
        "order-running",
        &order(
            chip(Tone::Busy, "Running"),
            "Validating www.example.com",
            running,
        ),
    )?;
    let failed = OrderPage {
        failure: Some(failure()),
        ..order(
            chip(Tone::Bad, "Failed"),
            "Failed: www.example.com answered 404",
            failed_steps(true),
        )
    };
    pages.add("order-failed", &failed)?;
    pages.add("order-refused", &refused())?;
    issued(pages)
}

fn refused() -> RefusalPage {
    RefusalPage {
        shell: shell(Nav::Activity, "new.northwind.example was refused"),
        back_href: "/activity".to_owned(),
        name: "new.northwind.example".to_owned(),
        status: chip(Tone::Warn, "Refused"),
        sentence: "new.northwind.example is not enrolled in this subscription; add new.northwind.example or *.northwind.example in the portal.".to_owned(),
        next_step: "Add this name to the ACME account, then run the ACME client again.".to_owned(),
        action: Some((
            "/domains/new?account=x&names=new%2Enorthwind%2Eexample".to_owned(),
            "Add this name",
        )),
        account: "Production".to_owned(),
        account_href: "/accounts/x".to_owned(),
        agent: "lego/4.21.0".to_owned(),
        address: "203.0.113.7".to_owned(),
        key_id: String::new(),
        times: "6 times".to_owned(),
        first: when("2026-11-23T07:00:00Z", "23 Nov 2026, 07:00", "2 hours ago"),
        last: when("2026-11-23T09:12:00Z", "23 Nov 2026, 09:12", "4 minutes ago"),
        code: "name_not_enrolled".to_owned(),
    }
}

fn issued(pages: &mut Pages) -> Result<(), Error> {
    let mut issued = failed_steps(true);
    issued.truncate(2);
    issued.push(step(
        Tone::Good,
        "Signing request accepted",
        "EC P-256 key, 2 names",
        "1.2 s",
    ));
    issued.push(step(
        Tone::Good,
        "Certificate issued",
        "Ends 21 February 2027, signed by Chancery DV CA 1",
        "1.3 s",
    ));
    issued.push(step(Tone::Good, "Downloaded by the client", "", "1.4 s"));
    pages.add(
        "order-issued",
        &order(
            chip(Tone::Good, "Issued"),
            "Certificate issued in 1.4 s",
            issued,
        ),
    )
}
