//! RawSocket connections, over TCP or a Unix socket.

use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use wamp_protocol::framing::rawsocket::{Handshake, HandshakeError, MaxLength, Refusal};

use crate::connection::{self, Look, Terms};
use crate::framing::rawsocket::RawSocket;
use crate::member::Transport;
use crate::metrics::Counters;
use crate::router::Core;
use crate::session::Session;

/// Shakes hands, `input` being the octets that have come already, and runs the connection.
pub(super) async fn run<S>(core: &Arc<Core>, mut stream: S, look: Look<S>, mut input: BytesMut, transport: Transport)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limits = &core.limits;
    let full = core.is_full();
    let shaken = timeout(
        limits.handshake_time,
        shake_hands(&mut stream, &mut input, limits.message_size, full),
    )
    .await;
    match shaken {
        Ok(Ok(framing)) => {
            let session = Session::new(Arc::clone(core), transport);
            let terms = Terms {
                limits: core.limits,
                keep_alive: core.keep_alive,
            };
            if input.is_empty() {
                // The first read's memory is not kept for it.
                input = BytesMut::new();
            }
            connection::run(stream, look, framing, session, input, terms).await;
        }
        Ok(Err(Failure::Refused(Refusal::TooManyConnections))) => {
            Counters::add(&core.counters.connections_refused, 1);
        }
        Ok(Err(Failure::Refused(_))) => Counters::add(&core.counters.violations, 1),
        Ok(Err(Failure::Lost(error))) => tracing::debug!(%error, "a RawSocket client left during the handshake"),
        Err(_) => Counters::add(&core.counters.handshakes_timed_out, 1),
    }
}

enum Failure {
    Refused(Refusal),
    Lost(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

async fn shake_hands<S>(stream: &mut S, input: &mut BytesMut, limit: usize, full: bool) -> Result<RawSocket, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = [0; 4];
    let (known, rest) = request.split_at_mut(input.len().min(4));
    known.copy_from_slice(&input.split_to(known.len()));
    stream.read_exact(rest).await?;
    let refusal = match Handshake::from_client(request) {
        Ok(client) if !full => {
            let max_length = MaxLength::at_most(limit);
            let answer = Handshake { max_length, ..client };
            stream.write_all(&answer.octets()).await?;
            return Ok(RawSocket::new(client, answer));
        }
        Ok(_) => Refusal::TooManyConnections,
        Err(HandshakeError::Refused(refusal)) => refusal,
        Err(HandshakeError::NotRawSocket | HandshakeError::OtherSerializer) => Refusal::ReservedBits,
    };
    stream.write_all(&refusal.octets()).await?;
    stream.shutdown().await?;
    Err(Failure::Refused(refusal))
}
