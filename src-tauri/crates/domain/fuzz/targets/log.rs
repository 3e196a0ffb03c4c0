//! Any bytes are a log that nothing may break.

#![no_main]

use domain::log::invariants::holds_for_text;

libfuzzer_sys::fuzz_target!(|text: &[u8]| holds_for_text(text));
