//! Logs: what a line tells, what is filtered and searched, and which node takes the time.

mod chunks;
mod driver;
mod filter;
mod head;
#[cfg(any(test, fuzzing))]
pub mod invariants;
mod level;
mod mark;
mod marker;
mod message;
mod place;
mod query;
#[cfg(test)]
mod random_tests;
mod style;
mod times;

pub use chunks::{CHUNK, Chunks};
pub use driver::cannot_be_read;
pub use filter::Filter;
pub use head::{Form, Head, head};
pub use level::LogLevel;
pub use mark::{Mark, Names};
pub use marker::Marker;
pub use message::{Told, told};
pub use place::place;
pub use query::Finder;
pub use style::{Colour, Piece, Style, clean, pieces};
pub use times::{Analysis, NodeStanding, NodeTime, NodeTimes, SlowGroup};
