//! Clients behind a reverse proxy.

use serde_json::json;
use wamp_protocol::Serializer;
use wamp_router::RouterConfig;

use super::support::{Client, Kind, Server, all_roles, open_realm};

const FORWARDED: &str = "X-Forwarded-For";
/// A request with a body is answered by the HTTP server, one without before it.
const WITH_A_BODY: (&str, &str) = ("Content-Length", "0");
const WEBSOCKET: Kind = Kind::WebSocket(Serializer::Json);

/// A router behind proxies at these addresses.
async fn behind(proxies: &[&str]) -> Server {
    Server::with(RouterConfig {
        realms: vec![open_realm()],
        trusted_proxies: proxies.iter().map(|proxy| proxy.parse().unwrap()).collect(),
        ..RouterConfig::default()
    })
    .await
}

/// The address that the session meta API has of somebody who joins with these headers.
async fn peer(server: &Server, kind: Kind, headers: &[(&'static str, &str)]) -> String {
    let mut client = server.connect_saying(kind, headers).await;
    client.join("realm1").await;
    let session = client.session;
    let details = client.ask("wamp.session.get", json!([session])).await.unwrap();
    details["transport"]["peer"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whom_a_trusted_proxy_asks_for_is_who_the_session_is_of_over_every_transport_of_http() {
    let server = behind(&["127.0.0.0/8"]).await;
    for kind in [
        WEBSOCKET,
        Kind::Batched(Serializer::Cbor),
        Kind::LongPoll(Serializer::Json),
        Kind::BatchedLongPoll(Serializer::MsgPack),
    ] {
        let said = (FORWARDED, "6.6.6.6, 203.0.113.7");
        assert_eq!(peer(&server, kind, &[said]).await, "203.0.113.7:0", "{kind}");
        let said = [(FORWARDED, "203.0.113.7"), (FORWARDED, "127.0.0.9")];
        assert_eq!(peer(&server, kind, &said).await, "203.0.113.7:0", "{kind}");
        assert!(peer(&server, kind, &[]).await.starts_with("127.0.0.1:"), "{kind}");
    }
    let said = (FORWARDED, "[2001:db8::1]:4711");
    assert_eq!(
        peer(&server, WEBSOCKET, &[said, WITH_A_BODY]).await,
        "[2001:db8::1]:4711"
    );
}

#[tokio::test]
async fn what_somebody_says_who_is_no_trusted_proxy_counts_for_nothing() {
    for server in [behind(&[]).await, behind(&["10.0.0.0/8", "::1"]).await] {
        for kind in [WEBSOCKET, Kind::LongPoll(Serializer::Json)] {
            let said = [(FORWARDED, "203.0.113.7")];
            assert!(peer(&server, kind, &said).await.starts_with("127.0.0.1:"), "{kind}");
        }
        let said = [(FORWARDED, "203.0.113.7"), WITH_A_BODY];
        assert!(peer(&server, WEBSOCKET, &said).await.starts_with("127.0.0.1:"));
    }
}

/// What comes of a sign-in through the proxy from `address`.
async fn by_ticket(server: &Server, address: &str, authid: &str, ticket: &str) -> Result<(), String> {
    let mut client: Client = server.connect_saying(WEBSOCKET, &[(FORWARDED, address)]).await;
    let details = json!({ "roles": all_roles(), "authid": authid, "authmethods": ["ticket"] });
    client.send(json!([1, "realm1", details])).await;
    let mut reply = client.receive().await;
    if reply[0] == 4 {
        client.send(json!([5, ticket, {}])).await;
        reply = client.receive().await;
    }
    if reply[0] == 2 {
        return Ok(());
    }
    let reason = reply[2].as_str().unwrap();
    Err(reason.trim_start_matches("wamp.error.authentication_").to_owned())
}

const WRONG: &str = "failed";
const TOO_EARLY: &str = "denied";

#[tokio::test]
async fn behind_a_trusted_proxy_who_guesses_holds_up_nobody_else() {
    let server = behind(&["127.0.0.1"]).await;
    // Whatever is made up before the address that the proxy adds.
    let guesser = |number: u32| format!("198.51.100.{number}, 203.0.113.7");
    let mut came = Err(WRONG.to_owned());
    for number in 0..30 {
        came = by_ticket(&server, &guesser(number), "bob", &format!("wrong {number}")).await;
        if came == Err(TOO_EARLY.to_owned()) {
            break;
        }
    }
    assert_eq!(came, Err(TOO_EARLY.to_owned()));
    assert_eq!(by_ticket(&server, "203.0.113.8", "bob", "secret-of-bob").await, Ok(()));
    assert_eq!(by_ticket(&server, "127.0.0.1", "bob", "secret-of-bob").await, Ok(()));
    assert_eq!(by_ticket(&server, &guesser(1), "ann", "secret-of-ann").await, Ok(()));
}

#[tokio::test]
async fn a_name_that_many_addresses_guess_waits_where_it_is_not_known() {
    let server = behind(&["127.0.0.1"]).await;
    assert_eq!(by_ticket(&server, "192.0.2.1", "bob", "secret-of-bob").await, Ok(()));
    let wrong = async |address: u32, ticket: u32| {
        let address = format!("203.0.113.{address}");
        by_ticket(&server, &address, "bob", &format!("wrong {ticket}"))
            .await
            .unwrap_err()
    };
    // Of a client that sends an old ticket again and again only the first one counts.
    for address in 0..4 {
        for _ in 0..5 {
            assert_eq!(wrong(address, 0).await, WRONG);
        }
    }
    for address in 4..8 {
        for ticket in 0..4 {
            assert_eq!(wrong(address, ticket).await, WRONG, "{address} {ticket}");
        }
    }
    assert_eq!(wrong(8, 0).await, TOO_EARLY);
    assert_eq!(
        by_ticket(&server, "203.0.113.9", "bob", "secret-of-bob").await,
        Err(TOO_EARLY.to_owned())
    );
    assert_eq!(by_ticket(&server, "192.0.2.1", "bob", "secret-of-bob").await, Ok(()));
    assert_eq!(by_ticket(&server, "203.0.113.9", "ann", "secret-of-ann").await, Ok(()));
}

#[tokio::test]
async fn an_address_that_tries_many_names_waits_but_not_who_is_known_there() {
    let server = behind(&["127.0.0.1"]).await;
    let here = "203.0.113.7";
    assert_eq!(by_ticket(&server, here, "bob", "secret-of-bob").await, Ok(()));
    for number in 0..20 {
        let came = by_ticket(&server, here, &format!("name{number}"), "wrong").await;
        assert_eq!(came, Err(WRONG.to_owned()), "{number}");
    }
    let too_early = Err(TOO_EARLY.to_owned());
    assert_eq!(by_ticket(&server, here, "another", "wrong").await, too_early);
    assert_eq!(by_ticket(&server, here, "ann", "secret-of-ann").await, too_early);
    assert_eq!(by_ticket(&server, here, "bob", "secret-of-bob").await, Ok(()));
    assert_eq!(by_ticket(&server, "203.0.113.8", "ann", "secret-of-ann").await, Ok(()));
}
