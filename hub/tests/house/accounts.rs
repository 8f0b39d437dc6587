//! Setting up, signing in, and who may do what, through WAMP.

use serde_json::{Value, json};
use wamp_client::{CloseReason, ConnectionState, Credentials, Error, Session};

use super::program::{House, PASSWORD, PATIENCE, join, sign_in};

fn token(setup: &Value) -> String {
    assert_eq!(setup["event"], "setup");
    let url = setup["url"].as_str().unwrap();
    url.split_once("/setup#token=").unwrap().1.to_owned()
}

fn by_link(token: &str) -> Credentials {
    Credentials::Ticket {
        authid: "setup".into(),
        ticket: token.into(),
    }
}

async fn refusal(session: &Session, procedure: &str, kwargs: Value) -> String {
    match session.call(procedure).kwargs(&kwargs).send().await {
        Err(Error::Rejected(error)) => error.uri().to_owned(),
        other => panic!("{procedure}: {other:?}"),
    }
}

#[tokio::test]
async fn the_first_admin_is_made_by_the_link_and_only_once() {
    let house = House::new();
    // An account that is no admin cannot make one.
    house.add_account("viewer", "viewer");
    let mut server = house.run();
    let token = token(&server.setup());
    assert!(join(&server.ws(), by_link("another")).await.is_err());

    let setup = join(&server.ws(), by_link(&token)).await.unwrap();
    assert_eq!(
        refusal(&setup, "device.list", json!({})).await,
        "wamp.error.not_authorized"
    );
    for (kwargs, uri) in [
        (
            json!({"token": "x", "name": "ann", "password": PASSWORD}),
            "homeapp.error.setup_closed",
        ),
        (
            json!({"token": token, "name": "ann", "password": "short"}),
            "wamp.error.invalid_argument",
        ),
        (
            json!({"token": token, "name": "a b", "password": PASSWORD}),
            "wamp.error.invalid_argument",
        ),
        (json!({"token": token, "name": "ann"}), "wamp.error.invalid_argument"),
        (
            json!({"token": token, "name": "viewer", "password": PASSWORD}),
            "wamp.error.invalid_argument",
        ),
    ] {
        assert_eq!(refusal(&setup, "account.setup", kwargs).await, uri);
    }
    let ann = json!({"token": token, "name": "ann", "password": PASSWORD});
    setup.call("account.setup").kwargs(&ann).send().await.unwrap();
    assert_eq!(
        refusal(&setup, "account.setup", ann).await,
        "homeapp.error.setup_closed"
    );
    assert!(join(&server.ws(), by_link(&token)).await.is_err());

    let session = sign_in(&server.ws(), "ann", PASSWORD).await.unwrap();
    assert!(format!("{:?}", session.state()).contains("admin"));
}

#[tokio::test]
async fn nobody_gets_in_without_the_password() {
    let house = House::with_accounts();
    let server = house.run();
    let refused = |reason: Result<Session, Error>| match reason {
        Err(Error::Refused { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    let wrong = sign_in(&server.ws(), "admin", "wrong horse").await;
    let nobody = sign_in(&server.ws(), "nobody", PASSWORD).await;
    assert_eq!(refused(wrong), refused(nobody));
    refused(join(&server.ws(), Credentials::Anonymous { authid: None }).await);
    refused(
        join(
            &server.ws(),
            Credentials::Anonymous {
                authid: Some("admin".into()),
            },
        )
        .await,
    );
}

#[tokio::test]
async fn a_password_signs_in_by_scram_too() {
    let house = House::with_accounts();
    let server = house.run();
    let by_scram = |password: &str| Credentials::Scram {
        authid: "user".into(),
        password: password.into(),
    };
    let session = join(&server.ws(), by_scram(PASSWORD)).await.unwrap();
    let info = session.info().unwrap();
    assert_eq!(
        (info.authrole.as_deref(), info.authmethod.as_deref()),
        (Some("user"), Some("wamp-scram"))
    );
    assert!(join(&server.ws(), by_scram("wrong horse")).await.is_err());
}

#[tokio::test]
async fn a_key_signs_in_until_it_is_taken_away() {
    let house = House::with_accounts();
    let server = house.run();
    let private_key = [7; 32];
    let key: String = wamp_protocol::auth::cryptosign::public_key(&private_key)
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    let by_key = |authid: Option<&str>| Credentials::Cryptosign {
        authid: authid.map(str::to_owned),
        private_key,
    };
    assert!(join(&server.ws(), by_key(Some("viewer"))).await.is_err());
    house.command(&["user", "key", "add", "viewer", &key], "");
    for authid in [Some("viewer"), None] {
        let session = join(&server.ws(), by_key(authid)).await.unwrap();
        assert_eq!(session.info().unwrap().authid.as_deref(), Some("viewer"));
    }
    assert!(join(&server.ws(), by_key(Some("admin"))).await.is_err());
    house.command(&["user", "key", "remove", "viewer", &key], "");
    assert!(join(&server.ws(), by_key(Some("viewer"))).await.is_err());
}

#[tokio::test]
async fn roles_are_held_to_what_they_may() {
    let house = House::with_accounts();
    let server = house.run();
    let viewer = sign_in(&server.ws(), "viewer", PASSWORD).await.unwrap();
    let user = sign_in(&server.ws(), "user", PASSWORD).await.unwrap();
    viewer.call("device.list").send().await.unwrap();
    viewer.subscribe("sensor.events").open().await.unwrap();
    let forbidden = "wamp.error.not_authorized";
    assert_eq!(refusal(&viewer, "dcs.fan.control", json!({})).await, forbidden);
    assert_eq!(refusal(&user, "device.remove", json!({"device": "x"})).await, forbidden);
    assert_eq!(refusal(&user, "config.thresholds.set", json!({})).await, forbidden);
    let switched = user.call("dcs.fan.control").args(&(true,)).send().await.unwrap_err();
    assert_eq!(switched.uri(), Some("homeapp.error.hardware_not_found"));
    let reading = json!({"sensorId": 25, "temp": 27});
    user.publish("sensor.events")
        .kwargs(&reading)
        .acknowledge()
        .send()
        .await
        .unwrap();
    let refused = viewer
        .publish("sensor.events")
        .kwargs(&reading)
        .acknowledge()
        .send()
        .await
        .unwrap_err();
    assert_eq!(refused.uri(), Some(forbidden));
    let registered = user
        .register("dcs.fan.control")
        .handler(|_| async { Ok(wamp_client::Reply::empty()) })
        .await;
    assert_eq!(registered.unwrap_err().uri(), Some(forbidden));
}

#[tokio::test]
async fn a_browser_stays_signed_in_until_it_signs_out() {
    let house = House::with_accounts();
    let server = house.run();
    let session = sign_in(&server.ws(), "user", PASSWORD).await.unwrap();
    let remembered: Value = session.call("account.remember").send().await.unwrap().value().unwrap();
    assert_eq!(remembered["authid"], "user");
    let credentials = Credentials::Ticket {
        authid: "user".into(),
        ticket: remembered["token"].as_str().unwrap().into(),
    };
    let browser = join(&server.ws(), credentials.clone()).await.unwrap();
    let token = json!({"token": remembered["token"]});
    browser.call("account.forget").kwargs(&token).send().await.unwrap();
    assert!(join(&server.ws(), credentials).await.is_err());
}

#[tokio::test]
async fn an_account_made_while_the_hub_runs_signs_in_at_once() {
    let house = House::with_accounts();
    let server = house.run();
    house.add_account("bob", "viewer");
    sign_in(&server.ws(), "bob", PASSWORD).await.unwrap();
    house.command(&["user", "passwd", "bob", "--password-stdin"], "battery staple");
    let bob = sign_in(&server.ws(), "bob", "battery staple").await.unwrap();
    house.command(&["user", "remove", "bob"], "");
    let mut states = bob.watch();
    let ended = async {
        while let Some(state) = states.next().await {
            if let ConnectionState::Closed(CloseReason::ByRouter { reason, .. }) = state {
                return reason;
            }
        }
        String::new()
    };
    assert_eq!(
        tokio::time::timeout(PATIENCE, ended).await.unwrap(),
        "wamp.close.killed"
    );
    assert!(sign_in(&server.ws(), "bob", "battery staple").await.is_err());
}

#[tokio::test]
async fn whoever_is_let_in_without_signing_in_has_the_configured_role() {
    let house = House::with_accounts();
    house.configure("[realm]\nanonymous = \"user\"\n");
    let server = house.run();
    let guest = join(
        &server.ws(),
        Credentials::Anonymous {
            authid: Some("admin".into()),
        },
    )
    .await
    .unwrap();
    guest.call("device.list").send().await.unwrap();
    let forbidden = "wamp.error.not_authorized";
    assert_eq!(refusal(&guest, "config.thresholds.set", json!({})).await, forbidden);
    assert_eq!(refusal(&guest, "account.remember", json!({})).await, forbidden);
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let house = House::with_accounts();
    let server = house.run();
    for _ in 0..6 {
        let wrong = Credentials::Ticket {
            authid: "admin".into(),
            ticket: "remember.wrong".into(),
        };
        assert!(join(&server.ws(), wrong).await.is_err());
    }
    match sign_in(&server.ws(), "admin", PASSWORD).await {
        Err(Error::Refused {
            message: Some(sentence),
            ..
        }) => assert!(sentence.contains("try again in"), "{sentence}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_failed_sign_in_is_one_line_in_the_log() {
    let house = House::with_accounts();
    let log = house.path().join("log");
    let server = house.run_with_log(&[], std::fs::File::create(&log).unwrap().into());
    assert!(sign_in(&server.ws(), "admin", "wrong horse").await.is_err());
    server.signal("TERM");
    let log = std::fs::read_to_string(log).unwrap();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("a sign-in failed")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    let line: Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(
        (line["level"].as_str(), line["authid"].as_str()),
        (Some("WARN"), Some("admin"))
    );
    assert!(line["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
    assert!(!log.contains("still open"), "{log}");
}
