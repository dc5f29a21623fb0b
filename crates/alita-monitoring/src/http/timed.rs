//! A connection whose other end may not take for ever: to send the head of a request, or to read an answer.
//!
//! Hyper has one limit for a head and for the silence before it. A client may rest between two requests for a
//! minute, but once it has begun to speak it has five seconds to come to the point; so the connection itself counts.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long the head of a request may take, from its first byte on, or from the opening of the connection.
pub(super) const HEAD: Duration = Duration::from_secs(5);

/// How long the other end may leave a piece of an answer unread.
pub(super) const WRITE: Duration = Duration::from_secs(10);

/// Told by the service: a head is complete, and later, its answer is ready.
#[derive(Clone, Debug, Default)]
pub(super) struct Busy(Arc<AtomicBool>);

impl Busy {
    pub(super) fn set(&self, is_busy: bool) {
        self.0.store(is_busy, Ordering::Release);
    }

    fn is(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A stream with limits.
#[derive(Debug)]
pub(super) struct Timed<S> {
    stream: S,
    busy: Busy,
    /// Until when the head has to be complete, while one is being read.
    head: Option<Pin<Box<Sleep>>>,
    /// Until when the other end has to read on, while it does not.
    write: Option<Pin<Box<Sleep>>>,
}

impl<S> Timed<S> {
    pub(super) fn new(stream: S, busy: Busy) -> Self {
        Self { stream, busy, head: Some(Box::pin(sleep(HEAD))), write: None }
    }

    fn head_is_late(&mut self, cx: &mut Context<'_>) -> bool {
        if self.busy.is() {
            self.head = None;
        }
        self.head.as_mut().is_some_and(|limit| limit.as_mut().poll(cx).is_ready())
    }

    /// Passes on what a write came to; a wait has an end.
    fn within_limit<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write = None;
            return written;
        }
        let limit = self.write.get_or_insert_with(|| Box::pin(sleep(WRITE)));
        ready!(limit.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.head_is_late(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() > before && !self.busy.is() && self.head.is_none() {
            // The first bytes after a rest.
            self.head = Some(Box::pin(sleep(HEAD)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.within_limit(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.within_limit(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.within_limit(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_head_that_trickles_in_is_late_and_a_rest_is_not() {
        let (mut far, near) = duplex(64);
        let busy = Busy::default();
        let mut near = Timed::new(near, busy.clone());
        let mut byte = [0];
        far.write_all(b"G").await.expect("room for a byte");
        near.read_exact(&mut byte).await.expect("in time");
        busy.set(true);
        far.write_all(b"x").await.expect("room for a byte");
        near.read_exact(&mut byte).await.expect("a body may come while we work");
        busy.set(false);

        tokio::time::advance(Duration::from_secs(50)).await;
        for _ in 0..4 {
            far.write_all(b"G").await.expect("room for a byte");
            near.read_exact(&mut byte).await.expect("not late yet");
            tokio::time::advance(Duration::from_millis(1_600)).await;
        }
        far.write_all(b"G").await.expect("room for a byte");
        let late = near.read_exact(&mut byte).await.expect_err("six seconds have passed");
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_reads_is_given_up() {
        let (_far, near) = duplex(8);
        let mut near = Timed::new(near, Busy::default());
        let began = Instant::now();
        let late = near.write_all(&[0; 64]).await.expect_err("nobody reads");
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed().as_secs(), WRITE.as_secs());
    }
}
