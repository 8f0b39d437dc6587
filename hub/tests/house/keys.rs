//! Programs that sign in by key, and know the hub by its own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use super::program::{House, PASSWORD, Server, domovoi, finish, text};
use super::tls::{certificate, tls_lines, url};

/// A new key pair in `dir`, of which `account` has the public half.
fn key_of(house: &House, account: &str, dir: &Path) -> String {
    let file = dir.join(format!("{account}.key"));
    let file = file.to_str().unwrap();
    let made = finish(&["key", file], "");
    let added = house.command(&["user", "key", "add", account, text(&made.stdout).trim()], "");
    assert!(added.status.success(), "{}", text(&added.stderr));
    file.to_owned()
}

fn call(url: &str, arguments: &[&str]) -> Output {
    let mut all = vec!["call", "device.list", "--url", url];
    all.extend(arguments);
    finish(&all, "")
}

#[test]
fn who_signs_in_by_key_can_insist_on_the_hubs() {
    let house = House::with_accounts();
    let dir = tempfile::tempdir().unwrap();
    let key = key_of(&house, "viewer", dir.path());
    let server = house.run();
    let router_key = server.ready["router_key"].as_str().unwrap().to_owned();
    for arguments in [
        &["--key", &key][..],
        &["--key", &key, "--router-key", &router_key],
        &["--key", &key, "--authid", "viewer", "--router-key", &router_key],
    ] {
        let called = call(&server.ws(), arguments);
        assert_eq!(text(&called.stdout), "[]", "{}", text(&called.stderr));
    }
    // The key is another's, or the hub is another.
    let another = "ab".repeat(32);
    for arguments in [
        &["--key", &key, "--authid", "admin"][..],
        &["--key", &key, "--router-key", &another],
    ] {
        let refused = call(&server.ws(), arguments);
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            text(&refused.stderr).contains("authentication_failed"),
            "{}",
            text(&refused.stderr)
        );
    }
    // A password has no such proof.
    let wrong = call(&server.ws(), &["--authid", "viewer", "--router-key", &router_key]);
    assert_eq!(wrong.status.code(), Some(64), "{}", text(&wrong.stderr));

    // The hub keeps it, for itself, and says it to its owner.
    server.signal("TERM");
    let file = house.path().join("router.key");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let checked = house.command(&["check"], "");
    let sentence = format!("Programs know the hub by the key {router_key}.");
    assert!(text(&checked.stdout).contains(&sentence), "{}", text(&checked.stdout));
    assert_eq!(house.run().ready["router_key"], router_key.as_str());
}

#[test]
fn a_house_runs_on_without_its_key_and_makes_no_other() {
    let house = House::with_accounts();
    let file = house.path().join("router.key");
    std::fs::write(&file, "damaged").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let key = key_of(&house, "viewer", dir.path());
    let log = dir.path().join("log");
    let server = house.run_with_log(&[], std::fs::File::create(&log).unwrap().into());
    assert!(server.ready.get("router_key").is_none(), "{}", server.ready);
    assert!(call(&server.ws(), &["--key", &key]).status.success());
    let insisting = call(&server.ws(), &["--key", &key, "--router-key", &"ab".repeat(32)]);
    assert_eq!(insisting.status.code(), Some(1));
    server.signal("TERM");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "damaged");
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.contains("the hub cannot prove who it is"), "{log}");
}

#[test]
fn a_service_elsewhere_signs_in_by_key_over_tls_and_knows_the_hub() {
    let house = House::with_accounts();
    house.add_account("far-away", "service");
    let dir = tempfile::tempdir().unwrap();
    let key = key_of(&house, "far-away", dir.path());
    let (certificate, tls_key, _) = certificate(dir.path());
    house.configure(&format!(
        "elsewhere = [\"system\"]\n{}",
        tls_lines(&certificate, &tls_key)
    ));
    let server = house.run();
    let elsewhere = House::new();
    let (url, data_dir) = (url(&server, "wss") + "/ws", elsewhere.path());
    let (certificate, data_dir) = (certificate.to_str().unwrap(), data_dir.to_str().unwrap());
    let arguments = |router_key| {
        let service = [
            "service",
            "system",
            "--url",
            &url,
            "--ca",
            certificate,
            "--data-dir",
            data_dir,
        ];
        [&service[..], &["--key", &key, "--router-key", router_key]].concat()
    };
    let another = "ab".repeat(32);
    let refused = finish(&arguments(&another), "");
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused.stderr));
    let service = Server::start(&arguments(server.ready["router_key"].as_str().unwrap()));
    assert_eq!(service.ready["service"], "system");
    // It is there for others, and does what it is for.
    let called = domovoi(&[
        "call",
        "get.time",
        "--authid",
        "admin",
        "--url",
        &url,
        "--ca",
        certificate,
    ])
    .env("DOMOVOI_PASSWORD", PASSWORD)
    .output()
    .unwrap();
    assert!(called.status.success(), "{}", text(&called.stderr));
    assert_eq!(service.signal("TERM").0.code(), Some(0));
}
