//! A router that says what the test wants it to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use wamp_client::linked::{self, LinkedPeer};
use wamp_client::{Backoff, Connector, Session, SessionId};
use wamp_protocol::message::{Features, Registered, RouterRoles, Subscribed, Welcome, WelcomeDetails};
use wamp_protocol::{Message, RegistrationId, SubscriptionId};

/// No wait in a test is meant to end by this.
const PATIENCE: Duration = Duration::from_secs(20);

/// What `future` gives; a test that hangs says where.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited in vain for {what}"),
    }
}

/// The router's side of connections as the client makes them.
pub(crate) struct ScriptedRouter {
    dialed: mpsc::UnboundedReceiver<LinkedPeer>,
}

impl ScriptedRouter {
    /// The router, and a connector that dials it.
    pub(crate) fn new() -> (Self, Connector) {
        Self::with_room(16)
    }

    /// A router whose connections hold `room` messages each way.
    pub(crate) fn with_room(room: usize) -> (Self, Connector) {
        let (sender, dialed) = mpsc::unbounded_channel();
        let sender = Arc::new(Mutex::new(sender));
        let dial = move || {
            let (client, router) = linked::pair(room);
            // The test may be over; then the client finds the connection closed.
            let _ = sender.lock().unwrap().send(router);
            client
        };
        let backoff = Backoff {
            initial: Duration::from_millis(1),
            max: Duration::from_millis(5),
        };
        (Self { dialed }, Connector::linked(dial, "homeapp").reconnect(backoff))
    }

    /// A session that has joined, and the router's end of it.
    pub(crate) async fn joined() -> (Self, Session, Peer) {
        let (mut router, connector) = Self::new();
        let (session, peer) = tokio::join!(connector.connect(), router.welcome(1));
        (router, session.unwrap(), peer)
    }

    /// The next connection.
    pub(crate) async fn accept(&mut self) -> Peer {
        Peer(
            soon("a connection", self.dialed.recv())
                .await
                .expect("no connector is left"),
        )
    }

    /// The next connection, let in as session `id`.
    pub(crate) async fn welcome(&mut self, id: u64) -> Peer {
        let mut peer = self.accept().await;
        let hello = peer.receive().await;
        assert!(matches!(hello, Message::Hello(_)), "{hello:?} in place of HELLO");
        peer.send(welcome(id)).await;
        peer
    }
}

pub(crate) fn welcome(id: u64) -> Welcome {
    let features = |names: &[&str]| Some(Features(names.iter().map(|&name| name.to_owned()).collect()));
    let roles = RouterRoles {
        broker: features(&[]),
        dealer: features(&["call_canceling", "progressive_call_invocations"]),
        reflection: false,
    };
    let authrole = Some("user".to_owned());
    let details = WelcomeDetails {
        roles,
        authrole,
        ..WelcomeDetails::default()
    };
    Welcome {
        session: SessionId::new(id).unwrap(),
        details,
    }
}

/// The router's end of one connection. Dropping it breaks the connection.
pub(crate) struct Peer(pub(crate) LinkedPeer);

impl Peer {
    pub(crate) async fn receive(&mut self) -> Message {
        soon("a message", self.0.rx.next())
            .await
            .expect("the client closed the connection")
    }

    /// Waits until the client closes the connection, whatever it says before.
    pub(crate) async fn closed(mut self) {
        soon("the end of the connection", async {
            while self.0.rx.next().await.is_some() {}
        })
        .await;
    }

    pub(crate) async fn send(&mut self, message: impl Into<Message>) {
        soon("room for a message", self.0.tx.send(message.into()))
            .await
            .expect("the client closed the connection");
    }

    /// Takes a SUBSCRIBE and accepts it.
    pub(crate) async fn subscribed(&mut self, id: u64) -> wamp_protocol::message::Subscribe {
        let Message::Subscribe(subscribe) = self.receive().await else {
            panic!("no SUBSCRIBE")
        };
        let subscription = SubscriptionId::new(id).unwrap();
        self.send(Subscribed {
            request: subscribe.request,
            subscription,
        })
        .await;
        subscribe
    }

    /// Takes a REGISTER and accepts it.
    pub(crate) async fn registered(&mut self, id: u64) -> wamp_protocol::message::Register {
        let Message::Register(register) = self.receive().await else {
            panic!("no REGISTER")
        };
        let registration = RegistrationId::new(id).unwrap();
        self.send(Registered {
            request: register.request,
            registration,
        })
        .await;
        register
    }
}
