//! Use cases on twins.
