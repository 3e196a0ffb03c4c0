//! Lines of a log that is open, on disk.
//!
//! Three files of a [`Part`] that nobody else sees and that are gone when it is dropped, also when the application
//! ends at once: texts (each ends with `\n`), what each line was written as where that differs from its text, and a
//! record of fixed length for each line. So any line is found at once, and nothing of a log has to be in memory.
//! One writer adds lines; readers read what was written so far at any time, without waiting for it.

mod file;
mod part;
#[cfg(test)]
mod tests;

pub use part::{Block, Line, NewLine, Part};
