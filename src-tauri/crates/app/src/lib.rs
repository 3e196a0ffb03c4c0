//! Use cases: what the application does, told apart from how it is shown.
//!
//! [`App`] is one running application without a window. The shell hands every command of the table in
//! [`commands`] to a function of the same name in [`handlers`], and what changes by itself comes from
//! [`App::subscribe`].

mod adopted;
pub mod api;
mod batches;
mod came_from;
mod changes;
pub mod commands;
mod computes;
mod configuration;
mod connections;
mod context;
mod descriptions;
mod detail;
mod diagnosis;
mod disk;
mod downloads;
mod environments;
mod finding;
mod first_run;
mod fitness;
mod fits;
mod flows;
pub mod handlers;
mod health;
mod home;
mod logins;
mod logs;
mod memory;
mod operations;
mod other_python;
mod policies;
mod previous;
mod problem;
mod real;
mod resolve;
mod series;
mod settings;
mod shown;
mod support;
mod table;
mod usage;
mod versions;
mod wizard;

pub use crate::flows::{RowsToEnd, end_rows};
pub use changes::Subscription;
pub use context::{App, Computes, DockerLogins, Folders, Identity, Parts, WallClock};
pub use logs::{FollowedLog, open_log};
pub use operations::recover_all;
pub use real::{RealPartsError, real_parts, system_clock};

#[cfg(test)]
mod tests;
