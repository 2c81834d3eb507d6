//! How hard a password is to guess, in bits, by somebody who knows how people choose: a common
//! word, a name, a year, a run on the keyboard, something twice, and a character or two.
//!
//! The password is split into such pieces in the cheapest way. The list of common words is our
//! own; a wordlist of breached passwords can be checked beside it, not in it.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The estimate. `known` are words in [`folded`] form that the guesser tries first.
pub(super) fn bits(password: &str, known: &[String]) -> u32 {
    let pieces = Pieces::new(password, known);
    let mut cheapest = vec![0_u32];
    for end in 1..=pieces.runs.len() {
        let best = (0..end)
            .filter_map(|start| {
                let before = cheapest.get(start).copied()?;
                Some(before.saturating_add(pieces.cost(start, end)?))
            })
            .min();
        cheapest.push(best.unwrap_or(u32::MAX));
    }
    cheapest.last().copied().unwrap_or(0)
}

/// A password as a guesser may read it: in lower case, and with digits and signs taken for the
/// letters that they resemble, one of which resembles two.
pub(super) fn readings(password: &str) -> [String; 3] {
    let plain = folded(password);
    let reading = |one: char| plain.chars().map(|letter| unleet(letter, one)).collect();
    [plain.clone(), reading('i'), reading('l')]
}

/// Lower case, character by character, so that positions stay.
pub(super) fn folded(text: &str) -> String {
    text.chars()
        .map(|letter| letter.to_lowercase().next().unwrap_or(letter))
        .collect()
}

fn unleet(letter: char, one: char) -> char {
    match letter {
        '@' | '4' => 'a',
        '3' => 'e',
        '0' => 'o',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '1' | '!' | '|' => one,
        other => other,
    }
}

/// A password with what it takes to price any part of it.
struct Pieces<'a> {
    plain: Vec<char>,
    /// All with their characters at the same bytes: they differ only in ASCII.
    readings: [String; 3],
    /// Where each character starts in the readings, in bytes, and where the last one ends.
    offsets: Vec<usize>,
    known: &'a [String],
    /// For each position, how many characters from there are one run.
    runs: Vec<usize>,
}

impl<'a> Pieces<'a> {
    fn new(password: &str, known: &'a [String]) -> Self {
        let readings = readings(password);
        let [first, ..] = &readings;
        let plain: Vec<char> = first.chars().collect();
        let starts = first.char_indices().map(|(offset, _)| offset);
        let offsets = starts.chain([first.len()]).collect();
        let runs = (0..plain.len())
            .map(|start| run(plain.get(start..).unwrap_or(&[])))
            .collect();
        Self {
            plain,
            readings,
            offsets,
            known,
            runs,
        }
    }

    /// What the characters from `start` to `end` cost as one piece; `None` if they are not one.
    fn cost(&self, start: usize, end: usize) -> Option<u32> {
        let piece = self.plain.get(start..end)?;
        match piece {
            [digit] if digit.is_ascii_digit() => Some(DIGIT),
            [_] => Some(CHARACTER),
            _ if self.is_repetition(piece, start) => Some(REPETITION),
            [_, _] => None,
            _ if self.words(start, end).any(|word| self.is_known(word)) => Some(KNOWN),
            _ if self.is_run(piece, start) || is_year(piece) => Some(RUN),
            _ if piece.len() > LONGEST_WORD => None,
            _ => self
                .words(start, end)
                .any(|word| COMMON.contains(word))
                .then_some(WORD),
        }
    }

    fn is_repetition(&self, piece: &[char], start: usize) -> bool {
        start
            .checked_sub(piece.len())
            .and_then(|earlier| self.plain.get(earlier..start))
            == Some(piece)
    }

    fn is_run(&self, piece: &[char], start: usize) -> bool {
        self.runs
            .get(start)
            .is_some_and(|length| *length >= piece.len())
    }

    fn is_known(&self, word: &str) -> bool {
        self.known.iter().any(|known| known == word)
    }

    fn words(&self, start: usize, end: usize) -> impl Iterator<Item = &str> {
        let bytes = self.offsets.get(start).zip(self.offsets.get(end));
        self.readings
            .iter()
            .filter_map(move |reading| bytes.and_then(|(from, to)| reading.get(*from..*to)))
    }
}

/// How many characters from the first are the same one again, or neighbours in the alphabet, in
/// counting or on a keyboard.
fn run(letters: &[char]) -> usize {
    let Some(first) = letters.first() else {
        return 0;
    };
    let same = letters.iter().take_while(|letter| *letter == first).count();
    SEQUENCES
        .iter()
        .flat_map(|sequence| {
            let starts = (0..).zip(sequence).filter(|(_, letter)| *letter == first);
            starts.map(|(start, _)| {
                let along = sequence.iter().skip(start).zip(letters);
                along
                    .take_while(|(expected, letter)| expected == letter)
                    .count()
            })
        })
        .max()
        .map_or(same, |length| length.max(same))
}

fn is_year(piece: &[char]) -> bool {
    match piece {
        ['1', '9', decade, year] | ['2', '0', decade, year] => {
            decade.is_ascii_digit() && year.is_ascii_digit()
        }
        _ => false,
    }
}

static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Every sequence in both directions.
static SEQUENCES: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
    let forward = ROWS.iter().map(|row| row.chars().collect());
    let backward = ROWS.iter().map(|row| row.chars().rev().collect());
    forward.chain(backward).collect()
});

/// Rows, columns and zigzags of the usual keyboards, shifted digits, the alphabet and counting.
const ROWS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "012345678901234567890",
    "!@#$%^&*()_+",
    "!\"\u{a7}$%&/()=?",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiop",
    "yxcvbnm,.-",
    "azertyuiop",
    "qsdfghjklm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "!qaz@wsx#edc$rfv%tgb^yhn&ujm*ik<(ol>",
    "1q2w3e4r5t6z7u8i9o0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "1a2b3c4d5e6f7g8h9i",
    "a1b2c3d4e5f6g7h8i9",
    "qawsedrftgyhujikolp",
    "qazwsxedcrfvtgbyhnujmikolp",
    "qweasdzxc",
    "789456123",
    "147258369",
];

const LONGEST_WORD: usize = 24;

/// Roughly the logarithm of how many a guesser tries of each kind.
const CHARACTER: u32 = 5;
const DIGIT: u32 = 3;
const KNOWN: u32 = 2;
const REPETITION: u32 = 3;
const RUN: u32 = 6;
const WORD: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(password: &str, expected: u32) {
        assert_eq!(
            bits(password, &["chancery".to_owned()]),
            expected,
            "{password}"
        );
    }

    #[test]
    fn pieces_are_recognised() {
        check("", 0);
        check("x", 5);
        check("7", 3);
        check("xk7.", 18);
        check("password", WORD);
        check("P@SSW0RD", WORD);
        check("qwerty", RUN);
        check("ytrewq", RUN);
        check("1985", RUN);
        check("zzzzzz", RUN);
        check("xkxk", 13);
        check("chancery", KNOWN);
        check("ch4nc3ry", KNOWN);
        check("password1234", WORD + RUN);
    }

    #[test]
    fn s02_the_list_holds_3000_words_in_folded_form() {
        assert!(COMMON.len() >= 3000);
        assert!(
            COMMON
                .iter()
                .all(|word| folded(word) == *word && word.len() <= LONGEST_WORD)
        );
    }
}
