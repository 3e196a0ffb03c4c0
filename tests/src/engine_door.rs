//! A socket of its own before an engine's, with every byte let through both ways: the engine's time can be
//! altered on its way, and the socket can be taken from this user as a login without its group has it.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::civil::DateTime;

use crate::error::PartResult;

/// Before the engine's time in what it says of itself.
const TIME: &[u8] = br#""SystemTime":""#;
/// Date and time to the second: `2024-01-11T10:20:30`.
const SECONDS: usize = 19;
/// A user and a group that this process is not (`nobody`, `daemon`).
const OTHERS: (u32, u32) = (65_534, 1);

#[derive(Default)]
struct State {
    /// Seconds by which the engine's time is altered.
    ahead: AtomicI64,
    /// The next connection through which more bytes than these come from the engine is cut; 0 = none is.
    cut_after: AtomicU64,
    /// Each such connection is cut.
    cut_each: AtomicBool,
    stop: AtomicBool,
    /// Milliseconds for which everything that comes from the engine is held.
    slow: AtomicU64,
    /// Nobody is let through for now.
    shut: AtomicBool,
    /// What is open now, so that it can be cut.
    open: Mutex<Vec<UnixStream>>,
}

impl State {
    fn cut(&self) {
        for stream in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

/// The door. Dropped: it and every connection through it are gone.
pub struct EngineDoor {
    folder: tempfile::TempDir,
    state: Arc<State>,
}

impl EngineDoor {
    /// Stands before the engine at this socket.
    pub fn before(engine: &Path) -> PartResult<Self> {
        let folder = tempfile::tempdir()?;
        let listener = UnixListener::bind(folder.path().join("engine.sock"))?;
        let state = Arc::new(State::default());
        let (engine, its) = (engine.to_owned(), Arc::clone(&state));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if its.stop.load(Ordering::Relaxed) {
                    return;
                }
                if its.shut.load(Ordering::Relaxed) {
                    continue;
                }
                // An engine that is gone answers nobody; the connection is dropped.
                let _ = join(client, &engine, &its);
            }
        });
        Ok(Self { folder, state })
    }

    /// The socket's path.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("engine.sock")
    }

    /// From now on the engine tells a time that is so many seconds ahead of its own.
    pub fn clock_ahead(&self, seconds: i64) {
        self.state.ahead.store(seconds, Ordering::Relaxed);
    }

    /// Cuts the next connection through which more bytes than these come from the engine, at that moment; 0 = none.
    pub fn cut_after(&self, bytes: u64) {
        self.state.cut_after.store(bytes, Ordering::Relaxed);
    }

    /// The same for each of them from now on.
    pub fn cut_each_after(&self, bytes: u64) {
        self.state.cut_each.store(bytes > 0, Ordering::Relaxed);
        self.cut_after(bytes);
    }

    /// Whether that connection has not come yet.
    pub fn is_to_cut(&self) -> bool {
        self.state.cut_after.load(Ordering::Relaxed) > 0
    }

    /// From now on the engine's answers come so much later.
    pub fn slow(&self, by: Duration) {
        self.state.slow.store(u64::try_from(by.as_millis()).unwrap_or(0), Ordering::Relaxed);
    }

    /// Cuts what is open and lets nobody through, until it is opened.
    pub fn shut(&self) {
        self.state.shut.store(true, Ordering::Relaxed);
        self.state.cut();
    }

    /// Lets everybody through again.
    pub fn open(&self) {
        self.state.shut.store(false, Ordering::Relaxed);
    }

    /// Gives the socket to another user and group, who alone may use it, and cuts what is open.
    pub fn shut_out(&self) -> PartResult<()> {
        self.belongs_to(OTHERS, 0o660)?;
        self.state.cut();
        Ok(())
    }

    /// Gives it back to this user.
    pub fn let_in(&self) -> PartResult<()> {
        self.belongs_to((0, 0), 0o600)
    }

    fn belongs_to(&self, (user, group): (u32, u32), mode: u32) -> PartResult<()> {
        let socket = self.socket();
        std::os::unix::fs::chown(&socket, Some(user), Some(group))?;
        std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(mode))?;
        Ok(())
    }
}

impl Drop for EngineDoor {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::Relaxed);
        self.state.cut();
        // Wakes the accepting thread, which then ends.
        let _ = UnixStream::connect(self.socket());
    }
}

fn join(client: UnixStream, engine: &Path, state: &Arc<State>) -> PartResult<()> {
    let server = UnixStream::connect(engine)?;
    let (client_out, server_out) = (client.try_clone()?, server.try_clone()?);
    let mut open = state.open.lock().unwrap_or_else(PoisonError::into_inner);
    open.push(client.try_clone()?);
    open.push(server.try_clone()?);
    drop(open);
    std::thread::spawn(move || pass(client, server_out, |_| true));
    let its = Arc::clone(state);
    std::thread::spawn(move || {
        let mut passed = 0;
        pass(server, client_out, |bytes| {
            std::thread::sleep(Duration::from_millis(its.slow.load(Ordering::Relaxed)));
            alter(bytes, its.ahead.load(Ordering::Relaxed));
            passed += bytes.len() as u64;
            let most = its.cut_after.load(Ordering::Relaxed);
            let cut = most > 0 && passed > most;
            let each = its.cut_each.load(Ordering::Relaxed);
            !(cut && (each || its.cut_after.swap(0, Ordering::Relaxed) > 0))
        });
    });
    Ok(())
}

/// Lets everything through, changed in its place, until the change says that it is enough; a time is not torn in two.
fn pass(mut from: UnixStream, mut to: UnixStream, mut change: impl FnMut(&mut [u8]) -> bool) {
    let mut held: Vec<u8> = Vec::new();
    let mut portion = vec![0; 16 * 1024];
    while let Ok(count) = from.read(&mut portion) {
        if count == 0 {
            break;
        }
        held.extend_from_slice(&portion[..count]);
        if is_torn(&held) {
            continue;
        }
        if !change(&mut held) {
            let _ = to.shutdown(std::net::Shutdown::Both);
            let _ = from.shutdown(std::net::Shutdown::Both);
            return;
        }
        if to.write_all(&held).is_err() {
            break;
        }
        held.clear();
    }
    let _ = to.write_all(&held);
    let _ = to.shutdown(std::net::Shutdown::Write);
}

/// It ends within a time, or within what comes before one.
fn is_torn(bytes: &[u8]) -> bool {
    let begins = (4..TIME.len()).any(|length| bytes.ends_with(&TIME[..length]));
    begins || place_of_time(bytes).is_some_and(|at| bytes.len() < at + SECONDS)
}

fn place_of_time(bytes: &[u8]) -> Option<usize> {
    bytes.windows(TIME.len()).position(|window| window == TIME).map(|at| at + TIME.len())
}

/// The same number of bytes with another time in them.
fn alter(bytes: &mut [u8], ahead: i64) {
    if ahead == 0 {
        return;
    }
    let Some(at) = place_of_time(bytes) else { return };
    let told = std::str::from_utf8(&bytes[at..at + SECONDS]).ok();
    let Some(told) = told.and_then(|told| told.parse::<DateTime>().ok()) else { return };
    if let Ok(altered) = told.checked_add(jiff::SignedDuration::from_secs(ahead)) {
        let altered = altered.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        bytes[at..at + SECONDS].copy_from_slice(altered.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_altered_in_its_place_and_nothing_else() {
        let told = br#"{"CPUs":2,"SystemTime":"2024-01-11T23:59:30.123Z","X":1}"#;
        let mut bytes = told.to_vec();
        alter(&mut bytes, 60);
        let expected = br#"{"CPUs":2,"SystemTime":"2024-01-12T00:00:30.123Z","X":1}"#;
        assert_eq!(bytes, expected);
        alter(&mut bytes, -60);
        assert_eq!(bytes, told);
    }

    #[test]
    fn a_time_is_waited_for_until_it_is_whole() {
        let told = br#"{"SystemTime":"2024-01-11T23:59:30"#;
        assert!(!is_torn(told));
        assert!(is_torn(&told[..told.len() - 1]));
        assert!(is_torn(&told[..8]));
        assert!(!is_torn(br#"{"Name":"x"}"#));
    }
}
