//! `domovoi router`: for those who have no house.

use serde_json::Value;
use wamp_client::{Connector, Credentials, Reply};

use super::program::{PATIENCE, Server};

#[tokio::test]
async fn a_role_of_the_bare_router_may_do_everything() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("wamp.sock");
    let socket = socket.to_str().unwrap();
    let server = Server::start(&[
        "router",
        "--listen",
        "127.0.0.1:0",
        "--unix",
        socket,
        "--realm",
        "realm1",
        "--realm",
        "realm2",
        "--anonymous",
        "anonymous",
        "--user",
        "joe:se:cret:backend",
    ]);
    assert_eq!(server.ready["unix"], socket);
    let callee = Connector::new(server.ws(), "realm1")
        .join_timeout(PATIENCE)
        .no_reconnect()
        .connect()
        .await
        .unwrap();
    let registration = callee.register("com.example.add").handler(|invocation| async move {
        let (a, b): (i64, i64) = invocation.args()?;
        Ok(Reply::value(&(a + b))?)
    });
    registration.await.unwrap();
    for credentials in [
        Credentials::Anonymous { authid: None },
        Credentials::Ticket {
            authid: "joe".into(),
            ticket: "se:cret".into(),
        },
        Credentials::Wampcra {
            authid: "joe".into(),
            secret: "se:cret".into(),
        },
        Credentials::Scram {
            authid: "joe".into(),
            password: "se:cret".into(),
        },
    ] {
        for url in [
            server.ws(),
            format!("unix://{socket}"),
            format!("rs://{}", server.http()),
        ] {
            let connector = Connector::new(url, "realm1").credentials(credentials.clone());
            let caller = connector.join_timeout(PATIENCE).no_reconnect().connect().await.unwrap();
            let sum: i64 = caller
                .call("com.example.add")
                .args(&(2, 3))
                .send()
                .await
                .unwrap()
                .value()
                .unwrap();
            assert_eq!(sum, 5);
        }
    }
    let elsewhere = Connector::new(server.ws(), "realm3")
        .join_timeout(PATIENCE)
        .no_reconnect()
        .connect()
        .await;
    assert_eq!(elsewhere.unwrap_err().uri(), Some("wamp.error.no_such_realm"));

    let (status, body) = server.get("/healthz");
    assert_eq!(status, 200);
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["status"], "ok");
    assert!(server.get("/metrics").1.ends_with("# EOF\n"));
    assert_eq!(server.get("/").0, 404);
    let (status, took) = server.signal("TERM");
    assert_eq!(status.code(), Some(0));
    assert!(took.as_secs() < 5, "{took:?}");
}
