//! A router and its clients in one thread, joined by memory instead of sockets: everything that
//! the router does for a message, and nothing that the operating system does.

mod calls;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use wamp_protocol::framing::rawsocket::{Handshake, MaxLength};
use wamp_protocol::{MatchPolicy, Message, Serializer};
use wamp_router::authentication::AuthMethod;
use wamp_router::authorization::{Action, Effect, Rule, Rules};
use wamp_router::{Authentication, Authorization, HttpFallback, RealmConfig, Router, RouterConfig};

pub(crate) use calls::Calling;

/// Octets that fit between the router and a client.
const PIPE: usize = 1 << 20;
/// A client's mask; the router does not see that it changes nothing.
const MASK: [u8; 4] = [0; 4];

/// A router of one realm that lets everybody do everything.
pub(crate) fn router() -> Router {
    router_with(Rules::new([Rule::everything("guest")]))
}

/// A router whose realm goes by rules of which the last allows what is done here.
pub(crate) fn router_with_rules() -> Router {
    let rule = |uri: &str, match_policy, effect| Rule {
        role: "guest".to_owned(),
        uri: uri.to_owned(),
        match_policy,
        actions: Action::ALL.to_vec(),
        effect,
    };
    router_with(Rules::new([
        rule("config.thresholds.set", MatchPolicy::Exact, Effect::Allow),
        rule("config.changed", MatchPolicy::Exact, Effect::Allow),
        rule("sensor.", MatchPolicy::Prefix, Effect::Allow),
        rule("bench.private.", MatchPolicy::Prefix, Effect::Deny),
        rule("device..state", MatchPolicy::Wildcard, Effect::Allow),
        rule("bench..topic", MatchPolicy::Wildcard, Effect::Allow),
        rule("bench..secret", MatchPolicy::Wildcard, Effect::Deny),
        rule("bench.", MatchPolicy::Prefix, Effect::Allow),
    ]))
}

fn router_with(rules: Rules) -> Router {
    let realm = RealmConfig {
        authentication: Authentication {
            anonymous: Some("guest".to_owned()),
            methods: vec![AuthMethod::Anonymous],
            ..Authentication::default()
        },
        authorization: Authorization::by(rules),
        ..RealmConfig::new("realm1")
    };
    Router::new(RouterConfig {
        realms: vec![realm],
        ..RouterConfig::default()
    })
}

/// What carries a client's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    WebSocket,
    RawSocket,
}

/// How a client speaks.
pub(crate) type Speech = (Carrier, Serializer);

/// The end of a client whose session is open.
pub(crate) struct Client {
    stream: DuplexStream,
    carrier: Carrier,
    serializer: Serializer,
    input: BytesMut,
}

impl Client {
    /// Connects and joins `realm1`.
    pub(crate) async fn join(router: &Router, (carrier, serializer): Speech) -> Self {
        let (stream, far) = tokio::io::duplex(PIPE);
        let router = router.clone();
        let peer = ([127, 0, 0, 1], 1).into();
        tokio::spawn(async move { router.serve_stream(far, peer, HttpFallback::none()).await });
        let mut client = Self {
            stream,
            carrier,
            serializer,
            input: BytesMut::new(),
        };
        match carrier {
            Carrier::WebSocket => client.upgrade().await,
            Carrier::RawSocket => client.shake_hands().await,
        }
        let hello = r#"[1,"realm1",{"roles":{"publisher":{},"subscriber":{},"caller":{},"callee":{}}}]"#;
        let welcome = client.ask(hello).await;
        assert!(matches!(welcome, Message::Welcome(_)), "{welcome:?}");
        client
    }

    async fn upgrade(&mut self) {
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: wamp.2.{}\r\n\r\n",
            self.serializer.name()
        );
        self.write(request.as_bytes()).await;
        while !self.input.ends_with(b"\r\n\r\n") {
            self.read().await;
        }
        self.input.clear();
    }

    async fn shake_hands(&mut self) {
        let own = Handshake {
            max_length: MaxLength::MAX,
            serializer: self.serializer,
        };
        self.write(&own.octets()).await;
        while self.input.len() < 4 {
            self.read().await;
        }
        let answer = self.input.split_to(4);
        let answer = answer.first_chunk().copied().expect("four octets");
        own.answered(answer).expect("a router that takes the handshake");
    }

    /// Sends a message, here in JSON, and waits for an answer.
    pub(crate) async fn ask(&mut self, json: &str) -> Message {
        let frame = self.frame(json);
        self.write(&frame).await;
        loop {
            if let Some((head, size)) = whole_frame(self.carrier, &self.input) {
                let frame = self.input.split_to(size).freeze();
                return self.serializer.decode(frame.slice(head..)).expect("a message");
            }
            self.read().await;
        }
    }

    /// A message, here in JSON, as this client sends it.
    pub(crate) fn frame(&self, json: &str) -> Vec<u8> {
        let message = Serializer::Json.decode(Bytes::copy_from_slice(json.as_bytes()));
        self.envelope(&self.serializer.encode(&message.expect("JSON")).expect("a message"))
    }

    /// A message's octets as this client sends them.
    fn envelope(&self, body: &[u8]) -> Vec<u8> {
        if self.carrier == Carrier::RawSocket {
            let length = u32::try_from(body.len()).expect("a short message");
            return [&length.to_be_bytes(), body].concat();
        }
        let kind = if self.serializer.is_binary() { 0x82 } else { 0x81 };
        let mut frame = match u8::try_from(body.len()) {
            Ok(length @ ..=125) => vec![kind, 0x80 | length],
            _ => {
                let [high, low] = u16::try_from(body.len()).expect("a short message").to_be_bytes();
                vec![kind, 0x80 | 126, high, low]
            }
        };
        frame.extend_from_slice(&MASK);
        frame.extend_from_slice(body);
        frame
    }

    /// Sends octets.
    pub(crate) async fn write(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.expect("the router is there");
    }

    /// Receives so many messages and hands each to `see`.
    pub(crate) async fn receive(&mut self, count: usize, mut see: impl FnMut(&[u8])) {
        let mut received = 0;
        loop {
            let mut at = 0;
            while received < count
                && let Some((head, size)) = whole_frame(self.carrier, &self.input[at..])
            {
                see(&self.input[at + head..at + size]);
                at += size;
                received += 1;
            }
            let _ = self.input.split_to(at);
            if received == count {
                return;
            }
            self.read().await;
        }
    }

    async fn read(&mut self) {
        self.input.reserve(64 * 1024);
        let count = self
            .stream
            .read_buf(&mut self.input)
            .await
            .expect("the router is there");
        assert!(count > 0, "the router closed the connection");
    }
}

/// Octets before the body of the frame that `input` begins with, and of the whole frame.
fn whole_frame(carrier: Carrier, input: &[u8]) -> Option<(usize, usize)> {
    let (head, length) = match *input.get(1)? {
        _ if carrier == Carrier::RawSocket => (4, u32::from_be_bytes(*input.first_chunk()?) as usize),
        126 => (4, usize::from(u16::from_be_bytes([*input.get(2)?, *input.get(3)?]))),
        short => (2, usize::from(short)),
    };
    (input.len() >= head + length).then_some((head, head + length))
}

/// One who publishes, and those who get it.
pub(crate) struct Publishing {
    publisher: Client,
    subscribers: Vec<Client>,
    batch: Vec<u8>,
    size: usize,
}

impl Publishing {
    /// Publications of 100 octets, so many with one write, from one who speaks as `from` to so many
    /// who speak as `to`.
    pub(crate) async fn new(router: &Router, from: Speech, to: Speech, subscribers: usize, size: usize) -> Self {
        let publisher = Client::join(router, from).await;
        let mut joined = Vec::new();
        for _ in 0..subscribers {
            let mut subscriber = Client::join(router, to).await;
            subscriber.ask(r#"[32,1,{},"bench.topic"]"#).await;
            joined.push(subscriber);
        }
        let text = "x".repeat(100);
        let frame = publisher.frame(&format!(r#"[16,1,{{}},"bench.topic",["{text}"]]"#));
        Self {
            batch: frame.repeat(size),
            publisher,
            subscribers: joined,
            size,
        }
    }

    /// Sends the batch and waits until everybody has it.
    pub(crate) async fn once(&mut self) {
        self.publisher.write(&self.batch).await;
        for subscriber in &mut self.subscribers {
            subscriber.receive(self.size, |_| ()).await;
        }
    }
}
