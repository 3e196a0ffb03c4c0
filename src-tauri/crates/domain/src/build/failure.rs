//! From a build that failed to a cause that a person understands.
//!
//! The forms are those of Docker's and Podman's builders, and of pip, uv and apt inside. What is not
//! recognised is told as a step that failed, with the words as evidence: a wrong cause is worse than
//! none.

mod builder;
mod python;
mod system;
#[cfg(test)]
mod tests;
mod uv;
mod words;

use super::output::is_header;
use crate::{
    diagnosis::{self, About},
    finding::{Cause, Evidence, Finding, Remedy},
};
use words::{exit_code, package_key, shortened};

/// A build that failed.
#[derive(Clone, Copy, Debug, Default)]
pub struct FailedBuild<'a> {
    /// The builder's own error.
    pub words: &'a str,
    /// The last lines of the log, oldest first.
    pub lines: &'a [String],
    /// The instruction of the step that failed.
    pub instruction: Option<&'a str>,
    /// The number of the step that failed, from 1.
    pub step: Option<u32>,
    /// The text of requirements.txt.
    pub requirements: Option<&'a str>,
    /// What is known of the base image and its registry.
    pub about: About<'a>,
}

/// A cause, and where it was recognised.
#[derive(Debug)]
struct Found {
    finding: Finding,
    /// The line that says it, by its index; what was said later counts more.
    at: usize,
    /// The lines that say why, as in the log.
    lines: Vec<String>,
    /// Packages to look for in requirements.txt.
    packages: Vec<String>,
    /// A line of requirements.txt, from 1.
    requirement: Option<usize>,
}

impl Found {
    /// With the general sentences for the cause.
    fn new(cause: Cause, at: usize) -> Self {
        let finding = diagnosis::describe(cause, About::default());
        Self { finding, at, lines: vec![], packages: vec![], requirement: None }
    }

    fn sentence(mut self, sentence: impl Into<String>) -> Self {
        self.finding.sentence = sentence.into();
        self
    }

    fn meaning(mut self, meaning: impl Into<String>) -> Self {
        self.finding.meaning = meaning.into();
        self
    }

    fn advice<const N: usize>(mut self, advice: [&str; N]) -> Self {
        self.finding.advice = advice.map(str::to_owned).to_vec();
        self
    }

    fn lines<'a>(mut self, lines: impl IntoIterator<Item = &'a str>) -> Self {
        self.lines = lines.into_iter().take(5).map(str::to_owned).collect();
        self
    }

    fn package(mut self, name: impl Into<String>) -> Self {
        self.packages.push(name.into());
        self
    }
}

/// The finding for a build that failed.
pub fn of_build(failed: &FailedBuild<'_>) -> Finding {
    let instruction =
        failed.instruction.map(str::to_owned).or_else(|| builder::instruction_in(failed.words));
    let failed = FailedBuild { instruction: instruction.as_deref(), ..*failed };
    let own = own_lines(failed.lines);
    let mut said = own.clone();
    said.extend(failed.words.lines().filter(|line| !own.contains(line)));
    let found = builder::recognise(&failed, &own, &said)
        .or_else(|| {
            let in_step = [system::recognise(&said), python::recognise(&said)];
            in_step.into_iter().flatten().max_by_key(|found| found.at)
        })
        .unwrap_or_else(|| unknown(&failed, &own));
    with_evidence(found, &failed)
}

/// Sentence, meaning and advice for a cause of a failed build when nothing more is known.
pub(crate) fn in_general(cause: Cause) -> Finding {
    let (sentence, meaning, advice, remedies): (&str, &str, &[&str], Vec<Remedy>) = match cause {
        Cause::BaseNotFound => (
            "The base image was not found.",
            "It does not exist in its repository, or it was removed there.",
            &["Check the image's spelling and version, or choose another base."],
            vec![Remedy::ChooseImage],
        ),
        Cause::PackageNotFound => (
            "A package was not found.",
            "The package index does not offer it under this name, in this version, or for this Python and system.",
            &[
                "Check the spelling and the version.",
                "If it is your company's own, add its package index to the environment.",
            ],
            vec![],
        ),
        Cause::PackageConflict => (
            "The packages do not go together.",
            "They need different versions of the same package.",
            &["Give one of them another version, or leave its version open."],
            vec![],
        ),
        Cause::PythonDoesNotFit => (
            "A package does not fit the image's Python.",
            "It is made for other versions of Python.",
            &["Choose a base with another Python, or another version of the package."],
            vec![Remedy::ChooseImage],
        ),
        Cause::NoNetworkInBuild => (
            "The build could not reach the network.",
            "Packages are downloaded while the image is built, and that did not work.",
            &[
                "Check the compute's network, its DNS and its proxy, then build again.",
                "Behind a proxy, give it in the environment's build settings.",
            ],
            vec![Remedy::TryAgain],
        ),
        Cause::CompilerMissing => (
            "A package has to be compiled, and there is no compiler in the image.",
            "It is not offered ready-made for this Python and system.",
            &[
                "Add build-essential to the system packages.",
                "Or choose a version of the package that is offered as a wheel for this Python.",
            ],
            vec![],
        ),
        Cause::FileNotInContext => (
            "A file that is to be copied was not sent to the builder.",
            "It does not exist in the build's folder, or .dockerignore excludes it.",
            &["Check the file's name, and whether a line of .dockerignore excludes it."],
            vec![],
        ),
        Cause::BuildSyntax => (
            "The Dockerfile cannot be read.",
            "Nothing was built.",
            &["Correct the line, then build again."],
            vec![],
        ),
        _ => (
            "A step of the build failed.",
            "What it said last stands below.",
            &["Look at the log of the build for what went wrong."],
            vec![Remedy::TryAgain],
        ),
    };
    Finding {
        cause,
        sentence: sentence.to_owned(),
        meaning: meaning.to_owned(),
        evidence: vec![],
        advice: advice.iter().map(ToString::to_string).collect(),
        remedies,
    }
}

/// The lines of the step that failed, and of its last command as far as that can be seen.
fn own_lines(lines: &[String]) -> Vec<&str> {
    let begin = lines.iter().rposition(|line| is_header(line)).map_or(0, |at| at + 1);
    let done =
        lines.iter().rposition(|line| line.trim_start().starts_with("Successfully installed "));
    lines[begin.max(done.map_or(0, |at| at + 1))..].iter().map(String::as_str).collect()
}

fn unknown(failed: &FailedBuild<'_>, own: &[&str]) -> Found {
    // What the builder adds around what the step said.
    let around =
        ["subprocess exited with status", "Removing intermediate container", " ---> Running in "];
    let last: Vec<&str> = own
        .iter()
        .copied()
        .filter(|line| !line.trim().is_empty() && !around.iter().any(|word| line.starts_with(word)))
        .collect();
    let last = last[last.len().saturating_sub(5)..].iter().copied();
    if failed.step.is_none() && failed.instruction.is_none() {
        return Found::new(Cause::Unknown, 0)
            .sentence("The image could not be built, for a reason that is not known here.")
            .meaning("The builder's own words stand below.")
            .lines(last);
    }
    let step = match (failed.step, failed.instruction) {
        (Some(step), Some(instruction)) => format!("Step {step}, {}", shortened(instruction)),
        (Some(step), None) => format!("Step {step}"),
        (None, instruction) => shortened(instruction.unwrap_or_default()),
    };
    let found = Found::new(Cause::BuildStepFailed, 0).lines(last);
    if failed.words.contains("exec: \"/bin/sh\"")
        && failed.words.contains("no such file or directory")
    {
        return found
            .sentence(format!("{step}, failed: there is no shell in the image."))
            .meaning("The base image has nothing to run commands with.")
            .advice(["Choose a base with a shell, or copy what the step would make."]);
    }
    match exit_code(failed.words) {
        Some(137) => found
            .sentence(format!("{step}, was killed (137)."))
            .meaning("Most often that means that the compute ran out of memory.")
            .advice(["Give the compute more memory, or let the step need less of it."]),
        Some(127) => found.sentence(format!("{step}, failed: a command was not found (127).")),
        Some(code) => found.sentence(format!("{step}, failed with exit code {code}.")),
        None => found.sentence(format!("{step}, failed.")),
    }
}

fn with_evidence(found: Found, failed: &FailedBuild<'_>) -> Finding {
    let requirements = found.requirements(failed.requirements.unwrap_or_default());
    let Found { mut finding, lines, .. } = found;
    let step = match (failed.step, failed.instruction) {
        (Some(step), Some(instruction)) => format!("Step {step}: {instruction}"),
        (Some(step), None) => format!("Step {step}"),
        (None, instruction) => instruction.unwrap_or_default().to_owned(),
    };
    let said = lines.join("\n");
    let words = failed.words.trim();
    let words = if words == said.trim() { "" } else { words };
    for (probe, seen) in [
        ("The step that failed", step.as_str()),
        ("What it said", &said),
        ("The line in requirements.txt", &requirements),
        ("The builder's words", words),
    ] {
        if !seen.trim().is_empty() {
            finding.evidence.push(Evidence { probe: probe.into(), seen: seen.to_owned() });
        }
    }
    finding
}

impl Found {
    /// The lines of requirements.txt that it is about, with their numbers.
    fn requirements(&self, text: &str) -> String {
        let keys: Vec<String> = self.packages.iter().map(|name| package_key(name)).collect();
        let wanted = |number: usize, line: &str| {
            self.requirement == Some(number)
                || !line.trim().is_empty() && keys.contains(&package_key(line))
        };
        let lines: Vec<String> = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(number, line)| wanted(*number, line))
            .map(|(number, line)| format!("{number}: {}", line.trim()))
            .collect();
        lines.join("\n")
    }
}
