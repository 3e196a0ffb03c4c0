//! Why a part did not start or did not do what was asked.

use std::fmt;

/// A sentence for the person who reads the test's output. `Debug` prints the same, so that
/// `unwrap` in a test reads well.
#[derive(Clone, PartialEq, Eq)]
pub struct PartError(String);

impl PartError {
    /// An error with these words.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for PartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for PartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for PartError {}

impl From<std::io::Error> for PartError {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// What starting or asking a part gives.
pub type PartResult<T> = Result<T, PartError>;
