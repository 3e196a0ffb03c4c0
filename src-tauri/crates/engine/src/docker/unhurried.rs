//! A connection that is read in large pieces although the other side writes in small ones.
//!
//! Docker writes each line of a log by itself. Who waits for each is woken for each, and the waking takes the
//! engine as long as the line; who comes a little later finds many.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::UnixStream,
};

/// What was read is short of this: the engine writes more slowly than it is read. Bytes.
const SHORT: usize = 32 * 1024;
/// How long the engine is left alone then. A Unix socket holds what Docker writes within about a millisecond.
const PAUSE: Duration = Duration::from_micros(200);

/// Holds the thread that reads it for a moment before each piece: only for a thread of its own.
pub(super) struct Unhurried {
    pub stream: UnixStream,
    /// The last piece was short.
    pub was_short: bool,
}

impl AsyncRead for Unhurried {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.was_short) {
            std::thread::sleep(PAUSE);
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.was_short = read.is_ready() && buffer.filled().len() - before < SHORT;
        read
    }
}

impl AsyncWrite for Unhurried {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
