//! HTTP long-poll: for where only plain HTTP requests get through.
//!
//! One connection carries the requests that send, another the one that waits to receive.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_channel::mpsc;
use futures_util::{SinkExt as _, Stream, StreamExt as _};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;
use wamp_protocol::framing::{Subprotocol, batch};
use wamp_protocol::{Message, Serializer, Value};

use super::native::{self, HttpAddress};
use super::{Dialing, Link, SendError, TransportError};

/// Octets of an answer that are taken at most.
const LONGEST: usize = 16 << 20;
/// A batch goes out when it is longer than this, or when nothing more waits to join it.
const BATCH: usize = 64 << 10;
/// Bodies that may wait to be sent.
const WAITING: usize = 16;

/// A long-poll session's transport.
pub(super) struct LongPollLink {
    subprotocol: Subprotocol,
    /// Bodies on their way to the task that sends.
    sending: mpsc::Sender<Bytes>,
    /// What the tasks have received, or why they ended.
    received: mpsc::Receiver<Result<Bytes, TransportError>>,
    /// Messages that will go together; without batches, one while it is encoded.
    batch: BytesMut,
    /// Messages that came together, still encoded.
    unpacked: VecDeque<Bytes>,
    sender: JoinHandle<()>,
    receiver: JoinHandle<()>,
}

impl Drop for LongPollLink {
    fn drop(&mut self) {
        self.receiver.abort();
    }
}

/// Opens a transport below `address`.
pub(super) async fn open(address: HttpAddress, dialing: &Dialing) -> Result<LongPollLink, TransportError> {
    let mut requests = Requests {
        address,
        dialing: dialing.clone(),
        connection: None,
    };
    let subprotocol = dialing.subprotocol;
    let body = format!("{{\"protocols\": [\"{}\"]}}", subprotocol.name());
    let (status, answer) = requests.post("open", body.into()).await?;
    if status != StatusCode::OK {
        let sentence = String::from_utf8_lossy(&answer).trim().to_owned();
        return Err(TransportError::Handshake(format!("{status}: {sentence}")));
    }
    let transport = match Value::decode(Serializer::Json, &answer) {
        Ok(Value::Dict(opened)) => match opened.get("transport") {
            Some(Value::String(transport)) => transport.clone(),
            _ => return Err(TransportError::Handshake("the answer names no transport".to_owned())),
        },
        _ => return Err(TransportError::Handshake("the answer is no JSON object".to_owned())),
    };
    let (sending, to_send) = mpsc::channel(WAITING);
    let (arriving, received) = mpsc::channel(WAITING);
    let sender = send_all(requests.another(), transport.clone(), to_send, arriving.clone());
    let receiver = receive_all(requests, transport, arriving);
    Ok(LongPollLink {
        subprotocol,
        sending,
        received,
        batch: BytesMut::new(),
        unpacked: VecDeque::new(),
        sender: tokio::spawn(sender),
        receiver: tokio::spawn(receiver),
    })
}

/// Requests over one connection, which is opened again when the router has closed it.
struct Requests {
    address: HttpAddress,
    dialing: Dialing,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Requests {
    /// The same over a connection of its own.
    fn another(&self) -> Self {
        Self {
            address: self.address.clone(),
            dialing: self.dialing.clone(),
            connection: None,
        }
    }

    /// Posts `body` to a path below the address.
    async fn post(&mut self, path: &str, body: Bytes) -> Result<(StatusCode, Bytes), TransportError> {
        let broken = |error: hyper::Error| TransportError::Broken(error.to_string());
        let mut connection = match self.connection.take().filter(|connection| !connection.is_closed()) {
            Some(connection) => connection,
            None => self.dial().await?,
        };
        let request = Request::post(format!("{}/{path}", self.address.path))
            .header(header::HOST, &self.address.authority)
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(Full::new(body))
            .map_err(|error| TransportError::Handshake(error.to_string()))?;
        connection.ready().await.map_err(broken)?;
        let answer = connection.send_request(request).await.map_err(broken)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LONGEST).collect().await;
        let body = body
            .map_err(|error| TransportError::Broken(error.to_string()))?
            .to_bytes();
        self.connection = Some(connection);
        Ok((status, body))
    }

    async fn dial(&self) -> Result<SendRequest<Full<Bytes>>, TransportError> {
        let stream = native::http(&self.address, &self.dialing).await?;
        let (requests, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| TransportError::Handshake(error.to_string()))?;
        // It ends when the requests' end is dropped; what goes wrong, they are told.
        tokio::spawn(async move { drop(connection.await) });
        Ok(requests)
    }
}

/// Sends one body after another; when there will be no more, closes the transport.
async fn send_all(
    mut requests: Requests,
    transport: String,
    mut bodies: mpsc::Receiver<Bytes>,
    mut failed: mpsc::Sender<Result<Bytes, TransportError>>,
) {
    let path = format!("{transport}/send");
    while let Some(body) = bodies.next().await {
        let sent = requests.post(&path, body).await;
        let error = match sent {
            Ok((StatusCode::ACCEPTED, _)) => continue,
            // The router's reason is what the next message that is received says.
            Ok((StatusCode::BAD_REQUEST, _)) => continue,
            Ok((StatusCode::NOT_FOUND, _)) => TransportError::Closed,
            Ok((status, _)) => TransportError::Broken(format!("the router answers with {status}")),
            Err(error) => error,
        };
        // Nobody listens: the session is over anyway.
        let _ = failed.send(Err(error)).await;
        return;
    }
    let _ = requests.post(&format!("{transport}/close"), Bytes::new()).await;
}

/// Asks for messages again and again, until the router has closed the transport.
async fn receive_all(
    mut requests: Requests,
    transport: String,
    mut arriving: mpsc::Sender<Result<Bytes, TransportError>>,
) {
    let path = format!("{transport}/receive");
    loop {
        let received = match requests.post(&path, Bytes::new()).await {
            // There was nothing for so long; the router wants to see that somebody is here.
            Ok((StatusCode::OK, body)) if body.is_empty() => continue,
            Ok((StatusCode::OK, body)) => Ok(body),
            Ok((StatusCode::NOT_FOUND, _)) => Err(TransportError::Closed),
            Ok((status, _)) => Err(TransportError::Broken(format!("the router answers with {status}"))),
            Err(error) => Err(error),
        };
        let ended = received.is_err();
        if arriving.send(received).await.is_err() || ended {
            return;
        }
    }
}

impl LongPollLink {
    fn decode(&self, bytes: Bytes) -> Result<Message, TransportError> {
        let decoded = self.subprotocol.serializer.decode(bytes);
        decoded.map_err(|error| TransportError::Undecodable(error.to_string()))
    }

    /// The message of a body, or the first of its batch.
    fn unpack(&mut self, body: Bytes) -> Result<Message, TransportError> {
        let Subprotocol { serializer, batched } = self.subprotocol;
        if !batched {
            return self.decode(body);
        }
        let messages =
            batch::split(serializer, body).map_err(|error| TransportError::Undecodable(error.to_string()))?;
        self.unpacked.extend(messages);
        // A batch that was split holds at least one message.
        let first = self.unpacked.pop_front().unwrap_or_default();
        self.decode(first)
    }

    /// Hands over what is encoded once it is longer than this.
    fn poll_batch(&mut self, cx: &mut Context<'_>, longest: usize) -> Poll<Result<(), TransportError>> {
        if self.batch.len() > longest {
            ready!(self.sending.poll_ready(cx)).map_err(|_| TransportError::Closed)?;
            let body = self.batch.split().freeze();
            self.sending.start_send(body).map_err(|_| TransportError::Closed)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl Link for LongPollLink {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let longest = if self.subprotocol.batched { BATCH } else { 0 };
        self.poll_batch(cx, longest)
    }

    fn send(&mut self, message: Message) -> Result<(), SendError> {
        let Subprotocol { serializer, batched } = self.subprotocol;
        let encoded = if batched {
            batch::push(serializer, batch::RECORD_SEPARATOR, &message, &mut self.batch)
        } else {
            let before = self.batch.len();
            let encoded = serializer.encode_into(&message, &mut self.batch);
            if encoded.is_err() {
                self.batch.truncate(before);
            }
            encoded
        };
        encoded.map_err(|error| {
            let error = TransportError::Unencodable(error.to_string());
            SendError::Unsendable(Box::new(message), error)
        })
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.poll_batch(cx, 0)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, TransportError>>> {
        if let Some(bytes) = self.unpacked.pop_front() {
            return Poll::Ready(Some(self.decode(bytes)));
        }
        Poll::Ready(match ready!(Pin::new(&mut self.received).poll_next(cx)) {
            Some(Ok(body)) => Some(self.unpack(body)),
            Some(Err(TransportError::Closed)) | None => None,
            Some(Err(error)) => Some(Err(error)),
        })
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_batch(cx, 0).is_pending() {
            return Poll::Pending;
        }
        // The task that sends closes the transport when it has sent all that it was given.
        self.sending.close_channel();
        Pin::new(&mut self.sender).poll(cx).map(drop)
    }
}
