//! Use cases: create, update, diagnose; operations; the command table.

pub mod api;
pub mod commands;
