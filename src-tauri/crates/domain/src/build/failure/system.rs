//! What system packages and downloads say in a step: apt, apk, dnf, curl, wget, git.

use super::{
    Found,
    words::{behind, between, has, host, last_with, listed, says_certificate, says_no_connection},
};
use crate::finding::Cause;

pub(super) fn recognise(said: &[&str]) -> Option<Found> {
    package(said).or_else(|| not_fetched(said)).or_else(|| download(said))
}

/// The build has no connection to the host that this line is about.
pub(super) fn no_network(at: usize, lines: &[&str]) -> Found {
    let found = Found::new(Cause::NoNetworkInBuild, at).lines(lines.iter().copied());
    match lines.iter().find_map(|line| host(line)) {
        Some(host) => found.sentence(format!("The build could not reach {host}.")),
        None => found,
    }
}

/// The certificate of the host that this line is about is not trusted.
pub(super) fn not_trusted(at: usize, lines: &[&str]) -> Found {
    let host = lines.iter().find_map(|line| host(line)).unwrap_or("the package index");
    Found::new(Cause::CertificateNotTrusted, at)
        .sentence(format!("The certificate of {host} is not trusted in the build."))
        .meaning("Most often a proxy of the company signs connections anew, and the image does not know the company's certificate.")
        .advice(["Give the company's certificate in the environment's package index settings, then build again."])
        .lines(lines.iter().copied())
}

/// A line of apt, or of what it downloads with, about a connection.
fn apt_connection(line: &&str) -> bool {
    let apt = [
        "temporary failure resolving",
        "could not resolve '",
        "could not connect to",
        "unable to connect to",
        "failed to fetch http",
    ];
    has(line, &apt) && (says_no_connection(line) || says_certificate(line))
}

fn connection(at: usize, said: &[&str], is_it: impl Fn(&&str) -> bool) -> Option<Found> {
    let line = said[..=at].iter().copied().rfind(|line| is_it(line))?;
    Some(if says_certificate(line) { not_trusted(at, &[line]) } else { no_network(at, &[line]) })
}

fn package(said: &[&str]) -> Option<Found> {
    let name = |line: &str| -> Option<String> {
        let name = behind(line, "E: Unable to locate package ")
            .or_else(|| between(line, "E: Package '", "' has no installation candidate"))
            .or_else(|| between(line, "E: Package ", " has no installation candidate"))
            .or_else(|| {
                between(line, "' for '", "' was not found").filter(|_| line.contains("E: Version "))
            })
            .or_else(|| between(line, "  ", " (no such package):"))
            .or_else(|| behind(line, "No match for argument: "))
            .or_else(|| behind(line, "Unable to find a match: "))?;
        Some(name.to_owned())
    };
    let missing: Vec<(usize, String)> =
        said.iter().enumerate().filter_map(|(at, line)| Some((at, name(line)?))).collect();
    let at = missing.last()?.0;
    if let Some(found) = connection(at, said, apt_connection) {
        return Some(found);
    }
    let mut names: Vec<String> = missing.iter().map(|(_, name)| name.clone()).collect();
    names.dedup();
    let sentence = match &names[..] {
        [one] => format!("The system package \"{one}\" was not found."),
        many => format!("The system packages {} were not found.", listed(many)),
    };
    Some(
        Found::new(Cause::PackageNotFound, at)
            .sentence(sentence)
            .meaning(
                "The base image's system does not offer it under this name or in this version.",
            )
            .advice([
                "Check its name for the system that the base is made from.",
                "In a Dockerfile, call apt-get update in the same step before apt-get install.",
            ])
            .lines(missing.iter().map(|(at, _)| said[*at])),
    )
}

fn not_fetched(said: &[&str]) -> Option<Found> {
    let at = last_with(
        said,
        &[
            "e: failed to fetch",
            "e: unable to fetch",
            "e: the repository '",
            "temporary error (try again later)",
            "dns lookup error",
        ],
    )?;
    if has(said[at], &["temporary error (try again later)", "dns lookup error"]) {
        return Some(no_network(at, &[said[at]]));
    }
    connection(at, said, apt_connection)
}

/// Other programs that download; only what they said last counts.
fn download(said: &[&str]) -> Option<Found> {
    let last = said.len().saturating_sub(12);
    let at = last_with(
        &said[last..],
        &[
            "could not resolve host",
            "unable to resolve host address",
            "temporary failure in name resolution",
            "name or service not known",
            "getaddrinfo eai_again",
            "curl: (7) ",
            "curl: (28) ",
            "ssl certificate problem",
            "server certificate verification failed",
        ],
    )? + last;
    let line = said[at];
    Some(if says_certificate(line) { not_trusted(at, &[line]) } else { no_network(at, &[line]) })
}
