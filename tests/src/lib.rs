//! Real parts that the tests start themselves: engines, registries, keyrings and windows.
//!
//! Each part has a folder, ports and network numbers of its own, so that several run at once and
//! none touches what a person uses. A part ends when its value is dropped, and also when the test
//! process is killed: a small janitor process beside it clears up. Parts are ended by process id.
//! A missing program is an error that names its Debian package.

#[cfg(feature = "engine")]
pub mod around;
pub mod contract;
pub mod display;
pub mod docker;
pub mod engine_door;
#[cfg(feature = "app")]
pub mod environments;
mod error;
pub mod fake_llm;
#[cfg(feature = "app")]
pub mod flow_world;
pub mod ground;
#[cfg(feature = "app")]
pub mod headless;
pub mod images;
mod janitor;
pub mod journey;
pub mod keyring;
#[cfg(feature = "app")]
pub mod llm_world;
#[cfg(feature = "app")]
pub mod log_world;
pub mod lying_registry;
#[cfg(feature = "engine")]
pub mod meddler;
pub mod name_server;
pub mod package_index;
pub mod podman;
pub mod program;
pub mod registry;
pub mod rootless_podman;
#[cfg(feature = "app")]
pub mod round;
pub mod runtime_images;
#[cfg(feature = "app")]
pub mod scene;
pub mod slow_proxy;
pub mod steps;
#[cfg(feature = "app")]
pub mod ward;
pub mod watch;
pub mod window;

pub use error::{PartError, PartResult};
pub use janitor::leftovers;
