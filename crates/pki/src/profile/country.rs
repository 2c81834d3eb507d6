//! The countries of ISO 3166-1, by their two letters.
//!
//! Codes that are in use without being in the standard (`EL`, `XI`, `XG`) belong to the registers that use them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A country.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

/// The text is not the code of a country.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("\"{0}\" is not the code of a country in two capital letters (ISO 3166-1)")]
pub struct CountryError(String);

impl Country {
    /// Reads a code in capital letters.
    pub fn parse(text: &str) -> Result<Self, CountryError> {
        let mut known = COUNTRIES.split_ascii_whitespace();
        match (known.any(|code| code == text), text.as_bytes()) {
            (true, [first, second]) => Ok(Self([*first, *second])),
            (true | false, _) => Err(CountryError(text.to_owned())),
        }
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        // What was parsed is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether it is a member of the European Union, whose law makes certificates qualified without being named.
    pub fn is_in_european_union(self) -> bool {
        let mut members = EUROPEAN_UNION.split_ascii_whitespace();
        members.any(|code| code == self.as_str())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Country {
    type Error = CountryError;

    fn try_from(text: String) -> Result<Self, CountryError> {
        Self::parse(&text)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.to_string()
    }
}

/// Every officially assigned code.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES \
    ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN \
    IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG \
    MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL \
    PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF \
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// The members since 2020.
const EUROPEAN_UNION: &str =
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_those_of_the_standard() {
        assert_eq!(COUNTRIES.split_ascii_whitespace().count(), 249);
        for text in ["", "fi", "FIN", "XX", "XG", "EU", "UK", "F\u{ed}"] {
            assert_eq!(Country::parse(text), Err(CountryError(text.to_owned())));
        }
        assert_eq!(Country::parse("FI").unwrap().as_str(), "FI");
    }

    #[test]
    fn the_european_union_is_made_of_countries() {
        let members = EUROPEAN_UNION.split_ascii_whitespace();
        let members: Vec<_> = members.map(|code| Country::parse(code).unwrap()).collect();
        assert_eq!(members.len(), 27);
        assert!(members.iter().all(|country| country.is_in_european_union()));
        assert!(!Country::parse("CH").unwrap().is_in_european_union());
    }
}
