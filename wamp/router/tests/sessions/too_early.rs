//! What is told to whoever failed too often and does not wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use serde_json::{Value as Json, json};
use wamp_protocol::Serializer;
use wamp_router::authentication::{AuthMethod, Credential, Principal, SignIn, SignInError};
use wamp_router::{Authentication, Authenticator, RouterConfig};

use super::support::{Client, Kind, Server, all_roles, open_realm};

/// Knows bob by his ticket, and what became of whoever said to be him.
#[derive(Debug, Default)]
struct Porter {
    looked_at: Arc<AtomicUsize>,
    finished: Mutex<Vec<bool>>,
}

impl Authenticator for Porter {
    fn find<'a>(&'a self, sign_in: &'a SignIn) -> BoxFuture<'a, Result<(Principal, Credential), SignInError>> {
        let principal = Principal {
            authid: sign_in.name().to_owned(),
            authrole: "user".to_owned(),
            authprovider: "test".to_owned(),
        };
        let looked_at = Arc::clone(&self.looked_at);
        let check = move |ticket: String| -> BoxFuture<'static, bool> {
            looked_at.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move { ticket == "right" })
        };
        Box::pin(async move { Ok((principal, Credential::Ticket(Box::new(check)))) })
    }

    fn finished(&self, _: &SignIn, accepted: bool) {
        self.finished.lock().unwrap().push(accepted);
    }
}

struct House {
    server: Server,
    porter: Arc<Porter>,
}

impl House {
    async fn new() -> Self {
        let porter = Arc::new(Porter::default());
        let mut realm = open_realm();
        realm.authentication = Authentication {
            anonymous: None,
            authenticator: Some(porter.clone()),
            methods: vec![AuthMethod::Ticket],
        };
        let server = Server::with(RouterConfig {
            realms: vec![realm],
            ..RouterConfig::default()
        })
        .await;
        Self { server, porter }
    }

    async fn hello(&self, kind: Kind) -> Client {
        let mut client = self.server.connect(kind).await;
        let details = json!({ "roles": all_roles(), "authid": "bob", "authmethods": ["ticket"] });
        client.send(json!([1, "realm1", details])).await;
        client
    }

    /// Clients that have been challenged, when there was nothing to wait for.
    async fn challenged(&self, count: usize) -> Vec<Client> {
        let mut clients = Vec::new();
        for _ in 0..count {
            let mut client = self.hello(Kind::WebSocket(Serializer::Json)).await;
            assert_eq!(client.receive().await, json!([4, "ticket", {}]));
            clients.push(client);
        }
        clients
    }

    /// What can be seen from outside of how many sign-ins failed.
    fn counters(&self) -> Vec<u64> {
        let text = self.server.router.metrics().render();
        ["wamp_sign_ins_failed_total ", "wamp_sign_ins_held_up_total "]
            .iter()
            .map(|name| {
                let value = text.lines().find_map(|line| line.strip_prefix(name));
                value.unwrap().parse().unwrap()
            })
            .collect()
    }
}

async fn answer(client: &mut Client, ticket: &str) -> Json {
    client.send(json!([5, ticket, {}])).await;
    client.receive().await
}

#[tokio::test]
async fn a_right_secret_that_comes_too_early_cannot_be_told_from_a_wrong_one_and_lengthens_no_wait() {
    // On a machine that takes a second for it the wait is over too soon, and it is done again.
    for _ in 0..20 {
        if come_too_early().await {
            return;
        }
    }
    panic!("nothing is ever done within a second here");
}

/// Whether it was done in time.
async fn come_too_early() -> bool {
    let house = House::new().await;
    let mut clients = house.challenged(14).await;
    let began = Instant::now();
    for (number, client) in clients.iter_mut().take(5).enumerate() {
        let reply = answer(client, &format!("wrong {number}")).await;
        assert_eq!(reply[2], "wamp.error.authentication_failed");
    }
    let looked_at = house.porter.looked_at.load(Ordering::Relaxed);
    let sentence = "too many sign-ins failed; try again in 1 s";
    let refused = json!([3, { "message": sentence }, "wamp.error.authentication_denied"]);
    let mut seen = Vec::new();
    for (number, client) in clients.iter_mut().skip(5).enumerate() {
        let before = house.counters();
        let ticket = ["right", "wrong", "right"][number % 3];
        let reply = answer(client, ticket).await;
        let counted: Vec<u64> = before
            .iter()
            .zip(house.counters())
            .map(|(one, other)| other - one)
            .collect();
        seen.push((reply, counted));
    }
    if began.elapsed() >= Duration::from_secs(1) {
        return false;
    }
    assert_eq!(seen, vec![(refused, vec![1, 1]); 9]);
    // None of them was looked at, so that none took longer; and whoever counts is told the same of all.
    assert_eq!((looked_at, house.porter.looked_at.load(Ordering::Relaxed)), (5, 5));
    assert_eq!(*house.porter.finished.lock().unwrap(), [false; 14]);
    // Nine that came too early later, the wait is still the second it was said to be.
    let in_time = async {
        loop {
            let mut client = house.hello(Kind::WebSocket(Serializer::Json)).await;
            let reply = client.receive().await;
            if reply[0] == 4 {
                return answer(&mut client, "right").await;
            }
            assert_eq!(reply[1]["message"], sentence);
        }
    };
    let reply = tokio::time::timeout(Duration::from_secs(10), in_time).await.unwrap();
    assert_eq!(reply[0], 2, "{reply}");
    assert_eq!(house.porter.finished.lock().unwrap().last(), Some(&true));
    true
}

/// Guesses until a sign-in by this transport has to wait.
async fn guess_until_held_up(house: &House, kind: Kind) {
    for number in 0..30 {
        let mut client = house.hello(kind).await;
        let reply = client.receive().await;
        if reply[0] == 3 {
            return assert_eq!(reply[2], "wamp.error.authentication_denied", "{kind}");
        }
        answer(&mut client, &format!("wrong {number}")).await;
    }
    panic!("guessing costs nothing over {kind}");
}

#[tokio::test]
async fn on_this_machine_one_name_that_waits_holds_up_no_other_over_any_transport() {
    let house = House::new().await;
    for kind in [
        Kind::WebSocket(Serializer::Json),
        Kind::LongPoll(Serializer::Json),
        Kind::RawSocket(Serializer::Json),
        Kind::Unix(Serializer::Json),
    ] {
        guess_until_held_up(&house, kind).await;
    }
    for number in 0..30 {
        let kind = [Kind::Unix(Serializer::Json), Kind::WebSocket(Serializer::Json)][number % 2];
        let mut client = house.server.connect(kind).await;
        let details = json!({ "roles": all_roles(), "authid": format!("name{number}"), "authmethods": ["ticket"] });
        client.send(json!([1, "realm1", details])).await;
        assert_eq!(client.receive().await[0], 4, "{number}");
        answer(&mut client, "wrong").await;
    }
}
