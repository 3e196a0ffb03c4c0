//! What things are, and the rules about them.
//!
//! No input or output, no async runtime and no clock: every function here gives the same answer
//! for the same arguments. Adapters convert the outside world into these types once and the rest
//! of the product trusts them.

pub mod adopt;
pub mod batch;
pub mod build;
pub mod compute;
pub mod configuration;
pub mod connection;
pub mod container;
pub mod diagnosis;
pub mod disk;
pub mod environment;
pub mod facts;
pub mod finding;
pub mod first;
pub mod flow;
pub mod image;
pub mod label;
pub mod listening;
pub mod log;
pub mod name;
pub mod operation;
pub mod policy;
pub mod pull;
pub mod recovery;
pub mod recreate;
pub mod resume;
pub mod runtime;
pub mod scrub;
pub mod secret;
pub mod series;
pub mod spec;
pub mod start;
pub mod support;
pub mod usage;
pub mod version;
