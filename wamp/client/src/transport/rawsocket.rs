//! RawSocket, over TCP or a Unix socket: length-prefixed messages and nothing else.

mod frame;

use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wamp_protocol::{Message, Serializer};

use self::frame::{Frame, FrameKind};
use super::sign_of_life::SignOfLife;
use super::{Link, SendError, TransportError};

/// Octets that may wait to be written before more messages are taken.
const WRITE_BUFFER: usize = 64 << 10;

/// A RawSocket connection.
pub(super) struct RawSocketLink<S> {
    stream: S,
    serializer: Serializer,
    /// The longest message the router takes, in octets.
    limit: usize,
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
    stream.write_all(&frame::handshake(serializer)).await?;
    stream.flush().await?;
    let mut answer = [0; 4];
    stream
        .read_exact(&mut answer)
        .await
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => TransportError::Closed,
            _ => error.into(),
        })?;
    let limit = frame::accepted(answer, serializer).map_err(|why| TransportError::Handshake(why.to_owned()))?;
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

    /// Takes the frames that have come in; the first WAMP message among them.
    fn take_message(&mut self) -> Option<Result<Message, TransportError>> {
        loop {
            let Frame { kind, body } = match frame::take(&mut self.incoming) {
                Ok(frame) => frame?,
                Err(why) => return Some(Err(TransportError::Broken(why.to_owned()))),
            };
            self.life.heard();
            match kind {
                FrameKind::Message => {
                    let decoded = self.serializer.decode(body.freeze());
                    return Some(decoded.map_err(|error| TransportError::Undecodable(error.to_string())));
                }
                FrameKind::Ping => frame::put(FrameKind::Pong, &body, &mut self.outgoing),
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
        let before = self.outgoing.len();
        frame::put(FrameKind::Message, &[], &mut self.outgoing);
        let encoded = self.serializer.encode_into(&message, &mut self.outgoing);
        let length = self.outgoing.len() - before - frame::PREFIX;
        let error = match encoded {
            Ok(()) if length <= self.limit => {
                frame::set_length(&mut self.outgoing, before, length);
                return Ok(());
            }
            Ok(()) => TransportError::TooLong {
                length,
                limit: self.limit,
            },
            Err(error) => TransportError::Unencodable(error.to_string()),
        };
        self.outgoing.truncate(before);
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
            frame::put(FrameKind::Ping, b"", &mut self.outgoing);
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
