//! Refusals: every error of a use case says what it tells, and every code that programs may read stands in
//! `docs/errors.md`, in a table that is made from the code.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::Finding;
use super::code::Code;
use super::source::Source;

const DOCUMENT: &str = "docs/errors.md";
const BEGIN: &str = "<!-- made by `cargo xtask errors` -->";
const END: &str = "<!-- end -->";
/// Errors of the start and of jobs, which no door sees.
const UNSEEN: [&str; 6] = [
    "CatalogError",
    "IssueError",
    "PasswordWorkError",
    "PublishCrlError",
    "StartError",
    "ValidateError",
];

/// One code, as the source tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    path: String,
    class: String,
    sentence: String,
}

type Codes = BTreeMap<String, Told>;

/// Every error of a use case has a refusal, no code has two meanings, and the document is up to date.
pub(crate) fn check(root: &Path, code: &Code<'_>) -> anyhow::Result<Vec<Finding>> {
    let mut findings = code.product().flat_map(without_refusal).collect::<Vec<_>>();
    let (codes, twice) = read(code);
    findings.extend(twice);
    let path = root.join(DOCUMENT);
    let text = fs::read_to_string(path).with_context(|| format!("{DOCUMENT} is unreadable"))?;
    if with_table(&text, &codes)? != text {
        let message = "the codes have changed: run `cargo xtask errors`".to_owned();
        findings.push(Finding::new(DOCUMENT, 0, message));
    }
    Ok(findings)
}

/// Writes the table.
pub(crate) fn write(root: &Path, code: &Code<'_>) -> anyhow::Result<()> {
    let path = root.join(DOCUMENT);
    let text = fs::read_to_string(&path).with_context(|| format!("{DOCUMENT} is unreadable"))?;
    let (codes, _) = read(code);
    fs::write(path, with_table(&text, &codes)?)?;
    Ok(())
}

fn with_table(text: &str, codes: &Codes) -> anyhow::Result<String> {
    let Some((before, rest)) = text.split_once(BEGIN) else {
        bail!("{DOCUMENT} has no line {BEGIN}");
    };
    let Some((_, after)) = rest.split_once(END) else {
        bail!("{DOCUMENT} has no line {END}");
    };
    let mut table = String::from("\n\n| code | class | sentence |\n|---|---|---|\n");
    for (code, told) in codes {
        let sentence = told.sentence.replace('|', "\\|");
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| `{code}` | {} | {sentence} |", told.class);
    }
    Ok(format!("{before}{BEGIN}{table}\n{END}{after}"))
}

/// The public errors of flow that have no refusal in their file.
fn without_refusal(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with("crates/flow/src/") {
        return Vec::new();
    }
    let told: Vec<String> = source.syntax.items.iter().filter_map(refuses).collect();
    let errors = source.syntax.items.iter().filter_map(public_enum);
    errors
        .filter(|name| name.to_string().ends_with("Error"))
        .filter(|name| !UNSEEN.iter().any(|unseen| name == unseen))
        .filter(|name| !told.contains(&name.to_string()))
        .map(|name| {
            let message = format!("{name} has no refusal: say what doors tell of each variant");
            Finding::new(&source.path, name.span().start().line, message)
        })
        .collect()
}

fn public_enum(item: &syn::Item) -> Option<&syn::Ident> {
    let syn::Item::Enum(item) = item else {
        return None;
    };
    matches!(item.vis, syn::Visibility::Public(_)).then_some(&item.ident)
}

/// The type that an item gives refusals to.
fn refuses(item: &syn::Item) -> Option<String> {
    let syn::Item::Impl(item) = item else {
        return None;
    };
    let (_, path, _) = item.trait_.as_ref()?;
    let is_refuse = path.segments.last()?.ident == "Refuse";
    let syn::Type::Path(of) = item.self_ty.as_ref() else {
        return None;
    };
    let name = of.path.segments.last()?.ident.to_string();
    is_refuse.then_some(name)
}

fn read(code: &Code<'_>) -> (Codes, Vec<Finding>) {
    let mut codes = Codes::new();
    let mut twice = Vec::new();
    for source in code.product() {
        let items = source.syntax.items.iter();
        for item in items.filter(|item| !source.is_test_at(item.span().start().line)) {
            let mut reader = Reader::new(source, refuses(item));
            reader.visit_item(item);
            for (code, told) in reader.told() {
                match codes.get(&code) {
                    Some(known) if known.class != told.class => {
                        let message = format!(
                            "the code \"{code}\" is {} here and {} in {}",
                            told.class, known.class, known.path
                        );
                        twice.push(Finding::new(&source.path, 0, message));
                    }
                    Some(_) => {}
                    None => {
                        codes.insert(code, told);
                    }
                }
            }
        }
    }
    (codes, twice)
}

/// What one item tells.
struct Reader<'a> {
    source: &'a Source,
    /// The error whose refusals these are.
    of: Option<String>,
    /// The variant of the arm at hand.
    variant: Option<String>,
    /// Codes with the variant at which they stand, and a sentence that stands beside them.
    found: Vec<(String, Option<String>, Option<String>)>,
    class: Option<String>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Source, of: Option<String>) -> Self {
        Self {
            source,
            of,
            variant: None,
            found: Vec::new(),
            class: None,
        }
    }

    /// Codes that stand in arms of a `match` share the class that is named after it.
    fn told(self) -> Vec<(String, Told)> {
        let Some(class) = self.class.clone() else {
            return Vec::new();
        };
        let told = |(code, variant, sentence): &(String, Option<String>, Option<String>)| {
            let (class, code) = match code.split_once(':') {
                Some((class, code)) => (class.to_owned(), code.to_owned()),
                None => (class.clone(), code.clone()),
            };
            let sentence = sentence
                .clone()
                .or_else(|| self.message(variant.as_deref()))
                .unwrap_or_else(|| "(says what is wrong)".to_owned());
            let path = self.source.path.clone();
            let told = Told {
                path,
                class,
                sentence,
            };
            (code, told)
        };
        self.found.iter().map(told).collect()
    }

    /// What `thiserror` was given for a variant, or for the whole type.
    fn message(&self, variant: Option<&str>) -> Option<String> {
        let of = self.of.as_deref()?;
        let mut items = self.source.syntax.items.iter();
        let attributes = items.find_map(|item| attributes(item, of, variant))?;
        let error = attributes
            .iter()
            .find(|each| each.path().is_ident("error"))?;
        let tokens = error.meta.require_list().ok()?.tokens.clone();
        let first = tokens.into_iter().next()?;
        let text: syn::LitStr = syn::parse2(first.into()).ok()?;
        Some(text.value())
    }
}

/// The attributes of a type or of its variant.
fn attributes<'i>(
    item: &'i syn::Item,
    of: &str,
    variant: Option<&str>,
) -> Option<&'i [syn::Attribute]> {
    if let syn::Item::Struct(item) = item {
        return (item.ident == of).then_some(item.attrs.as_slice());
    }
    let syn::Item::Enum(item) = item else {
        return None;
    };
    let mut variants = item.variants.iter().filter(|_| item.ident == of);
    let found = variants.find(|each| variant.is_some_and(|variant| each.ident == variant))?;
    Some(&found.attrs)
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let before = self.variant.clone();
        if let Some(variant) = variant_of(&arm.pat) {
            self.variant = Some(variant);
        }
        if let Some(code) = literal(&arm.body).filter(|text| is_code(text))
            && self.of.is_some()
        {
            self.found.push((code, self.variant.clone(), None));
        }
        visit::visit_arm(self, arm);
        self.variant = before;
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        if let Some(code) = literal(&item.expr).filter(|text| is_code(text))
            && self.of.is_some()
        {
            self.found.push((code, None, None));
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method == "because"
            && let Some(class) = class_of(&call.receiver)
        {
            if let Some(code) = call.args.first().and_then(literal) {
                let sentence = call.args.iter().nth(1).and_then(literal);
                let code = format!("{class}:{code}");
                self.found.push((code, self.variant.clone(), sentence));
            }
            self.class = Some(class);
        }
        visit::visit_expr_method_call(self, call);
    }
}

/// The word of `Class::…`, as programs read it.
fn class_of(expression: &syn::Expr) -> Option<String> {
    let syn::Expr::Path(path) = expression else {
        return None;
    };
    let mut names = path
        .path
        .segments
        .iter()
        .rev()
        .map(|segment| &segment.ident);
    let (class, of) = (names.next()?.to_string(), names.next()?);
    let mut word = String::new();
    for letter in class.chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.extend(letter.to_lowercase());
    }
    (of == "Class").then_some(word)
}

fn variant_of(pattern: &syn::Pat) -> Option<String> {
    let path = if let syn::Pat::Path(path) = pattern {
        &path.path
    } else if let syn::Pat::TupleStruct(tuple) = pattern {
        &tuple.path
    } else if let syn::Pat::Struct(named) = pattern {
        &named.path
    } else {
        return None;
    };
    path.segments.last().map(|last| last.ident.to_string())
}

fn literal(expression: &syn::Expr) -> Option<String> {
    let syn::Expr::Lit(literal) = expression else {
        return None;
    };
    let syn::Lit::Str(text) = &literal.lit else {
        return None;
    };
    Some(text.value())
}

fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<(String, String, String)> {
        let source = Source::parse("crates/flow/src/enrollment/end.rs", text).unwrap();
        let sources = [source];
        let (codes, _) = read(&Code::new(&sources));
        let told = codes
            .into_iter()
            .map(|(code, told)| (code, told.class, told.sentence));
        told.collect()
    }

    #[test]
    fn a_code_has_the_sentence_of_its_variant() {
        let text = r#"
            pub enum EndError {
                #[error("there is none; look at the list")]
                NotFound,
                #[error("at most {most}")]
                TooMany { most: usize },
            }
            impl Refuse for EndError {
                fn refusal(&self) -> Refusal {
                    match self {
                        Self::NotFound => Class::NotFound.because("end_not_found", self),
                        Self::TooMany { .. } => Class::TooMany.because("end_too_often", self),
                    }
                }
            }"#;
        let told = |code: &str, class: &str, sentence: &str| {
            (code.to_owned(), class.to_owned(), sentence.to_owned())
        };
        assert_eq!(
            codes(text),
            [
                told(
                    "end_not_found",
                    "not_found",
                    "there is none; look at the list"
                ),
                told("end_too_often", "too_many", "at most {most}"),
            ]
        );
        let apart = text
            .replace(
                "Class::NotFound.because(\"end_not_found\", self)",
                "\"end_not_found\"",
            )
            .replace(
                "Class::TooMany.because(\"end_too_often\", self)",
                "\"end_too_often\"",
            )
            .replace("match self {", "let code = match self {")
            .replace(
                "}\n                }\n            }",
                "};\n Class::Conflict.because(code, self) } }",
            );
        assert_eq!(
            codes(&apart)[1],
            told("end_too_often", "conflict", "at most {most}")
        );
    }

    #[test]
    fn an_error_without_a_refusal_is_found() {
        let path = "crates/flow/src/enrollment/end.rs";
        let of = |text: &str| without_refusal(&Source::parse(path, text).unwrap()).len();
        assert_eq!(of("pub enum EndError { NotFound }"), 1);
        assert_eq!(
            of("pub enum EndError { NotFound } impl Refuse for EndError {}"),
            0
        );
        assert_eq!(of("pub enum IssueError { NotFound } enum OwnError {}"), 0);
    }
}
