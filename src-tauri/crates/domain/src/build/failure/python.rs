//! What pip says when packages cannot be installed, and what both it and uv say of builds.

use super::{
    Found,
    system::{no_network, not_trusted},
    uv,
    words::{
        behind, between, has, last_with, listed, package, package_key, says_certificate,
        says_no_connection, without_origin,
    },
};
use crate::{environment::WRONG_PYTHON, finding::Cause};

/// What was said last is why it ended.
pub(super) fn recognise(said: &[&str]) -> Option<Found> {
    [
        of_the_base,
        bad_requirement,
        no_requirements_file,
        other_python,
        not_found,
        connection,
        conflict,
        uv::no_solution,
        uv::no_connection,
        not_built,
    ]
    .into_iter()
    .filter_map(|recognise| recognise(said))
    .max_by_key(|found| found.at)
}

/// What the generated Dockerfile asks of its base.
fn of_the_base(said: &[&str]) -> Option<Found> {
    let advice = ["Choose a base with Python 3.9 to 3.13, for example python:3.11-slim."];
    // Not the instruction itself, in which there is a place for the version only.
    let version = |line: &'_ str| {
        behind(line, WRONG_PYTHON)
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            .map(str::to_owned)
    };
    if let Some((at, version)) =
        said.iter().enumerate().rev().find_map(|(at, line)| Some((at, version(line)?)))
    {
        return Some(
            Found::new(Cause::PythonDoesNotFit, at)
                .sentence(format!(
                    "The base has Python {}, and Prompt flow runs on 3.9 to 3.13.",
                    version.trim_end_matches('.')
                ))
                .meaning("Nothing was installed.")
                .advice(advice)
                .lines([said[at]]),
        );
    }
    let at = last_with(said, &["python3: not found", "python3: command not found"])?;
    Some(
        Found::new(Cause::PythonDoesNotFit, at)
            .sentence("The base has no Python.")
            .meaning("Packages can be installed only where Python is.")
            .advice(advice)
            .lines([said[at]]),
    )
}

/// The number in `(from line 3 of requirements.txt)` or `(line 3)`.
fn line_number(line: &str) -> Option<usize> {
    let digits = between(line, "from line ", " of ").or_else(|| between(line, "(line ", ")"))?;
    digits.parse().ok()
}

fn bad_requirement(said: &[&str]) -> Option<Found> {
    let at =
        last_with(said, &["error: invalid requirement: ", "error: couldn't parse requirement"])?;
    let below = said[at + 1..].iter().copied().take_while(|line| {
        line.starts_with(' ')
            || line.starts_with("Hint: ")
            || line.trim_start().starts_with("Caused by")
    });
    let lines: Vec<&str> = [said[at]].into_iter().chain(below).collect();
    let number = lines.iter().find_map(|line| line_number(line));
    let requirement = between(said[at], "requirement: '", "'").unwrap_or_default();
    let mut found = Found::new(Cause::BuildSyntax, at).meaning("Nothing was installed.");
    found.requirement = number;
    let sentence = match (requirement, number) {
        ("", _) => match between(said[at], "requirement in `", "`") {
            Some(file) => format!("A requirement in {file} cannot be read."),
            None => "A requirement cannot be read.".to_owned(),
        },
        (requirement, None) => format!("\"{requirement}\" is not a valid requirement."),
        (requirement, Some(number)) => {
            format!(
                "\"{requirement}\", in line {number} of the requirements, is not a valid requirement."
            )
        }
    };
    Some(
        found
            .sentence(sentence)
            .advice(["Write it as name==1.2.3, name>=1.2 or name alone, then build again."])
            .lines(lines),
    )
}

fn no_requirements_file(said: &[&str]) -> Option<Found> {
    let file = |line: &str| -> Option<String> {
        let file = between(
            line,
            "Could not open requirements file: [Errno 2] No such file or directory: '",
            "'",
        )
        .or_else(|| between(line, "error: File not found: `", "`"))
        .or_else(|| behind(line, "error: File not found: "))
        .filter(|file| matches!(file.rsplit('.').next(), Some("txt" | "in")))?;
        Some(file.to_owned())
    };
    let (at, file) =
        said.iter().enumerate().rev().find_map(|(at, line)| Some((at, file(line)?)))?;
    Some(
        Found::new(Cause::BuildSyntax, at)
            .sentence(format!(
                "\"{file}\" is not in the image when packages are installed from it."
            ))
            .meaning("The Dockerfile does not copy it before, or .dockerignore excludes it.")
            .advice(["Copy the file into the image before this step, and check .dockerignore."])
            .lines([said[at]]),
    )
}

fn other_python(said: &[&str]) -> Option<Found> {
    let at = last_with(said, &["requires a different python: "])?;
    let name = between(said[at], "Package '", "'").unwrap_or_default();
    let rest = behind(said[at], "requires a different Python: ").unwrap_or_default();
    let (is, wants) = rest.split_once(" not in ").unwrap_or((rest, ""));
    let wants = wants.trim_matches(|letter| letter == '\'' || letter == '"');
    let sentence = match (name, wants) {
        ("", _) | (_, "") => "A package is made for another version of Python.".to_owned(),
        _ => format!("The package {name} needs Python {wants}, and the image has {is}."),
    };
    Some(Found::new(Cause::PythonDoesNotFit, at).sentence(sentence).package(name).lines([said[at]]))
}

/// Versions that pip passed over because of Python, each with what it needs.
fn passed_over<'a>(said: &[&'a str]) -> Option<(&'a str, Vec<(&'a str, &'a str)>)> {
    let line = said
        .iter()
        .copied()
        .rfind(|line| has(line, &["versions that require a different python version: "]))?;
    let list = behind(line, "different python version: ")?;
    let versions = list.split(';').filter_map(|item| {
        let (version, python) = item.trim().split_once(" Requires-Python ")?;
        Some((version.trim(), python.trim()))
    });
    Some((line, versions.collect()))
}

/// The numbers that a version begins with, e.g. 1, 2 of `1.2rc1`.
fn numbers(version: &str) -> Vec<u64> {
    let mut numbers: Vec<u64> = vec![];
    for part in version.trim().split('.') {
        let end = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
        match part[..end].parse() {
            Ok(number) => numbers.push(number),
            Err(_) => break,
        }
        if end < part.len() {
            break;
        }
    }
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    numbers
}

/// Whether a version may be what a requirement asks for, as far as this can be seen easily.
fn may_satisfy(version: &str, requirement: &str) -> bool {
    let requirement = requirement.split(';').next().unwrap_or_default();
    let specifiers = requirement.trim_start_matches(package(requirement));
    let specifiers = specifiers.split(']').next_back().unwrap_or_default();
    specifiers.split(',').map(str::trim).all(|one| {
        let against = |form| one.strip_prefix(form).map(numbers);
        let version = numbers(version);
        if let Some(exact) = one.strip_prefix("==") {
            let start = exact.trim().strip_suffix(".*").map(numbers);
            return start.map_or(version == numbers(exact), |start| version.starts_with(&start));
        }
        against(">=")
            .or_else(|| against("~="))
            .or_else(|| against(">"))
            .is_none_or(|low| version >= low)
            && against("<=").or_else(|| against("<")).is_none_or(|high| version <= high)
    })
}

fn not_found(said: &[&str]) -> Option<Found> {
    let at = last_with(said, &["no matching distribution found for "])?;
    let requirement = without_origin(behind(said[at], "distribution found for ")?);
    let name = package(requirement);
    let versions = said[..=at]
        .iter()
        .copied()
        .rfind(|line| line.contains("Could not find a version that satisfies the requirement "));
    let some_versions = versions.is_some_and(|line| {
        between(line, "(from versions: ", ")").is_some_and(|versions| versions != "none")
    });
    let lines: Vec<&str> = versions.into_iter().chain([said[at]]).collect();
    if !some_versions {
        let path = format!("/{}/", package_key(name));
        let warnings = said[..at].iter().copied().filter(|line| {
            has(line, &["retrying (retry(", "could not fetch url"])
                && line.to_lowercase().replace(['_', '.'], "-").contains(&path)
        });
        let warnings: Vec<&str> = warnings.collect();
        let decisive = |says: fn(&str) -> bool| warnings.iter().copied().rfind(|line| says(line));
        if let Some(line) = decisive(says_certificate) {
            return Some(not_trusted(at, &[line, said[at]]));
        }
        if let Some(line) = decisive(says_no_connection) {
            let mut found = no_network(at, &[line, said[at]]);
            // A warning does not name the host.
            if super::words::host(line).is_none() {
                found = found.sentence(format!(
                    "The build could not reach the package index, where it looked for {name}."
                ));
            }
            return Some(found);
        }
    }
    if let Some((line, versions)) = passed_over(&said[..at]) {
        let fitting = versions.iter().rfind(|(version, _)| may_satisfy(version, requirement));
        if let Some((version, python)) = fitting {
            return Some(
                Found::new(Cause::PythonDoesNotFit, at)
                    .sentence(format!(
                        "The package {name} {version} needs Python {python}, and the image has another one."
                    ))
                    .package(name)
                    .lines([line].into_iter().chain(lines)),
            );
        }
    }
    let found = Found::new(Cause::PackageNotFound, at).package(name).lines(lines);
    Some(if some_versions {
        found
            .sentence(format!(
                "The package {name} is not offered in the version that is asked for: {requirement}."
            ))
            .meaning("The package index has other versions of it for this Python and system.")
            .advice(["Choose one of the versions that are listed, or leave the version open."])
    } else {
        found.sentence(format!("The package \"{requirement}\" was not found."))
    })
}

fn connection(said: &[&str]) -> Option<Found> {
    let at = said.iter().rposition(|line| {
        has(line, &["could not install packages due to an ", "connectionpool(host='"])
            && !has(line, &["retrying (retry(", "could not fetch url"])
            && (says_certificate(line) || says_no_connection(line))
    })?;
    let line = said[at];
    Some(if says_certificate(line) { not_trusted(at, &[line]) } else { no_network(at, &[line]) })
}

fn conflict(said: &[&str]) -> Option<Found> {
    let at = last_with(
        said,
        &["because these package versions have conflicting dependencies", "resolutionimpossible"],
    )?;
    let line =
        said[..=at].iter().copied().rposition(|line| line.contains("ERROR: Cannot install "));
    let Some(start) = line else {
        return Some(Found::new(Cause::PackageConflict, at).lines([said[at]]));
    };
    let list = between(said[start], "Cannot install ", " because these").unwrap_or_default();
    let mut found = Found::new(Cause::PackageConflict, at);
    let mut names: Vec<String> = vec![];
    for item in list.split(", ").flat_map(|item| item.split(" and ")) {
        if let Some(number) = line_number(item) {
            found.requirement.get_or_insert(number);
        } else {
            names.push(item.to_owned());
            found = found.package(item);
        }
    }
    let reasons: Vec<&str> = said[start + 1..=at]
        .iter()
        .copied()
        .skip_while(|line| !line.contains("The conflict is caused by"))
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .collect();
    // Who depends on what names the other side where the first line gives only a number.
    for reason in &reasons {
        let name = reason.trim().split(' ').next().unwrap_or_default();
        if !reason.contains("The user requested") && reason.contains(" depends on ") {
            found = found.package(name);
            if names.len() < 2 && !names.iter().any(|known| package_key(known) == package_key(name))
            {
                names.push(name.to_owned());
            }
        }
    }
    names.dedup();
    let sentence = match names.len() {
        0 | 1 => "Packages in the list do not go together.".to_owned(),
        _ => format!("The packages {} do not go together.", listed(&names)),
    };
    Some(found.sentence(sentence).lines([said[start]].into_iter().chain(reasons)))
}

/// A package had to be compiled and could not be.
fn not_built(said: &[&str]) -> Option<Found> {
    let name = |line: &str| -> Option<String> {
        let name = behind(line, "Failed building wheel for ")
            .or_else(|| between(line, "Failed to build `", "`"))
            .or_else(|| between(line, "Failed to download and build `", "`"))
            .or_else(|| between(line, "Could not build wheels for ", ", which is required"))
            .or_else(|| between(line, "× Building wheel for ", " ("))?;
        Some(name.trim_matches(['(', ')']).to_owned())
    };
    let missing = said.iter().rposition(|line| says_no_compiler(line));
    let failed = said.iter().rposition(|line| name(line).is_some());
    let at = missing.max(failed)?;
    let package_name = failed.and_then(|at| name(said[at])).unwrap_or_default();
    let lines = |first: Option<usize>| {
        first.into_iter().chain(failed.filter(|failed| Some(*failed) != first)).map(|at| said[at])
    };
    let about = |found: Found| {
        if package_name.is_empty() { found } else { found.package(package(&package_name)) }
    };
    if let Some(compiler) = missing {
        let rust = has(said[compiler], &["rust", "cargo"]);
        let found = about(Found::new(Cause::CompilerMissing, at)).lines(lines(missing));
        let what = if rust { "no compiler for Rust" } else { "no compiler" };
        let found = if package_name.is_empty() {
            found
        } else {
            found.sentence(format!(
                "The package {package_name} has to be compiled, and there is {what} in the image."
            ))
        };
        return Some(if rust {
            found.advice([
                "Choose a version of the package that is offered as a wheel for this Python.",
                "Or add cargo and rustc to the system packages.",
            ])
        } else {
            found
        });
    }
    let header = said.iter().rposition(|line| {
        line.contains("fatal error: ") && has(line, &[": no such file or directory"])
    });
    let program = said.iter().rposition(|line| {
        has(
            line,
            &[
                "pg_config executable not found",
                "mysql_config not found",
                "pkg-config: command not found",
                "pkg-config: not found",
            ],
        )
    });
    let error = said.iter().rposition(|line| {
        line.trim_start().starts_with("error: ") && !line.contains("subprocess-exited")
    });
    let found =
        about(Found::new(Cause::BuildStepFailed, at)).lines(lines(header.or(program).or(error)));
    let subject = if package_name.is_empty() {
        "A package".to_owned()
    } else {
        format!("The package {package_name}")
    };
    Some(match header.and_then(|at| between(said[at], "fatal error: ", ":")) {
        Some(file) => found
            .sentence(format!("{subject} could not be compiled: the file {file} is missing."))
            .meaning("It belongs to a library that the package is made with.")
            .advice(["Add the system package that has this file (its name mostly ends in -dev), or choose a version that is offered as a wheel."]),
        None => found
            .sentence(format!("{subject} could not be built."))
            .meaning("It is not offered ready-made for this Python and system, and making it here failed.")
            .advice(["Choose a version of the package that is offered as a wheel for this Python.", "Or add the system packages that its documentation asks for."]),
    })
}

fn says_no_compiler(line: &str) -> bool {
    const NAMES: [&str; 8] = ["gcc", "g++", "cc", "c++", "clang", "make", "gfortran", "cmake"];
    let line = line.to_lowercase();
    let quoted = |before: &str, after: &str| {
        between(&line, before, after).is_some_and(|program| {
            let program = program.rsplit('/').next().unwrap_or(program);
            NAMES.iter().any(|name| program == *name || program.ends_with(&format!("-{name}")))
        })
    };
    let no_file = line.contains("no such file or directory");
    no_file
        && (quoted("command '", "' failed")
            || quoted("unable to execute '", "'")
            || quoted("directory: '", "'"))
        || quoted("unable to find '", "'")
        || NAMES.iter().any(|name| {
            line.ends_with(&format!(" {name}: not found"))
                || line.ends_with(&format!(" {name}: command not found"))
        })
        || [
            "no working compiler found",
            "unknown compiler(s): [",
            "error: linker `cc` not found",
            "no cmake_c_compiler could be found",
            "no cmake_cxx_compiler could be found",
            "can't find rust compiler",
            "cargo, the rust package manager, is not installed",
        ]
        .iter()
        .any(|form| line.contains(form))
}
