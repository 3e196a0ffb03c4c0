//! What a runtime's owner wants to happen when a newer version appears, and when.
//!
//! Everything here is decided from what is passed in: the wall clock with its zone, the window, what
//! is offered. A clock that jumps changes the answer and nothing else.

use jiff::{
    Timestamp, ToSpan, Zoned,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

use crate::version::Version;

/// Days that a version has to be out before it is taken, unless the person says otherwise.
pub const USUAL_AGE_DAYS: u32 = 7;
/// The most that may be asked for.
const MOST_AGE_DAYS: u32 = 365;

/// What happens when a newer version appears.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum UpdatePolicy {
    /// It is told; the person updates.
    #[default]
    TellMe,
    /// It is updated by itself, within a window and to versions that are old enough.
    #[serde(rename_all = "camelCase")]
    Window {
        window: Window,
        /// Days since the version's date, at least.
        older_than_days: u32,
    },
    /// It is not even told.
    Never,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// The day of the week of a date.
    pub fn of(date: Date) -> Self {
        match date.weekday() {
            jiff::civil::Weekday::Monday => Self::Monday,
            jiff::civil::Weekday::Tuesday => Self::Tuesday,
            jiff::civil::Weekday::Wednesday => Self::Wednesday,
            jiff::civil::Weekday::Thursday => Self::Thursday,
            jiff::civil::Weekday::Friday => Self::Friday,
            jiff::civil::Weekday::Saturday => Self::Saturday,
            jiff::civil::Weekday::Sunday => Self::Sunday,
        }
    }
}

/// A time of day in minutes, written `HH:MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct ClockTime {
    hour: i8,
    minute: i8,
}

/// The text is no time of day.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a time of day. Write it like 02:00.")]
pub struct NotATime(pub String);

impl ClockTime {
    /// Parses `HH:MM`, 00:00 to 23:59.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        let refused = || NotATime(text.to_owned());
        let (hour, minute) = text.split_once(':').ok_or_else(refused)?;
        let part = |part: &str, most: i8| {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<i8>().ok().filter(|value| digits && *value <= most).ok_or_else(refused)
        };
        Ok(Self { hour: part(hour, 23)?, minute: part(minute, 59)? })
    }

    fn civil(self) -> Time {
        Time::constant(self.hour, self.minute, 0, 0)
    }
}

impl std::fmt::Display for ClockTime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:02}:{:02}", self.hour, self.minute)
    }
}

impl TryFrom<String> for ClockTime {
    type Error = NotATime;
    fn try_from(text: String) -> Result<Self, NotATime> {
        Self::parse(&text)
    }
}

impl From<ClockTime> for String {
    fn from(time: ClockTime) -> Self {
        time.to_string()
    }
}

/// Times in which a runtime may be updated by itself, where the person is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Window {
    /// Days on which it opens.
    pub days: Vec<Weekday>,
    pub from: ClockTime,
    /// Earlier than `from` = on the day after.
    pub to: ClockTime,
}

impl std::fmt::Display for Window {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}–{}", self.from, self.to)
    }
}

/// One time that a window is open: from a moment up to, and without, another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    pub from: Zoned,
    pub to: Zoned,
}

/// What a window means now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It is open, and nothing was tried in it yet.
    Open(Opening),
    /// The next time at which anything may happen; `None` = the window never opens.
    Wait(Option<Zoned>),
}

impl Window {
    /// Why this window cannot be used: the field of the form, and a sentence.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        if self.days.is_empty() {
            return Some(("days", "Choose at least one day.".to_owned()));
        }
        (self.from == self.to)
            .then(|| ("to", "The window ends when it begins. Give it some time.".to_owned()))
    }

    /// The time that opens on this day. A time that a change of the clock leaves out is taken as
    /// much later as the clock jumps; one that comes twice is taken the first time. A window that a
    /// jump swallows does not open.
    fn on(&self, day: Date, zone: &TimeZone) -> Option<Opening> {
        if !self.days.contains(&Weekday::of(day)) {
            return None;
        }
        let last = if self.to > self.from { day } else { day.tomorrow().ok()? };
        let at =
            |day: Date, time: ClockTime| day.to_datetime(time.civil()).to_zoned(zone.clone()).ok();
        let opening = Opening { from: at(day, self.from)?, to: at(last, self.to)? };
        (opening.from < opening.to).then_some(opening)
    }

    /// The time that is open at this moment.
    pub fn open_at(&self, now: &Zoned) -> Option<Opening> {
        let today = now.date();
        // One of yesterday may pass midnight.
        [today.yesterday().ok(), Some(today)]
            .into_iter()
            .flatten()
            .filter_map(|day| self.on(day, now.time_zone()))
            .find(|opening| opening.from <= *now && *now < opening.to)
    }

    /// The next time that opens after this moment.
    pub fn next_after(&self, now: &Zoned) -> Option<Opening> {
        // Two weeks: the only day of a week may be swallowed by a change of the clock.
        (0..=14)
            .filter_map(|days| now.date().checked_add(i64::from(days).days()).ok())
            .filter_map(|day| self.on(day, now.time_zone()))
            .find(|opening| opening.from > *now)
    }

    /// What this moment means, given when an update was tried last: there is one try in each opening,
    /// whatever came of it.
    pub fn moment(&self, now: &Zoned, last_try: Option<Timestamp>) -> Moment {
        let next = || self.next_after(now).map(|opening| opening.from);
        match self.open_at(now) {
            Some(opening) => {
                // One that lies outside was made in another opening, or under a wrong clock.
                let tried = last_try.is_some_and(|at| {
                    opening.from.timestamp() <= at && at < opening.to.timestamp()
                });
                if tried { Moment::Wait(next()) } else { Moment::Open(opening) }
            }
            None => Moment::Wait(next()),
        }
    }
}

impl UpdatePolicy {
    /// Why this policy cannot be used: the field of the form, and a sentence.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Window { older_than_days, .. } if *older_than_days > MOST_AGE_DAYS => {
                Some(("olderThanDays", format!("Give a number of days up to {MOST_AGE_DAYS}.")))
            }
            Self::Window { window, .. } => window.fault(),
            Self::TellMe | Self::Never => None,
        }
    }
}

/// The day from which a version is old enough.
pub fn old_enough_on(version: Version, older_than_days: u32) -> Date {
    version.date().saturating_add(i64::from(older_than_days).days())
}

/// Whether a version is old enough on a day.
pub fn is_old_enough(version: Version, older_than_days: u32, today: Date) -> bool {
    old_enough_on(version, older_than_days) <= today
}

#[cfg(test)]
#[path = "policy/tests.rs"]
mod tests;
