//! Octets between a stream and memory.

use std::cell::RefCell;
use std::future::Future as _;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use crate::outbox::octets::Octets;

/// Octets asked of the network at once.
const READ: usize = 64 * 1024;
/// A buffer with so much room is read into directly.
const ROOM: usize = 8 * 1024;

thread_local! {
    /// Where octets arrive, whichever connection they come on: one that waits has no buffer.
    static ARRIVING: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transferred {
    /// Something has been written, and nothing read.
    Written,
    /// Something has been read.
    Read,
    /// The other end is gone.
    Lost,
}

/// Writes what there is, and reads once to the end of `input` if there is one.
pub(super) fn transfer<S>(
    stream: &mut S,
    output: &mut Octets,
    input: Option<&mut BytesMut>,
    context: &mut Context<'_>,
) -> Poll<Transferred>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = Pin::new(stream);
    let mut written = false;
    while !output.is_empty() {
        match output.poll_write(stream.as_mut(), context) {
            Poll::Ready(Ok(count)) if count > 0 => written = true,
            Poll::Ready(_) => return Poll::Ready(Transferred::Lost),
            Poll::Pending => break,
        }
    }
    if let Some(input) = input {
        match read(stream, input, context) {
            Poll::Ready(Ok(count)) if count > 0 => return Poll::Ready(Transferred::Read),
            Poll::Ready(_) => return Poll::Ready(Transferred::Lost),
            Poll::Pending => {}
        }
    }
    if written {
        Poll::Ready(Transferred::Written)
    } else {
        Poll::Pending
    }
}

/// Lends a thread's room for what arrives.
pub(super) fn with_room<T>(use_it: impl FnOnce(&mut [u8]) -> T) -> T {
    ARRIVING.with_borrow_mut(|octets| use_it(octets))
}

fn read<S: AsyncRead>(
    mut stream: Pin<&mut S>,
    input: &mut BytesMut,
    context: &mut Context<'_>,
) -> Poll<std::io::Result<usize>> {
    if input.capacity() - input.len() >= ROOM {
        return pin!(stream.read_buf(input)).poll(context);
    }
    ARRIVING.with_borrow_mut(|octets| {
        let mut arriving = ReadBuf::new(octets);
        match stream.as_mut().poll_read(context, &mut arriving) {
            Poll::Ready(Ok(())) => {
                input.extend_from_slice(arriving.filled());
                Poll::Ready(Ok(arriving.filled().len()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    })
}
