//! What has come on a socket, asked of the operating system itself.

use std::os::fd::AsFd;
use std::time::Instant;

use bytes::BytesMut;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

use super::transfer::with_room;

/// How to read from a stream at once, or with `true` to see only whether there is anything; the
/// octets, 0 of which mean that reading as usual will tell what it is, or `None` if nothing has come.
/// For streams that are not sockets there is no way.
pub(crate) type Look<S> = Option<fn(&S, &mut [u8], bool) -> Option<usize>>;

/// The same for a socket.
pub(crate) fn at_once(socket: &impl AsFd, octets: &mut [u8], leave_it: bool) -> Option<usize> {
    let flags = if leave_it {
        RecvFlags::DONTWAIT | RecvFlags::PEEK
    } else {
        RecvFlags::DONTWAIT
    };
    match recv(socket, octets, flags) {
        Ok((count, _)) => Some(count),
        Err(Errno::AGAIN | Errno::INTR) => None,
        Err(_) => Some(0),
    }
}

/// What came of looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looked {
    /// It has been read.
    Read,
    /// There is something to read.
    Waits,
    /// Nothing came in time.
    Missed,
}

/// Looks again and again until something comes, and reads it to the end of `input` unless it is to
/// be left.
pub(super) fn look<S>(
    stream: &S,
    at_once: fn(&S, &mut [u8], bool) -> Option<usize>,
    input: &mut BytesMut,
    leave_it: bool,
    until: Instant,
) -> Looked {
    with_room(|room| {
        loop {
            match at_once(stream, room, leave_it) {
                Some(count) if count > 0 && !leave_it => {
                    input.extend_from_slice(room.get(..count).unwrap_or_default());
                    return Looked::Read;
                }
                Some(_) => return Looked::Waits,
                None => {}
            }
            if Instant::now() >= until {
                return Looked::Missed;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_has_come_is_read_or_left_and_an_end_is_left_to_who_reads_as_usual() {
        let (mut far, near) = UnixStream::pair().unwrap();
        let mut input = BytesMut::from(&b"before "[..]);
        let mut look = |leave_it| look(&near, at_once, &mut input, leave_it, Instant::now());
        assert_eq!(look(false), Looked::Missed);
        far.write_all(b"something").unwrap();
        assert_eq!(look(true), Looked::Waits);
        assert_eq!(look(false), Looked::Read);
        assert_eq!(look(true), Looked::Missed);
        drop(far);
        assert_eq!(look(false), Looked::Waits);
        assert_eq!(&input[..], b"before something");
    }

    #[test]
    fn what_comes_while_it_is_looked_for_is_found() {
        let (mut far, near) = UnixStream::pair().unwrap();
        let writing = std::thread::spawn(move || far.write_all(b"later"));
        let mut input = BytesMut::new();
        let until = Instant::now() + Duration::from_secs(60);
        assert_eq!(look(&near, at_once, &mut input, false, until), Looked::Read);
        assert!(b"later".starts_with(&input));
        writing.join().unwrap().unwrap();
    }
}
