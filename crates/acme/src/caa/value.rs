//! The value of `issue` and `issuewild` (RFC 8659 §4.2, with its erratum 7139 on parameters).

/// Who may issue, under which parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueValue {
    /// A domain name; none, when nobody is named.
    pub issuer: Option<String>,
    /// Tags with their values, in order.
    pub parameters: Vec<(String, String)>,
}

impl IssueValue {
    /// Reads a value; `None` when it does not follow the grammar, so that it names nobody.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let (issuer, parameters) = match text.split_once(';') {
            Some((issuer, parameters)) => (trim(issuer), trim(parameters)),
            None => (trim(text), ""),
        };
        if !issuer.is_empty() && !issuer.split('.').all(is_label) {
            return None;
        }
        let parameters = if parameters.is_empty() {
            Vec::new()
        } else {
            let each = parameters.split(';').map(parameter);
            each.collect::<Option<_>>()?
        };
        Some(Self {
            issuer: (!issuer.is_empty()).then(|| issuer.to_ascii_lowercase()),
            parameters,
        })
    }
}

fn parameter(text: &str) -> Option<(String, String)> {
    let (tag, value) = text.split_once('=')?;
    let (tag, value) = (trim(tag), trim(value));
    // A semicolon has been taken for the end of the value.
    let fits = |byte: u8| matches!(byte, 0x21..=0x7e);
    (is_label(tag) && value.bytes().all(fits)).then(|| (tag.to_owned(), value.to_owned()))
}

/// `*WSP`: blanks and tabs, nothing else.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.bytes().all(allowed) && !text.starts_with('-') && !text.ends_with('-')
}
