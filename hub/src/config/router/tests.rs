use wamp_protocol::auth::scram::Dialect;
use wamp_router::authorization::{Action, Authorizer, Request, Rules};

use super::super::{fault, parse};
use super::*;

const EXAMPLE: &str = include_str!("../../../../docs/router.example.toml");

/// The example with every key that is off by default switched on.
fn all_switched_on() -> String {
    let line = |line: &'static str| {
        let rest = line.strip_prefix('#').unwrap_or(line);
        let is_key = rest.starts_with('[') || rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
        if is_key { rest } else { "" }
    };
    EXAMPLE.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn config(text: &str) -> Result<RouterConfig, String> {
    let config: RouterConfig = parse(text)?;
    config.check()?;
    Ok(config)
}

#[test]
fn the_example_is_right_with_everything_on_and_off() {
    let plain = config(EXAMPLE).unwrap();
    assert_eq!(plain.limits, Limits::default());
    assert_eq!(plain.keep_alive, KeepAlive::default());
    assert_eq!(plain.log, Log::default());
    let full = config(&all_switched_on()).unwrap();
    assert!(full.tls.is_some() && full.unix.is_some() && full.realms[0].anonymous.is_some());
}

/// The keys a table takes, by asking for one it does not.
fn keys_of(table: &str) -> Vec<String> {
    let probe = format!("{table}\nno_such_key = 1");
    let error = toml::from_str::<RouterConfig>(&probe).unwrap_err();
    let (_, known) = fault::unknown_key(error.message()).unwrap_or_else(|| panic!("{table}: {error}"));
    known.into_iter().map(str::to_owned).collect()
}

/// Every key of the tables at `path`, whichever of them it stands in.
fn written(value: &toml::Value, path: &[&str]) -> Vec<String> {
    let tables: Vec<&toml::Value> = match value {
        toml::Value::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    tables
        .into_iter()
        .flat_map(|table| match path.split_first() {
            None => table.as_table().unwrap().keys().cloned().collect(),
            Some((key, rest)) => table.get(*key).map(|inner| written(inner, rest)).unwrap_or_default(),
        })
        .collect()
}

#[test]
fn the_example_lists_every_key() {
    let example: toml::Value = toml::from_str(&all_switched_on()).unwrap();
    for (table, path) in [
        ("", &[][..]),
        ("[tls]", &["tls"]),
        ("[keep_alive]", &["keep_alive"]),
        ("[log]", &["log"]),
        ("[limits]", &["limits"]),
        ("[[realm]]", &["realm"]),
        ("[[realm]]\n[[realm.role]]", &["realm", "role"]),
        (
            "[[realm]]\n[[realm.role]]\n[[realm.role.permission]]",
            &["realm", "role", "permission"],
        ),
        (
            "[[realm]]\n[[realm.role]]\n[realm.role.authorizer]",
            &["realm", "role", "authorizer"],
        ),
        ("[[realm]]\n[[realm.keep_newest]]", &["realm", "keep_newest"]),
        ("[[realm]]\n[realm.authenticator]", &["realm", "authenticator"]),
        ("[[realm]]\n[[realm.user]]", &["realm", "user"]),
        (
            "[[realm]]\n[[realm.user]]\n[realm.user.wampcra]",
            &["realm", "user", "wampcra"],
        ),
        (
            "[[realm]]\n[[realm.user]]\n[realm.user.scram]",
            &["realm", "user", "scram"],
        ),
    ] {
        let written = written(&example, path);
        let aliases = ["stored-key", "server-key"];
        for key in keys_of(table).iter().filter(|key| !aliases.contains(&key.as_str())) {
            assert!(written.contains(key), "{table} {key} is not in the example");
        }
    }
}

#[test]
fn permissions_become_rules() {
    let realm = &config(EXAMPLE).unwrap().realms[0];
    let rules = Rules::new(realm.roles.iter().flat_map(RouterRole::rules));
    let permits = |authrole: &str, action, uri: &str| {
        rules.permits(&Request {
            authid: "x",
            authrole,
            action,
            uri: &uri.into(),
            match_policy: wamp_protocol::MatchPolicy::Exact,
        })
    };
    assert!(permits("backend", Action::Register, "com.example.public.secret"));
    assert!(permits("guest", Action::Call, "com.example.public.add"));
    assert!(!permits("guest", Action::Call, "com.example.public.secret"));
    assert!(!permits("guest", Action::Register, "com.example.public.add"));
    assert!(!permits("guest", Action::Call, "com.example.private"));
}

#[test]
fn users_keep_what_they_sign_in_by() {
    let realm = &config(EXAMPLE).unwrap().realms[0];
    let user = |name| realm.users.iter().find(|user| user.name == name).unwrap().stored(None);
    let joe = user("joe");
    assert_eq!(joe.ticket.as_deref(), Some("a long secret"));
    assert!(joe.scram.get(Dialect::Specification).is_some() && joe.scram.get(Dialect::Autobahn).is_some());
    let ann = user("ann");
    assert_eq!(ann.ticket.as_deref(), Some("a long ticket"));
    assert!(ann.wampcra.unwrap().1.is_some());
    assert_eq!(ann.cryptosign.len(), 1);
    let eve = user("eve");
    assert!(eve.scram.get(Dialect::Specification).is_none());
    assert!(eve.scram.get(Dialect::Autobahn).is_some());
}

#[test]
fn with_a_decoy_secret_salts_outlive_a_restart() {
    let salts = |decoy_secret| {
        let joe = RouterUser {
            secret: Some("a long secret".to_owned()),
            ..RouterUser::new("joe", "backend")
        };
        let scram = joe.stored(decoy_secret).scram;
        [Dialect::Specification, Dialect::Autobahn].map(|dialect| scram.get(dialect).unwrap().salt.clone())
    };
    let kept = Some(Hex32([1; 32]));
    assert_eq!(salts(kept), salts(kept));
    assert_ne!(salts(kept), salts(Some(Hex32([2; 32]))));
    assert_ne!(salts(None), salts(None));
}

#[test]
fn faults_name_the_realm_and_the_key() {
    let realm = "[[realm]]\nname = \"r\"\n";
    let role = "[[realm.role]]\nname = \"a\"\n";
    for (text, expected) in [
        (
            format!("{realm}anonimous = \"a\""),
            "line 3: there is no key \"anonimous\"; did you mean \"anonymous\"?",
        ),
        (
            format!("{realm}anonymous = \"b\"\n{role}"),
            "realm \"r\": anonymous: there is no role \"b\"; the roles of this realm are a",
        ),
        (
            format!("{realm}{role}[[realm.user]]\nname = \"joe\"\nrole = \"b\"\nsecret = \"s\""),
            "realm \"r\": user \"joe\": role: there is no role \"b\"; the roles of this realm are a",
        ),
        (
            format!("{realm}[[realm.user]]\nname = \"joe\"\nrole = \"b\""),
            "realm \"r\": user \"joe\": there is nothing to sign in by: secret, ticket, wampcra, scram or cryptosign",
        ),
        (
            format!("{realm}[[realm.user]]\nname = \"joe\"\nrole = \"b\"\ncryptosign = [\"ab\"]"),
            "line 6, key \"cryptosign\": say it in 64 hexadecimal digits",
        ),
        (
            format!("{realm}{role}[[realm.role.permission]]\nuri = \"a.\"\nallow = [\"call\"]"),
            "realm \"r\": role \"a\", permission for \"a.\": uri is not one that could match exact",
        ),
        (
            format!("{realm}{role}[[realm.role.permission]]\nuri = \"a\""),
            "realm \"r\": role \"a\", permission for \"a\": say what to allow or to deny: call, register, publish, subscribe",
        ),
        (
            format!("{realm}{role}[[realm.role.permission]]\nuri = \"a\"\nallow = [\"cal\"]"),
            "line 7, key \"allow\": unknown variant `cal`, expected one of `call`, `register`, `publish`, `subscribe`",
        ),
        (
            format!("{realm}[[realm.keep_newest]]\ntopic = \"a.\"\nevents = 1"),
            "realm \"r\": keep_newest: \"a.\" is not a topic that could match exact",
        ),
        (
            format!("{realm}[[realm.keep_newest]]\ntopic = \"a\"\nevents = 0"),
            "line 5, key \"events\": invalid value: integer `0`, expected a nonzero u32",
        ),
        (format!("{realm}{realm}"), "there are two realms named \"r\""),
        (
            format!("{realm}[realm.authenticator]\nprocedure = \"a\"\nmethods = [\"cookie\"]"),
            "line 5, key \"methods\": \"cookie\" is not a sign-in method; there are cryptosign, wamp-scram, scram, wampcra, \
             ticket",
        ),
        (
            format!("{realm}[realm.authenticator]\nprocedure = \"a\"\nrealm = \"s\""),
            "realm \"r\": authenticator: there is no realm \"s\"",
        ),
        (
            format!("{realm}{role}authorizer = {{ procedure = \"a b\" }}"),
            "realm \"r\": role \"a\", authorizer: procedure is not a URI",
        ),
        (
            format!(
                "{realm}{role}authorizer = {{ procedure = \"b\" }}\n[[realm.role.permission]]\nuri = \"a\"\ndeny = [\"call\"]"
            ),
            "realm \"r\": role \"a\": deny has no place beside authorizer, which decides about all that is not allowed",
        ),
        (
            "allowed_origins = [\"example.org\"]".to_owned(),
            "line 1, key \"allowed_origins\": \"example.org\" is not an origin such as \"https://example.org\", nor \"*\" \
             for all",
        ),
        (
            "trusted_proxies = [\"10.0.0.0/33\"]".to_owned(),
            "line 1, key \"trusted_proxies\": \"10.0.0.0/33\" is neither an address such as \"192.168.1.5\" nor a \
             network such as \"10.0.0.0/8\"",
        ),
        ("[tls]\ncertificate = \"a\"".to_owned(), "line 1: missing field `key`"),
    ] {
        assert_eq!(config(&text).unwrap_err(), expected);
    }
}

#[test]
fn a_role_of_the_command_line_may_do_everything_unless_the_file_says_what_it_may() {
    let mut realm = RouterRealm::new("r");
    realm.allow_everything("a");
    assert!(realm.roles.is_empty());
    realm.roles.push(RouterRole {
        everything: false,
        ..RouterRole::everything("b")
    });
    realm.allow_everything("a");
    realm.allow_everything("b");
    let everything: Vec<bool> = realm.roles.iter().map(|role| role.everything).collect();
    assert_eq!(everything, [false, true]);
}
