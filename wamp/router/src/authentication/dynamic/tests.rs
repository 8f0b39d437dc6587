use wamp_protocol::auth::scram::Dialect::{Autobahn, Specification};

use super::*;

fn answer(json: serde_json::Value) -> Value {
    serde_json::from_value(json).unwrap()
}

fn sign_in(authid: Option<&str>, method: AuthMethod) -> SignIn {
    SignIn {
        realm: "realm1".to_owned(),
        authid: authid.map(str::to_owned),
        method,
        authextra: Dict::default(),
        address: None,
    }
}

#[test]
fn a_role_alone_or_a_dict_says_who_somebody_is() {
    let asked = sign_in(Some("joe"), AuthMethod::Ticket);
    let of = |json| principal(&asked, &answer(json));
    let joe = of(serde_json::json!("user")).unwrap().unwrap();
    assert_eq!(
        (joe.authid.as_str(), joe.authrole.as_str(), joe.authprovider.as_str()),
        ("joe", "user", "dynamic")
    );
    let other = of(serde_json::json!({ "role": "user", "authid": "joseph", "provider": "ldap" }));
    let other = other.unwrap().unwrap();
    assert_eq!((other.authid.as_str(), other.authprovider.as_str()), ("joseph", "ldap"));
    for nobody in [serde_json::json!(null), serde_json::json!(false)] {
        assert_eq!(of(nobody), Ok(None));
    }
    for wrong in [
        serde_json::json!(true),
        serde_json::json!(7),
        serde_json::json!(""),
        serde_json::json!({}),
        serde_json::json!({ "role": 7 }),
    ] {
        assert!(of(wrong.clone()).is_err(), "{wrong}");
    }
    let keyed = sign_in(None, AuthMethod::Cryptosign);
    assert!(principal(&keyed, &answer(serde_json::json!("user"))).is_err());
}

#[test]
fn credentials_are_read_for_each_method() {
    let (key, salt) = ("ab".repeat(32), "0011223344556677");
    let right = [
        (AuthMethod::WampCra, serde_json::json!({ "secret": "s" })),
        (
            AuthMethod::WampCra,
            serde_json::json!({ "secret": "s", "salt": "x", "iterations": 100, "keylen": 32 }),
        ),
        (
            AuthMethod::Scram(Specification),
            serde_json::json!({ "kdf": "pbkdf2", "salt": salt, "iterations": 4096, "stored_key": key, "server_key": key }),
        ),
        (
            AuthMethod::Scram(Autobahn),
            serde_json::json!({
                "kdf": "argon2id-13", "salt": salt, "iterations": 4096, "memory": 512, "stored-key": key, "server-key": key
            }),
        ),
        (AuthMethod::Cryptosign, serde_json::json!({ "pubkey": key })),
        (
            AuthMethod::Cryptosign,
            serde_json::json!({ "authorized_keys": [key, key] }),
        ),
    ];
    for (method, json) in right {
        let read = credential(&sign_in(Some("joe"), method), &answer(json.clone()));
        assert!(read.is_ok(), "{json}: {read:?}");
    }
    let wrong = [
        (AuthMethod::WampCra, serde_json::json!("user")),
        (AuthMethod::WampCra, serde_json::json!({ "secret": 7 })),
        (
            AuthMethod::WampCra,
            serde_json::json!({ "secret": "s", "salt": "x", "iterations": -1 }),
        ),
        (AuthMethod::Scram(Specification), serde_json::json!({ "kdf": "bcrypt" })),
        (
            AuthMethod::Scram(Specification),
            serde_json::json!({ "kdf": "pbkdf2", "salt": salt, "iterations": 0, "stored_key": key, "server_key": key }),
        ),
        (
            AuthMethod::Scram(Specification),
            serde_json::json!({
                "kdf": "argon2id-13", "salt": salt, "iterations": 2, "memory": 512, "stored_key": key, "server_key": key
            }),
        ),
        (
            AuthMethod::Scram(Specification),
            serde_json::json!({ "kdf": "pbkdf2", "salt": "x", "iterations": 9, "stored_key": key, "server_key": key }),
        ),
        (AuthMethod::Cryptosign, serde_json::json!({ "pubkey": "ab" })),
        (AuthMethod::Cryptosign, serde_json::json!({ "authorized_keys": [7] })),
        (AuthMethod::Ticket, serde_json::json!({})),
    ];
    for (method, json) in wrong {
        let read = credential(&sign_in(Some("joe"), method), &answer(json.clone()));
        assert!(read.is_err(), "{json}");
    }
}
