//! Versions of the default image: tags of the form `YYYYMMDD.vN`.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

/// A dated version. Ordered by date, then by `N` as a number, so `20240429.v10` follows `20240429.v9`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct Version {
    date: jiff::civil::Date,
    number: u32,
}

/// The text is no dated version.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a version of the form YYYYMMDD.vN.")]
pub struct NotAVersion(pub String);

impl Version {
    /// Parses a tag. Only the exact form counts: eight digits that are a real date, `.v`, and a
    /// number without leading zeros.
    pub fn parse(tag: &str) -> Result<Self, NotAVersion> {
        let refused = || NotAVersion(tag.to_owned());
        let (day, number) = tag.split_once(".v").ok_or_else(refused)?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if day.len() != 8 || !digits(day) || !digits(number) || number.starts_with('0') {
            return Err(refused());
        }
        let part = |range: std::ops::Range<usize>| day[range].parse::<i16>().map_err(|_| refused());
        let date = jiff::civil::Date::new(
            part(0..4)?,
            i8::try_from(part(4..6)?).map_err(|_| refused())?,
            i8::try_from(part(6..8)?).map_err(|_| refused())?,
        )
        .map_err(|_| refused())?;
        Ok(Self { date, number: number.parse().map_err(|_| refused())? })
    }

    /// The day on which it was published.
    pub fn date(self) -> jiff::civil::Date {
        self.date
    }

    /// Whole days between its date and `today`; negative when its date lies ahead.
    pub fn age_in_days(self, today: jiff::civil::Date) -> i32 {
        today.since(self.date).map_or(0, |span| span.get_days())
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.v{}", self.date.strftime("%Y%m%d"), self.number)
    }
}

impl TryFrom<String> for Version {
    type Error = NotAVersion;
    fn try_from(text: String) -> Result<Self, NotAVersion> {
        Self::parse(&text)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

/// The dated versions among a repository's tags, newest first; other tags are passed over.
pub fn dated(tags: &[String]) -> Vec<Version> {
    let mut versions: Vec<Version> =
        tags.iter().filter_map(|tag| Version::parse(tag).ok()).collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.dedup();
    versions
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> Version {
        Version::parse(text).expect(text)
    }

    #[test]
    fn versions_are_ordered_by_date_then_number() {
        let tags: Vec<String> = [
            "20240429.v9",
            "latest",
            "20240111.v2",
            "20240429.v10",
            "20240429.v8",
            "20241301.v1",
            "20240429.v08",
            "20240429",
            "v1",
            "20240429.v10",
        ]
        .map(String::from)
        .to_vec();
        let sorted: Vec<String> = dated(&tags).iter().map(ToString::to_string).collect();
        assert_eq!(sorted, ["20240429.v10", "20240429.v9", "20240429.v8", "20240111.v2"]);
    }

    #[test]
    fn what_only_looks_like_a_version_is_refused() {
        for text in [
            "",
            "2024042.v1",
            "20240230.v1",
            "20240429.v",
            "20240429.v-1",
            "20240429.v1.2",
            "x20240429.v1",
        ] {
            assert!(Version::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn age_counts_days() {
        assert_eq!(version("20240429.v8").age_in_days(jiff::civil::date(2024, 5, 2)), 3);
        assert_eq!(version("20240429.v8").age_in_days(jiff::civil::date(2025, 4, 29)), 365);
    }

    proptest! {
        #[test]
        fn a_version_goes_to_text_and_back(year in 2000i16..2100, month in 1i8..=12, day in 1i8..=28, number in 1u32..100_000) {
            let text = format!("{year:04}{month:02}{day:02}.v{number}");
            prop_assert_eq!(version(&text).to_string(), text);
        }
    }
}
