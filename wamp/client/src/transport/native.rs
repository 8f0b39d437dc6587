//! Dialing over the operating system's sockets.

use tokio::net::TcpStream;

use super::{Dialed, Dialing, TransportError, rawsocket};

/// Opens a connection to `url`.
pub(super) async fn dial(url: &str, dialing: &Dialing) -> Result<Dialed, TransportError> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(address(url, "it has no scheme, such as ws://"));
    };
    match scheme {
        "ws" | "wss" => websocket(url, scheme == "wss", dialing).await,
        "http" | "https" => long_poll(url, scheme == "https", rest, dialing).await,
        "rs" => {
            let stream = tcp(rest.trim_end_matches('/')).await?;
            let link = rawsocket::open(stream, dialing.subprotocol.serializer, dialing.keepalive).await?;
            Ok(Dialed::plain(link))
        }
        "rss" => secure_rawsocket(url, rest.trim_end_matches('/'), dialing).await,
        #[cfg(unix)]
        "unix" => {
            let stream = tokio::net::UnixStream::connect(rest).await?;
            let link = rawsocket::open(stream, dialing.subprotocol.serializer, dialing.keepalive).await?;
            Ok(Dialed::plain(link))
        }
        _ => Err(address(
            url,
            "its scheme is none of ws, wss, http, https, rs, rss and unix",
        )),
    }
}

fn address(url: &str, why: &str) -> TransportError {
    TransportError::Address {
        url: url.to_owned(),
        why: why.to_owned(),
    }
}

/// Dials `host:port`.
async fn tcp(address: &str) -> Result<TcpStream, TransportError> {
    let stream = TcpStream::connect(address).await?;
    // Small messages must not wait for each other.
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(feature = "tls")]
async fn secure_rawsocket(url: &str, authority: &str, dialing: &Dialing) -> Result<Dialed, TransportError> {
    let (host, _) = authority
        .rsplit_once(':')
        .ok_or_else(|| address(url, "it names no port"))?;
    let (stream, channel) = super::tls::connect(host, tcp(authority).await?, dialing.authorities.as_deref()).await?;
    let link = rawsocket::open(stream, dialing.subprotocol.serializer, dialing.keepalive).await?;
    Ok(Dialed {
        channel,
        ..Dialed::plain(link)
    })
}

#[cfg(not(feature = "tls"))]
async fn secure_rawsocket(url: &str, _: &str, _: &Dialing) -> Result<Dialed, TransportError> {
    Err(address(url, "this client was built without TLS"))
}

#[cfg(feature = "native")]
async fn websocket(url: &str, tls: bool, dialing: &Dialing) -> Result<Dialed, TransportError> {
    use super::websocket;

    let Dialing {
        subprotocol, keepalive, ..
    } = *dialing;
    let request = websocket::request(url, subprotocol)?;
    let host = request
        .uri()
        .host()
        .ok_or_else(|| address(url, "it names no host"))?
        .to_owned();
    let port = request.uri().port_u16().unwrap_or(if tls { 443 } else { 80 });
    if !tls {
        let stream = tcp(&format!("{host}:{port}")).await?;
        let link = websocket::open(stream, request, subprotocol, keepalive).await?;
        return Ok(Dialed::plain(link));
    }
    #[cfg(feature = "tls")]
    {
        let stream = tcp(&format!("{host}:{port}")).await?;
        let (stream, channel) = super::tls::connect(&host, stream, dialing.authorities.as_deref()).await?;
        let link = websocket::open(stream, request, subprotocol, keepalive).await?;
        Ok(Dialed {
            channel,
            ..Dialed::plain(link)
        })
    }
    #[cfg(not(feature = "tls"))]
    Err(address(url, "this client was built without TLS"))
}

#[cfg(not(feature = "native"))]
async fn websocket(url: &str, _: bool, _: &Dialing) -> Result<Dialed, TransportError> {
    Err(address(url, "this client was built without WebSocket"))
}

/// Where HTTP requests go.
#[cfg(feature = "native")]
#[derive(Clone)]
pub(super) struct HttpAddress {
    tls: bool,
    /// As the URL has it, `host` or `host:port`.
    pub(super) authority: String,
    /// Without a slash at its end.
    pub(super) path: String,
}

/// A stream that may be encrypted.
#[cfg(feature = "native")]
pub(super) trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}
#[cfg(feature = "native")]
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Stream for T {}

/// Opens a connection for HTTP requests.
#[cfg(feature = "native")]
pub(super) async fn http(to: &HttpAddress, dialing: &Dialing) -> Result<Box<dyn Stream>, TransportError> {
    let default = if to.tls { 443 } else { 80 };
    // An IPv6 address has colons too, and stands in brackets.
    let port = to.authority.rsplit_once(':').filter(|(_, port)| !port.contains(']'));
    let host = port.map_or(to.authority.as_str(), |(host, _)| host);
    let with_port = match port {
        Some(_) => to.authority.clone(),
        None => format!("{host}:{default}"),
    };
    let stream = tcp(&with_port).await?;
    if !to.tls {
        return Ok(Box::new(stream));
    }
    #[cfg(feature = "tls")]
    {
        let (stream, _) = super::tls::connect(host, stream, dialing.authorities.as_deref()).await?;
        Ok(Box::new(stream))
    }
    #[cfg(not(feature = "tls"))]
    {
        let _ = dialing;
        Err(address(&to.authority, "this client was built without TLS"))
    }
}

#[cfg(feature = "native")]
async fn long_poll(url: &str, tls: bool, rest: &str, dialing: &Dialing) -> Result<Dialed, TransportError> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.is_empty() {
        return Err(address(url, "it names no host"));
    }
    let to = HttpAddress {
        tls,
        authority: authority.to_owned(),
        path: path.trim_end_matches('/').to_owned(),
    };
    Ok(Dialed::plain(super::longpoll::open(to, dialing).await?))
}

#[cfg(not(feature = "native"))]
async fn long_poll(url: &str, _: bool, _: &str, _: &Dialing) -> Result<Dialed, TransportError> {
    Err(address(url, "this client was built without HTTP"))
}
