//! What happened: operations, version checks, and the choices that no engine remembers.
//!
//! The only room that talks to SQLite. Losing its file loses no runtime.
