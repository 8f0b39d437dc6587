//! WebSocket, natively.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WebSocketError, Message as Frame, Utf8Bytes};
use wamp_protocol::framing::Subprotocol;
use wamp_protocol::{Message, Serializer};

use super::sign_of_life::SignOfLife;
use super::{Link, SendError, TransportError};

/// The longest message taken: as long as RawSocket's longest.
const MAX_MESSAGE: usize = 16 << 20;

/// A WebSocket that carries WAMP.
pub(super) struct WebSocketLink<S> {
    socket: WebSocketStream<S>,
    serializer: Serializer,
    life: SignOfLife,
}

/// The request that opens a WebSocket at `url` for this serializer.
pub(super) fn request(url: &str, serializer: Serializer) -> Result<Request, TransportError> {
    let address = |why: String| TransportError::Address {
        url: url.to_owned(),
        why,
    };
    let mut request = url.into_client_request().map_err(|error| address(error.to_string()))?;
    let protocol = HeaderValue::from_static(
        Subprotocol {
            serializer,
            batched: false,
        }
        .name(),
    );
    request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
    Ok(request)
}

/// Opens a WebSocket over `stream`.
pub(super) async fn open<S>(
    stream: S,
    request: Request,
    serializer: Serializer,
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
    let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config))
        .await
        .map_err(|error| match error {
            WebSocketError::Io(error) => error.into(),
            other => TransportError::Handshake(other.to_string()),
        })?;
    Ok(WebSocketLink {
        socket,
        serializer,
        life: SignOfLife::new(keepalive),
    })
}

fn broken(error: WebSocketError) -> TransportError {
    match error {
        WebSocketError::Io(error) => error.into(),
        WebSocketError::ConnectionClosed | WebSocketError::AlreadyClosed => TransportError::Closed,
        other => TransportError::Broken(other.to_string()),
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> WebSocketLink<S> {
    fn decode(&self, bytes: Bytes, binary: bool) -> Result<Message, TransportError> {
        if binary != self.serializer.is_binary() {
            let kind = if binary { "binary" } else { "text" };
            return Err(TransportError::Undecodable(format!(
                "{} in a {kind} frame",
                self.serializer
            )));
        }
        self.serializer
            .decode(bytes)
            .map_err(|error| TransportError::Undecodable(error.to_string()))
    }

    fn poll_life(&mut self, cx: &mut Context<'_>) -> Poll<TransportError> {
        loop {
            if let Err(silent) = ready!(self.life.poll(cx)) {
                return Poll::Ready(silent);
            }
            // With no room to write even a ping, silence is all there is to go by.
            if self.poll_ready(cx).is_ready() {
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
        Pin::new(&mut self.socket).poll_ready(cx).map_err(broken)
    }

    fn send(&mut self, message: Message) -> Result<(), SendError> {
        let bytes = match self.serializer.encode(&message) {
            Ok(bytes) if bytes.len() <= MAX_MESSAGE => bytes,
            Ok(bytes) => {
                let error = TransportError::TooLong {
                    length: bytes.len(),
                    limit: MAX_MESSAGE,
                };
                return Err(SendError::Unsendable(Box::new(message), error));
            }
            Err(error) => {
                let error = TransportError::Unencodable(error.to_string());
                return Err(SendError::Unsendable(Box::new(message), error));
            }
        };
        let frame = if self.serializer.is_binary() {
            Frame::Binary(bytes)
        } else {
            match Utf8Bytes::try_from(bytes) {
                Ok(text) => Frame::Text(text),
                Err(error) => {
                    let error = TransportError::Unencodable(error.to_string());
                    return Err(SendError::Unsendable(Box::new(message), error));
                }
            }
        };
        Pin::new(&mut self.socket)
            .start_send(frame)
            .map_err(|error| SendError::Broken(broken(error)))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.socket).poll_flush(cx).map_err(broken)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, TransportError>>> {
        while let Poll::Ready(frame) = Pin::new(&mut self.socket).poll_next(cx) {
            self.life.heard();
            return Poll::Ready(match frame {
                Some(Ok(Frame::Binary(bytes))) => Some(self.decode(bytes, true)),
                Some(Ok(Frame::Text(text))) => Some(self.decode(text.into(), false)),
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
