//! The program: everything is in the library, so that tests can reach it.

// Windows: no console beside the window in a released build.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() {
    if let Err(error) = promptflow_runtimes::run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
