//! The head of a record: time, process and level, in the forms that occur in logs of runtimes.

use jiff::{civil::DateTime, tz::Offset};

use super::LogLevel;

/// How a record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Prompt flow's own: `2026-11-23 16:24:48 +0000   30394 execution.flow     INFO     …`
    PromptFlow,
    /// `INFO:     …` of uvicorn, `WARNING:root:…` of Python's logging.
    LevelFirst,
    /// `[2023-11-07 14:19:59 +0000] [12] [INFO] …` of gunicorn, `[2023-11-07 10:55:00,123][flowinvoker][INFO] - …` of
    /// older runtimes.
    Brackets,
    /// Anything else that begins with a date and a time.
    Dated,
}

/// What stands in front of a record's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub form: Form,
    /// Nanoseconds since 1970; a time without a zone is taken for UTC.
    pub time: Option<i64>,
    /// The process that wrote it.
    pub process: Option<u32>,
    pub level: LogLevel,
    /// Where the message begins. Bytes.
    pub message: usize,
}

/// How far a level may stand from the beginning of a line. Bytes.
const LEVEL_WITHIN: usize = 120;

/// The head of a line; `None` = it has none, so it goes on from the line before.
pub fn head(line: &[u8]) -> Option<Head> {
    match line.first()? {
        b'0'..=b'9' => dated(line),
        b'[' => brackets(line),
        b'C' | b'D' | b'E' | b'I' | b'N' | b'W' => level_first(line),
        _ => None,
    }
}

fn level_first(line: &[u8]) -> Option<Head> {
    let end = line.iter().take(9).position(|byte| *byte == b':')?;
    let level = LogLevel::of(&line[..end])?;
    let rest = &line[end + 1..];
    let message = if rest.first() == Some(&b' ') {
        end + 1 + rest.iter().take_while(|byte| **byte == b' ').count()
    } else {
        // `WARNING:name:message`
        end + 1 + rest.iter().take(80).position(|byte| *byte == b':')? + 1
    };
    Some(Head { form: Form::LevelFirst, time: None, process: None, level, message })
}

fn dated(line: &[u8]) -> Option<Head> {
    let (time, used) = time(line)?;
    if let Some(found) = prompt_flow(line, used) {
        return Some(Head { time: Some(time), ..found });
    }
    let (level, message) = level_within(line, used).unwrap_or((LogLevel::None, used));
    Some(Head { form: Form::Dated, time: Some(time), process: None, level, message })
}

/// Process, logger and level behind the time.
fn prompt_flow(line: &[u8], used: usize) -> Option<Head> {
    let mut words = Words { line, at: used };
    let process = number(words.next()?)?;
    words.next()?;
    let level = LogLevel::of(words.next()?)?;
    let at = words.at;
    let message = at + line[at..].iter().take_while(|byte| **byte == b' ').count();
    Some(Head { form: Form::PromptFlow, time: None, process: Some(process), level, message })
}

fn brackets(line: &[u8]) -> Option<Head> {
    let (time, used) = time(&line[1..])?;
    let mut process = None;
    let window = &line[..line.len().min(LEVEL_WITHIN)];
    // `[level]`, and a number alone in brackets before it is the process.
    let mut at = 1 + used;
    while let Some(open) = window.get(at..)?.iter().position(|byte| *byte == b'[') {
        let begin = at + open + 1;
        let Some(length) = window[begin..].iter().position(|byte| *byte == b']') else { break };
        let inner = window[begin..begin + length].trim_ascii();
        at = begin + length + 1;
        if let Some(level) = LogLevel::of(inner) {
            let skipped = line[at..].iter().take_while(|byte| matches!(byte, b' ' | b'-'));
            let message = at + skipped.count();
            let form = Form::Brackets;
            return Some(Head { form, time: Some(time), process, level, message });
        }
        process = process.or_else(|| number(inner));
    }
    None
}

/// A level among the first words.
fn level_within(line: &[u8], from: usize) -> Option<(LogLevel, usize)> {
    let window = &line[..line.len().min(LEVEL_WITHIN)];
    let mut at = from;
    while at < window.len() {
        if !window[at].is_ascii_uppercase() {
            at += 1;
            continue;
        }
        let length = window[at..].iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        let is_word = at == 0 || !window[at - 1].is_ascii_alphanumeric();
        if is_word && let Some(level) = LogLevel::of(&window[at..at + length]) {
            let rest = &line[at + length..];
            let skipped =
                rest.iter().take_while(|byte| matches!(byte, b' ' | b']' | b':' | b'-' | b'|'));
            return Some((level, at + length + skipped.count()));
        }
        at += length;
    }
    None
}

/// Words between spaces.
struct Words<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.line.get(self.at..)?;
        let begin = self.at + rest.iter().position(|byte| *byte != b' ')?;
        let rest = &self.line[begin..];
        let end = begin + rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        self.at = end;
        Some(&self.line[begin..end])
    }
}

pub(super) fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// A time at the beginning, `2026-11-23 16:24:48`, with a fraction and a zone if they are there, and how many bytes
/// it takes. Nanoseconds since 1970.
fn time(text: &[u8]) -> Option<(i64, usize)> {
    let date = text.get(..19)?;
    let fits = date[4] == b'-'
        && date[7] == b'-'
        && matches!(date[10], b' ' | b'T')
        && date[13] == b':'
        && date[16] == b':';
    if !fits {
        return None;
    }
    let part = |from: usize, to: usize| number(&date[from..to]);
    let small = |from: usize| part(from, from + 2).and_then(|part| i8::try_from(part).ok());
    let year = i16::try_from(part(0, 4)?).ok()?;
    let mut used = 19;
    let mut fraction = 0_i32;
    if let Some(b'.' | b',') = text.get(used) {
        let digits = text[used + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            for index in 0..9 {
                let digit = if index < digits { text[used + 1 + index] - b'0' } else { 0 };
                fraction = fraction * 10 + i32::from(digit);
            }
            used += 1 + digits;
        }
    }
    let second = small(17)?.min(59);
    let moment =
        DateTime::new(year, small(5)?, small(8)?, small(11)?, small(14)?, second, fraction).ok()?;
    let (offset, zone) = zone(&text[used..]);
    let moment = Offset::from_seconds(offset).ok()?.to_timestamp(moment).ok()?;
    Some((i64::try_from(moment.as_nanosecond()).ok()?, used + zone))
}

/// A zone's offset in seconds, and how many bytes it takes.
fn zone(text: &[u8]) -> (i32, usize) {
    if text.first() == Some(&b'Z') {
        return (0, 1);
    }
    let space = usize::from(text.first() == Some(&b' '));
    let sign = match text.get(space) {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return (0, 0),
    };
    let digits = &text[space + 1..];
    let colon = usize::from(digits.get(2) == Some(&b':'));
    let hours = digits.get(..2).and_then(number);
    let minutes = digits.get(2 + colon..4 + colon).and_then(number);
    match (hours, minutes) {
        (Some(hours @ 0..=25), Some(minutes @ 0..=59)) => {
            let seconds = i32::try_from(hours * 3600 + minutes * 60).unwrap_or(0);
            (sign * seconds, space + 1 + 4 + colon)
        }
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(line: &str) -> Option<(Form, LogLevel, Option<u32>, &str)> {
        head(line.as_bytes())
            .map(|head| (head.form, head.level, head.process, &line[head.message..]))
    }

    #[test]
    fn heads_of_all_forms_are_read() {
        let cases = [
            (
                "2026-11-23 16:24:48 +0000   30394 execution.flow     INFO     Executing node upper. node run id: r1_upper_0",
                (
                    Form::PromptFlow,
                    LogLevel::Info,
                    Some(30394),
                    "Executing node upper. node run id: r1_upper_0",
                ),
            ),
            (
                "2026-11-23 16:24:48 +0000 1234567 execution          WARNING  slow",
                (Form::PromptFlow, LogLevel::Warning, Some(1_234_567), "slow"),
            ),
            (
                "INFO:     Started server process [1]",
                (Form::LevelFirst, LogLevel::Info, None, "Started server process [1]"),
            ),
            ("WARNING:root:told", (Form::LevelFirst, LogLevel::Warning, None, "told")),
            (
                "[2023-11-07 14:19:59 +0000] [12] [INFO] Booting worker",
                (Form::Brackets, LogLevel::Info, Some(12), "Booting worker"),
            ),
            (
                "[2023-11-07 10:55:00,123][flowinvoker][ERROR] - no",
                (Form::Brackets, LogLevel::Error, None, "no"),
            ),
            (
                "2026-11-23 16:24:48,123 - app - CRITICAL - gone",
                (Form::Dated, LogLevel::Critical, None, "gone"),
            ),
            ("2026-11-23T16:24:48.5Z plain", (Form::Dated, LogLevel::None, None, " plain")),
        ];
        for (line, expected) in cases {
            assert_eq!(message(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_is_no_head_is_none() {
        for line in [
            "",
            "  File \"x.py\", line 7, in slow",
            "Traceback (most recent call last):",
            "INFORMATION: no level",
            "IndexError: list index out of range",
            "ERROR",
            "[1, 2, 3]",
            "2026-99-23 16:24:48 +0000 1 x INFO y",
            "12345",
        ] {
            assert_eq!(message(line), None, "{line}");
        }
    }

    #[test]
    fn times_have_their_zones_and_fractions() {
        let at = |line: &str| {
            head(line.as_bytes()).and_then(|head| head.time).map(|time| {
                jiff::Timestamp::from_nanosecond(i128::from(time)).expect("time").to_string()
            })
        };
        assert_eq!(
            at("2026-11-23 18:24:48 +0200   1 x INFO y").as_deref(),
            Some("2026-11-23T16:24:48Z")
        );
        assert_eq!(at("2026-11-23 16:24:48 -01:30 y").as_deref(), Some("2026-11-23T17:54:48Z"));
        assert_eq!(at("2026-11-23 16:24:48,25 y").as_deref(), Some("2026-11-23T16:24:48.25Z"));
        // A leap second is one that a clock can show.
        assert_eq!(at("2026-12-31 23:59:60 +0000 y").as_deref(), Some("2026-12-31T23:59:59Z"));
    }
}
