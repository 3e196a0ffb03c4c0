//! What the builder itself cannot do: read the file, get the base, copy, store.

use super::{
    FailedBuild, Found,
    system::{no_network, not_trusted},
    words::{behind, between, has, shortened},
};
use crate::{
    diagnosis::{About, cause_of, describe},
    finding::Cause,
};

/// The instruction that a builder names in its own error.
pub(super) fn instruction_in(words: &str) -> Option<String> {
    let rest = behind(words, "at STEP \"")?;
    let end = rest.find("\": ").unwrap_or(rest.len());
    Some(rest[..end].to_owned())
}

pub(super) fn recognise(failed: &FailedBuild<'_>, own: &[&str], said: &[&str]) -> Option<Found> {
    disk_full(said)
        .or_else(|| syntax(failed))
        .or_else(|| not_in_context(failed, said))
        .or_else(|| base(failed))
        .or_else(|| not_added(failed))
        .or_else(|| wrong_architecture(failed, own, said))
}

fn disk_full(said: &[&str]) -> Option<Found> {
    let forms = ["no space left on device", "[errno 28]", "disk quota exceeded"];
    let at = said.iter().rposition(|line| has(line, &forms))?;
    Some(Found::new(Cause::DiskFull, at).lines([said[at]]))
}

fn syntax(failed: &FailedBuild<'_>) -> Option<Found> {
    let words = failed.words;
    let forms = [
        "dockerfile parse error",
        "failed to parse dockerfile",
        "parsing main dockerfile",
        "build error: unknown instruction",
        "no build stage in current context",
        "no from statement found",
        "no contents in",
        "the dockerfile (",
        "file with no instructions",
        "invalid reference format",
        "repository name must be lowercase",
        "should not be blank",
        "requires at least one argument",
        "requires exactly one argument",
    ];
    let before_any_step = failed.instruction.is_none() && has(words, &["failed to parse "]);
    if !before_any_step && !has(words, &forms) {
        return None;
    }
    let number = behind(words, "line ").and_then(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse::<u32>().ok()
    });
    let at = number.map(|number| format!("line {number}")).unwrap_or_default();
    let unknown = between_any(words, "nknown instruction: ");
    let sentence = match (unknown, at.as_str()) {
        (Some(word), "") => format!("The Dockerfile has the unknown instruction \"{word}\"."),
        (Some(word), at) => {
            format!("The Dockerfile has an unknown instruction in {at}: \"{word}\".")
        }
        (None, "") => "The Dockerfile cannot be read.".to_owned(),
        (None, at) => format!("The Dockerfile cannot be read: {at} is not right."),
    };
    let found = Found::new(Cause::BuildSyntax, 0).sentence(sentence);
    Some(
        if has(
            words,
            &[
                "invalid reference format",
                "repository name must be lowercase",
                "should not be blank",
            ],
        ) {
            let image = failed.instruction.and_then(image_of).unwrap_or_default();
            let found = found.meaning("What stands behind FROM is not the name of an image, perhaps because an argument has no value.");
            if image.is_empty() {
                found.sentence("The Dockerfile names a base that is no image.")
            } else {
                found.sentence(format!("\"{image}\" is not the name of an image."))
            }
        } else if unknown.is_some() {
            found.advice([
            "Correct the instruction; if the line continues the one before, that one has to end with a backslash.",
        ])
        } else {
            found
        },
    )
}

/// The word behind a form, without quotation marks.
fn between_any<'a>(text: &'a str, form: &str) -> Option<&'a str> {
    let word = behind(text, form)?.split_whitespace().next()?;
    Some(word.trim_matches(|letter| letter == '"' || letter == '\''))
        .filter(|word| !word.is_empty())
}

/// The image that an instruction takes from elsewhere.
fn image_of(instruction: &str) -> Option<&str> {
    let mut words = instruction.split_whitespace();
    let keyword = words.next()?.to_uppercase();
    if keyword == "FROM" {
        return words.find(|word| !word.starts_with("--"));
    }
    let from = words.find_map(|word| word.strip_prefix("--from="))?;
    (keyword == "COPY").then_some(from)
}

fn base(failed: &FailedBuild<'_>) -> Option<Found> {
    let words = failed.words;
    let pulls = [
        "initializing source",
        "pull access denied",
        "manifest unknown",
        "failed to resolve source metadata",
        "creating build container",
        "did not resolve to an alias",
        "short-name resolution",
    ];
    let image = failed.instruction.and_then(image_of);
    let no_step = failed.instruction.is_none();
    if image.is_none() && !(no_step && has(words, &pulls)) {
        return None;
    }
    let given = failed.about.image;
    let image = if given.is_empty() { image.unwrap_or_default() } else { given };
    if has(words, &["did not resolve to an alias", "short-name resolution"]) {
        return Some(
            Found::new(Cause::BaseNotFound, 0)
                .sentence(base_sentence(image))
                .meaning("It is named without its registry, and this compute does not know where to look for such names.")
                .advice(["Write the whole name, for example docker.io/library/python:3.11."]),
        );
    }
    let cause = match cause_of(words) {
        None if has(words, &[": not found", "was not found"]) => Cause::ImageNotFound,
        cause => cause?,
    };
    let found = match cause {
        Cause::ImageNotFound => Found::new(Cause::BaseNotFound, 0).sentence(base_sentence(image)),
        Cause::PullDenied
        | Cause::NoSuchHost
        | Cause::RegistryNotReachable
        | Cause::RateLimited
        | Cause::CertificateNotTrusted
        | Cause::RegistryMisbehaves
        | Cause::WrongArchitecture
        | Cause::PullInterrupted => {
            let registry = match (failed.about.registry, image.split_once('/')) {
                (known, _) if !known.is_empty() => known,
                (_, Some((host, _))) if host.contains(['.', ':']) || host == "localhost" => host,
                _ => "docker.io",
            };
            let image = if image.is_empty() { "the base image" } else { image };
            let mut found = Found::new(cause, 0);
            found.finding = describe(cause, About { image, registry, ..failed.about });
            found
        }
        _ => return None,
    };
    Some(found)
}

/// `ADD` downloads by itself.
fn not_added(failed: &FailedBuild<'_>) -> Option<Found> {
    let added = failed.instruction?.split_whitespace().find(|word| word.contains("://"))?;
    let cause =
        cause_of(failed.words).filter(|_| has(failed.words, &["add failed", "dial tcp"]))?;
    match cause {
        Cause::NoSuchHost | Cause::RegistryNotReachable | Cause::PullInterrupted => {
            Some(no_network(0, &[added]).lines([]))
        }
        Cause::CertificateNotTrusted => Some(not_trusted(0, &[added]).lines([])),
        _ => None,
    }
}

fn base_sentence(image: &str) -> String {
    if image.is_empty() {
        "The base image was not found.".to_owned()
    } else {
        format!("The base image {image} was not found.")
    }
}

fn not_in_context(failed: &FailedBuild<'_>, said: &[&str]) -> Option<Found> {
    let instruction = failed.instruction.unwrap_or_default();
    let keyword = instruction.split_whitespace().next().unwrap_or_default().to_uppercase();
    let copies = matches!(keyword.as_str(), "COPY" | "ADD");
    let line = said.iter().copied().rfind(|line| {
        has(line, &["copy failed: ", "add failed: "])
            || copies
                && has(
                    line,
                    &[
                        "copier: stat: ",
                        "no items matching glob",
                        "failed to compute cache key",
                        "failed to calculate checksum",
                        "lstat ",
                    ],
                )
    })?;
    if !has(
        line,
        &[
            "file not found in build context",
            "no such file",
            "file does not exist",
            "no source files were specified",
            "no items matching glob",
            "outside the build context",
            "not found",
        ],
    ) {
        return None;
    }
    let sources: Vec<&str> =
        instruction.split_whitespace().skip(1).filter(|word| !word.starts_with("--")).collect();
    let seen = between(line, "stat: \"", "\"")
        .or_else(|| between(line, "glob \"", "\""))
        .or_else(|| between(line, "outside the build context: ", " ("))
        .or_else(|| between(line, "stat ", ": "))
        .or_else(|| between(line, ": \"", "\": not found"));
    // As the Dockerfile has it, wherever the builder keeps what it was sent.
    let written = sources.iter().copied().find(|source| {
        let source = source.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/');
        !source.is_empty() && seen.is_none_or(|seen| seen.ends_with(source))
    });
    let path = written.or_else(|| seen.map(in_context));
    let file = path.map_or("A file that is to be copied".to_owned(), |path| format!("\"{path}\""));
    if let Some(stage) =
        instruction.split_whitespace().find_map(|word| word.strip_prefix("--from="))
    {
        return Some(
            Found::new(Cause::BuildStepFailed, 0)
                .sentence(format!(
                    "{file} does not exist in \"{stage}\", from which it is to be copied."
                ))
                .meaning("The stage or image before did not make it, or has it at another place.")
                .advice(["Correct the path behind --from, or let the stage before make the file."])
                .lines([line]),
        );
    }
    let found = Found::new(Cause::FileNotInContext, 0).lines([line]);
    Some(if has(line, &["outside the build context"]) {
        found
            .sentence(format!("{file} lies outside of the build's folder."))
            .meaning("Only what is in that folder is sent to the builder.")
            .advice(["Put the file into the build's folder, and name it from there."])
    } else if has(line, &["filtered out using "]) {
        found.sentence(format!(
            "{file} is excluded by .dockerignore, so it was not sent to the builder."
        ))
    } else {
        found.sentence(format!("{file} was not sent to the builder."))
    })
}

/// The path as the Dockerfile has it, without the folder where the builder keeps what it was sent.
fn in_context(path: &str) -> &str {
    for folder in ["/docker-builder", "/libpod_builder", "/buildah"] {
        if let Some((_, rest)) = path.split_once(folder) {
            let rest = rest.split_once('/').map_or(rest, |(_, rest)| rest);
            return rest.strip_prefix("build/").unwrap_or(rest);
        }
    }
    path.strip_prefix('/').unwrap_or(path)
}

fn wrong_architecture(failed: &FailedBuild<'_>, own: &[&str], said: &[&str]) -> Option<Found> {
    let form = ["exec format error"];
    let last = own.len().saturating_sub(5);
    let line =
        own[last..].iter().chain(&said[own.len()..]).copied().rfind(|line| has(line, &form))?;
    let found = Found::new(Cause::WrongArchitecture, 0).lines([line]);
    let architecture = match failed.about.architecture {
        "" => "The compute has another architecture.".to_owned(),
        known => format!("The compute's architecture is {known}."),
    };
    let found = found.meaning(architecture);
    Some(if has(line, &["user process", "exec /bin/", "exec container process", "\"/bin/sh\""]) {
        found.sentence("The base image is not made for this compute.").advice([
            "Choose a base that is offered for this architecture, and remove --platform from FROM.",
        ])
    } else {
        let step = failed.instruction.map(shortened).unwrap_or_default();
        let sentence = if step.is_empty() {
            "A program in the build is not made for this compute.".to_owned()
        } else {
            format!("A program that is started in \"{step}\" is not made for this compute.")
        };
        found
            .sentence(sentence)
            .advice(["Use the program, or the base, that is made for this architecture."])
    })
}
