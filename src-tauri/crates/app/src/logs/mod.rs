//! Logs: opened, read in pages, filtered and searched.

mod answers;
mod container;
mod lines;
mod meeting;
mod mend;
mod merge;
mod older;
mod open;
mod places;
mod repeated;
mod resume;
mod save;
mod selection;
mod store;
mod texts;
mod writer;

pub use open::{FollowedLog, open_log};
pub(crate) use open::{OpenLogs, of};
pub(crate) use texts::LogText;
