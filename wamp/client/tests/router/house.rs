//! A router with two users, and the ways to it.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use wamp_client::{Backoff, Connector, Credentials, Serializer, Session, linked};
use wamp_router::authentication::{AuthMethod, Authentication, Principal, StaticUser, StaticUsers};
use wamp_router::authorization::{Authorization, Rule, Rules};
use wamp_router::{HttpFallback, KeepAlive, RealmConfig, Router, RouterConfig};

const REALM: &str = "homeapp";

/// What `future` gives; a test that hangs says where.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(Duration::from_secs(20), future).await {
        Ok(output) => output,
        Err(_) => panic!("waited in vain for {what}"),
    }
}

/// A way to the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    WebSocket(Serializer),
    Batched(Serializer),
    RawSocket(Serializer),
    Unix,
    LongPoll(Serializer),
    BatchedLongPoll(Serializer),
    Linked,
}

impl Door {
    pub(crate) const ALL: [Self; 14] = [
        Self::WebSocket(Serializer::Json),
        Self::WebSocket(Serializer::MsgPack),
        Self::WebSocket(Serializer::Cbor),
        Self::Batched(Serializer::Json),
        Self::Batched(Serializer::MsgPack),
        Self::Batched(Serializer::Cbor),
        Self::RawSocket(Serializer::Json),
        Self::RawSocket(Serializer::MsgPack),
        Self::RawSocket(Serializer::Cbor),
        Self::Unix,
        Self::LongPoll(Serializer::Json),
        Self::LongPoll(Serializer::MsgPack),
        Self::BatchedLongPoll(Serializer::Cbor),
        Self::Linked,
    ];
}

pub(crate) struct House {
    router: Router,
    pub(crate) address: String,
    directory: tempfile::TempDir,
    stop: oneshot::Sender<()>,
    stopped: tokio::task::JoinHandle<()>,
}

fn config() -> RouterConfig {
    let user = |authid: &str| StaticUser {
        authid: authid.to_owned(),
        secret: "secret".to_owned(),
        authrole: "user".to_owned(),
    };
    let authentication = Authentication {
        anonymous: None,
        authenticator: Some(Arc::new(StaticUsers::new([user("anna"), user("ben")]))),
        methods: AuthMethod::SIGN_INS.to_vec(),
    };
    let realm = RealmConfig {
        authentication,
        authorization: Authorization::by(Rules::new([Rule::everything("user")])),
        ..RealmConfig::new(REALM)
    };
    RouterConfig {
        realms: vec![realm],
        ..RouterConfig::default()
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::at("127.0.0.1:0").await
    }

    pub(crate) async fn at(address: &str) -> Self {
        Self::with(address, config()).await
    }

    /// Where silence is noticed after `interval`, and minded as long after that.
    pub(crate) async fn minding_silence(interval: Duration) -> Self {
        let keep_alive = KeepAlive {
            interval,
            timeout: interval,
        };
        let config = RouterConfig { keep_alive, ..config() };
        Self::with("127.0.0.1:0", config).await
    }

    async fn with(address: &str, config: RouterConfig) -> Self {
        // A port just given back may need a moment before it can be had again.
        let bind = async {
            loop {
                match TcpListener::bind(address).await {
                    Ok(listener) => return listener,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        let listener = soon("the port", bind).await;
        let address = listener.local_addr().unwrap().to_string();
        let directory = tempfile::tempdir().unwrap();
        let unix = tokio::net::UnixListener::bind(directory.path().join("wamp.sock")).unwrap();
        let router = Router::new(config);
        let (stop, stopping) = oneshot::channel::<()>();
        let stopping = futures_util::FutureExt::shared(async move { drop(stopping.await) });
        let serving = router.clone();
        let stopped = tokio::spawn(async move {
            tokio::join!(
                serving.serve(listener, None, HttpFallback::none(), stopping.clone()),
                serving.serve_unix(unix, stopping)
            );
        });
        Self {
            router,
            address,
            directory,
            stop,
            stopped,
        }
    }

    /// Goes away, with a goodbye, and gives back the port's address.
    pub(crate) async fn close(self) -> String {
        let _ = self.stop.send(());
        self.router
            .shutdown("wamp.close.system_shutdown", Duration::from_secs(5))
            .await;
        soon("the port's end", self.stopped).await.unwrap();
        self.address
    }

    pub(crate) fn connector(&self, door: Door, authid: &str) -> Connector {
        let connector = match door {
            Door::WebSocket(serializer) => {
                Connector::new(format!("ws://{}/ws", self.address), REALM).serializer(serializer)
            }
            Door::Batched(serializer) => Connector::new(format!("ws://{}/ws", self.address), REALM)
                .serializer(serializer)
                .batched(),
            Door::RawSocket(serializer) => {
                Connector::new(format!("rs://{}", self.address), REALM).serializer(serializer)
            }
            Door::LongPoll(serializer) => {
                Connector::new(format!("http://{}/lp", self.address), REALM).serializer(serializer)
            }
            Door::BatchedLongPoll(serializer) => Connector::new(format!("http://{}/lp/", self.address), REALM)
                .serializer(serializer)
                .batched(),
            Door::Unix => {
                let path = self.directory.path().join("wamp.sock");
                Connector::new(format!("unix://{}", path.display()), REALM)
            }
            Door::Linked => {
                let (router, authid) = (self.router.clone(), authid.to_owned());
                let dial = move || {
                    let (client, peer) = linked::pair(64);
                    let principal = Principal {
                        authid: authid.clone(),
                        authrole: "user".to_owned(),
                        authprovider: "linked".to_owned(),
                    };
                    router.attach(REALM, principal, peer.tx, peer.rx).unwrap();
                    client
                };
                return Connector::linked(dial, REALM);
            }
        };
        let backoff = Backoff {
            initial: Duration::from_millis(5),
            max: Duration::from_millis(50),
        };
        let (authid, secret) = (authid.to_owned(), "secret".to_owned());
        connector
            .reconnect(backoff)
            .credentials(Credentials::Wampcra { authid, secret })
    }

    pub(crate) async fn join(&self, door: Door, authid: &str) -> Session {
        soon("a session", self.connector(door, authid).connect()).await.unwrap()
    }
}
