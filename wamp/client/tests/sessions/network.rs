//! The transports that go over sockets, against a scripted other end.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use wamp_client::{Backoff, ConnectionState, Connector, Error, Serializer, Session};
use wamp_protocol::Message;
use wamp_protocol::PublicationId;
use wamp_protocol::message::Published;

use crate::scripted_router::{soon, welcome};

const QUICK: Backoff = Backoff {
    initial: Duration::from_millis(1),
    max: Duration::from_millis(10),
};

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// Accepts a WebSocket and lets the session in.
#[allow(clippy::result_large_err, reason = "the callback's type is the library's")]
async fn websocket(listener: &TcpListener, serializer: Serializer) -> WebSocketStream<TcpStream> {
    let (stream, _) = soon("a connection", listener.accept()).await.unwrap();
    let choose = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let offered = request.headers()["Sec-WebSocket-Protocol"].clone();
        assert_eq!(offered, format!("wamp.2.{}", serializer.name()));
        response.headers_mut().insert("Sec-WebSocket-Protocol", offered);
        Ok(response)
    };
    let mut socket = tokio_tungstenite::accept_hdr_async(stream, choose).await.unwrap();
    assert!(matches!(read(&mut socket, serializer).await, Message::Hello(_)));
    write(&mut socket, serializer, welcome(1)).await;
    socket
}

async fn read(socket: &mut WebSocketStream<TcpStream>, serializer: Serializer) -> Message {
    loop {
        match soon("a frame", socket.next()).await.unwrap().unwrap() {
            Frame::Binary(bytes) if serializer.is_binary() => return serializer.decode(bytes).unwrap(),
            Frame::Text(text) if !serializer.is_binary() => return serializer.decode(text.into()).unwrap(),
            Frame::Ping(_) | Frame::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn write(socket: &mut WebSocketStream<TcpStream>, serializer: Serializer, message: impl Into<Message>) {
    let bytes = serializer.encode(&message.into()).unwrap();
    let frame = if serializer.is_binary() {
        Frame::Binary(bytes)
    } else {
        Frame::Text(String::from_utf8(bytes.to_vec()).unwrap().into())
    };
    socket.send(frame).await.unwrap();
}

async fn publish(session: &Session) -> Result<Option<PublicationId>, Error> {
    session.publish("t").args(&("ä", 1.5)).acknowledge().send().await
}

fn published(message: Message) -> Published {
    let Message::Publish(publish) = message else {
        panic!("no PUBLISH")
    };
    assert_eq!(publish.payload.args::<(String, f64)>().unwrap(), ("ä".to_owned(), 1.5));
    Published {
        request: publish.request,
        publication: PublicationId::FIRST,
    }
}

#[tokio::test]
async fn messages_travel_over_websocket_in_every_serializer() {
    for serializer in Serializer::ALL {
        let (listener, address) = listener().await;
        let connector = Connector::new(format!("ws://{address}/ws"), "homeapp").serializer(serializer);
        let (session, mut socket) = tokio::join!(connector.connect(), websocket(&listener, serializer));
        let session = session.unwrap();
        let script = async {
            let answer = published(read(&mut socket, serializer).await);
            write(&mut socket, serializer, answer).await;
        };
        let (id, ()) = tokio::join!(publish(&session), script);
        assert_eq!(id.unwrap(), Some(PublicationId::FIRST));
    }
}

#[tokio::test]
async fn what_is_no_message_is_answered_with_abort() {
    let (listener, address) = listener().await;
    let connector = Connector::new(format!("ws://{address}"), "homeapp")
        .serializer(Serializer::Json)
        .reconnect(QUICK);
    let (session, mut socket) = tokio::join!(connector.connect(), websocket(&listener, Serializer::Json));
    socket.send(Frame::text("[1e999]")).await.unwrap();
    let Message::Abort(abort) = read(&mut socket, Serializer::Json).await else {
        panic!("no ABORT")
    };
    assert_eq!(abort.reason.as_str(), "wamp.error.protocol_violation");
    drop(session);
}

#[tokio::test]
async fn a_connection_that_died_silently_is_found_out_and_replaced() {
    let (listener, address) = listener().await;
    let connector = Connector::new(format!("ws://{address}"), "homeapp")
        .serializer(Serializer::Json)
        .reconnect(QUICK)
        .keepalive(Duration::from_millis(50));
    let (session, dead) = tokio::join!(connector.connect(), websocket(&listener, Serializer::Json));
    let session = session.unwrap();
    let mut states = session.watch();
    // Nobody reads `dead`: its pings are never answered, and the connection never closes.
    let cause = soon("the loss", async {
        loop {
            if let Some(ConnectionState::Reconnecting { cause, .. }) = states.next().await {
                return cause;
            }
        }
    })
    .await;
    assert!(cause.contains("no sign of life"), "{cause}");
    let _alive = websocket(&listener, Serializer::Json).await;
    soon("the session to come back", async {
        while session.info().is_none() {
            states.next().await;
        }
    })
    .await;
    drop(dead);
}

/// RawSocket's frames, by hand.
async fn raw_read(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut prefix = [0; 4];
    soon("a frame", stream.read_exact(&mut prefix)).await.unwrap();
    let length = u32::from_be_bytes([0, prefix[1], prefix[2], prefix[3]]);
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body).await.unwrap();
    (prefix[0], body)
}

async fn raw_write(stream: &mut TcpStream, kind: u8, body: &[u8]) {
    let [_, a, b, c] = u32::try_from(body.len()).unwrap().to_be_bytes();
    stream.write_all(&[kind, a, b, c]).await.unwrap();
    stream.write_all(body).await.unwrap();
}

#[tokio::test]
async fn messages_travel_over_rawsocket_and_its_pings_are_answered() {
    let (listener, address) = listener().await;
    let connector = Connector::new(format!("rs://{address}"), "homeapp").serializer(Serializer::Cbor);
    let script = async {
        let (mut stream, _) = soon("a connection", listener.accept()).await.unwrap();
        let mut shake = [0; 4];
        stream.read_exact(&mut shake).await.unwrap();
        assert_eq!(shake, [0x7f, 0xf3, 0, 0]);
        // This router takes messages of up to 2048 octets.
        stream.write_all(&[0x7f, 0x23, 0, 0]).await.unwrap();
        let (kind, hello) = raw_read(&mut stream).await;
        assert!(kind == 0 && matches!(Serializer::Cbor.decode(hello.into()).unwrap(), Message::Hello(_)));
        raw_write(&mut stream, 0, &Serializer::Cbor.encode(&welcome(3).into()).unwrap()).await;
        raw_write(&mut stream, 1, b"anybody?").await;
        assert_eq!(raw_read(&mut stream).await, (2, b"anybody?".to_vec()));
        stream
    };
    let (session, mut stream) = tokio::join!(connector.connect(), script);
    let session = session.unwrap();
    let too_long = session
        .publish("t")
        .args(&("x".repeat(2048),))
        .acknowledge()
        .send()
        .await;
    assert_eq!(too_long.unwrap_err().uri(), Some("wamp.error.payload_size_exceeded"));
    let script = async {
        let (_, body) = raw_read(&mut stream).await;
        let answer = published(Serializer::Cbor.decode(body.into()).unwrap());
        raw_write(&mut stream, 0, &Serializer::Cbor.encode(&answer.into()).unwrap()).await;
    };
    let (id, ()) = tokio::join!(publish(&session), script);
    assert_eq!(id.unwrap(), Some(PublicationId::FIRST));
}

#[tokio::test]
async fn a_rawsocket_refusal_says_why() {
    let (listener, address) = listener().await;
    let script = async {
        let (mut stream, _) = soon("a connection", listener.accept()).await.unwrap();
        let mut shake = [0; 4];
        stream.read_exact(&mut shake).await.unwrap();
        stream.write_all(&[0x7f, 0x10, 0, 0]).await.unwrap();
        stream
    };
    let connector = Connector::new(format!("rs://{address}"), "homeapp");
    let (refused, _stream) = tokio::join!(connector.connect(), script);
    let Err(Error::Connect(error)) = refused else {
        panic!("{refused:?}")
    };
    assert!(error.to_string().contains("serializer"), "{error}");
}
