//! Rules that every adapter obeys, the real ones and their twins. Run by the tests in `tests/`.

#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "executor")]
pub mod executor;
#[cfg(feature = "registry")]
pub mod registry;
#[cfg(feature = "executor")]
pub mod runs;
#[cfg(feature = "vault")]
pub mod vault;
