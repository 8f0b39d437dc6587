//! The system service, asked in a real realm.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use house::Timestamp;
use house::uri::{error, procedure, topic};
use serde_json::{Value, json};
use system::{Component, Components, Running, Settings};
use test_realm::{PATIENCE, Realm};
use wamp_client::{Error, Session};

async fn house() -> (Realm, Session, Running) {
    let realm = Realm::new();
    let hub = Components::new(|| {
        vec![Component {
            component: "mqtt".into(),
            status: "running".into(),
            detail: String::new(),
            at: Timestamp(1),
        }]
    });
    let settings = Settings {
        components: Some(hub),
        timedatectl: "/no/such/timedatectl".into(),
        nmcli: "/no/such/nmcli".into(),
    };
    let session = realm.join("system", "service").await;
    let running = system::start(session, settings).await.unwrap();
    let anna = realm.join("anna", "admin").await;
    (realm, anna, running)
}

async fn ask(session: &Session, uri: &str, kwargs: Value) -> Result<Value, Error> {
    let answer = session.call(uri).kwargs(&kwargs).timeout(PATIENCE).send().await?;
    Ok(answer.kwargs()?)
}

#[tokio::test]
async fn the_status_names_components_and_what_is_wrong() {
    let (_realm, anna, _running) = house().await;
    let status = ask(&anna, procedure::GET_STATUS, json!({})).await.unwrap();
    assert_eq!(
        (&status["status"], &status["components"][0]["component"]),
        (&json!("ok"), &json!("mqtt"))
    );
    let change = json!({"component": "storage", "status": "failed", "detail": "the disk is full", "at": Timestamp(5)});
    anna.publish(topic::STATUS_CHANGE).kwargs(&change).send().await.unwrap();
    let degraded = async {
        loop {
            let status = ask(&anna, procedure::GET_STATUS, json!({})).await.unwrap();
            if status["status"] == "degraded" {
                return status;
            }
        }
    };
    let status = tokio::time::timeout(PATIENCE, degraded)
        .await
        .expect("the change in time");
    assert_eq!(status["components"][1], change);
    assert!(status["uptime_seconds"].is_u64() && status["version"].is_string() && status["memory_bytes"].is_u64());
}

#[tokio::test]
async fn time_and_network_are_told() {
    let (_realm, anna, _running) = house().await;
    let time = ask(&anna, procedure::GET_TIME, json!({})).await.unwrap();
    assert!(time["time"].as_str().unwrap().parse::<Timestamp>().is_ok(), "{time}");
    let network = ask(&anna, procedure::GET_NETWORK, json!({})).await.unwrap();
    let interfaces = network["interfaces"].as_array().unwrap();
    assert!(
        interfaces.iter().any(|interface| interface["name"] == "lo"),
        "{network}"
    );
}

#[tokio::test]
async fn what_the_machine_cannot_do_is_said_and_nonsense_is_refused() {
    let (_realm, anna, _running) = house().await;
    let (set_time, set_network) = (procedure::SET_TIME, procedure::SET_NETWORK);
    let invalid = "wamp.error.invalid_argument";
    for (uri, kwargs, wanted, word) in [
        (
            set_time,
            json!({"time": "2026-05-03T07:30:00Z"}),
            error::NOT_SUPPORTED,
            "timedatectl",
        ),
        (set_time, json!({"time": "noon"}), invalid, "time"),
        (set_time, json!({}), invalid, "time"),
        (
            set_network,
            json!({"interface": "lo", "method": "dhcp"}),
            error::NOT_SUPPORTED,
            "NetworkManager",
        ),
        (
            set_network,
            json!({"interface": "warp0", "method": "dhcp"}),
            invalid,
            "interface",
        ),
        (set_network, json!({"interface": 5}), invalid, "interface"),
    ] {
        let Err(Error::Rejected(fault)) = ask(&anna, uri, kwargs.clone()).await else {
            panic!("{uri} {kwargs} was taken");
        };
        assert_eq!(fault.uri(), wanted, "{uri} {kwargs}: {fault}");
        assert!(fault.message().unwrap().contains(word), "{uri} {kwargs}: {fault}");
    }
}
