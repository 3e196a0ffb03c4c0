//! A Dockerfile: the images it is built on, and the same file on newer ones.

use std::{collections::BTreeMap, ops::Range};

use parse_dockerfile::{Instruction, Source, UnescapedString};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

use super::Builder;

mod expand;
mod requirements;
#[cfg(test)]
mod tests;

use expand::{Piece, Word, pieces, text_of, words};

/// Values of build arguments by name.
type Values = BTreeMap<String, String>;

/// The text of a Dockerfile that can be read.
#[derive(Clone, Debug)]
pub struct Dockerfile {
    text: String,
    /// The character that escapes and continues lines.
    escape: char,
    /// The `ARG`s before the first `FROM`, in the file's order.
    arguments: Vec<Argument>,
    /// Where images are named, in the file's order.
    places: Vec<Place>,
    /// The stages' names; `None` = without one.
    stages: Vec<Option<String>>,
    /// What only BuildKit understands: where, what, and whether Podman's builder does as well.
    modern: Vec<(usize, &'static str, bool)>,
    /// `RUN --mount=type=secret`: where, and the secret's id.
    secrets: Vec<(usize, String)>,
}

/// Why a text is no Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{sentence}")]
pub struct DockerfileError {
    /// From 1; 0 = the whole file.
    pub line: u32,
    /// A full sentence.
    pub sentence: String,
}

/// An image from elsewhere that the file is built on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Base {
    /// From 1.
    pub line: u32,
    /// As in the file, e.g. `${BASE}:3.11`.
    pub written: String,
    /// With the arguments' values; `None` = one of them has no value.
    pub reference: Option<String>,
    /// The name of the stage that is made from it or copies out of it.
    pub stage: Option<String>,
}

/// A line that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LineChange {
    /// From 1, in the old text.
    pub line: u32,
    /// The whole line before.
    pub from: String,
    /// The whole line after.
    pub to: String,
}

/// An `ARG` before the first `FROM`.
#[derive(Clone, Debug)]
struct Argument {
    name: String,
    default: Option<Word>,
}

/// Where an image is named.
#[derive(Clone, Debug)]
struct Place {
    /// In the text.
    range: Range<usize>,
    /// Without line continuations.
    written: String,
    /// The number of the stage that it belongs to.
    stage: usize,
    /// `COPY --from=`: without substitution.
    copied: bool,
}

/// The id of the secret that `--mount` mounts: given, or the last part of its path.
fn secret_of(mount: &str) -> Option<String> {
    let part = |names: &[&str]| {
        mount.split(',').find_map(|part| {
            let (name, value) = part.split_once('=')?;
            names.contains(&name.trim()).then(|| value.trim())
        })
    };
    if part(&["type"]) != Some("secret") {
        return None;
    }
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    part(&["id"]).map(str::to_owned).or_else(|| part(&["target", "dst", "destination"]).map(last))
}

/// What is named at a place.
enum Named {
    /// An earlier stage, or nothing at all.
    Inside,
    /// An argument has no value.
    Unknown,
    Image(String),
}

impl Dockerfile {
    /// Reads the text.
    pub fn read(text: String) -> Result<Self, DockerfileError> {
        if let Some(at) = lone_carriage_return(&text) {
            return Err(DockerfileError {
                line: line_at(&text, at),
                sentence: "There is a carriage return in the middle of a line; lines end with a line feed, or with both."
                    .to_owned(),
            });
        }
        // Spans do not count the byte order mark.
        let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let parsed = parse_dockerfile::parse(&text).map_err(|error| said(&error, &text))?;
        let escape = parsed.parser_directives.escape.as_ref().map_or('\\', |e| e.value.value);
        let place = |named: &UnescapedString<'_>, stage, copied| Place {
            range: named.span.start + mark..named.span.end + mark,
            written: named.value.clone().into_owned(),
            stage,
            copied,
        };
        let (mut arguments, mut places, mut stages) = (vec![], vec![], vec![]);
        let mut modern: Vec<(usize, &'static str, bool)> = vec![];
        let mut secrets: Vec<(usize, String)> = vec![];
        for instruction in &parsed.instructions {
            match instruction {
                Instruction::Arg(arg) if stages.is_empty() => {
                    let start = arg.arguments.span.start + mark;
                    let raw = &text[start..arg.arguments.span.end + mark];
                    arguments.extend(words(raw, start, escape).into_iter().map(argument));
                }
                Instruction::From(from) => {
                    places.push(place(&from.image, stages.len(), false));
                    stages.push(from.as_.as_ref().map(|(_, name)| name.value.clone().into_owned()));
                }
                Instruction::Copy(copy) => {
                    modern.extend(copy.src.iter().filter_map(|source| match source {
                        Source::HereDoc(text) => {
                            Some((text.span.start + mark, "a here-document", false))
                        }
                        _ => None,
                    }));
                    places.extend(
                        copy.options
                            .iter()
                            .filter(|flag| flag.name.value.eq_ignore_ascii_case("from"))
                            .filter_map(|flag| flag.value.as_ref())
                            .map(|image| place(image, stages.len().saturating_sub(1), true)),
                    );
                }
                Instruction::Run(run) => {
                    secrets.extend(run.options.iter().filter_map(|flag| {
                        let is_mount = flag.name.value.eq_ignore_ascii_case("mount");
                        let id = secret_of(&flag.value.as_ref().filter(|_| is_mount)?.value)?;
                        Some((flag.name.span.start + mark, id))
                    }));
                    modern.extend(run.options.iter().filter_map(|flag| {
                        let what = match flag.name.value.to_ascii_lowercase().as_str() {
                            "mount" => "RUN --mount",
                            "network" => "RUN --network",
                            "security" => "RUN --security",
                            _ => return None,
                        };
                        Some((flag.name.span.start + mark, what, what == "RUN --mount"))
                    }));
                    modern.extend(
                        run.here_docs
                            .iter()
                            .map(|text| (text.span.start + mark, "a here-document", false)),
                    );
                }
                _ => {}
            }
        }
        drop(parsed);
        Ok(Self { text, escape, arguments, places, stages, modern, secrets })
    }

    /// The text as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of the stages that have one, in the file's order.
    pub fn stages(&self) -> Vec<String> {
        self.stages.iter().flatten().cloned().collect()
    }

    /// The first thing that this builder does not understand, with its line; `None` = it can build it.
    pub fn too_new_for(&self, builder: Builder) -> Option<(u32, &'static str)> {
        let knows = |in_podman: bool| match builder {
            Builder::BuildKit => true,
            Builder::Podman => in_podman,
            Builder::Classic => false,
        };
        let (at, what, _) = self.modern.iter().find(|(_, _, in_podman)| !knows(*in_podman))?;
        Some((line_at(&self.text, *at), what))
    }

    /// Ids of the secrets that steps mount, each with its first line.
    pub fn secrets(&self) -> Vec<(u32, &str)> {
        let mut all: Vec<(u32, &str)> = vec![];
        for (at, id) in &self.secrets {
            if !all.iter().any(|(_, known)| known == id) {
                all.push((line_at(&self.text, *at), id));
            }
        }
        all
    }

    /// The images from elsewhere that stages are made from or copy out of, each once. The arguments
    /// given win over the file's defaults.
    pub fn bases(&self, arguments: &Values) -> Vec<Base> {
        let values = self.values(arguments);
        let mut bases: Vec<Base> = vec![];
        for place in &self.places {
            let reference = match self.named(place, &values) {
                Named::Inside => continue,
                Named::Unknown => None,
                Named::Image(reference) => Some(reference),
            };
            if bases.iter().any(|base| {
                base.reference == reference
                    && (reference.is_some() || base.written == place.written)
            }) {
                continue;
            }
            bases.push(Base {
                line: line_at(&self.text, place.range.start),
                written: place.written.clone(),
                reference,
                stage: self.stages.get(place.stage).cloned().flatten(),
            });
        }
        bases
    }

    /// The text in which each base that `newer` has a reference for is that one, and everything else
    /// is as it was.
    ///
    /// The default of an argument is changed where that alone makes the base the newer one and
    /// leaves every other base right; else the image is written out where it is named.
    pub fn with_bases(
        &self,
        arguments: &Values,
        newer: &BTreeMap<String, String>,
    ) -> (String, Vec<LineChange>) {
        let before = self.references(arguments);
        let wanted: Vec<Option<String>> = before
            .iter()
            .map(|old| old.as_ref().map(|old| newer.get(old).unwrap_or(old).clone()))
            .collect();
        let mut file = self.clone();
        for (index, target) in wanted.iter().enumerate() {
            let Some(target) = target else { continue };
            if file.references(arguments).get(index) == Some(&wanted[index]) {
                continue;
            }
            let fits = |candidate: &Self| {
                let after = candidate.references(arguments);
                after.len() == before.len()
                    && after[index] == wanted[index]
                    && after
                        .iter()
                        .zip(before.iter().zip(&wanted))
                        .all(|(after, (before, wanted))| after == before || after == wanted)
            };
            let place = &file.places[index];
            let mut edits = if place.copied {
                vec![]
            } else {
                file.argument_edits(&place.written, target, arguments, 0)
            };
            edits.push((place.range.clone(), target.clone()));
            let edited =
                edits.into_iter().find_map(|(range, text)| file.edited(range, &text).filter(fits));
            if let Some(edited) = edited {
                file = edited;
            }
        }
        let changes = line_changes(&self.text, &file.text);
        (file.text, changes)
    }

    /// Changes of arguments' defaults that may make this expression the target, best first.
    fn argument_edits(
        &self,
        expression: &str,
        target: &str,
        given: &Values,
        depth: u8,
    ) -> Vec<(Range<usize>, String)> {
        let values = self.values(given);
        let Some(pieces) = pieces(expression, self.escape).filter(|_| depth < 8) else {
            return vec![];
        };
        let parts: Option<Vec<String>> = pieces.iter().map(|piece| piece.text(&values)).collect();
        let Some(parts) = parts else { return vec![] };
        let mut edits = vec![];
        for (index, piece) in pieces.iter().enumerate() {
            let Piece::Variable { name, .. } = piece else { continue };
            let middle = target
                .strip_prefix(parts[..index].concat().as_str())
                .and_then(|rest| rest.strip_suffix(parts[index + 1..].concat().as_str()))
                .filter(|middle| !middle.is_empty());
            let default = self
                .arguments
                .iter()
                .rev()
                .filter(|argument| &argument.name == name && !given.contains_key(name))
                .find_map(|argument| argument.default.as_ref());
            let (Some(middle), Some(default)) = (middle, default) else { continue };
            edits.extend(self.argument_edits(&default.text, middle, given, depth + 1));
            if let Some(range) = &default.inner {
                edits.push((range.clone(), middle.to_owned()));
            }
        }
        edits
    }

    fn edited(&self, range: Range<usize>, text: &str) -> Option<Self> {
        let mut whole = self.text.clone();
        whole.replace_range(range, text);
        Self::read(whole).ok()
    }

    /// What each place names from elsewhere.
    fn references(&self, arguments: &Values) -> Vec<Option<String>> {
        let values = self.values(arguments);
        self.places
            .iter()
            .map(|place| match self.named(place, &values) {
                Named::Image(reference) => Some(reference),
                Named::Inside | Named::Unknown => None,
            })
            .collect()
    }

    /// The values that arguments have at the `FROM`s.
    fn values(&self, given: &Values) -> Values {
        let mut values = Values::new();
        for Argument { name, default } in &self.arguments {
            let value = match (given.get(name), default) {
                (Some(given), _) => Some(given.clone()),
                (None, Some(default)) => text_of(&default.text, self.escape, &values),
                (None, None) => continue,
            };
            match value {
                Some(value) => values.insert(name.clone(), value),
                None => values.remove(name),
            };
        }
        values
    }

    fn named(&self, place: &Place, values: &Values) -> Named {
        let reference = if place.copied {
            Some(place.written.clone()).filter(|written| !written.contains('$'))
        } else {
            text_of(&place.written, self.escape, values).filter(|text| !text.is_empty())
        };
        let Some(reference) = reference else { return Named::Unknown };
        let earlier = &self.stages[..place.stage];
        let is_stage = earlier.iter().flatten().any(|name| name.eq_ignore_ascii_case(&reference))
            || reference.parse().is_ok_and(|number: usize| number < earlier.len());
        if is_stage || reference == "scratch" { Named::Inside } else { Named::Image(reference) }
    }
}

fn argument(word: Word) -> Argument {
    match word.text.split_once('=') {
        None => Argument { name: word.text, default: None },
        Some((name, default)) => {
            let start = name.len() + 1;
            let quoted = default.len() > 1
                && ['"', '\''].iter().any(|quote| {
                    default.starts_with(*quote)
                        && default[1..].find(*quote) == Some(default.len() - 2)
                });
            let edge = usize::from(quoted);
            let inner = word.inner.map(|range| range.start + start + edge..range.end - edge);
            Argument {
                name: name.to_owned(),
                default: Some(Word { text: default.to_owned(), inner }),
            }
        }
    }
}

fn lone_carriage_return(text: &str) -> Option<usize> {
    text.match_indices('\r').map(|(at, _)| at).find(|at| !text[at + 1..].starts_with('\n'))
}

/// The number of the line that this byte is in, from 1.
fn line_at(text: &str, at: usize) -> u32 {
    let lines = text[..at].matches('\n').count();
    u32::try_from(lines + 1).unwrap_or(u32::MAX)
}

fn said(error: &parse_dockerfile::Error, text: &str) -> DockerfileError {
    // What is missing at the end is found behind the last line.
    let line = u32::try_from(error.line().min(text.lines().count())).unwrap_or(0);
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    let quoted = |words: &str| words.replace('\'', "\"");
    let sentence = if words == "expected at least one FROM instruction" {
        "There is no FROM instruction: a Dockerfile says with it which image it is built on.".into()
    } else if words == "expected FROM" {
        "Before the first FROM, only ARG may stand.".into()
    } else if let Some(instruction) = words.strip_prefix("unknown instruction ") {
        format!("{} is no instruction of Dockerfiles.", quoted(instruction))
    } else if let Some(name) = words.strip_prefix("duplicate stage name ") {
        format!("Two stages have the name {}.", quoted(name))
    } else if let Some(delimiter) = words
        .strip_prefix("expected end of here-document (")
        .and_then(|rest| rest.split_once("),"))
        .map(|(delimiter, _)| delimiter)
    {
        format!("The line \"{delimiter}\" that ends a here-document is missing.")
    } else if words == "expected AS" {
        "After the image of a FROM, only AS and the stage's name may stand.".into()
    } else if words.contains("requires") {
        format!("The {words}.")
    } else if words == "invalid JSON" {
        "The list in brackets is not valid JSON: its texts stand in double quotes, with commas between.".into()
    } else if words.contains("quoted string") {
        "A quotation mark is not closed.".into()
    } else {
        let mut letters = words.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        format!("{}{}.", first.map(String::from).unwrap_or_default(), letters.as_str())
    };
    DockerfileError { line, sentence }
}

/// What differs, line by line; where the number of lines differs, as one change.
fn line_changes(before: &str, after: &str) -> Vec<LineChange> {
    let split = |text: &str| -> Vec<String> {
        text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect()
    };
    let (old, new) = (split(before), split(after));
    let number = |index: usize| u32::try_from(index + 1).unwrap_or(u32::MAX);
    if old.len() == new.len() {
        return old
            .into_iter()
            .zip(new)
            .enumerate()
            .filter(|(_, (from, to))| from != to)
            .map(|(index, (from, to))| LineChange { line: number(index), from, to })
            .collect();
    }
    let shortest = old.len().min(new.len());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let tail = tail.min(shortest - same);
    vec![LineChange {
        line: number(same),
        from: old[same..old.len() - tail].join("\n"),
        to: new[same..new.len() - tail].join("\n"),
    }]
}
