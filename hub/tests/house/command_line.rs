//! Exit codes and the one clear sentence.

use super::program::{House, finish, text};

#[test]
fn wrong_usage_is_one_sentence_and_exit_code_64() {
    for (arguments, sentence) in [
        (&["fly"][..], "domovoi: unrecognized subcommand 'fly'"),
        (&[], "domovoi: say what to do; domovoi --help lists the commands"),
        (
            &["router"],
            "domovoi: say where to listen: --listen ADDR:PORT, or listen in the configuration",
        ),
        (
            &["run", "--demo-speed", "9"],
            "domovoi: the following required arguments were not provided: --demo",
        ),
        (
            &["call", "x", "--password-stdin"],
            "domovoi: the following required arguments were not provided: --authid <NAME>",
        ),
        (
            &["call", "x", "--authid", "ann"],
            "domovoi: there is no password for ann: set DOMOVOI_PASSWORD, or say --password-stdin or --secret-file FILE",
        ),
        (
            &["run", "--log-level", "[", "--data-dir", "/nonexistent"],
            "domovoi: \"[\" is not a log level: ",
        ),
        (
            &["check", "--log-level", "wran", "--data-dir", "/nonexistent"],
            "domovoi: \"wran\" is not a log level: say off, error, warn, info, debug, trace, or levels by part",
        ),
        (
            &["call", "x", "--url", "garbage"],
            "domovoi: invalid value 'garbage' for '--url <URL>': an address begins with ws://",
        ),
        (
            &["publish", "x", "--url", "http://hub.local:8080"],
            "domovoi: invalid value 'http://hub.local:8080' for '--url <URL>': WAMP is spoken over WebSocket: say ws://",
        ),
        (
            &["subscribe", "x", "--url", "ws://:1"],
            "domovoi: invalid value 'ws://:1' for '--url <URL>': say ws://HOST:PORT/ws",
        ),
        (
            &["call", "bad uri", "--url", "ws://127.0.0.1:1/ws"],
            "domovoi: \"bad uri\" is not a URI: ",
        ),
        (
            &["publish", "a..b", "--url", "ws://127.0.0.1:1/ws"],
            "domovoi: \"a..b\" is not a URI: ",
        ),
        (
            &["subscribe", "sensor.", "--url", "ws://127.0.0.1:1/ws"],
            "domovoi: \"sensor.\" is not a URI: ",
        ),
        (
            &["call", "x", "--realm", "bad realm"],
            "domovoi: invalid value 'bad realm' for '--realm <REALM>': it is not a URI",
        ),
        (
            &["router", "--listen", "127.0.0.1:0", "--realm", "bad realm"],
            "domovoi: realm \"bad realm\": name is not a URI",
        ),
        (
            &["router", "--listen", "127.0.0.1:0", "--realm", "a", "--realm", "a"],
            "domovoi: --realm a is there twice",
        ),
        (
            &["run", "--listen", ":8080"],
            "domovoi: invalid value ':8080' for '--listen <ADDR:PORT>': say ADDR:PORT, such as 127.0.0.1:8080",
        ),
    ] {
        let output = finish(arguments, "");
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        let said = text(&output.stderr);
        assert!(said.starts_with(sentence), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_wrong_address_leaves_no_database_behind() {
    let house = House::new();
    let output = house.command(&["service", "logger", "--url", "http://foo"], "");
    assert_eq!(output.status.code(), Some(64));
    assert!(!house.path().exists());
}

#[test]
fn the_help_says_how_long_a_password_is() {
    let output = finish(&["user", "add", "--help"], "");
    assert!(text(&output.stdout).contains("at least 8 characters"));
}

#[test]
fn help_and_version_are_no_failure() {
    for arguments in [&["--help"][..], &["--version"], &["run", "--help"]] {
        let output = finish(arguments, "");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty());
    }
}

#[test]
fn a_typo_in_the_configuration_is_named_before_anything_runs() {
    let house = House::new();
    house.configure("[logger]\ncommit_secs = 5\n");
    let path = house.path();
    let sentence = format!(
        "domovoi: {}, line 2: there is no key \"commit_secs\"; did you mean \"commit_seconds\"?",
        path.join("domovoi.toml").display()
    );
    for command in ["run", "check"] {
        let output = house.command(&[command], "");
        assert_eq!(output.status.code(), Some(64), "{command}");
        assert_eq!(text(&output.stderr), sentence);
        assert!(!path.join("domovoi.db").exists());
    }
}

#[test]
fn a_configuration_that_is_not_there_is_named() {
    let output = finish(&["run", "--config", "/nonexistent/domovoi.toml"], "");
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).starts_with("domovoi: cannot read the configuration /nonexistent/domovoi.toml: "));
}

#[test]
fn accounts_are_made_listed_and_removed_without_the_hub() {
    let house = House::with_accounts();
    let listed = house.command(&["user", "list"], "");
    assert_eq!(
        text(&listed.stdout),
        "{\"name\":\"admin\",\"role\":\"admin\"}\n{\"name\":\"user\",\"role\":\"user\"}\n{\"name\":\"viewer\",\"role\":\"viewer\"}"
    );
    for (arguments, input, said) in [
        (
            &["user", "add", "ann", "--role", "service", "--password-stdin"][..],
            "correct horse",
            "The account ann is made; its role is service.",
        ),
        (
            &["user", "passwd", "ann", "--password-stdin"],
            "battery staple",
            "The account ann has its new password.",
        ),
        (&["user", "remove", "ann"], "", "The account ann is removed."),
    ] {
        let output = house.command(arguments, input);
        assert_eq!(text(&output.stdout), said, "{}", text(&output.stderr));
    }
    for (arguments, input, code, sentence) in [
        (
            &["user", "add", "user", "--role", "user", "--password-stdin"][..],
            "correct horse",
            1,
            "domovoi: there is an account named user already",
        ),
        (
            &["user", "add", "eve", "--role", "user", "--password-stdin"],
            "short",
            64,
            "domovoi: password must have at least 8 characters",
        ),
        (
            &["user", "add", "e v e", "--role", "user", "--password-stdin"],
            "correct horse",
            64,
            "domovoi: name must be 1 to 64 characters without spaces, and not one the hub uses itself (\"e v e\" is not)",
        ),
        (
            &["user", "remove", "eve"],
            "",
            1,
            "domovoi: there is no account named eve",
        ),
        (
            &["user", "remove", "admin"],
            "",
            1,
            "domovoi: admin is the last admin; add another admin first",
        ),
        (
            &["user", "passwd", "eve", "--password-stdin"],
            "correct horse",
            1,
            "domovoi: there is no account named eve",
        ),
        (&["user", "remove", "viewer"], "", 0, ""),
    ] {
        let output = house.command(arguments, input);
        assert_eq!(text(&output.stderr), sentence, "{arguments:?}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn check_says_how_the_house_is() {
    let house = House::new();
    let output = house.command(&["check"], "");
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text(&output.stdout).contains("the first start makes one"),
        "{}",
        text(&output.stdout)
    );
    house.add_account("ann", "admin");
    house.configure("listen = \"0.0.0.0:8080\"\n[mqtt]\nlisten = \"0.0.0.0:1883\"\n");
    let said = house.command(&["check"], "").stdout;
    let said = text(&said);
    for sentence in [
        "is right.",
        "everybody who reaches 0.0.0.0:1883",
        "is undamaged.",
        "There is one account.",
    ] {
        assert!(said.contains(sentence), "{said}");
    }
    std::fs::write(
        house.path().join("domovoi.db"),
        "this is no database, however long it may be",
    )
    .unwrap();
    assert_eq!(house.command(&["check"], "").status.code(), Some(1));
}
