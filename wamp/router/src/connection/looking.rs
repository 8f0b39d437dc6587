//! Whether octets have come, asked of the operating system.

use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How to see whether there is anything to read on a stream, or that it has ended, without taking
/// it; `None` where there is no way.
pub(crate) type Look<S> = Option<fn(&S) -> bool>;

/// Whether there is anything to read on a socket.
pub(crate) fn has_come(socket: &impl AsFd) -> bool {
    const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut sockets = [PollFd::new(socket, PollFlags::IN)];
    // What is wrong with it, reading will tell.
    poll(&mut sockets, Some(&AT_ONCE)) != Ok(0)
}
