//! recreate
