//! A client that sends and receives messages as they are written down.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message as Frame;
use wamp_protocol::{Message, Serializer, Value};

use super::{Kind, Wire};

const PATIENCE: Duration = Duration::from_secs(10);

/// A client that speaks as the test says.
pub(crate) struct Client {
    pub(crate) wire: Wire,
    serializer: Serializer,
    pub(crate) session: u64,
    request: u64,
    batched: bool,
    /// Messages that came in one batch.
    unread: VecDeque<Bytes>,
}

/// Details of HELLO with every feature announced.
pub(crate) fn all_roles() -> Json {
    let features: serde_json::Map<String, Json> = wamp_protocol::feature::ALL
        .iter()
        .map(|name| ((*name).to_owned(), Json::Bool(true)))
        .collect();
    let role = json!({ "features": features });
    json!({ "publisher": role, "subscriber": role, "caller": role, "callee": role })
}

/// The value that JSON stands for, binary included; nested too deeply, without that.
fn as_value(message: Json) -> Value {
    Value::decode(Serializer::Json, message.to_string().as_bytes())
        .unwrap_or_else(|_| serde_json::from_value(message).unwrap())
}

impl Client {
    /// A client that has not said HELLO.
    pub(super) fn new(wire: Wire, kind: Kind) -> Self {
        Self {
            wire,
            serializer: kind.serializer(),
            session: 0,
            request: 0,
            batched: matches!(kind, Kind::Batched(_) | Kind::BatchedLongPoll(_)),
            unread: VecDeque::new(),
        }
    }

    /// The next request id.
    pub(crate) fn next(&mut self) -> u64 {
        self.request += 1;
        self.request
    }

    pub(crate) async fn join(&mut self, realm: &str) -> Json {
        self.send(json!([1, realm, { "roles": all_roles() }])).await;
        let welcome = self.receive().await;
        assert_eq!(welcome[0], 2, "{welcome}");
        self.session = welcome[1].as_u64().unwrap();
        welcome
    }

    /// What a message is on the wire: in a batched protocol, a batch of one.
    fn octets(&self, message: Json) -> Vec<u8> {
        self.in_batch(&as_value(message).encode(self.serializer))
    }

    fn in_batch(&self, message: &[u8]) -> Vec<u8> {
        match (self.batched, self.serializer) {
            (false, _) => message.to_vec(),
            (true, Serializer::Json) => [message, b"\x1e"].concat(),
            (true, _) => [&(message.len() as u32).to_be_bytes()[..], message].concat(),
        }
    }

    /// Sends what may be no message at all. Long-poll may answer that it is none.
    pub(crate) async fn send_unchecked(&mut self, message: Json) {
        let octets = self.octets(message);
        self.send_whatever(&octets).await;
    }

    /// Sends a message without its last octet.
    pub(crate) async fn send_torn(&mut self, message: Json) {
        let octets = as_value(message).encode(self.serializer);
        let octets = self.in_batch(&octets[..octets.len() - 1]);
        self.send_whatever(&octets).await;
    }

    /// Sends one encoded message, well formed or not.
    pub(crate) async fn send_encoded(&mut self, message: &[u8]) {
        let octets = self.in_batch(message);
        self.send_whatever(&octets).await;
    }

    async fn send_whatever(&mut self, octets: &[u8]) {
        match &self.wire {
            Wire::LongPoll(wire) => drop(wire.post("send", octets).await),
            _ => self.send_octets(octets).await,
        }
    }

    /// Sends a WebSocket frame whose first reserved bit says that it is compressed.
    pub(crate) async fn send_compressed(&mut self) {
        let Wire::WebSocket(websocket) = &mut self.wire else {
            panic!("not a WebSocket")
        };
        let frame = [0xC1, 0x82, 0, 0, 0, 0, b'[', b']'];
        websocket.get_mut().write_all(&frame).await.unwrap();
    }

    /// Sends to a router that may have closed the connection already.
    pub(crate) async fn try_send(&mut self, message: Json) {
        let octets = self.octets(message.clone());
        match &mut self.wire {
            Wire::Linked(tx, _) => {
                let message = Serializer::Json
                    .decode(message.to_string().into_bytes().into())
                    .unwrap();
                drop(tx.send(message).await);
            }
            Wire::WebSocket(websocket) => {
                let frame = match self.serializer {
                    Serializer::Json => Frame::text(String::from_utf8(octets).unwrap()),
                    _ => Frame::binary(octets),
                };
                drop(websocket.send(frame).await);
            }
            Wire::Raw(stream) => {
                let mut frame = (octets.len() as u32).to_be_bytes().to_vec();
                frame.extend_from_slice(&octets);
                drop(stream.write_all(&frame).await);
            }
            Wire::LongPoll(wire) => drop(wire.post("send", &octets).await),
        }
    }

    pub(crate) async fn send(&mut self, message: Json) {
        let octets = self.octets(message);
        match &mut self.wire {
            Wire::Linked(tx, _) => {
                let mut message = Serializer::Json.decode(octets.into()).unwrap();
                if let Message::Publish(wamp_protocol::message::Publish { payload, .. })
                | Message::Call(wamp_protocol::message::Call { payload, .. })
                | Message::Error(wamp_protocol::message::Error { payload, .. })
                | Message::Yield(wamp_protocol::message::Yield { payload, .. }) = &mut message
                {
                    *payload = payload.transcode(Serializer::MsgPack).unwrap();
                }
                tx.send(message).await.unwrap();
            }
            _ => self.send_octets(&octets).await,
        }
    }

    /// One frame of exactly these octets.
    pub(crate) async fn send_octets(&mut self, octets: &[u8]) {
        match &mut self.wire {
            Wire::WebSocket(websocket) => {
                let frame = match self.serializer {
                    Serializer::Json => Frame::text(String::from_utf8(octets.to_vec()).unwrap()),
                    _ => Frame::binary(octets.to_vec()),
                };
                websocket.send(frame).await.unwrap();
            }
            Wire::Raw(stream) => {
                let mut frame = (octets.len() as u32).to_be_bytes().to_vec();
                frame.extend_from_slice(octets);
                stream.write_all(&frame).await.unwrap();
            }
            Wire::LongPoll(wire) => assert_eq!(wire.post("send", octets).await.0, 202),
            Wire::Linked(..) => panic!("a linked session has no octets"),
        }
    }

    pub(crate) async fn receive(&mut self) -> Json {
        match tokio::time::timeout(PATIENCE, self.try_receive()).await {
            Ok(Some(message)) => message,
            Ok(None) => panic!("the connection ended"),
            Err(_) => panic!("no message came"),
        }
    }

    /// What one frame carries; `None` when the connection ends.
    async fn frame(&mut self) -> Option<Bytes> {
        Some(match &mut self.wire {
            Wire::WebSocket(websocket) => loop {
                match websocket.next().await {
                    Some(Ok(Frame::Text(text))) => break Bytes::copy_from_slice(text.as_bytes()),
                    Some(Ok(Frame::Binary(octets))) => break octets,
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            },
            Wire::Raw(stream) => loop {
                let mut prefix = [0; 4];
                if stream.read_exact(&mut prefix).await.is_err() {
                    return None;
                }
                let [kind, a, b, c] = prefix;
                let mut body = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
                stream.read_exact(&mut body).await.unwrap();
                if kind == 0 {
                    break body.into();
                }
            },
            Wire::LongPoll(wire) => loop {
                match wire.post("receive", b"").await {
                    // There was nothing for so long: it is to be asked again.
                    (200, body) if body.is_empty() => {}
                    (200, body) => break body.into(),
                    _ => return None,
                }
            },
            Wire::Linked(_, rx) => Serializer::Json.encode(&rx.next().await?).unwrap(),
        })
    }

    /// The octets of the next frame.
    pub(crate) async fn receive_octets(&mut self) -> Bytes {
        let frame = tokio::time::timeout(PATIENCE, self.frame()).await;
        frame.expect("no frame came").expect("the connection ended")
    }

    /// The next message, or `None` when the connection ends.
    pub(crate) async fn try_receive(&mut self) -> Option<Json> {
        let body = self.body().await?;
        let value = Value::decode(self.serializer, &body).unwrap();
        Some(serde_json::from_str(&value.to_json()).unwrap())
    }

    /// The next message as JSON text, with what no value has: a key that comes twice.
    pub(crate) async fn receive_text(&mut self) -> String {
        let body = tokio::time::timeout(PATIENCE, self.body()).await;
        let body = body.expect("no message came").expect("the connection ended");
        let message = self.serializer.decode(body).unwrap();
        String::from_utf8(Serializer::Json.encode(&message).unwrap().to_vec()).unwrap()
    }

    async fn body(&mut self) -> Option<Bytes> {
        if let Some(body) = self.unread.pop_front() {
            return Some(body);
        }
        let octets = self.frame().await?;
        let bodies = &mut self.unread;
        match (self.batched, self.serializer) {
            (false, _) => bodies.push_back(octets),
            (true, Serializer::Json) => {
                let messages = octets
                    .split(|octet| *octet == 0x1E)
                    .filter(|message| !message.is_empty());
                bodies.extend(messages.map(Bytes::copy_from_slice));
            }
            (true, _) => {
                let mut rest = &octets[..];
                while let Some((length, tail)) = rest.split_first_chunk::<4>() {
                    let (message, after) = tail.split_at(u32::from_be_bytes(*length) as usize);
                    bodies.push_back(Bytes::copy_from_slice(message));
                    rest = after;
                }
            }
        }
        self.unread.pop_front()
    }

    pub(crate) async fn ends(&mut self) {
        let end = tokio::time::timeout(PATIENCE, async { while self.try_receive().await.is_some() {} });
        end.await.expect("the connection does not end");
    }

    /// Sends a request of the form `[code, id, rest…]`; the id it used.
    pub(crate) async fn request(&mut self, code: u64, rest: Json) -> u64 {
        let request = self.next();
        let mut message = vec![json!(code), json!(request)];
        message.extend(rest.as_array().unwrap().iter().cloned());
        self.send(message.into()).await;
        request
    }

    /// Sends a request that is refused; the error's URI. What the ERROR answers is checked.
    pub(crate) async fn refused(&mut self, code: u64, rest: Json) -> String {
        let request = self.request(code, rest).await;
        let (kind, id, uri) = self.error().await;
        assert_eq!((kind, id), (code, request));
        uri
    }

    /// The transport breaks, without a goodbye.
    pub(crate) async fn vanish(self) {
        if let Wire::LongPoll(wire) = &self.wire {
            assert_eq!(wire.post("close", b"").await.0, 202);
        }
    }

    /// Sends a message of the form `[code, request, options, …]` and gives the answer's last part.
    pub(crate) async fn subscribe(&mut self, topic: &str, options: Json) -> u64 {
        let request = self.next();
        self.send(json!([32, request, options, topic])).await;
        let subscribed = self.receive().await;
        assert_eq!(
            (&subscribed[0], &subscribed[1]),
            (&json!(33), &json!(request)),
            "{subscribed}"
        );
        subscribed[2].as_u64().unwrap()
    }

    pub(crate) async fn register(&mut self, procedure: &str, options: Json) -> u64 {
        let request = self.next();
        self.send(json!([64, request, options, procedure])).await;
        let registered = self.receive().await;
        assert_eq!(
            (&registered[0], &registered[1]),
            (&json!(65), &json!(request)),
            "{registered}"
        );
        registered[2].as_u64().unwrap()
    }

    /// Publishes and waits for PUBLISHED.
    pub(crate) async fn publish(&mut self, topic: &str, options: Json, args: Json) -> u64 {
        let request = self.next();
        let mut options = options;
        options["acknowledge"] = json!(true);
        self.send(json!([16, request, options, topic, args])).await;
        let published = self.receive().await;
        assert_eq!(
            (&published[0], &published[1]),
            (&json!(17), &json!(request)),
            "{published}"
        );
        published[2].as_u64().unwrap()
    }

    pub(crate) async fn call(&mut self, procedure: &str, options: Json, args: Json) -> u64 {
        let request = self.next();
        self.send(json!([48, request, options, procedure, args])).await;
        request
    }

    /// Calls, and gives the first positional result or the error's URI.
    pub(crate) async fn ask(&mut self, procedure: &str, args: Json) -> Result<Json, String> {
        self.ask_with(procedure, args, json!({})).await
    }

    pub(crate) async fn ask_with(&mut self, procedure: &str, args: Json, kwargs: Json) -> Result<Json, String> {
        let request = self.next();
        self.send(json!([48, request, {}, procedure, args, kwargs])).await;
        let answer = self.receive().await;
        match answer[0].as_u64() {
            Some(50) => Ok(answer[3][0].clone()),
            Some(8) => Err(answer[4].as_str().unwrap().to_owned()),
            _ => panic!("{answer}"),
        }
    }

    /// Sees to it that nothing is on its way to this client: what comes next is the answer to a
    /// question it asks now.
    pub(crate) async fn has_nothing_to_read(&mut self) {
        let request = self.call("wamp.session.count", json!({}), json!([])).await;
        let answer = self.receive().await;
        assert_eq!((&answer[0], &answer[1]), (&json!(50), &json!(request)), "{answer}");
    }

    pub(crate) async fn error(&mut self) -> (u64, u64, String) {
        let error = self.receive().await;
        assert_eq!(error[0], 8, "{error}");
        (
            error[1].as_u64().unwrap(),
            error[2].as_u64().unwrap(),
            error[4].as_str().unwrap().to_owned(),
        )
    }

    pub(crate) async fn aborted(&mut self) -> String {
        let abort = self.receive().await;
        assert_eq!(abort[0], 3, "{abort}");
        let reason = abort[2].as_str().unwrap().to_owned();
        self.ends().await;
        reason
    }
}
