//! From a request over HTTP to a WebSocket.

use std::sync::Arc;

use bytes::{BufMut as _, BytesMut};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, Version};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse as _;
use wamp_protocol::framing::Subprotocol;

use super::arrival::Arrival;
use super::http::WEBSOCKET_PATH;
use super::origin;
use crate::connection::{self, Look, Terms};
use crate::framing::websocket::WebSocket;
use crate::member::TransportKind;
use crate::router::Core;
use crate::session::Session;

/// A WebSocket that has been granted at once.
pub(super) struct Granted {
    answer: BytesMut,
    subprotocol: Subprotocol,
    /// What came behind the request.
    input: BytesMut,
    arrival: Arrival,
}

/// Grants the WebSocket that `octets` ask for, if they are such a request, whole and without
/// fault: most of them are, and need no server of HTTP. Anything else is for that to answer.
pub(super) fn at_once(core: &Core, octets: &[u8], arrival: Arrival) -> Option<Granted> {
    if !octets.starts_with(b"GET /ws") {
        return None;
    }
    let (size, request) = Request::<()>::try_parse(octets).ok().flatten()?;
    if request.uri().path() != WEBSOCKET_PATH || request.version() != Version::HTTP_11 || has_body(request.headers()) {
        return None;
    }
    let (key, subprotocol) = check(&request).ok()?;
    if core.is_full() || !origin::admits(core, &request) {
        return None;
    }
    let mut answer = BytesMut::with_capacity(192);
    for part in [
        "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-protocol: ",
        subprotocol.name(),
        "\r\nsec-websocket-accept: ",
        &key,
        "\r\n\r\n",
    ] {
        answer.put_slice(part.as_bytes());
    }
    Some(Granted {
        answer,
        subprotocol,
        input: BytesMut::from(octets.get(size..).unwrap_or_default()),
        arrival: arrival.of_request(&core.proxies, request.headers()),
    })
}

/// Whether a body follows, which a request for a WebSocket has no use for.
fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING)
}

/// Answers, and serves the WebSocket.
pub(super) async fn run<S>(core: Arc<Core>, mut stream: S, look: Look<S>, granted: Granted)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Granted {
        answer,
        subprotocol,
        input,
        arrival,
    } = granted;
    match timeout(core.limits.handshake_time, stream.write_all(&answer)).await {
        Ok(Ok(())) => {}
        _ => return tracing::debug!(peer = %arrival.peer, "a client left before it had its WebSocket"),
    }
    drop(answer);
    converse(core, stream, look, arrival, subprotocol, input).await;
}

/// Serves a WebSocket; `input` has come already.
pub(super) async fn converse<S>(
    core: Arc<Core>,
    stream: S,
    look: Look<S>,
    arrival: Arrival,
    subprotocol: Subprotocol,
    input: BytesMut,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let framing = WebSocket::new(subprotocol, core.limits.message_size);
    let terms = Terms {
        limits: core.limits,
        keep_alive: core.keep_alive,
    };
    let session = Session::new(core, arrival.transport(TransportKind::WebSocket));
    connection::run(stream, look, framing, session, input, terms).await;
}

pub(super) type Refused = (StatusCode, &'static str);

/// The key to answer a request for a WebSocket with, and the subprotocol; or why there is none.
pub(super) fn check<B>(request: &Request<B>) -> Result<(String, Subprotocol), Refused> {
    let headers = request.headers();
    // RFC 6455, 4.2.1; RFC 9112, 3.2.
    if request.version() < Version::HTTP_11 {
        return Err((StatusCode::BAD_REQUEST, "A WebSocket takes HTTP/1.1.\n"));
    }
    if headers.get_all(header::HOST).iter().count() != 1 {
        return Err((StatusCode::BAD_REQUEST, "There must be one Host.\n"));
    }
    let is_upgrade = request.method() == Method::GET
        && has_token(headers, &header::CONNECTION, "upgrade")
        && has_token(headers, &header::UPGRADE, "websocket");
    if !is_upgrade {
        return Err((
            StatusCode::UPGRADE_REQUIRED,
            "This is where WAMP clients connect by WebSocket.\n",
        ));
    }
    if headers
        .get(header::SEC_WEBSOCKET_VERSION)
        .is_none_or(|version| version != "13")
    {
        return Err((StatusCode::UPGRADE_REQUIRED, "The WebSocket version here is 13.\n"));
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| is_nonce(key)) else {
        return Err((
            StatusCode::BAD_REQUEST,
            "Sec-WebSocket-Key must be 16 octets in Base64.\n",
        ));
    };
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let chosen = offered
        .filter_map(|value| value.to_str().ok())
        .find_map(Subprotocol::negotiate);
    let Some(chosen) = chosen else {
        let text =
            "Sec-WebSocket-Protocol must offer one of wamp.2.json, wamp.2.msgpack, wamp.2.cbor, or a .batched form.\n";
        return Err((StatusCode::BAD_REQUEST, text));
    };
    Ok((derive_accept_key(key.as_bytes()), chosen))
}

/// Whether it is 16 octets in Base64, whichever they are.
fn is_nonce(key: &HeaderValue) -> bool {
    let digits = key.as_bytes().strip_suffix(b"==");
    digits.is_some_and(|digits| {
        digits.len() == 22
            && digits
                .iter()
                .all(|digit| digit.is_ascii_alphanumeric() || matches!(digit, b'+' | b'/'))
    })
}

fn has_token(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case(wanted))
}
