//! Names: of runtimes, and of the containers that play a part for one.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

/// The name of a runtime, which is also the name of the container that serves.
///
/// Holds to the engine's grammar (`[a-zA-Z0-9][a-zA-Z0-9_.-]+`), is at most 63 characters long and
/// never ends in one of the suffixes that mark a container's part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct RuntimeName(String);

/// Why a text cannot be a runtime's name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    #[error("Give the runtime a name.")]
    Empty,
    #[error("A name has at least 2 characters.")]
    TooShort,
    #[error("A name has at most 63 characters; this one has {0}.")]
    TooLong(usize),
    #[error("A name starts with a letter or a digit.")]
    BadStart,
    #[error("\"{0}\" cannot stand in a name. Use letters, digits, hyphens, dots and underscores.")]
    BadCharacter(char),
    #[error("A name cannot end in \".{0}\", which marks a container that an update makes.")]
    Reserved(&'static str),
}

impl RuntimeName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let Some(first) = text.chars().next() else { return Err(NameError::Empty) };
        if !first.is_ascii_alphanumeric() {
            return Err(NameError::BadStart);
        }
        if let Some(bad) =
            text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')))
        {
            return Err(NameError::BadCharacter(bad));
        }
        match text.len() {
            1 => return Err(NameError::TooShort),
            length if length > 63 => return Err(NameError::TooLong(length)),
            _ => {}
        }
        if let Some(part) = Part::SUFFIXED.iter().find(|part| text.ends_with(&part.suffix())) {
            return Err(NameError::Reserved(part.word()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The default name for a runtime added at this local time: `runtime<yyyymmdd>t<hhmm>`.
    pub fn proposed(now: jiff::civil::DateTime) -> Self {
        Self(now.strftime("runtime%Y%m%dt%H%M").to_string())
    }

    /// The same name with a number behind it, for when it is taken.
    pub fn numbered(&self, number: u32) -> Self {
        Self(format!("{}-{number}", self.0))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the container that plays `part` for this runtime.
    pub fn container(&self, part: Part) -> String {
        format!("{}{}", self.0, part.suffix())
    }
}

impl std::fmt::Display for RuntimeName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for RuntimeName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<RuntimeName> for String {
    fn from(name: RuntimeName) -> Self {
        name.0
    }
}

/// The part that a container plays for a runtime. It follows from the container's name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// `NAME`: serves.
    Serving,
    /// `NAME.candidate`: proves a new image beside the serving one.
    Candidate,
    /// `NAME.next`: created, about to take over.
    Next,
    /// `NAME.previous`: stopped, kept for a roll back.
    Previous,
    /// `NAME.lock`: created, never started; says that an operation is under way.
    Lock,
}

impl Part {
    const SUFFIXED: [Self; 4] = [Self::Candidate, Self::Next, Self::Previous, Self::Lock];

    fn word(self) -> &'static str {
        match self {
            Self::Serving => "",
            Self::Candidate => "candidate",
            Self::Next => "next",
            Self::Previous => "previous",
            Self::Lock => "lock",
        }
    }

    fn suffix(self) -> String {
        match self {
            Self::Serving => String::new(),
            other => format!(".{}", other.word()),
        }
    }

    /// Takes a container's name apart into the runtime's name and the part played for it.
    pub fn of_container(container: &str) -> (&str, Self) {
        Self::SUFFIXED
            .iter()
            .find_map(|part| container.strip_suffix(&part.suffix()).map(|name| (name, *part)))
            .unwrap_or((container, Self::Serving))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_follow_the_grammar_of_the_engine() {
        for good in ["ab", "my-runtime", "A.b_c-9", "runtime20231107t1519"] {
            assert!(RuntimeName::parse(good).is_ok(), "{good}");
        }
        for (bad, expected) in [
            ("", NameError::Empty),
            ("a", NameError::TooShort),
            ("-a", NameError::BadStart),
            ("a b", NameError::BadCharacter(' ')),
            ("ü1", NameError::BadStart),
            ("a/b", NameError::BadCharacter('/')),
            ("eval.previous", NameError::Reserved("previous")),
            ("eval.lock", NameError::Reserved("lock")),
        ] {
            assert_eq!(RuntimeName::parse(bad), Err(expected), "{bad}");
        }
        assert_eq!(RuntimeName::parse(&"a".repeat(64)), Err(NameError::TooLong(64)));
    }

    #[test]
    fn the_proposed_name_is_the_hosted_products() {
        let name = RuntimeName::proposed(jiff::civil::date(2023, 11, 7).at(15, 19, 2, 0));
        assert_eq!(name.as_str(), "runtime20231107t1519");
    }

    proptest! {
        #[test]
        fn parts_and_names_go_there_and_back(text in "[a-zA-Z0-9][a-zA-Z0-9_.-]{1,30}") {
            if let Ok(name) = RuntimeName::parse(&text) {
                for part in [Part::Serving, Part::Candidate, Part::Next, Part::Previous, Part::Lock] {
                    let container = name.container(part);
                    prop_assert_eq!(Part::of_container(&container), (name.as_str(), part));
                }
            }
        }
    }
}
