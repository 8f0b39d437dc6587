use super::*;

const EXAMPLE: &str = include_str!("../../../domovoi.example.toml");

/// The example with every key that is off by default switched on.
fn all_switched_on() -> String {
    let is_key = |line: &str| {
        let rest = line.strip_prefix('#').unwrap_or(line);
        rest.starts_with('[') || rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
    };
    let line = |line: &'static str| {
        if is_key(line) {
            line.strip_prefix('#').unwrap_or(line)
        } else {
            ""
        }
    };
    EXAMPLE.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The keys a table takes, by asking for one it does not.
fn keys_of(table: &str) -> Vec<String> {
    let probe = format!("{table}\nno_such_key = 1");
    let error = toml::from_str::<Config>(&probe).unwrap_err();
    let (_, known) = fault::unknown_key(error.message()).unwrap_or_else(|| panic!("{table}: {error}"));
    known.into_iter().map(str::to_owned).collect()
}

#[test]
fn the_example_says_what_holds_without_it() {
    assert_eq!(parse::<Config>(EXAMPLE).unwrap(), Config::default());
}

#[test]
fn the_example_with_everything_switched_on_is_right_too() {
    let config = parse::<Config>(&all_switched_on()).unwrap();
    assert!(config.realm.anonymous.is_some() && config.mqtt.url.is_some() && config.notifier.token.is_some());
    assert_eq!(config.mqtt.users.len(), 1);
}

#[test]
fn the_example_lists_every_key() {
    let example: toml::Table = toml::from_str(&all_switched_on()).unwrap();
    for key in keys_of("") {
        let value = example
            .get(&key)
            .unwrap_or_else(|| panic!("{key} is not in the example"));
        if let Some(table) = value.as_table() {
            for inner in keys_of(&format!("[{key}]")) {
                assert!(table.contains_key(&inner), "{key}.{inner} is not in the example");
            }
        }
    }
}

#[test]
fn faults_name_the_line_and_the_key() {
    for (text, expected) in [
        (
            "elsewhere = [\"termostat\"]",
            "line 1, key \"elsewhere\": \"termostat\" is not a service; the services are discovery, logger, notifier, \
             system, thresholds, device-control, mqtt, ble, mdns, simulated, thermostat, humidity-fan",
        ),
        (
            "lisen = \"127.0.0.1:80\"",
            "line 1: there is no key \"lisen\"; did you mean \"listen\"?",
        ),
        (
            "\n[mqtt]\nenabeld = true",
            "line 3: there is no key \"enabeld\"; did you mean \"enabled\"?",
        ),
        (
            "[ble]\ncolour = 1",
            "line 2: there is no key \"colour\"; the keys here are enabled, adapter, restart_after_seconds, keys",
        ),
        (
            "[logger]\ncommit_seconds = \"5\"",
            "line 2, key \"commit_seconds\": invalid type: string \"5\", expected u64",
        ),
        (
            "[mqtt]\nurl = \"192.168.1.5\"",
            "line 2, key \"url\": an MQTT server's address starts with mqtt:// or mqtts://",
        ),
        (
            "[notifier]\nurl = \"ntfy.sh/x\"",
            "line 2, key \"url\": an address begins with https:// or http://",
        ),
        (
            "[realm]\nanonymous = \"root\"",
            "line 2, key \"anonymous\": \"root\" is not a role; the roles are admin, user and viewer",
        ),
        (
            "[log]\nlevel = \"loud\"",
            "line 2, key \"level\": \"loud\" is not a log level: say off, error, warn, info, debug, trace, or levels \
             by part such as info,wamp_router=debug",
        ),
        (
            "[limits]\nmessage_octets = 1",
            "line 2, key \"message_octets\": 1 is too little: at least 4096",
        ),
        (
            "[limits]\nhandshake_seconds = 0",
            "line 2, key \"handshake_seconds\": 0 is too little: at least 1",
        ),
        (
            "[keep_alive]\nping_seconds = 0",
            "line 2, key \"ping_seconds\": 0 is too little: at least 1",
        ),
        (
            "[logger]\ncommit_seconds = 0",
            "line 2, key \"commit_seconds\": 0 is too little: at least 1",
        ),
        (
            "[logger]\ncommit_seconds = 100000",
            "line 2, key \"commit_seconds\": 100000 is too much: at most 3600",
        ),
        (
            "listen = \":8080\"",
            "line 1, key \"listen\": say ADDR:PORT, such as 127.0.0.1:8080, or 0.0.0.0:8080 for every network",
        ),
        (
            "trusted_proxies = [\"10.0.0.0/33\"]",
            "line 1, key \"trusted_proxies\": \"10.0.0.0/33\" is neither an address such as \"192.168.1.5\" nor a \
             network such as \"10.0.0.0/8\"",
        ),
        ("[[mqtt.users]]\nname = \"a\"", "line 1: missing field `password`"),
    ] {
        assert_eq!(parse::<Config>(text).unwrap_err(), expected);
    }
    let unfinished = parse::<Config>("listen = ").unwrap_err();
    assert!(unfinished.starts_with("line 1, key \"listen\": "), "{unfinished}");
}

#[test]
fn the_port_may_be_said_of_localhost() {
    let config = parse::<Config>("listen = \"localhost:80\"\n[mqtt]\nlisten = \"localhost:1883\"").unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:80");
    assert_eq!(config.mqtt.listen.unwrap().to_string(), "127.0.0.1:1883");
}

#[test]
fn what_is_probably_not_meant_is_told() {
    for (text, expected) in [
        (
            "[mqtt]\nurl = \"mqtt://h:1883\"\nlisten = \"127.0.0.1:1883\"",
            "[mqtt] listen is of no use, because the hub uses the server of [mqtt] url instead of its own",
        ),
        (
            "trusted_proxies = [\"10.0.0.1\", \"::/0\"]",
            "everybody is believed to be where they say, because trusted_proxies has ::/0",
        ),
        (
            "listen = \"0.0.0.0:80\"\n[realm]\nanonymous = \"admin\"",
            "everybody who reaches 0.0.0.0:80 may do what an admin may, because [realm] anonymous says so",
        ),
        (
            "listen = \"0.0.0.0:80\"\n[realm]\nanonymous = \"user\"",
            "everybody who reaches 0.0.0.0:80 may do what a user may, because [realm] anonymous says so",
        ),
    ] {
        assert_eq!(parse::<Config>(text).unwrap().warnings(), [expected]);
    }
}
