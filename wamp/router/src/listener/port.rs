//! One TCP port for everything: the first octet tells RawSocket from HTTP.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use wamp_protocol::framing::rawsocket::MAGIC;

use super::arrival::Arrival;
use super::replay::Replay;
use super::{http, rawsocket, upgrade};
use crate::connection::{Look, at_once};
use crate::http_fallback::HttpFallback;
use crate::member::TransportKind;
use crate::metrics::Counters;
use crate::router::Core;
use crate::tls;

/// Takes connections until `shutdown`.
pub(crate) async fn serve(
    core: &Arc<Core>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    fallback: HttpFallback,
    shutdown: impl Future<Output = ()>,
) {
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (shared, tls, fallback) = (Arc::clone(core), tls.clone(), fallback.clone());
                core.tasks
                    .spawn(async move { welcome(shared, stream, peer, tls, fallback).await });
            }
            Err(error) => pause_after(&error).await,
        }
    }
}

/// Accepting failed: a client that was gone already changes nothing, but a process out of file
/// descriptors has to wait for some to be closed.
pub(super) async fn pause_after(error: &io::Error) {
    tracing::warn!(%error, "a connection cannot be accepted");
    if error.kind() != io::ErrorKind::ConnectionAborted {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn welcome(
    core: Arc<Core>,
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    fallback: HttpFallback,
) {
    // Batching is done above; what is written goes out at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, %peer, "a connection broke as it was accepted");
        return;
    }
    let Some(acceptor) = tls else {
        return sniff(core, stream, Some(at_once), Arrival { peer, tls: None }, fallback).await;
    };
    // What TLS takes is for its connections alone.
    Box::pin(welcome_by_tls(core, stream, peer, acceptor, fallback)).await;
}

async fn welcome_by_tls(
    core: Arc<Core>,
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: TlsAcceptor,
    fallback: HttpFallback,
) {
    match timeout(core.limits.handshake_time, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => {
            let tls = Some(tls::facts(stream.get_ref().1));
            sniff(core, stream, None, Arrival { peer, tls }, fallback).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, %peer, "a TLS handshake failed"),
        Err(_) => Counters::add(&core.counters.handshakes_timed_out, 1),
    }
}

/// Serves one connection that came some other way than by this port.
pub(crate) async fn serve_stream<S>(core: Arc<Core>, stream: S, peer: SocketAddr, fallback: HttpFallback)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    sniff(core, stream, None, Arrival { peer, tls: None }, fallback).await;
}

/// Octets of the first read: a whole request for a WebSocket, as a rule.
const FIRST: usize = 1024;

/// Tells by the first octet what a connection is, and serves it.
async fn sniff<S>(core: Arc<Core>, mut stream: S, look: Look<S>, arrival: Arrival, fallback: HttpFallback)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut first = BytesMut::with_capacity(FIRST);
    match timeout(core.limits.handshake_time, stream.read_buf(&mut first)).await {
        Ok(Ok(1..)) => {}
        Ok(_) => return,
        Err(_) => return Counters::add(&core.counters.handshakes_timed_out, 1),
    }
    // Each has memory of its own, so that a connection takes what its kind needs and no more.
    if first.first() == Some(&MAGIC) {
        let transport = arrival.transport(TransportKind::RawSocket);
        return Box::pin(rawsocket::run(&core, stream, look, first, transport)).await;
    }
    if let Some(granted) = upgrade::at_once(&core, &first, arrival) {
        drop(first);
        return Box::pin(upgrade::run(core, stream, look, granted)).await;
    }
    let stream = Replay::new(first.freeze(), stream);
    Box::pin(http::run(core, stream, arrival, fallback)).await;
}
