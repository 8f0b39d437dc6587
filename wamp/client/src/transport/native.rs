//! Dialing over the operating system's sockets.

use std::time::Duration;

use tokio::net::TcpStream;
use wamp_protocol::framing::Subprotocol;

use super::{Link, TransportError, rawsocket};

/// Opens a connection to `url`.
pub(super) async fn dial(
    url: &str,
    subprotocol: Subprotocol,
    keepalive: Duration,
) -> Result<Box<dyn Link>, TransportError> {
    let address = |why: &str| TransportError::Address {
        url: url.to_owned(),
        why: why.to_owned(),
    };
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(address("it has no scheme, such as ws://"));
    };
    match scheme {
        "ws" | "wss" => websocket(url, scheme == "wss", subprotocol, keepalive).await,
        "rs" => {
            let stream = tcp(rest.trim_end_matches('/')).await?;
            Ok(Box::new(
                rawsocket::open(stream, subprotocol.serializer, keepalive).await?,
            ))
        }
        #[cfg(unix)]
        "unix" => {
            let stream = tokio::net::UnixStream::connect(rest).await?;
            Ok(Box::new(
                rawsocket::open(stream, subprotocol.serializer, keepalive).await?,
            ))
        }
        _ => Err(address("its scheme is none of ws, wss, rs and unix")),
    }
}

/// Dials `host:port`.
async fn tcp(address: &str) -> Result<TcpStream, TransportError> {
    let stream = TcpStream::connect(address).await?;
    // Small messages must not wait for each other.
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(feature = "native")]
async fn websocket(
    url: &str,
    tls: bool,
    subprotocol: Subprotocol,
    keepalive: Duration,
) -> Result<Box<dyn Link>, TransportError> {
    use super::websocket;

    let request = websocket::request(url, subprotocol)?;
    let address = |why: &str| TransportError::Address {
        url: url.to_owned(),
        why: why.to_owned(),
    };
    let host = request
        .uri()
        .host()
        .ok_or_else(|| address("it names no host"))?
        .to_owned();
    let port = request.uri().port_u16().unwrap_or(if tls { 443 } else { 80 });
    if !tls {
        let stream = tcp(&format!("{host}:{port}")).await?;
        return Ok(Box::new(
            websocket::open(stream, request, subprotocol, keepalive).await?,
        ));
    }
    #[cfg(feature = "tls")]
    {
        let stream = super::tls::connect(&host, tcp(&format!("{host}:{port}")).await?).await?;
        Ok(Box::new(
            websocket::open(stream, request, subprotocol, keepalive).await?,
        ))
    }
    #[cfg(not(feature = "tls"))]
    Err(address("this client was built without TLS"))
}

#[cfg(not(feature = "native"))]
async fn websocket(url: &str, _: bool, _: Subprotocol, _: Duration) -> Result<Box<dyn Link>, TransportError> {
    Err(TransportError::Address {
        url: url.to_owned(),
        why: "this client was built without WebSocket".to_owned(),
    })
}
