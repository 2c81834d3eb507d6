//! What a new password must satisfy (features F-012 to F-014, C17; security S-01, S-02).
//!
//! Two policies: `composition` asks for four kinds of character, as the preset does, and `modern`
//! asks only for length; both refuse what is easily guessed. It looks at new passwords only: an
//! old one keeps working when the policy changes.

use super::{Password, estimate};
use base::{Class, Refusal, Refuse, words};

words! {
    /// Which policy holds (setting `password_policy`).
    pub enum Mode {
        /// Four kinds of character.
        Composition = "composition",
        /// Only length and guessability.
        Modern = "modern",
    }
}

words! {
    /// One thing that a password must satisfy, in the order in which they are shown.
    pub enum Requirement {
        /// At least 8 characters (F-012).
        MinLength = "min_length",
        /// At most 128 characters (S-01).
        MaxLength = "max_length",
        /// An upper-case letter (F-013).
        Uppercase = "uppercase",
        /// A lower-case letter (F-013).
        Lowercase = "lowercase",
        /// A digit (F-013).
        Digit = "digit",
        /// A character that is neither letter nor digit (F-013).
        Special = "special",
        /// Not a common password or a pattern (S-02).
        NotGuessable = "not_guessable",
        /// Not made of the names of the person, the organisation or the brand (S-02).
        NotPersonal = "not_personal",
        /// Not seen in a breach, where there is a list (S-02).
        NotBreached = "not_breached",
    }
}

impl Requirement {
    /// The requirement as a line in the list that is shown while typing (F-014).
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::MinLength => "At least 8 characters",
            Self::MaxLength => "At most 128 characters",
            Self::Uppercase => "An upper-case letter",
            Self::Lowercase => "A lower-case letter",
            Self::Digit => "A digit",
            Self::Special => "A special character",
            Self::NotGuessable => "Not a common password or a simple pattern",
            Self::NotPersonal => "Not your name, your organisation or this site's name",
            Self::NotBreached => "Not a password that was found in a breach",
        }
    }

    fn applies(self, mode: Mode, context: &Context) -> bool {
        match self {
            Self::Uppercase | Self::Lowercase | Self::Digit | Self::Special => {
                mode == Mode::Composition
            }
            Self::NotBreached => context.is_breached.is_some(),
            Self::MinLength | Self::MaxLength | Self::NotGuessable | Self::NotPersonal => true,
        }
    }

    fn is_met(self, password: &str, context: &Context) -> bool {
        match self {
            Self::MinLength => password.chars().count() >= MIN_CHARS,
            Self::MaxLength => password.chars().count() <= MAX_CHARS,
            Self::Uppercase => password.chars().any(char::is_uppercase),
            Self::Lowercase => password.chars().any(char::is_lowercase),
            Self::Digit => password.chars().any(char::is_numeric),
            Self::Special => password.chars().any(|letter| !letter.is_alphanumeric()),
            Self::NotGuessable => estimate::bits(password, &[]) >= MIN_BITS,
            Self::NotPersonal => {
                !context.occurs_in(password) || estimate::bits(password, &context.words) >= MIN_BITS
            }
            Self::NotBreached => context.is_breached != Some(true),
        }
    }
}

/// Words that say who is meant: brand, product, organisation, person, address; and what others know of the password.
#[derive(Clone, Debug, Default)]
pub struct Context {
    words: Vec<String>,
    is_breached: Option<bool>,
}

impl Context {
    /// From names and addresses: their parts of at least four characters count.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let words = texts
            .into_iter()
            .flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric()))
            .filter(|word| word.chars().count() >= 4)
            .map(estimate::folded)
            .collect();
        Self {
            words,
            is_breached: None,
        }
    }

    /// Whether the password is in a list of breached ones, if there is a list.
    #[must_use]
    pub fn breached(self, is_breached: Option<bool>) -> Self {
        Self {
            is_breached,
            ..self
        }
    }

    fn occurs_in(&self, password: &str) -> bool {
        let readings = estimate::readings(password);
        self.words
            .iter()
            .any(|word| readings.iter().any(|reading| reading.contains(word)))
    }
}

/// A new password is refused. The sentence lists what is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the password does not meet: {}", sentences(.0))]
pub struct Unmet(pub Vec<Requirement>);

impl Refuse for Unmet {
    fn refusal(&self) -> Refusal {
        Class::Invalid
            .because("password_too_weak", self)
            .at("new_password")
    }
}

/// Every requirement of the policy and whether it is met, for the live list (F-014).
pub fn requirements(
    mode: Mode,
    password: &Password,
    context: &Context,
) -> Vec<(Requirement, bool)> {
    // What is longer is refused anyway; a megabyte is not worth an estimate.
    let text = password.reveal();
    let bounded: String = text.chars().take(MAX_CHARS + 1).collect();
    Requirement::ALL
        .iter()
        .filter(|requirement| requirement.applies(mode, context))
        .map(|requirement| (*requirement, requirement.is_met(&bounded, context)))
        .collect()
}

/// Decides about a new password.
pub fn check(mode: Mode, password: &Password, context: &Context) -> Result<(), Unmet> {
    let unmet: Vec<_> = requirements(mode, password, context)
        .into_iter()
        .filter(|(_, is_met)| !is_met)
        .map(|(requirement, _)| requirement)
        .collect();
    if unmet.is_empty() {
        Ok(())
    } else {
        Err(Unmet(unmet))
    }
}

fn sentences(unmet: &[Requirement]) -> String {
    let lines: Vec<_> = unmet
        .iter()
        .map(|requirement| requirement.sentence())
        .collect();
    lines.join("; ")
}

const MIN_CHARS: usize = 8;
const MAX_CHARS: usize = 128;
/// Below this a password falls to an online guesser who knows how people choose.
const MIN_BITS: u32 = 28;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn context() -> Context {
        Context::new([
            "Chancery",
            "Example Hosting Ltd",
            "ann.winterbottom@example.org",
        ])
    }

    #[track_caller]
    fn refused(mode: Mode, password: &str, expected: &[Requirement]) {
        let unmet = match check(mode, &Password::new(password), &context()) {
            Ok(()) => Vec::new(),
            Err(Unmet(unmet)) => unmet,
        };
        assert_eq!(unmet, expected, "{password}");
    }

    #[test]
    fn f012_lengths_are_counted_in_characters() {
        refused(Mode::Modern, "xk7.Qzw", &[Requirement::MinLength]);
        refused(Mode::Modern, "xk7.Qzwp", &[]);
        refused(
            Mode::Modern,
            "\u{6771}\u{4eac}\u{5854}\u{9ad8}\u{5c71}\u{5ddd}\u{8c37}\u{68ee}",
            &[],
        );
        let long: String = "xk7.Qzwp\u{e9}t2-mVa".chars().cycle().take(128).collect();
        refused(Mode::Composition, &long, &[]);
        refused(
            Mode::Composition,
            &format!("{long}x"),
            &[Requirement::MaxLength],
        );
    }

    #[test]
    fn f013_composition_asks_for_four_kinds() {
        refused(Mode::Composition, "xk7.qzwp", &[Requirement::Uppercase]);
        refused(Mode::Composition, "XK7.QZWP", &[Requirement::Lowercase]);
        refused(Mode::Composition, "xkv.Qzwp", &[Requirement::Digit]);
        refused(Mode::Composition, "xk7vQzwp", &[Requirement::Special]);
        refused(Mode::Composition, "xk7.Qzwp", &[]);
        refused(Mode::Composition, "\u{e4}k7 Qzwp", &[]);
    }

    #[test]
    fn c17_modern_asks_for_no_composition() {
        refused(Mode::Modern, "correct horse battery staple", &[]);
        refused(Mode::Modern, "xkvqzwpj", &[]);
    }

    #[test]
    fn s02_common_passwords_are_refused_in_every_dress() {
        for password in [
            "Password1!",
            "P@ssw0rd",
            "P@$$w0rd123",
            "Passw0rd!",
            "Welcome123!",
            "Welcome1!",
            "Qwerty123!",
            "Qwertyuiop1!",
            "Abcd1234!",
            "Abc123!@#",
            "Summer2024!",
            "Winter2025!!",
            "January2026!",
            "Dragon123!",
            "Letmein1!",
            "Iloveyou1!",
            "Iloveyou2!",
            "Admin123!",
            "Admin@123",
            "Administrator1!",
            "Changeme1!",
            "Changeme123!",
            "Monkey123!",
            "Football1!",
            "Superman1!",
            "Princess1!",
            "Michael1!",
            "Trustno1!",
            "Test1234!",
            "1qaz@WSX",
            "1qaz2wsx#EDC",
            "!QAZ2wsx",
            "Zaq12wsx!",
            "Aa123456!",
            "Aa123456@",
            "Asdf1234!",
            "Liverpool1!",
            "Chelsea123!",
            "Pokemon123!",
            "Batman2020!",
            "Passwort1!",
            "Hallo123!",
        ] {
            refused(Mode::Composition, password, &[Requirement::NotGuessable]);
        }
    }

    #[test]
    fn s02_patterns_are_refused() {
        for password in [
            "12345678",
            "87654321",
            "123456789012",
            "11111111",
            "aaaaaaaa",
            "abcdefgh",
            "zyxwvuts",
            "qwertyui",
            "asdfghjkl",
            "qwertzuiop",
            "1q2w3e4r",
            "abcabcabc",
            "xk7xk7xk7xk7",
            "passwordpassword",
            "20242025",
            "password12345678",
            "iloveyou",
            "qazwsxedc",
        ] {
            refused(Mode::Modern, password, &[Requirement::NotGuessable]);
        }
    }

    #[test]
    fn s02_names_of_brand_organisation_and_person_are_refused() {
        for password in [
            "Chancery-2026!",
            "Chancery1!",
            "ch4nc3ry-77!",
            "Hosting2026!x",
            "Winterbottom1!",
            "AnnWinterbottom7!",
        ] {
            let password = Password::new(password);
            let unmet = check(Mode::Composition, &password, &context()).unwrap_err();
            assert!(
                unmet.0.contains(&Requirement::NotPersonal),
                "{unmet} {}",
                password.reveal()
            );
        }
        refused(Mode::Composition, "Chancery is where 4 geese wade!", &[]);
    }

    #[test]
    fn s01_passwords_worth_the_name_are_accepted() {
        for password in [
            "Tr0ub4dor&3",
            "aG7$kP2x",
            "plain-Turnip 42 oboe",
            "m.Kj3vQ9",
            "Zw0lf Boxk\u{e4}mpfer",
        ] {
            refused(Mode::Composition, password, &[]);
        }
    }

    #[test]
    fn f014_the_live_list_has_a_line_for_each_requirement() {
        let lines = |mode| requirements(mode, &Password::new("abc"), &context()).len();
        assert_eq!((lines(Mode::Composition), lines(Mode::Modern)), (8, 4));
        let unmet = check(Mode::Modern, &Password::new("x7.Q"), &context()).unwrap_err();
        assert!(unmet.to_string().contains("At least 8 characters"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn s01_any_text_is_judged_and_the_check_agrees_with_the_list(text in "\\PC{0,60}") {
            let password = Password::new(text);
            for mode in Mode::ALL {
                let all_met = requirements(*mode, &password, &context()).iter().all(|line| line.1);
                prop_assert_eq!(check(*mode, &password, &context()).is_ok(), all_met);
            }
        }
    }
}
