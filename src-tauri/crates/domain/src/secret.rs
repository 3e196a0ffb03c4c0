//! A value that must never be shown, logged or written down.

use serde::Deserialize;

/// A secret. It cannot be serialised, and printing it says only that something is there.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value; from here on only [`Secret::expose`] gives it back.
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The value itself. Call this only where it leaves for the keyring or a request body.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(redacted)")
    }
}

/// A user name and password (or token) for an image registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Shown to people.
    pub username: String,
    /// Never shown.
    pub password: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_a_secret_does_not_show_it() {
        let login = Login { username: "ann".into(), password: Secret::new("hunter2".into()) };
        let printed = format!("{login:?}");
        assert!(printed.contains("ann") && !printed.contains("hunter2"), "{printed}");
    }
}
