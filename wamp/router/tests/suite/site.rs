//! A router, and one way to reach it.

use futures_util::future::BoxFuture;
use serde_json::{Value as Json, json};
use wamp_router::{RealmConfig, RouterConfig};

use crate::support::{Client, Kind, REALM, Server, open_realm};

/// A router of its own for one check, reached by one transport and serializer; some peers come
/// another way, so that messages cross between serializers too.
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) kind: Kind,
    other: Kind,
}

/// Details of HELLO for a session in all client roles, each with these features.
pub(crate) fn roles_with(features: &[&str]) -> Json {
    let features: serde_json::Map<String, Json> = features
        .iter()
        .map(|name| ((*name).to_owned(), Json::Bool(true)))
        .collect();
    let role = json!({ "features": features });
    json!({ "roles": { "publisher": role, "subscriber": role, "caller": role, "callee": role } })
}

impl Site {
    async fn start(kind: Kind, other: Kind) -> Self {
        Self::with(kind, other, |_| {}).await
    }

    async fn with(kind: Kind, other: Kind, change: impl FnOnce(&mut RouterConfig)) -> Self {
        let mut config = RouterConfig {
            realms: vec![open_realm()],
            ..RouterConfig::default()
        };
        change(&mut config);
        Self {
            server: Server::with(config).await,
            kind,
            other,
        }
    }

    /// Another router that is told something else, reached in the same way.
    pub(crate) async fn anew(&self, change: impl FnOnce(&mut RouterConfig)) -> Self {
        Self::with(self.kind, self.other, change).await
    }

    /// Another router whose realm is told something else, reached in the same way.
    pub(crate) async fn in_realm(&self, change: impl FnOnce(&mut RealmConfig)) -> Self {
        self.anew(|config| change(&mut config.realms[0])).await
    }

    /// A joined session that announced every feature.
    pub(crate) async fn join(&self) -> Client {
        self.server.join_by(self.kind).await
    }

    /// The same by another transport and in another serializer.
    pub(crate) async fn peer(&self) -> Client {
        self.server.join_by(self.other).await
    }

    /// A joined session that announced these features only.
    pub(crate) async fn join_with(&self, features: &[&str]) -> Client {
        let mut client = self.connect().await;
        client.send(json!([1, REALM, roles_with(features)])).await;
        let welcome = client.receive().await;
        assert_eq!(welcome[0], 2, "{welcome}");
        client.session = welcome[1].as_u64().unwrap();
        client
    }

    /// A connection that has not said HELLO.
    pub(crate) async fn connect(&self) -> Client {
        self.server.connect(self.kind).await
    }

    /// A caller, and a callee of `procedure` with its registration.
    pub(crate) async fn pair(&self, procedure: &str) -> (Client, Client, u64) {
        let mut callee = self.join().await;
        let registration = callee.register(procedure, json!({})).await;
        (self.peer().await, callee, registration)
    }

    /// What the metrics call this transport.
    pub(crate) const fn transport(&self) -> &'static str {
        match self.kind {
            Kind::WebSocket(_) | Kind::Batched(_) => "websocket",
            Kind::RawSocket(_) => "rawsocket",
            Kind::Unix(_) => "unix",
            Kind::LongPoll(_) | Kind::BatchedLongPoll(_) => "longpoll",
            Kind::Linked => "linked",
        }
    }

    /// The value of one counter or gauge.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = self.server.router.metrics().render();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in\n{text}")).parse().unwrap()
    }
}

/// Runs one check by each of these kinds, at the same time; says by which of them it fails.
pub(crate) fn check(kinds: &[Kind], check: fn(Site) -> BoxFuture<'static, ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let failures = runtime.block_on(async {
        let running: Vec<_> = kinds
            .iter()
            .enumerate()
            .map(|(number, kind)| {
                let (kind, other) = (*kind, kinds[(number * 5 + 3) % kinds.len()]);
                (
                    kind,
                    tokio::spawn(async move { check(Site::start(kind, other).await).await }),
                )
            })
            .collect();
        let mut failures = Vec::new();
        for (kind, task) in running {
            if let Err(error) = task.await {
                let panic = error.into_panic();
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                failures.push(format!("over {kind}: {}", text.unwrap_or("it panics")));
            }
        }
        failures
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Kinds of connection that carry octets: all but the linked one.
pub(crate) fn networks() -> Vec<Kind> {
    Kind::all().into_iter().filter(|kind| *kind != Kind::Linked).collect()
}

/// RawSocket over both kinds of socket, in every serializer.
pub(crate) fn rawsockets() -> Vec<Kind> {
    let kinds = Kind::all().into_iter();
    kinds
        .filter(|kind| matches!(kind, Kind::RawSocket(_) | Kind::Unix(_)))
        .collect()
}

/// Makes a test of each of these checks, over every transport and serializer.
macro_rules! on_every_wire {
    ($($name:ident),* $(,)?) => {
        mod on_every_wire {
            $(
                #[test]
                fn $name() {
                    let kinds = crate::support::Kind::all();
                    crate::site::check(&kinds, |site| Box::pin(super::$name(site)));
                }
            )*
        }
    };
}

/// The same, for what only octets on a network can show.
macro_rules! on_every_network {
    ($($name:ident),* $(,)?) => {
        mod on_every_network {
            $(
                #[test]
                fn $name() {
                    let kinds = crate::site::networks();
                    crate::site::check(&kinds, |site| Box::pin(super::$name(site)));
                }
            )*
        }
    };
}

/// The same, for what only RawSocket can show.
macro_rules! on_every_rawsocket {
    ($($name:ident),* $(,)?) => {
        mod on_every_rawsocket {
            $(
                #[test]
                fn $name() {
                    let kinds = crate::site::rawsockets();
                    crate::site::check(&kinds, |site| Box::pin(super::$name(site)));
                }
            )*
        }
    };
}
