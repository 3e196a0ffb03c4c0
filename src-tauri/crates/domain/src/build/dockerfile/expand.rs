//! Substitution of build arguments, as Dockerfiles write them.

use std::{iter::Peekable, ops::Range, str::Chars};

use super::Values;

/// A word of an instruction.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    /// Without line continuations, quotes and escapes as in the file.
    pub text: String,
    /// What can be replaced in the file; `None` = it is spread over lines.
    pub inner: Option<Range<usize>>,
}

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Variable { name: String, form: Form },
}

/// How a variable is taken.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    Plain,
    /// `${X:-other}`; without the colon only where X is not set at all.
    Or {
        other: Vec<Piece>,
        when_empty: bool,
    },
    /// `${X:+other}`; without the colon also where X is empty.
    Instead {
        other: Vec<Piece>,
        unless_empty: bool,
    },
}

impl Piece {
    /// `None` = a variable has no value.
    pub fn text(&self, values: &Values) -> Option<String> {
        let (name, form) = match self {
            Self::Text(text) => return Some(text.clone()),
            Self::Variable { name, form } => (name, form),
        };
        let value = values.get(name);
        let all = |pieces: &[Piece]| pieces.iter().map(|piece| piece.text(values)).collect();
        match form {
            Form::Plain => value.cloned(),
            Form::Or { other, when_empty } => match value {
                Some(value) if !(value.is_empty() && *when_empty) => Some(value.clone()),
                _ => all(other),
            },
            Form::Instead { other, unless_empty } => match value {
                Some(value) if !(value.is_empty() && *unless_empty) => all(other),
                _ => Some(String::new()),
            },
        }
    }
}

/// The expression with the values in it; `None` = one has no value, or its form is not known.
pub(super) fn text_of(expression: &str, escape: char, values: &Values) -> Option<String> {
    pieces(expression, escape)?.iter().map(|piece| piece.text(values)).collect()
}

/// The parts of an expression; `None` = a form that is not known.
pub(super) fn pieces(expression: &str, escape: char) -> Option<Vec<Piece>> {
    let mut letters = expression.chars().peekable();
    let pieces = read(&mut letters, escape, false)?;
    letters.peek().is_none().then_some(pieces)
}

fn read(letters: &mut Peekable<Chars<'_>>, escape: char, in_braces: bool) -> Option<Vec<Piece>> {
    let (mut pieces, mut text) = (vec![], String::new());
    let mut double = false;
    while let Some(&letter) = letters.peek() {
        if in_braces && letter == '}' && !double {
            break;
        }
        letters.next();
        if letter == escape {
            text.extend(letters.next());
        } else if letter == '"' {
            double = !double;
        } else if letter == '\'' && !double {
            text.extend(letters.by_ref().take_while(|letter| *letter != '\''));
        } else if letter == '$' {
            match variable(letters, escape)? {
                Some(variable) => {
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    pieces.push(variable);
                }
                None => text.push('$'),
            }
        } else {
            text.push(letter);
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Some(pieces)
}

/// What follows a dollar; `Some(None)` = no variable, `None` = a form that is not known.
#[allow(clippy::option_option)]
fn variable(letters: &mut Peekable<Chars<'_>>, escape: char) -> Option<Option<Piece>> {
    let braces = letters.next_if_eq(&'{').is_some();
    let mut name = String::new();
    while let Some(letter) = letters.next_if(|l| l.is_ascii_alphanumeric() || *l == '_') {
        name.push(letter);
    }
    if !braces {
        return Some((!name.is_empty()).then_some(Piece::Variable { name, form: Form::Plain }));
    }
    if name.is_empty() {
        return None;
    }
    let colon = letters.next_if_eq(&':').is_some();
    let form = match letters.next()? {
        '}' if !colon => return Some(Some(Piece::Variable { name, form: Form::Plain })),
        '-' => Form::Or { other: read(letters, escape, true)?, when_empty: colon },
        '+' => Form::Instead { other: read(letters, escape, true)?, unless_empty: colon },
        _ => return None,
    };
    letters.next_if_eq(&'}')?;
    Some(Some(Piece::Variable { name, form }))
}

/// The words of an instruction's arguments, which begin at `start` in the file.
pub(super) fn words(raw: &str, start: usize, escape: char) -> Vec<Word> {
    let mut words = vec![];
    let mut quote = None;
    let (mut text, mut began, mut end) = (String::new(), None, 0);
    let mut at = 0;
    while let Some(letter) = raw[at..].chars().next() {
        let size = letter.len_utf8();
        if letter == escape
            && let Some(next) = after_continuation(&raw[at + size..])
        {
            at = raw.len() - next.len();
            continue;
        }
        if letter.is_whitespace() && quote.is_none() {
            words.extend(word(&mut text, began.take(), end, raw, start));
            at += size;
            continue;
        }
        began.get_or_insert(at);
        text.push(letter);
        at += size;
        if letter == escape && quote != Some('\'') {
            if let Some(escaped) = raw[at..].chars().next() {
                text.push(escaped);
                at += escaped.len_utf8();
            }
        } else if quote == Some(letter) {
            quote = None;
        } else if quote.is_none() && (letter == '"' || letter == '\'') {
            quote = Some(letter);
        }
        end = at;
    }
    words.extend(word(&mut text, began, end, raw, start));
    words
}

fn word(
    text: &mut String,
    began: Option<usize>,
    end: usize,
    raw: &str,
    start: usize,
) -> Option<Word> {
    let began = began?;
    let text = std::mem::take(text);
    let whole = raw[began..end] == text;
    Some(Word { text, inner: whole.then_some(start + began..start + end) })
}

/// What is left after the end of a line and the comments and empty lines below it, where an escape
/// character stood before.
fn after_continuation(rest: &str) -> Option<&str> {
    let (blank, mut rest) = rest.split_once('\n')?;
    if !blank.trim().is_empty() {
        return None;
    }
    while let Some((line, below)) = rest.split_once('\n') {
        if !(line.trim().is_empty() || line.trim_start().starts_with('#')) {
            break;
        }
        rest = below;
    }
    Some(rest)
}
