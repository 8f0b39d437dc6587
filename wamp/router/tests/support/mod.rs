//! A router on port 0, and clients that send and receive messages as they are written down.

#![allow(dead_code, reason = "two test programs share this, and each uses a part")]

mod client;
mod long_poll;

use std::collections::BTreeMap;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use wamp_protocol::{Message, Serializer};
use wamp_router::authentication::{AuthMethod, Principal, StaticUser, StaticUsers};
use wamp_router::authorization::{Action, Effect, Rule, Rules};
use wamp_router::{Authentication, Authenticator, Authorization, HttpFallback, RealmConfig, Router, RouterConfig};

#[allow(unused_imports, reason = "two test programs share this, and each uses a part")]
pub(crate) use self::client::{Client, all_roles};
pub(crate) use self::long_poll::{LongPollWire, post};

pub(crate) const REALM: &str = "realm1";

/// A router with one realm, on a port of its own.
pub(crate) struct Server {
    pub(crate) router: Router,
    pub(crate) address: SocketAddr,
}

/// The users of every realm here: their keys are costly to derive, so that is done once.
static USERS: LazyLock<Arc<StaticUsers>> = LazyLock::new(|| {
    let user = |authid: &str, secret: &str, authrole: &str| StaticUser {
        authid: authid.to_owned(),
        secret: secret.to_owned(),
        authrole: authrole.to_owned(),
    };
    let users = [
        user("ann", "secret-of-ann", "admin"),
        user("bob", "secret-of-bob", "user"),
        user("eve", "x", "nothing"),
    ];
    Arc::new(StaticUsers::new(users))
});

/// A realm where anonymous sessions may do everything, and three users sign in.
pub(crate) fn open_realm() -> RealmConfig {
    let authenticator: Arc<dyn Authenticator> = USERS.clone();
    let rules = [
        Rule::everything("anonymous"),
        Rule::everything("admin"),
        Rule {
            uri: "com.".to_owned(),
            ..Rule::everything("user")
        },
        Rule {
            uri: "com.secret.".to_owned(),
            effect: Effect::Deny,
            actions: Action::ALL.to_vec(),
            ..Rule::everything("user")
        },
    ];
    RealmConfig {
        authentication: Authentication {
            anonymous: Some("anonymous".to_owned()),
            authenticator: Some(authenticator),
            methods: AuthMethod::SIGN_INS.to_vec(),
        },
        authorization: Authorization::by(Rules::new(rules)),
        trustlevels: BTreeMap::from([("admin".to_owned(), 3)]),
        history: 100,
        ..RealmConfig::new(REALM)
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(RouterConfig {
            realms: vec![open_realm()],
            ..RouterConfig::default()
        })
        .await
    }

    pub(crate) async fn with(config: RouterConfig) -> Self {
        let router = Router::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = router.clone();
        tokio::spawn(async move { serving.serve(listener, None, HttpFallback::none(), pending()).await });
        Self { router, address }
    }

    /// A joined session by WebSocket and JSON, with every feature announced.
    pub(crate) async fn join(&self) -> Client {
        self.join_by(Kind::WebSocket(Serializer::Json)).await
    }

    pub(crate) async fn join_by(&self, kind: Kind) -> Client {
        let mut client = self.connect(kind).await;
        client.join(REALM).await;
        client
    }

    pub(crate) async fn connect(&self, kind: Kind) -> Client {
        self.connect_saying(kind, &[]).await
    }

    /// Connects with these headers too, where there are any.
    pub(crate) async fn connect_saying(&self, kind: Kind, headers: &[(&'static str, &str)]) -> Client {
        let wire = match kind {
            Kind::WebSocket(serializer) => self.websocket(serializer.name(), false, headers).await,
            Kind::Batched(serializer) => self.websocket(serializer.name(), true, headers).await,
            Kind::RawSocket(_) | Kind::Unix(_) => {
                let mut stream = self.raw(kind).await;
                shake_hands(&mut stream, kind.serializer(), 15).await;
                Wire::Raw(stream)
            }
            Kind::LongPoll(serializer) => {
                let protocol = format!("wamp.2.{}", serializer.name());
                Wire::LongPoll(LongPollWire::open(self.address, &protocol, headers).await)
            }
            Kind::BatchedLongPoll(serializer) => {
                let protocol = format!("wamp.2.{}.batched", serializer.name());
                Wire::LongPoll(LongPollWire::open(self.address, &protocol, headers).await)
            }
            Kind::Linked => {
                let (tx, from_client) = futures_channel::mpsc::channel(16);
                let (to_client, rx) = futures_channel::mpsc::channel(16);
                let principal = Principal {
                    authid: "inside".to_owned(),
                    authrole: "service".to_owned(),
                    authprovider: "test".to_owned(),
                };
                self.router.attach(REALM, principal, to_client, from_client).unwrap();
                Wire::Linked(tx, rx)
            }
        };
        Client::new(wire, kind)
    }

    /// A connection for RawSocket, before its handshake.
    pub(crate) async fn raw(&self, kind: Kind) -> Box<dyn Stream> {
        if !matches!(kind, Kind::Unix(_)) {
            return Box::new(TcpStream::connect(self.address).await.unwrap());
        }
        // Once connected, the socket's file is not needed.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wamp.sock");
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        let router = self.router.clone();
        tokio::spawn(async move { router.serve_unix(listener, pending()).await });
        Box::new(tokio::net::UnixStream::connect(&path).await.unwrap())
    }

    /// A RawSocket client that takes messages of up to 4 KiB.
    pub(crate) async fn connect_small(&self, kind: Kind) -> Client {
        self.connect_taking(kind, 3).await
    }

    /// A RawSocket client that takes messages of up to 2^(`length` + 9) octets.
    pub(crate) async fn connect_taking(&self, kind: Kind, length: u8) -> Client {
        let mut stream = self.raw(kind).await;
        shake_hands(&mut stream, kind.serializer(), length).await;
        Client::new(Wire::Raw(stream), kind)
    }

    /// The head of the answer to a WebSocket handshake with one more header.
    pub(crate) async fn websocket_answer(&self, header: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: wamp.2.json\r\n{header}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    /// Whether a connection of this kind is refused before any message.
    pub(crate) async fn refuses(&self, kind: Kind) -> bool {
        match kind {
            Kind::WebSocket(_) | Kind::Batched(_) => self.websocket_answer("").await.starts_with("HTTP/1.1 503"),
            Kind::RawSocket(_) | Kind::Unix(_) => {
                let mut stream = self.raw(kind).await;
                stream.write_all(&[0x7F, 0xF1, 0, 0]).await.unwrap();
                let mut reply = Vec::new();
                stream.read_to_end(&mut reply).await.unwrap();
                reply == [0x7F, 0x40, 0, 0]
            }
            Kind::LongPoll(_) | Kind::BatchedLongPoll(_) => {
                let body = b"{\"protocols\": [\"wamp.2.json\"]}";
                post(self.address, "/lp/open", body).await.0 == 503
            }
            Kind::Linked => false,
        }
    }

    async fn websocket(&self, serializer: &str, batched: bool, headers: &[(&'static str, &str)]) -> Wire {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let suffix = if batched { ".batched" } else { "" };
        let mut request = format!("ws://{}/ws", self.address).into_client_request().unwrap();
        let subprotocol = format!("wamp.2.{serializer}{suffix}");
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", subprotocol.parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let (websocket, response) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        assert_eq!(response.headers()["Sec-WebSocket-Protocol"], subprotocol);
        Wire::WebSocket(Box::new(websocket))
    }
}

async fn shake_hands(stream: &mut Box<dyn Stream>, serializer: Serializer, length: u8) {
    let id = match serializer {
        Serializer::Json => 1,
        Serializer::MsgPack => 2,
        Serializer::Cbor => 3,
    };
    stream.write_all(&[0x7F, length << 4 | id, 0, 0]).await.unwrap();
    let mut reply = [0; 4];
    stream.read_exact(&mut reply).await.unwrap();
    assert_eq!((reply[0], reply[1] & 0x0F, reply[2], reply[3]), (0x7F, id, 0, 0));
}

/// How a client is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    WebSocket(Serializer),
    Batched(Serializer),
    RawSocket(Serializer),
    Unix(Serializer),
    LongPoll(Serializer),
    BatchedLongPoll(Serializer),
    Linked,
}

impl Kind {
    pub(crate) fn all() -> Vec<Self> {
        let mut kinds = vec![Self::Linked];
        for serializer in Serializer::ALL {
            kinds.extend([
                Self::WebSocket(serializer),
                Self::Batched(serializer),
                Self::RawSocket(serializer),
                Self::Unix(serializer),
                Self::LongPoll(serializer),
                Self::BatchedLongPoll(serializer),
            ]);
        }
        kinds
    }

    pub(crate) fn serializer(self) -> Serializer {
        match self {
            Self::WebSocket(serializer)
            | Self::Batched(serializer)
            | Self::RawSocket(serializer)
            | Self::Unix(serializer)
            | Self::LongPoll(serializer)
            | Self::BatchedLongPoll(serializer) => serializer,
            Self::Linked => Serializer::Json,
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let transport = match self {
            Self::WebSocket(_) => "WebSocket",
            Self::Batched(_) => "batched WebSocket",
            Self::RawSocket(_) => "RawSocket",
            Self::Unix(_) => "Unix socket",
            Self::LongPoll(_) => "long-poll",
            Self::BatchedLongPoll(_) => "batched long-poll",
            Self::Linked => return f.write_str("linked"),
        };
        write!(f, "{transport} × {}", self.serializer().name())
    }
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(crate) enum Wire {
    WebSocket(Box<WebSocketStream<TcpStream>>),
    Raw(Box<dyn Stream>),
    LongPoll(LongPollWire),
    Linked(
        futures_channel::mpsc::Sender<Message>,
        futures_channel::mpsc::Receiver<Message>,
    ),
}
