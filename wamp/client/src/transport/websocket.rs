//! WebSocket, natively.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, Uri};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WebSocketError, Message as Frame, Utf8Bytes};
use wamp_protocol::Message;
use wamp_protocol::framing::{Subprotocol, batch};

use super::sign_of_life::SignOfLife;
use super::{Link, SendError, TransportError};

/// The longest message taken: as long as RawSocket's longest.
const MAX_MESSAGE: usize = 16 << 20;

/// A batch goes out when it is longer than this, or when nothing more waits to join it.
const BATCH: usize = 64 << 10;

/// A WebSocket that carries WAMP.
pub(super) struct WebSocketLink<S> {
    socket: WebSocketStream<S>,
    subprotocol: Subprotocol,
    /// Messages that will go together; without batches, one while it is encoded.
    batch: BytesMut,
    /// Messages that came together, still encoded.
    unpacked: VecDeque<Bytes>,
    life: SignOfLife,
}

/// The request that opens a WebSocket at `url`.
pub(super) fn request(url: &str, subprotocol: Subprotocol) -> Result<Request, TransportError> {
    let address = |why: String| TransportError::Address {
        url: url.to_owned(),
        why,
    };
    let mut request = url.into_client_request().map_err(|error| address(error.to_string()))?;
    let protocol = HeaderValue::from_static(subprotocol.name());
    request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
    Ok(request)
}

/// Opens a WebSocket over `stream`.
pub(super) async fn open<S>(
    stream: S,
    request: Request,
    subprotocol: Subprotocol,
    keepalive: Duration,
) -> Result<WebSocketLink<S>, TransportError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(16 << 10)
        .write_buffer_size(16 << 10)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let address = request.uri().clone();
    let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config))
        .await
        .map_err(|error| match error {
            WebSocketError::Io(error) => error.into(),
            WebSocketError::Http(answer) => TransportError::Handshake(no_websocket(&address, answer.status())),
            other => TransportError::Handshake(other.to_string()),
        })?;
    Ok(WebSocketLink {
        socket,
        subprotocol,
        batch: BytesMut::new(),
        unpacked: VecDeque::new(),
        life: SignOfLife::new(keepalive),
    })
}

/// What there is at `address` speaks HTTP, and no WebSocket.
fn no_websocket(address: &Uri, status: StatusCode) -> String {
    let path = address.path();
    let hint = if status.is_success() || status == StatusCode::NOT_FOUND {
        "; is it the path of a WebSocket? Routers mostly have it at /ws"
    } else {
        ""
    };
    format!("{path} answered HTTP {status}{hint}")
}

fn broken(error: WebSocketError) -> TransportError {
    match error {
        WebSocketError::Io(error) => error.into(),
        WebSocketError::ConnectionClosed | WebSocketError::AlreadyClosed => TransportError::Closed,
        other => TransportError::Broken(other.to_string()),
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> WebSocketLink<S> {
    /// Takes in what came in one frame: the message, or the first of a batch.
    fn unpack(&mut self, bytes: Bytes, binary: bool) -> Result<Message, TransportError> {
        let Subprotocol { serializer, batched } = self.subprotocol;
        if binary != serializer.is_binary() {
            let kind = if binary { "binary" } else { "text" };
            return Err(TransportError::Undecodable(format!("{serializer} in a {kind} frame")));
        }
        if !batched {
            return self.decode(bytes);
        }
        let messages =
            batch::split(serializer, bytes).map_err(|error| TransportError::Undecodable(error.to_string()))?;
        self.unpacked.extend(messages);
        // A batch that was split holds at least one message.
        let first = self.unpacked.pop_front().unwrap_or_default();
        self.decode(first)
    }

    fn decode(&self, bytes: Bytes) -> Result<Message, TransportError> {
        let decoded = self.subprotocol.serializer.decode(bytes);
        decoded.map_err(|error| TransportError::Undecodable(error.to_string()))
    }

    fn send_frame(&mut self, bytes: Bytes) -> Result<(), TransportError> {
        let frame = if self.subprotocol.serializer.is_binary() {
            Frame::Binary(bytes)
        } else {
            Frame::Text(Utf8Bytes::try_from(bytes).map_err(|error| TransportError::Unencodable(error.to_string()))?)
        };
        Pin::new(&mut self.socket).start_send(frame).map_err(broken)
    }

    /// Sends the batch once it is longer than this.
    fn poll_batch(&mut self, cx: &mut Context<'_>, longest: usize) -> Poll<Result<(), TransportError>> {
        if self.batch.len() > longest {
            ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(broken)?;
            let batch = self.batch.split().freeze();
            self.send_frame(batch)?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_life(&mut self, cx: &mut Context<'_>) -> Poll<TransportError> {
        loop {
            if let Err(silent) = ready!(self.life.poll(cx)) {
                return Poll::Ready(silent);
            }
            // With no room to write even a ping, silence is all there is to go by.
            if Pin::new(&mut self.socket).poll_ready(cx).is_ready() {
                let sent = Pin::new(&mut self.socket).start_send(Frame::Ping(Bytes::new()));
                if let Err(error) = sent {
                    return Poll::Ready(broken(error));
                }
                if let Poll::Ready(Err(error)) = self.poll_flush(cx) {
                    return Poll::Ready(error);
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Link for WebSocketLink<S> {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        ready!(self.poll_batch(cx, BATCH))?;
        Pin::new(&mut self.socket).poll_ready(cx).map_err(broken)
    }

    fn send(&mut self, message: Message) -> Result<(), SendError> {
        let Subprotocol { serializer, batched } = self.subprotocol;
        let before = self.batch.len();
        let encoded = if batched {
            batch::push(serializer, batch::RECORD_SEPARATOR, &message, &mut self.batch)
        } else {
            serializer.encode_into(&message, &mut self.batch)
        };
        let length = self.batch.len() - before;
        let error = match encoded {
            Ok(()) if length <= MAX_MESSAGE => {
                if batched {
                    return Ok(());
                }
                let bytes = self.batch.split().freeze();
                return self.send_frame(bytes).map_err(SendError::Broken);
            }
            Ok(()) => TransportError::TooLong {
                length,
                limit: MAX_MESSAGE,
            },
            Err(error) => TransportError::Unencodable(error.to_string()),
        };
        self.batch.truncate(before);
        Err(SendError::Unsendable(Box::new(message), error))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        ready!(self.poll_batch(cx, 0))?;
        Pin::new(&mut self.socket).poll_flush(cx).map_err(broken)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, TransportError>>> {
        if let Some(bytes) = self.unpacked.pop_front() {
            return Poll::Ready(Some(self.decode(bytes)));
        }
        while let Poll::Ready(frame) = Pin::new(&mut self.socket).poll_next(cx) {
            self.life.heard();
            return Poll::Ready(match frame {
                Some(Ok(Frame::Binary(bytes))) => Some(self.unpack(bytes, true)),
                Some(Ok(Frame::Text(text))) => Some(self.unpack(text.into(), false)),
                // Pings are answered by the WebSocket itself.
                Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) | Frame::Close(_))) => continue,
                Some(Err(error)) => Some(Err(broken(error))),
                None => None,
            });
        }
        self.poll_life(cx).map(|error| Some(Err(error)))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if ready!(Pin::new(&mut self.socket).poll_close(cx)).is_err() {
            return Poll::Ready(());
        }
        // The router's own close frame, or the end; what comes before it is of no interest.
        while let Some(Ok(_)) = ready!(Pin::new(&mut self.socket).poll_next(cx)) {}
        Poll::Ready(())
    }
}
