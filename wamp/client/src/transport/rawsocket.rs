//! RawSocket, over TCP or a Unix socket: length-prefixed messages and nothing else.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wamp_protocol::framing::rawsocket::{FrameError, FrameHeader, FrameKind, Handshake, MaxLength};
use wamp_protocol::{Message, Serializer};

use super::sign_of_life::SignOfLife;
use super::{Link, SendError, TransportError};

/// Octets before a frame's body.
const HEADER: usize = 4;

/// The longest message this side takes.
const LONGEST: MaxLength = MaxLength::MAX;

/// Octets that may wait to be written before more messages are taken.
const WRITE_BUFFER: usize = 64 << 10;

/// A RawSocket connection.
pub(super) struct RawSocketLink<S> {
    stream: S,
    serializer: Serializer,
    /// The longest message the router takes.
    limit: MaxLength,
    incoming: BytesMut,
    outgoing: BytesMut,
    life: SignOfLife,
}

/// Shakes hands over `stream`.
pub(super) async fn open<S>(
    mut stream: S,
    serializer: Serializer,
    keepalive: Duration,
) -> Result<RawSocketLink<S>, TransportError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let handshake = Handshake {
        max_length: LONGEST,
        serializer,
    };
    stream.write_all(&handshake.octets()).await?;
    stream.flush().await?;
    let mut answer = [0; 4];
    stream
        .read_exact(&mut answer)
        .await
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => TransportError::Closed,
            _ => error.into(),
        })?;
    let limit = handshake
        .answered(answer)
        .map_err(|error| TransportError::Handshake(error.to_string()))?
        .max_length;
    let (incoming, outgoing) = (BytesMut::new(), BytesMut::new());
    Ok(RawSocketLink {
        stream,
        serializer,
        limit,
        incoming,
        outgoing,
        life: SignOfLife::new(keepalive),
    })
}

/// Takes one frame, if a whole one is there.
fn take(incoming: &mut BytesMut) -> Result<Option<(FrameKind, BytesMut)>, FrameError> {
    let Some(&header) = incoming.first_chunk::<HEADER>() else {
        return Ok(None);
    };
    let FrameHeader { kind, length } = FrameHeader::parse(header, LONGEST)?;
    let have = incoming.len() - HEADER;
    if have < length {
        // One allocation for a long message instead of many.
        incoming.reserve(length - have);
        return Ok(None);
    }
    incoming.advance(HEADER);
    Ok(Some((kind, incoming.split_to(length))))
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> RawSocketLink<S> {
    /// Writes until at most `left` octets wait.
    fn poll_write(&mut self, cx: &mut Context<'_>, left: usize) -> Poll<Result<(), TransportError>> {
        while self.outgoing.len() > left {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.outgoing))?;
            if written == 0 {
                return Poll::Ready(Err(TransportError::Closed));
            }
            self.outgoing.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Puts a frame in line. One longer than the router takes is left out: there is no way to send it.
    fn put(&mut self, kind: FrameKind, body: &[u8]) {
        if let Ok(header) = (FrameHeader {
            kind,
            length: body.len(),
        })
        .octets(self.limit)
        {
            self.outgoing.extend_from_slice(&header);
            self.outgoing.extend_from_slice(body);
        }
    }

    /// Takes the frames that have come in; the first WAMP message among them.
    fn take_message(&mut self) -> Option<Result<Message, TransportError>> {
        loop {
            let (kind, body) = match take(&mut self.incoming) {
                Ok(frame) => frame?,
                Err(error) => return Some(Err(TransportError::Broken(error.to_string()))),
            };
            self.life.heard();
            match kind {
                FrameKind::Message => {
                    let decoded = self.serializer.decode(body.freeze());
                    return Some(decoded.map_err(|error| TransportError::Undecodable(error.to_string())));
                }
                FrameKind::Ping => self.put(FrameKind::Pong, &body),
                FrameKind::Pong => {}
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Link for RawSocketLink<S> {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.poll_write(cx, WRITE_BUFFER)
    }

    fn send(&mut self, message: Message) -> Result<(), SendError> {
        let start = self.outgoing.len();
        self.outgoing.extend_from_slice(&[0; HEADER]);
        let encoded = self.serializer.encode_into(&message, &mut self.outgoing);
        let length = self.outgoing.len() - start - HEADER;
        let header = FrameHeader {
            kind: FrameKind::Message,
            length,
        }
        .octets(self.limit);
        let error = match (encoded, header) {
            (Ok(()), Ok(header)) => {
                self.outgoing[start..start + HEADER].copy_from_slice(&header);
                return Ok(());
            }
            (Ok(()), Err(_)) => TransportError::TooLong {
                length,
                limit: self.limit.octets(),
            },
            (Err(error), _) => TransportError::Unencodable(error.to_string()),
        };
        self.outgoing.truncate(start);
        Err(SendError::Unsendable(Box::new(message), error))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        ready!(self.poll_write(cx, 0))?;
        Pin::new(&mut self.stream).poll_flush(cx).map_err(Into::into)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, TransportError>>> {
        loop {
            if let Some(message) = self.take_message() {
                return Poll::Ready(Some(message));
            }
            let reading = pin!(self.stream.read_buf(&mut self.incoming)).poll(cx);
            match reading {
                Poll::Ready(Ok(0)) => return Poll::Ready(None),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                Poll::Pending => break,
            }
        }
        while let Poll::Ready(life) = self.life.poll(cx) {
            if let Err(silent) = life {
                return Poll::Ready(Some(Err(silent)));
            }
            self.put(FrameKind::Ping, b"");
            if let Poll::Ready(Err(error)) = self.poll_flush(cx) {
                return Poll::Ready(Some(Err(error)));
            }
        }
        Poll::Pending
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.stream).poll_shutdown(cx).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frames_are_found_however_the_octets_come(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5),
            cut in 1_usize..50,
        ) {
            let mut wire = Vec::new();
            for body in &bodies {
                let header = FrameHeader { kind: FrameKind::Ping, length: body.len() };
                wire.extend_from_slice(&header.octets(LONGEST).unwrap());
                wire.extend_from_slice(body);
            }
            let (mut incoming, mut taken) = (BytesMut::new(), Vec::new());
            for piece in wire.chunks(cut) {
                incoming.extend_from_slice(piece);
                while let Some((kind, body)) = take(&mut incoming).unwrap() {
                    prop_assert_eq!(kind, FrameKind::Ping);
                    taken.push(body.to_vec());
                }
            }
            prop_assert_eq!(taken, bodies);
        }

        #[test]
        fn nothing_that_comes_makes_it_panic(bytes: Vec<u8>) {
            let mut incoming = BytesMut::from(&bytes[..]);
            while let Ok(Some(_)) = take(&mut incoming) {}
        }
    }
}
