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
    assert!(text(&refused.stderr).ends_with("nonsense.db is not a backup: it holds something else"));
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
fn a_service_of_somebody_who_is_no_service_does_not_start() {
    let house = House::with_accounts();
    house.configure("elsewhere = [\"logger\"]\n[realm]\nanonymous = \"admin\"\n");
    let server = house.run();
    let elsewhere = House::new();
    for (authid, role) in [(Some("admin"), "admin"), (None, "anonymous")] {
        let url = server.ws();
        let mut arguments = vec!["service", "logger", "--url", &url];
        if let Some(authid) = authid {
            arguments.extend(["--authid", authid, "--password-stdin"]);
        }
        let refused = elsewhere.command(&arguments, PASSWORD);
        assert_eq!(refused.status.code(), Some(1));
        assert_eq!(
            text(&refused.stderr),
            format!(
                "domovoi: {url}: this session has the role {role:?}, and a service needs the role service: make an \
                 account on the hub with `domovoi user add NAME --role service`, and name it here with --authid NAME"
            )
        );
        assert!(!elsewhere.path().exists(), "a database is made all the same");
    }
}

#[tokio::test]
async fn health_tells_of_a_service_what_the_status_tells() {
    let house = House::with_accounts();
    let server = house.run();
    let admin = sign_in(&server.ws(), "admin", PASSWORD).await.unwrap();
    let at = house_time_ahead();
    let said = serde_json::json!({"component": "discovery", "status": "waiting", "detail": "for tea", "at": at});
    let began = std::time::Instant::now();
    loop {
        admin
            .publish("status.change")
            .kwargs(&said)
            .acknowledge()
            .send()
            .await
            .unwrap();
        let (status, body) = server.get("/healthz");
        let health: Value = serde_json::from_str(&body).unwrap();
        let shown = &health["components"]["discovery"];
        if (&shown["status"], &shown["detail"]) == (&said["status"], &said["detail"]) {
            assert_eq!(status, 200, "to wait is no failure");
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{body}");
    }
    let status: Value = admin.call("get.status").send().await.unwrap().kwargs().unwrap();
    let components = status["components"].as_array().unwrap();
    let discovery = components.iter().find(|one| one["component"] == "discovery").unwrap();
    assert_eq!(discovery["status"], "waiting");
}

/// In milliseconds, later than whatever has started by now.
fn house_time_ahead() -> u64 {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    u64::try_from(now.as_millis()).unwrap() + 60_000
}

#[test]
fn a_taken_mqtt_port_stops_nothing_else() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let house = House::with_accounts();
    let server = house.run_with(&["--mqtt-listen", &address]);
    assert_eq!(server.ready.get("mqtt"), Some(&Value::Null));
    let fault = server.ready["mqtt_fault"].as_str().unwrap();
    assert!(fault.contains(&address), "{fault}");
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

#[test]
fn a_restore_that_fails_says_why_and_leaves_nothing_behind() {
    let house = House::with_accounts();
    let backup = house.path().join("../backup.db");
    house.command(&["backup", backup.to_str().unwrap()], "");
    let octets = std::fs::read(&backup).unwrap();
    let cut = house.path().join("../cut.db");
    std::fs::write(&cut, &octets[..octets.len() / 2]).unwrap();
    let elsewhere = House::new();
    let cut = cut.to_str().unwrap();
    for (file, begin, end) in [
        (
            cut,
            format!("domovoi: the backup {cut} is damaged ("),
            "); take another one",
        ),
        (
            "/nonexistent/file",
            "domovoi: there is no file /nonexistent/file".to_owned(),
            "file",
        ),
    ] {
        let failed = elsewhere.command(&["restore", file], "");
        assert_eq!(failed.status.code(), Some(1));
        let said = text(&failed.stderr);
        assert!(said.starts_with(&begin) && said.ends_with(end), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!elsewhere.path().exists(), "{file} leaves something behind");
    }
    let beside = std::fs::read_dir(house.path().join("..")).unwrap().count();
    assert_eq!(beside, 3, "the house, the backup and the cut one");
}

#[test]
fn damaged_data_is_one_sentence_with_the_file_and_what_helps() {
    let house = House::with_accounts();
    let file = house.path().join("domovoi.db");
    let whole = std::fs::read(&file).unwrap();
    // The first page is left as it is: what is in the tables is damaged, here or there.
    for from in [4096, whole.len() / 2] {
        let mut damaged = whole.clone();
        damaged[from..].fill(0xa5);
        std::fs::write(&file, damaged).unwrap();
        let begin = format!("domovoi: the database {} is damaged (", file.display());
        for command in [
            &["check"][..],
            &["run", "--listen", "127.0.0.1:0", "--mqtt-listen", "127.0.0.1:0"],
        ] {
            if command[0] == "run" && from > 4096 {
                // What is damaged may be a table that is not read at the start.
                continue;
            }
            let output = house.command(command, "");
            assert_eq!(output.status.code(), Some(1), "{command:?}");
            let said = text(&output.stderr);
            assert!(said.starts_with(&begin), "{said}");
            assert!(
                said.ends_with("); put a backup in its place with `domovoi restore FILE`"),
                "{said}"
            );
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
}
