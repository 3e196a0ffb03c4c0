//! What uv says when packages cannot be installed; its older form, with frames, and its newer one.

use super::{
    Found,
    system::{no_network, not_trusted},
    words::{
        behind, between, has, last_with, listed, package, says_certificate, says_no_connection,
    },
};
use crate::finding::Cause;

/// The packages cannot be had together. uv breaks its sentences over lines and draws a frame at their left.
pub(super) fn no_solution(said: &[&str]) -> Option<Found> {
    let at = last_with(said, &["no solution found when resolving"])?;
    let block: Vec<&str> = said[at..]
        .iter()
        .copied()
        .enumerate()
        .take_while(|(index, line)| *index == 0 || line.starts_with([' ', '╰', '│', '├']))
        .map(|(_, line)| line)
        .collect();
    let frame = |line: &&str| {
        let line = line.trim_start_matches([' ', '×', '╰', '─', '▶', '│', '├']);
        line.strip_prefix("cause: ").unwrap_or(line).trim().to_owned()
    };
    let text = block.iter().map(frame).collect::<Vec<_>>().join(" ");
    let new = |cause| Found::new(cause, at).lines(block.iter().copied());
    if has(&text, &["network was disabled", "network is disabled"]) {
        return Some(new(Cause::NoNetworkInBuild));
    }
    if let Some(before) = text
        .split(" was not found in the package registry")
        .next()
        .filter(|before| before.len() < text.len())
    {
        let name = before.split_whitespace().next_back().unwrap_or_default();
        return Some(
            new(Cause::PackageNotFound)
                .sentence(format!("The package \"{name}\" was not found."))
                .package(name),
        );
    }
    // What a long explanation begins with is what it is about.
    let first = text.split("we can conclude").next().unwrap_or_default();
    if let Some(rest) = behind(first, "does not satisfy Python") {
        let wants = rest.split([' ', ',']).next().unwrap_or_default();
        let name = rest
            .split_once(" and ")
            .and_then(|(_, rest)| rest.split_once(" depend"))
            .map(|(name, _)| name.trim());
        let name = name.map(|name| name.strip_prefix("all versions of ").unwrap_or(name));
        let name = name.filter(|name| !name.contains(' ')).unwrap_or_default();
        let is = between(&text, "Python version (", ")").unwrap_or("another one");
        let sentence = match name {
            "" => format!("A package needs Python {wants}, and the image has {is}."),
            name => format!("The package {name} needs Python {wants}, and the image has {is}."),
        };
        return Some(new(Cause::PythonDoesNotFit).sentence(sentence).package(package(name)));
    }
    if has(&text, &["no wheels with a matching python", "requires python"]) {
        let name = between(&text, "Because ", " has no wheels").unwrap_or_default();
        let found = new(Cause::PythonDoesNotFit).package(package(name));
        return Some(if name.is_empty() || name.contains(' ') {
            found
        } else {
            found.sentence(format!("The package {name} is not offered for the image's Python."))
        });
    }
    let depends = text.contains(" depends on ") || text.contains(" depend on ");
    if depends || first.matches("you require").count() > 1 {
        let mut found = new(Cause::PackageConflict);
        let mut names: Vec<&str> = vec![];
        let words: Vec<&str> = text.split_whitespace().collect();
        for (index, word) in words.iter().enumerate() {
            let requires = index > 1
                && *word != "one"
                && words[index - 1] == "require"
                && words[index - 2] == "you";
            let name = word.trim_end_matches([',', '.']);
            if requires && !names.contains(&name) {
                names.push(name);
                found = found.package(name);
            }
        }
        let listing: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        return Some(if listing.len() > 1 {
            found.sentence(format!("The packages {} do not go together.", listed(&listing)))
        } else {
            found
        });
    }
    let wanted = between(&text, "there is no version of ", " and you require")
        .or_else(|| between(&text, "you require ", ", we can conclude"));
    if let Some(wanted) = wanted.filter(|wanted| !wanted.contains(' ')) {
        return Some(
            new(Cause::PackageNotFound)
                .sentence(format!(
                    "The package {} is not offered in the version that is asked for: {wanted}.",
                    package(wanted)
                ))
                .package(package(wanted)),
        );
    }
    Some(
        new(Cause::BuildStepFailed)
            .sentence("uv found no versions of the packages that can be installed together here.")
            .advice([
                "What it says below names the package; change its version, or leave it open.",
            ]),
    )
}

/// uv could not reach an index, or does not trust it.
pub(super) fn no_connection(said: &[&str]) -> Option<Found> {
    let is_failure = |line: &str| {
        has(line, &["error: ", "× ", "caused by: ", "cause: ", "╰─▶ ", "├─▶ "])
            && has(
                line,
                &[
                    "failed to fetch",
                    "failed to download",
                    "request failed after",
                    "error sending request",
                ],
            )
    };
    let at = said.iter().rposition(|line| is_failure(line) && !line.contains("DEBUG"))?;
    let begins = |line: &&str| line.trim_start().starts_with("error: ") || line.contains("× ");
    let start = said[..=at].iter().rposition(begins).unwrap_or(at);
    let mut end = at + 1;
    while end < said.len() && has(said[end], &["caused by: ", "cause: ", "╰─▶ ", "├─▶ "])
    {
        end += 1;
    }
    let lines = &said[start..end];
    if lines.iter().any(|line| says_certificate(line)) {
        return Some(not_trusted(end - 1, lines));
    }
    lines.iter().any(|line| says_no_connection(line)).then(|| no_network(end - 1, lines))
}
