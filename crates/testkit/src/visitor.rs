//! A person with a browser: keeps cookies, follows no redirect unasked.

use std::collections::BTreeMap;
use std::panic::Location;

use axum::Router;
use axum::body::Body;
use http::{Method, Request, header};
use tower::ServiceExt as _;

use crate::Answer;

/// A browser without a session, at first.
#[derive(Clone)]
pub struct Visitor {
    router: Router,
    origin: String,
    /// What forms say about where they come from.
    claimed_origin: String,
    cookies: BTreeMap<String, String>,
    /// What the browser says about who led it here (`Sec-Fetch-Site`).
    led_by: Option<String>,
}

impl Visitor {
    /// A browser that looks at the pages of `router`, which are reached at `origin`.
    pub fn new(router: Router, origin: &str) -> Self {
        Self {
            router,
            origin: origin.to_owned(),
            claimed_origin: origin.to_owned(),
            cookies: BTreeMap::new(),
            led_by: None,
        }
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.request(Method::GET, path, None).await
    }

    /// Opens a page as a browser does that a link or a script leads there: from `cross-site`, `same-origin`, or by `none` where
    /// somebody typed the address.
    pub async fn get_led_by(&mut self, site: &str, path: &str) -> Answer {
        self.led_by = Some(site.to_owned());
        let answer = self.get(path).await;
        self.led_by = None;
        answer
    }

    /// Sends a form.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = fields
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect::<Vec<_>>()
            .join("&");
        self.request(Method::POST, path, Some(form)).await
    }

    /// Opens the page with a form and sends it as the page would: with its anti-forgery token.
    #[track_caller]
    pub fn post_form<'a>(
        &'a mut self,
        page: &'a str,
        path: &'a str,
        fields: &'a [(&'a str, &'a str)],
    ) -> impl Future<Output = Answer> + 'a {
        let caller = Location::caller();
        async move {
            let opened = self.get(page).await;
            let token = opened.csrf();
            let token = token.unwrap_or_else(|| {
                panic!("{caller}: no form on {page} ({})", opened.status);
            });
            let fields = [&[("csrf", token.as_str())], fields].concat();
            self.post(path, &fields).await
        }
    }

    /// Sends a form that claims to come from a page of `origin`.
    pub async fn post_from(&mut self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let own = std::mem::replace(&mut self.claimed_origin, origin.to_owned());
        let answer = self.post(path, fields).await;
        self.claimed_origin = own;
        answer
    }

    /// A cookie that the server set and did not take back.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Puts a cookie into the jar, a forged one perhaps.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    async fn request(&mut self, method: Method, path: &str, form: Option<String>) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(
                header::HOST,
                self.origin.rsplit('/').next().unwrap_or_default(),
            )
            .header(header::COOKIE, cookies.join("; "));
        if let Some(site) = &self.led_by {
            request = request.header("sec-fetch-site", site);
        }
        if form.is_some() {
            request = request
                .header(header::ORIGIN, &self.claimed_origin)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request
            .body(Body::from(form.unwrap_or_default()))
            .expect("a request");
        let answer = match self.router.clone().oneshot(request).await {
            Ok(response) => Answer::read(response).await,
            Err(never) => match never {},
        };
        self.keep_cookies(&answer);
        answer
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for value in answer.headers.get_all(header::SET_COOKIE) {
            let text = value.to_str().unwrap_or_default();
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            if value.is_empty() || attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Answer {
    /// The anti-forgery token of the page's forms.
    pub fn csrf(&self) -> Option<String> {
        self.between("name=\"csrf\" value=\"", "\"")
    }

    /// What stands first between these two texts.
    pub fn between(&self, before: &str, after: &str) -> Option<String> {
        let (_, rest) = self.text().split_once(before)?;
        Some(rest.split_once(after)?.0.to_owned())
    }

    /// The page's text without the marks around names and where they may break.
    pub fn page(&self) -> String {
        let marks = ["<wbr>", "<bdi class=\"name\">", "</bdi>"];
        let text = self.text().to_owned();
        marks.iter().fold(text, |text, mark| text.replace(mark, ""))
    }
}

/// As forms write it: everything but letters and digits as %XX.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
