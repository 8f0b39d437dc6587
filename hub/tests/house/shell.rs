//! WAMP at the shell.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use super::program::{House, PASSWORD, Server, domovoi, finish, text};

fn shell(server: &Server, arguments: &[&str]) -> std::process::Output {
    let url = server.ws();
    let mut all = arguments.to_vec();
    all.extend(["--url", &url, "--authid", "admin", "--password-stdin"]);
    finish(&all, PASSWORD)
}

#[test]
fn results_are_json_and_refusals_are_named() {
    let house = House::with_accounts();
    let server = house.run();
    let listed = shell(&server, &["call", "device.list"]);
    assert_eq!(text(&listed.stdout), "[]", "{}", text(&listed.stderr));
    assert_eq!(listed.status.code(), Some(0));

    let set = [
        "call",
        "config.thresholds.set",
        "--kw",
        "area=living_room",
        "--kw",
        "quantity=temperature",
        "--kw",
        "high=26",
    ];
    let set = shell(&server, &set);
    assert_eq!(set.status.code(), Some(0), "{}", text(&set.stderr));

    for (arguments, uri) in [
        (
            &["call", "dcs.fan.control", "true"][..],
            "homeapp.error.hardware_not_found: ",
        ),
        (&["call", "no.such.procedure"], "wamp.error.no_such_procedure"),
        (
            &[
                "call",
                "config.thresholds.set",
                "--kw",
                "area=x",
                "--kw",
                "quantity=temperature",
                "--kw",
                "low=30",
                "--kw",
                "high=20",
            ],
            "wamp.error.invalid_argument: ",
        ),
    ] {
        let refused = shell(&server, arguments);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        let said = text(&refused.stderr);
        assert!(said.starts_with(&format!("domovoi: {uri}")), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn progressive_results_are_lines() {
    let house = House::with_accounts();
    let server = house.run();
    let found = shell(&server, &["call", "discover.devices", "--kw", "seconds=1"]);
    assert_eq!(found.status.code(), Some(0), "{}", text(&found.stderr));
    let last = text(&found.stdout).lines().last().unwrap().to_owned();
    assert!(serde_json::from_str::<Value>(&last).unwrap().is_array(), "{last}");
}

#[test]
fn what_is_published_is_seen_by_who_subscribes() {
    let house = House::with_accounts();
    let server = house.run();
    let mut subscriber = domovoi(&["subscribe", "sensor.", "--match", "prefix", "--count", "1"])
        .args(["--url", &server.ws(), "--authid", "viewer"])
        .env("DOMOVOI_PASSWORD", PASSWORD)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Publishing goes on until the subscriber, which may not have joined yet, has had one.
    let mut line = String::new();
    std::thread::scope(|scope| {
        let lines = scope.spawn(|| {
            let mut line = String::new();
            BufReader::new(subscriber.stdout.take().unwrap())
                .read_line(&mut line)
                .unwrap();
            line
        });
        while !lines.is_finished() {
            let sent = shell(
                &server,
                &["publish", "sensor.events", "--kw", "sensorId=25", "--kw", "temp=27"],
            );
            assert_eq!(sent.status.code(), Some(0), "{}", text(&sent.stderr));
        }
        line = lines.join().unwrap();
    });
    assert!(subscriber.wait().unwrap().success());
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        event,
        json!({"topic": "sensor.events", "kwargs": {"sensorId": 25, "temp": 27}})
    );
}

#[test]
fn whoever_has_to_sign_in_is_told_how() {
    let house = House::with_accounts();
    let server = house.run();
    let url = server.ws();
    let refused = finish(&["call", "device.list", "--url", &url], "");
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(
        text(&refused.stderr),
        format!(
            "domovoi: {url}: this realm is for who signs in: sign in with --authid NAME and the password in \
             DOMOVOI_PASSWORD"
        )
    );
}

#[test]
fn the_path_of_the_websocket_is_added_or_hinted_at() {
    let house = House::with_accounts();
    let server = house.run();
    let call = |url: &str| {
        let arguments = [
            "call",
            "device.list",
            "--url",
            url,
            "--authid",
            "admin",
            "--password-stdin",
        ];
        finish(&arguments, PASSWORD)
    };
    let added = call(&format!("ws://{}", server.http()));
    assert_eq!(text(&added.stdout), "[]", "{}", text(&added.stderr));
    let elsewhere = call(&format!("ws://{}/", server.http()));
    assert_eq!(elsewhere.status.code(), Some(1));
    let said = text(&elsewhere.stderr);
    assert!(said.contains("HTTP 200") && said.contains("at /ws"), "{said}");
}

#[test]
fn a_wrong_password_and_a_missing_router_are_told() {
    let house = House::with_accounts();
    let server = house.run();
    let url = server.ws();
    let refused = finish(
        &[
            "call",
            "device.list",
            "--url",
            &url,
            "--authid",
            "admin",
            "--password-stdin",
        ],
        "wrong horse",
    );
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).starts_with(&format!("domovoi: {url}: the router refused the session")));
    server.signal("TERM");
    let gone = finish(&["call", "device.list", "--url", &url], "");
    assert_eq!(gone.status.code(), Some(1));
    assert!(
        text(&gone.stderr).starts_with(&format!("domovoi: {url}: cannot reach the router")),
        "{}",
        text(&gone.stderr)
    );
}
