//! Whether what a person asks for can be, as far as that needs no engine. Each problem names its field.

use std::collections::BTreeSet;

use super::{MountRequest, RuntimeSpec};
use crate::finding::Problem;

/// Smallest memory limit that an engine accepts and a runtime can start with.
pub const LOWEST_MEMORY_LIMIT: u64 = 128 * 1024 * 1024;

/// Whether a variable's name or value looks like a key, which belongs in a connection.
pub fn looks_like_a_key(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let words: Vec<&str> = upper.split(['_', '-', '.']).collect();
    let named = words.iter().any(|word| {
        matches!(
            *word,
            "KEY"
                | "APIKEY"
                | "TOKEN"
                | "SECRET"
                | "PASSWORD"
                | "PASSWD"
                | "PWD"
                | "CREDENTIAL"
                | "CREDENTIALS"
                | "SAS"
        )
    }) || upper.ends_with("PASSWORD")
        || upper.ends_with("SECRET");
    let prefixes = ["sk-", "ghp_", "github_pat_", "xoxb-", "xoxp-", "AKIA", "eyJ"];
    let long_token = value.len() >= 32
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'/' | b'='))
        && value.bytes().any(|b| b.is_ascii_digit())
        && value.bytes().any(|b| b.is_ascii_alphabetic());
    let valued =
        prefixes.iter().any(|prefix| value.len() > prefix.len() + 12 && value.starts_with(prefix))
            || value.contains("AccountKey=")
            || value.contains("SharedAccessSignature")
            || long_token;
    !value.is_empty() && (named || valued)
}

/// Checks everything about a request that needs no engine.
pub fn check(spec: &RuntimeSpec) -> Vec<Problem> {
    let mut problems = check_access(&spec.bind_address);
    if spec.target_port == Some(0) {
        problems.push(Problem::field("targetPort", "A port is a number from 1 to 65535."));
    }
    problems.extend(check_limits(spec.memory_limit, spec.cpu_limit));
    problems.extend(check_variables(spec.variables.iter().map(|variable| {
        (variable.name.as_str(), Some(variable.value.as_str()), variable.confirmed)
    })));
    problems.extend(check_mounts(&spec.mounts));
    if shell_words::split(&spec.start_command).is_err() {
        problems.push(Problem::field(
            "startCommand",
            "A quotation mark in the start command is not closed.",
        ));
    }
    if !spec.health_path.is_empty() && !spec.health_path.starts_with('/') {
        problems.push(Problem::field("healthPath", "The health path starts with \"/\"."));
    }
    problems
}

/// Checks the address that the port is published on (`bindAddress`).
pub fn check_access(bind_address: &str) -> Vec<Problem> {
    if bind_address.parse::<std::net::IpAddr>().is_ok() {
        return vec![];
    }
    vec![Problem::field(
        "bindAddress",
        format!(
            "\"{bind_address}\" is not an IP address. Use 127.0.0.1 for this machine only, or 0.0.0.0 for every network."
        ),
    )]
}

/// Checks limits (`memoryLimit` in bytes, `cpuLimit`).
pub fn check_limits(memory: Option<u64>, cpus: Option<f64>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if memory.is_some_and(|limit| limit < LOWEST_MEMORY_LIMIT) {
        problems.push(Problem::field("memoryLimit", "A runtime needs at least 128 MB of memory."));
    }
    if cpus.is_some_and(|limit| !limit.is_finite() || limit < 0.01) {
        problems
            .push(Problem::field("cpuLimit", "A CPU limit is a number above 0, for example 1.5."));
    }
    problems
}

/// Checks variables (`variables.N`): name, value (`None` = one that is kept as it is), and whether the
/// person confirmed that it may be here although it looks like a key.
pub fn check_variables<'a>(
    variables: impl Iterator<Item = (&'a str, Option<&'a str>, bool)>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut names = BTreeSet::new();
    for (at, (name, value, confirmed)) in variables.enumerate() {
        let field = format!("variables.{at}");
        if name.is_empty() || name.contains(['=', '\0']) || name.contains(char::is_whitespace) {
            problems.push(Problem::field(
                &field,
                "A variable's name has no spaces and no \"=\", and is not empty.",
            ));
        } else if !names.insert(name) {
            problems.push(Problem::field(&field, format!("{name} is set twice.")));
        } else if !confirmed && value.is_some_and(|value| looks_like_a_key(name, value)) {
            problems.push(
                Problem::field(&field, format!("{name} looks like a key. A container's variables can be read by everyone who may use the engine."))
                    .hint("Use a connection for keys, or confirm that this value is meant to be here."),
            );
        }
    }
    problems
}

/// Checks mounts (`mounts.N`).
pub fn check_mounts(mounts: &[MountRequest]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut targets = BTreeSet::new();
    for (at, mount) in mounts.iter().enumerate() {
        let field = format!("mounts.{at}");
        if !mount.target.starts_with('/') || mount.target.trim_end_matches('/').is_empty() {
            problems.push(Problem::field(
                &field,
                "The path in the container starts with \"/\" and is not \"/\" itself.",
            ));
        } else if !targets.insert(mount.target.trim_end_matches('/').to_owned()) {
            problems.push(Problem::field(&field, format!("Two mounts go to {}.", mount.target)));
        }
        let volume_name = |text: &str| {
            text.len() > 1
                && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        };
        if !mount.is_bind() && !volume_name(&mount.source) {
            problems.push(Problem::field(
                &field,
                "Give an absolute folder (bind mount) or the name of a volume.",
            ));
        }
        if mount.source.contains(':') || mount.target.contains(':') {
            problems.push(Problem::field(&field, "A mount's path cannot contain a colon."));
        }
    }
    problems
}
