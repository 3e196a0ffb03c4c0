//! A TCP proxy on loopback that lets little through, so that a download takes as long as a test needs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::error::PartResult;

/// How many bytes pass between two looks at the rate.
const PORTION: usize = 16 * 1024;

/// The proxy. Dropped: nothing new is taken, and what runs ends with its connections.
pub struct SlowProxy {
    address: SocketAddr,
    /// Bytes a second for each connection; 0 = without limit.
    rate: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl SlowProxy {
    /// Stands before this address (`127.0.0.1:<port>`) and lets so many bytes a second back through
    /// each connection.
    pub fn before(target: &str, bytes_per_second: u64) -> PartResult<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let rate = Arc::new(AtomicU64::new(bytes_per_second));
        let stop = Arc::new(AtomicBool::new(false));
        let (target, its_rate, stopped) = (target.to_owned(), Arc::clone(&rate), Arc::clone(&stop));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(server) = TcpStream::connect(&target) else { continue };
                let (Ok(client_out), Ok(server_out)) = (client.try_clone(), server.try_clone())
                else {
                    continue;
                };
                let (rate, stop) = (Arc::clone(&its_rate), Arc::clone(&stopped));
                std::thread::spawn(move || pass(client, server_out, &AtomicU64::new(0), &stop));
                let stop = Arc::clone(&stopped);
                std::thread::spawn(move || pass(server, client_out, &rate, &stop));
            }
        });
        Ok(Self { address, rate, stop })
    }

    /// `127.0.0.1:<port>`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.rate.store(0, Ordering::Relaxed);
    }
}

impl Drop for SlowProxy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the accepting thread, which then ends.
        let _ = TcpStream::connect(self.address);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, rate: &AtomicU64, stop: &AtomicBool) {
    let mut portion = vec![0; PORTION];
    while !stop.load(Ordering::Relaxed) {
        let Ok(count) = from.read(&mut portion) else { break };
        if count == 0 || to.write_all(&portion[..count]).is_err() {
            break;
        }
        let rate = rate.load(Ordering::Relaxed);
        // A rate of 0 means as fast as it goes.
        if let Some(wait) = (count as u64 * 1_000_000).checked_div(rate) {
            std::thread::sleep(Duration::from_micros(wait));
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
    let _ = from.shutdown(std::net::Shutdown::Both);
}
