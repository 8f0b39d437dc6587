//! `domovoi router` where procedures decide who gets in and who may do what.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use wamp_client::{CallError, Connector, Credentials, Error, Invocation, Reply, Session};

use super::program::{PATIENCE, Server};

const FILE: &str = r#"
listen = "127.0.0.1:0"

[[realm]]
name = "realm1"

[[realm.role]]
name = "component"
everything = true

[[realm.role]]
name = "member"
authorizer = { procedure = "com.example.may", cache_seconds = 600 }

[[realm.user]]
name = "keeper"
role = "component"
secret = "keeper's secret"

[realm.authenticator]
procedure = "com.example.who"
methods = ["ticket", "wampcra"]
"#;

async fn join(server: &Server, credentials: Credentials) -> Result<Session, Error> {
    Connector::new(server.ws(), "realm1")
        .credentials(credentials)
        .join_timeout(PATIENCE)
        .no_reconnect()
        .connect()
        .await
}

/// Everybody whose ticket is the name backwards, and whose secret is the name twice.
async fn who(invocation: Invocation) -> Result<Reply, CallError> {
    let (realm, authid, details): (String, String, Value) = invocation.args()?;
    assert_eq!(realm, "realm1");
    let backwards: String = authid.chars().rev().collect();
    match details["authmethod"].as_str() {
        Some("ticket") if details["ticket"] == backwards => Ok(Reply::value(&"member")?),
        Some("wampcra") => Ok(Reply::value(&json!({ "role": "member", "secret": authid.repeat(2) }))?),
        _ => Err(CallError::new("com.example.error.no_such_user", "Nobody knows you.")),
    }
}

#[tokio::test]
async fn procedures_decide_who_gets_in_and_who_may_do_what() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("router.toml");
    std::fs::write(&file, FILE).unwrap();
    let server = Server::start(&["router", "--config", file.to_str().unwrap()]);
    let keeper = Credentials::Scram {
        authid: "keeper".into(),
        password: "keeper's secret".into(),
    };
    let keeper = join(&server, keeper).await.unwrap();
    keeper.register("com.example.who").handler(who).await.unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    keeper
        .register("com.example.may")
        .handler(move |invocation: Invocation| {
            count.fetch_add(1, Ordering::SeqCst);
            async move {
                let (session, uri, action): (Value, String, String) = {
                    let (session, uri, action, _): (Value, String, String, Value) = invocation.args()?;
                    (session, uri, action)
                };
                let own = format!("com.example.{}", session["authid"].as_str().unwrap_or_default());
                Ok(Reply::value(&(action == "publish" && uri == own))?)
            }
        })
        .await
        .unwrap();

    let ticket = |ticket: &str| Credentials::Ticket {
        authid: "joe".into(),
        ticket: ticket.into(),
    };
    assert!(join(&server, ticket("joe")).await.is_err());
    let joe = join(&server, ticket("eoj")).await.unwrap();
    let secret = Credentials::Wampcra {
        authid: "ann".into(),
        secret: "annann".into(),
    };
    let ann = join(&server, secret).await.unwrap();
    for (session, name, provider) in [(&joe, "joe", "dynamic"), (&ann, "ann", "dynamic")] {
        let info = session.info().unwrap();
        assert_eq!(
            (
                info.authid.as_deref(),
                info.authrole.as_deref(),
                info.authprovider.as_deref()
            ),
            (Some(name), Some("member"), Some(provider))
        );
    }
    for _ in 0..3 {
        joe.publish("com.example.joe").acknowledge().send().await.unwrap();
        let refused = joe.publish("com.example.ann").acknowledge().send().await.unwrap_err();
        assert_eq!(refused.uri(), Some("wamp.error.not_authorized"));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2, "each is asked about once");
    keeper.leave().await;
    let undecided = ann.publish("com.example.ann").acknowledge().send().await.unwrap_err();
    assert_eq!(undecided.uri(), Some("wamp.error.authorization_failed"));
}
