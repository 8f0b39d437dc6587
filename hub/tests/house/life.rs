//! Starting, stopping, being killed, coming back; backup and restore.

use std::time::Duration;

use serde_json::Value;
use wamp_client::{CloseReason, ConnectionState};

use super::program::{House, PASSWORD, PATIENCE, Server, sign_in, text, unix_url};

const PROMISED: Duration = Duration::from_secs(5);

#[test]
fn a_ready_hub_is_healthy_and_serves_its_pages() {
    let house = House::with_accounts();
    let server = house.run();
    let (status, body) = server.get("/healthz");
    let health: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200, "{body}");
    assert_eq!(health["status"], "ok");
    assert_eq!(health["components"]["discovery"]["status"], "running");
    let (status, body) = server.get("/metrics");
    assert_eq!(status, 200);
    assert!(body.contains("domovoi_service_up{service=\"discovery\"} 1\n"), "{body}");
    assert!(body.ends_with("# EOF\n") && body.matches("# EOF").count() == 1);
    let (status, body) = server.get("/devices");
    assert_eq!(status, 200);
    assert!(body.contains("<title>Domovoi"), "{body}");
    assert_eq!(server.get("/no-such-file.js").0, 404);
}

#[tokio::test]
async fn sigterm_ends_it_in_time_with_a_goodbye() {
    let house = House::with_accounts();
    for signal in ["TERM", "INT"] {
        let server = house.run();
        let session = sign_in(&server.ws(), "admin", PASSWORD).await.unwrap();
        let (status, took) = server.signal(signal);
        assert_eq!(status.code(), Some(0), "{signal}");
        assert!(took < PROMISED, "{signal}: {took:?}");
        let closed = async {
            loop {
                if let ConnectionState::Closed(CloseReason::ByRouter { reason, .. }) = session.state() {
                    break reason;
                }
                tokio::task::yield_now().await;
            }
        };
        let reason = tokio::time::timeout(PATIENCE, closed).await.unwrap();
        assert_eq!(reason, "wamp.close.system_shutdown");
        assert!(!house.path().join("wamp.sock").exists());
    }
}

#[tokio::test]
async fn what_was_set_survives_kill_9() {
    let house = House::with_accounts();
    let server = house.run();
    let admin = sign_in(&server.ws(), "admin", PASSWORD).await.unwrap();
    let threshold = serde_json::json!({"area": "living_room", "quantity": "temperature", "high": 26.0});
    admin
        .call("config.thresholds.set")
        .kwargs(&threshold)
        .send()
        .await
        .unwrap();
    let (status, _) = server.signal("KILL");
    assert_eq!(status.code(), None);

    let server = house.run();
    let admin = sign_in(&server.ws(), "admin", PASSWORD).await.unwrap();
    let listed = admin.call("config.thresholds.list").send().await.unwrap();
    let thresholds: Vec<Value> = listed.value().unwrap();
    assert_eq!(thresholds.len(), 1);
    assert_eq!(thresholds[0]["high"], 26.0);
}

#[test]
fn one_hub_runs_on_a_house() {
    let house = House::with_accounts();
    let _server = house.run();
    let second = house.command(&["run", "--listen", "127.0.0.1:0", "--mqtt-listen", "127.0.0.1:0"], "");
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("another hub runs on the data directory"));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = House::new().command(&["run", "--listen", &address], "");
    assert_eq!(output.status.code(), Some(1));
    let expected = format!("domovoi: cannot listen on {address}: ");
    assert!(text(&output.stderr).starts_with(&expected), "{}", text(&output.stderr));
}

#[tokio::test]
async fn wamp_is_spoken_on_the_unix_socket() {
    let house = House::with_accounts();
    let server = house.run();
    let socket = server.ready["unix"].as_str().unwrap();
    let session = sign_in(&unix_url(socket.as_ref()), "admin", PASSWORD).await.unwrap();
    let devices: Vec<Value> = session.call("device.list").send().await.unwrap().value().unwrap();
    assert!(devices.is_empty());
}

#[test]
fn a_backup_is_made_while_the_hub_runs_and_restored_while_it_does_not() {
    let house = House::with_accounts();
    let file = house.path().join("../backup.db");
    let file = file.to_str().unwrap();
    let server = house.run();
    let made = house.command(&["backup", file], "");
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let report: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(report["verified"], true);

    let refused = house.command(&["restore", file], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("another hub runs"));
    server.signal("TERM");

    house.command(&["user", "remove", "viewer"], "");
    std::fs::write(house.path().join("../nonsense.db"), "nonsense").unwrap();
    let nonsense = house.path().join("../nonsense.db");
    let refused = house.command(&["restore", nonsense.to_str().unwrap()], "");
    assert_eq!(refused.status.code(), Some(1));
    let restored = house.command(&["restore", file], "");
    assert_eq!(restored.status.code(), Some(0), "{}", text(&restored.stderr));
    let report: Value = serde_json::from_slice(&restored.stdout).unwrap();
    assert!(std::path::Path::new(report["kept"].as_str().unwrap()).exists());
    assert!(text(&house.command(&["user", "list"], "").stdout).contains("viewer"));
}

#[tokio::test]
async fn a_service_whose_session_is_ended_comes_back() {
    let house = House::with_accounts();
    let server = house.run();
    let admin = sign_in(&server.ws(), "admin", PASSWORD).await.unwrap();
    let mut changes = admin.subscribe("status.change").open().await.unwrap();
    for service in ["discovery", "accounts"] {
        admin
            .call("wamp.session.kill_by_authid")
            .args(&(service,))
            .send()
            .await
            .unwrap();
    }
    let mut back = std::collections::BTreeSet::new();
    while back.len() < 2 {
        let change = tokio::time::timeout(PATIENCE, changes.next()).await.unwrap().unwrap();
        let change: Value = change.kwargs().unwrap();
        if change["status"] == "running" {
            back.insert(change["component"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(server.get("/healthz").0, 200);
    admin.call("device.list").send().await.unwrap();
    admin.call("account.remember").send().await.unwrap();
}

#[tokio::test]
async fn a_service_runs_as_a_process_of_its_own() {
    let house = House::with_accounts();
    house.add_account("far-away", "service");
    house.configure("elsewhere = [\"system\"]\n");
    let server = house.run();
    let admin = sign_in(&server.ws(), "admin", PASSWORD).await.unwrap();
    let missing = admin.call("get.time").send().await.unwrap_err();
    assert_eq!(missing.uri(), Some("wamp.error.no_such_procedure"));

    let elsewhere = House::new();
    std::fs::create_dir_all(elsewhere.path()).unwrap();
    let secret = elsewhere.path().join("secret.txt");
    std::fs::write(&secret, format!("{PASSWORD}\n")).unwrap();
    let (url, data_dir) = (server.ws(), elsewhere.path());
    let service = Server::start(&[
        "service",
        "system",
        "--url",
        &url,
        "--authid",
        "far-away",
        "--secret-file",
        secret.to_str().unwrap(),
        "--data-dir",
        data_dir.to_str().unwrap(),
    ]);
    assert_eq!(service.ready["service"], "system");
    admin.call("get.time").send().await.unwrap();
    let (status, took) = service.signal("TERM");
    assert_eq!(status.code(), Some(0));
    assert!(took < PROMISED, "{took:?}");
}

#[test]
fn a_taken_mqtt_port_stops_nothing_else() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let house = House::with_accounts();
    let server = house.run_with(&["--mqtt-listen", &address]);
    assert_eq!(server.ready.get("mqtt"), None);
    let (status, body) = server.get("/healthz");
    assert_eq!(status, 503);
    let health: Value = serde_json::from_str(&body).unwrap();
    assert!(
        health["components"]["mqtt"]["detail"]
            .as_str()
            .unwrap()
            .contains(&address),
        "{body}"
    );
    assert_eq!(health["components"]["thermostat"]["status"], "running");
    drop(taken);
    let began = std::time::Instant::now();
    while server.get("/healthz").0 != 200 {
        assert!(began.elapsed() < PATIENCE, "the MQTT server did not come back");
        std::thread::sleep(Duration::from_millis(50));
    }
}
