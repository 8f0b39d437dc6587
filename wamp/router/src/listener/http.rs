//! HTTP on the router's port: WebSocket at `/ws`, long-poll under `/lp/`, the rest for the fallback.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use wamp_protocol::framing::Subprotocol;

use super::arrival::Arrival;
use super::replay::Replay;
use super::{longpoll, origin, upgrade};
use crate::http_fallback::{HttpFallback, sentence};
use crate::metrics::Counters;
use crate::router::Core;

/// Where WebSocket clients connect to.
pub(super) const WEBSOCKET_PATH: &str = "/ws";
/// Where long-poll clients send their requests, `open` and the others following.
const LONG_POLL_PATH: &str = "/lp/";

pub(super) type Answer = Response<UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>>;

/// Serves one HTTP connection, which may become a WebSocket.
pub(super) async fn run<S>(core: Arc<Core>, stream: Replay<S>, arrival: Arrival, fallback: HttpFallback)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    // Apart: the session that may follow lives long, and has no use for what HTTP needed.
    let Some(accepted) = Box::pin(serve(Arc::clone(&core), stream, arrival, fallback)).await else {
        return;
    };
    let Accepted {
        subprotocol, arrival, ..
    } = accepted;
    let Some((stream, input)) = accepted.open::<S>().await else {
        return;
    };
    upgrade::converse(core, stream, None, arrival, subprotocol, input).await;
}

/// Answers requests until the connection ends, or goes on as the WebSocket that is returned.
async fn serve<S>(core: Arc<Core>, stream: Replay<S>, arrival: Arrival, fallback: HttpFallback) -> Option<Accepted>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let closing = core.closing.clone();
    let header_time = core.limits.handshake_time;
    let accepted = Slot::default();
    let slot = Arc::clone(&accepted);
    let service = service_fn(move |request: Request<Incoming>| {
        let (core, fallback, slot) = (Arc::clone(&core), fallback.clone(), Arc::clone(&slot));
        async move {
            let arrival = arrival.of_request(&core.proxies, request.headers());
            if request.uri().path() == WEBSOCKET_PATH {
                let refusal = origin::refusal(&core, &request, arrival.peer);
                let answer = refusal.unwrap_or_else(|| grant(&core, request, arrival, &slot));
                return Ok::<Answer, Infallible>(answer);
            }
            if let Some(path) = request.uri().path().strip_prefix(LONG_POLL_PATH) {
                let path = path.to_owned();
                return Ok(long_poll(&core, &path, request, arrival).await);
            }
            Ok(fallback.answer(request).await)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_time)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, peer = %arrival.peer, "an HTTP connection broke");
    }
    accepted.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Where the service leaves a request for a WebSocket that it has granted.
type Slot = Arc<Mutex<Option<Accepted>>>;

/// A WebSocket that has been granted.
struct Accepted {
    upgrading: OnUpgrade,
    subprotocol: Subprotocol,
    arrival: Arrival,
}

impl Accepted {
    /// The stream below, and what has come on it after the request.
    async fn open<S>(self) -> Option<(S, BytesMut)>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let peer = self.arrival.peer;
        let upgraded = match self.upgrading.await {
            Ok(upgraded) => upgraded,
            Err(error) => {
                tracing::debug!(%error, %peer, "a WebSocket did not come about");
                return None;
            }
        };
        let Ok(parts) = upgraded.downcast::<TokioIo<Replay<S>>>() else {
            tracing::error!(%peer, "a WebSocket came about on another connection than its own");
            return None;
        };
        let (unread, stream) = parts.io.into_inner().into_parts();
        // Copied, so that HTTP's buffer is not kept for it.
        let mut input = BytesMut::from(&parts.read_buf[..]);
        input.extend_from_slice(&unread);
        Some((stream, input))
    }
}

/// Answers a long-poll request, of a page of another origin too where that is allowed.
async fn long_poll(core: &Arc<Core>, path: &str, request: Request<Incoming>, arrival: Arrival) -> Answer {
    if let Some(refusal) = origin::refusal(core, &request, arrival.peer) {
        return refusal;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut answer = match origin::preflight(&request) {
        Some(answer) => answer,
        None => longpoll::answer(core, path, request, arrival).await,
    };
    origin::share(&mut answer, origin);
    answer
}

/// Answers a request for a WebSocket; one that is granted is left in `slot`.
fn grant(core: &Core, mut request: Request<Incoming>, arrival: Arrival, slot: &Slot) -> Answer {
    let (key, subprotocol) = match upgrade::check(&request) {
        Ok(accepted) => accepted,
        Err((status, text)) => {
            let mut refusal = sentence(status, text);
            if status == StatusCode::UPGRADE_REQUIRED {
                refusal
                    .headers_mut()
                    .insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                refusal
                    .headers_mut()
                    .insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            return refusal;
        }
    };
    if core.is_full() {
        Counters::add(&core.counters.connections_refused, 1);
        return sentence(StatusCode::SERVICE_UNAVAILABLE, "There are too many sessions.\n");
    }
    let upgrading = hyper::upgrade::on(&mut request);
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Accepted {
        upgrading,
        subprotocol,
        arrival,
    });
    switching(&key, subprotocol)
}

fn switching(key: &str, subprotocol: Subprotocol) -> Answer {
    let mut response = Response::new(
        http_body_util::Empty::new()
            .map_err(|never| match never {})
            .boxed_unsync(),
    );
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(
        header::SEC_WEBSOCKET_PROTOCOL,
        HeaderValue::from_static(subprotocol.name()),
    );
    if let Ok(key) = HeaderValue::from_str(key) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, key);
    }
    response
}
