use wamp_protocol::message::{Abort, WelcomeDetails};
use wamp_protocol::{Payload, SessionId, Value};

use super::*;

const NONCE: Nonce = [7; 32];
const PRIVATE_KEY: [u8; 32] = [5; 32];

fn all_credentials() -> [Credentials; 5] {
    let authid = || "anna".to_owned();
    [
        Credentials::Anonymous { authid: Some(authid()) },
        Credentials::Ticket {
            authid: authid(),
            ticket: "secret".to_owned(),
        },
        Credentials::Wampcra {
            authid: authid(),
            secret: "secret".to_owned(),
        },
        Credentials::Scram {
            authid: authid(),
            password: "secret".to_owned(),
        },
        Credentials::Cryptosign {
            authid: Some(authid()),
            private_key: PRIVATE_KEY,
        },
    ]
}

fn challenge(authmethod: &str, extra: Dict) -> Message {
    Challenge {
        authmethod: authmethod.to_owned(),
        extra,
    }
    .into()
}

fn receive(message: Message, credentials: &Credentials) -> Step {
    Joining::new(&"homeapp".into(), credentials, &NONCE, None).receive(message)
}

fn hello(joining: &Joining<'_>) -> HelloDetails {
    let Message::Hello(hello) = joining.hello("me/1") else {
        panic!("no HELLO")
    };
    hello.details
}

fn answered(step: Step) -> Authenticate {
    let Step::Answer(Message::Authenticate(answer)) = step else {
        panic!("{step:?}")
    };
    answer
}

fn welcome(authextra: Dict) -> Message {
    Welcome {
        session: SessionId::FIRST,
        details: WelcomeDetails {
            authextra,
            ..WelcomeDetails::default()
        },
    }
    .into()
}

#[test]
fn hello_offers_the_method_there_are_credentials_for() {
    let methods: [&[&str]; 5] = [
        &["anonymous"],
        &["ticket"],
        &["wampcra"],
        &["wamp-scram", "scram"],
        &["cryptosign"],
    ];
    for (credentials, methods) in all_credentials().iter().zip(methods) {
        let details = hello(&Joining::new(&"homeapp".into(), credentials, &NONCE, None));
        assert_eq!(details.authmethods, methods);
        assert_eq!(details.authid.as_deref(), Some("anna"));
        assert!(details.roles.callee.is_some_and(|callee| callee.has("call_canceling")));
    }
}

#[test]
fn a_wampcra_challenge_gets_the_answer_that_the_router_accepts() {
    let facts = auth::wampcra::Facts {
        authid: "anna",
        authrole: "user",
        authprovider: "static",
        nonce: "n",
        timestamp: "2026-11-22T19:00:00Z",
        session: SessionId::FIRST,
    };
    let asked = auth::wampcra::challenge(&facts, None);
    let [_, _, wampcra, ..] = all_credentials();
    let answer = answered(receive(asked.clone().into(), &wampcra));
    assert!(auth::wampcra::verify("secret", &asked, &answer));
}

#[test]
fn a_cryptosign_challenge_gets_the_answer_that_the_router_accepts() {
    let [.., credentials] = all_credentials();
    let realm = "homeapp".into();
    let mut joining = Joining::new(&realm, &credentials, &NONCE, None);
    let key = cryptosign::claimed_key(&hello(&joining).authextra).unwrap();
    let answer = answered(joining.receive(cryptosign::challenge(&[9; 32], None).into()));
    assert!(cryptosign::verify(&key, &[9; 32], None, &answer));
}

/// SCRAM up to the answer, and the WELCOME that the router gives to it.
fn scram<'a>(realm: &'a Uri, credentials: &'a Credentials, password: &str) -> (Joining<'a>, Option<Message>) {
    let kdf = scram::Kdf::Pbkdf2 {
        iterations: scram::MIN_ITERATIONS,
    };
    let dialect = scram::Dialect::Specification;
    let keys = scram::Keys::derive(password, vec![1; 16], kdf, dialect).unwrap();
    let mut joining = Joining::new(realm, credentials, &NONCE, None);
    let authextra = hello(&joining).authextra;
    let exchange = scram::Exchange::begin(dialect, "anna", &authextra, keys, &[3; 16]).unwrap();
    let answer = answered(joining.receive(exchange.challenge().into()));
    let proof = exchange.verify(&answer, None);
    (joining, proof.map(welcome))
}

#[test]
fn scram_proves_both_sides() {
    let [_, _, _, credentials, _] = all_credentials();
    let realm = "homeapp".into();
    let (mut joining, welcomed) = scram(&realm, &credentials, "secret");
    assert!(matches!(joining.receive(welcomed.unwrap()), Step::Joined(_)));
    let (_, refused) = scram(&realm, &credentials, "another");
    assert!(refused.is_none());
}

#[test]
fn a_router_that_does_not_know_the_password_is_left() {
    let [_, _, _, credentials, _] = all_credentials();
    let realm = "homeapp".into();
    let (mut joining, _) = scram(&realm, &credentials, "secret");
    assert!(matches!(joining.receive(welcome(Dict::default())), Step::Refused(refusal) if refusal.abort.is_some()));
    // One that asks for no proof gives none either.
    assert!(matches!(
        receive(welcome(Dict::default()), &credentials),
        Step::Refused(_)
    ));
}

#[test]
fn a_challenge_that_cannot_be_answered_is_aborted_with_a_sentence() {
    let [anonymous, ticket, wampcra, scram, cryptosign] = all_credentials();
    let mut without_end = Dict::default();
    without_end.insert("challenge", "x");
    without_end.insert("salt", "x");
    without_end.insert("iterations", u64::from(u32::MAX));
    for (credentials, challenge) in [
        (&anonymous, challenge("ticket", Dict::default())),
        (&anonymous, challenge("anonymous", Dict::default())),
        (&ticket, challenge("wampcra", Dict::default())),
        (&wampcra, challenge("wampcra", Dict::default())),
        (&wampcra, challenge("wampcra", without_end)),
        (&scram, challenge("scram", Dict::default())),
        (&cryptosign, challenge("cryptosign", Dict::default())),
    ] {
        let Step::Refused(refusal) = receive(challenge, credentials) else {
            panic!("no refusal")
        };
        assert!(refusal.message.is_some_and(|sentence| !sentence.is_empty()));
        assert!(matches!(refusal.abort.as_deref(), Some(Message::Abort(_))));
    }
}

#[test]
fn only_a_refusal_of_who_asks_is_final() {
    for (reason, is_final) in [
        (error_uri::AUTHENTICATION_FAILED, true),
        (error_uri::NO_SUCH_PRINCIPAL, true),
        (error_uri::NO_SUCH_REALM, false),
        (error_uri::CLOSE_SYSTEM_SHUTDOWN, false),
    ] {
        let mut details = Dict::default();
        details.insert("message", Value::from("why"));
        let abort = Abort {
            details,
            reason: reason.into(),
            payload: Payload::EMPTY,
        };
        let Step::Refused(refusal) = receive(abort.into(), &Credentials::default()) else {
            panic!("no refusal")
        };
        assert_eq!(
            (refusal.is_final(), refusal.message.as_deref()),
            (is_final, Some("why")),
            "{reason}"
        );
    }
}

#[test]
fn a_bound_sign_in_answers_for_its_connection_and_no_other_way() {
    let [.., credentials] = all_credentials();
    let realm = "homeapp".into();
    let channel = [4; 32];
    let joining = || Joining::new(&realm, &credentials, &NONCE, Some(channel));
    let mut bound = joining();
    let authextra = hello(&bound).authextra;
    assert_eq!(cryptosign::wants_binding(&authextra), Some(cryptosign::TLS_EXPORTER));
    let key = cryptosign::claimed_key(&authextra).unwrap();
    let challenge = cryptosign::challenge(&[9; 32], Some(cryptosign::TLS_EXPORTER));
    let answer = answered(bound.receive(challenge.into()));
    assert!(cryptosign::verify(&key, &[9; 32], Some(&channel), &answer));
    let unbound = joining().receive(cryptosign::challenge(&[9; 32], None).into());
    assert!(matches!(unbound, Step::Refused(refusal) if refusal.abort.is_some()));
}

#[test]
fn a_bound_scram_sign_in_does_not_fall_back_to_what_cannot_be_bound() {
    let [_, _, _, credentials, _] = all_credentials();
    let realm = "homeapp".into();
    let mut joining = Joining::new(&realm, &credentials, &NONCE, Some([4; 32]));
    assert_eq!(hello(&joining).authmethods, ["wamp-scram"]);
    let refused = joining.receive(challenge("scram", Dict::default()));
    assert!(matches!(refused, Step::Refused(refusal) if refusal.abort.is_some()));
}

#[test]
fn a_trusted_router_proves_that_it_is_the_one() {
    const ROUTER: [u8; 32] = [3; 32];
    let [.., credentials] = all_credentials();
    let realm = "homeapp".into();
    for channel in [None, Some([4; 32])] {
        let joining =
            || Joining::new(&realm, &credentials, &NONCE, channel).trusting(Some(cryptosign::public_key(&ROUTER)));
        let asked = cryptosign::asked_of_router(&hello(&joining()).authextra)
            .unwrap()
            .unwrap();
        let kind = channel.map(|_| cryptosign::TLS_EXPORTER);
        let unproven = || cryptosign::challenge(&[9; 32], kind);
        let proven_by = |key: [u8; 32], asked: [u8; 32], channel: Option<[u8; 32]>| {
            let mut challenge = unproven();
            cryptosign::prove_router(&mut challenge, &key, &asked, channel.as_ref());
            challenge
        };
        let mut proven = joining();
        answered(proven.receive(proven_by(ROUTER, asked, channel).into()));
        assert!(matches!(proven.receive(welcome(Dict::default())), Step::Joined(_)));
        for challenge in [
            unproven(),
            proven_by([8; 32], asked, channel),
            proven_by(ROUTER, [8; 32], channel),
            proven_by(ROUTER, asked, Some([8; 32])),
        ] {
            let refused = joining().receive(challenge.into());
            assert!(matches!(refused, Step::Refused(refusal) if refusal.abort.is_some()));
        }
        let unasked = joining().receive(welcome(Dict::default()));
        assert!(matches!(unasked, Step::Refused(refusal) if refusal.abort.is_some()));
    }
    // Other methods have no such proof, and show nothing before it.
    let [_, ticket, ..] = all_credentials();
    let mut joining = Joining::new(&realm, &ticket, &NONCE, None).trusting(Some([1; 32]));
    assert!(matches!(
        joining.receive(challenge("ticket", Dict::default())),
        Step::Refused(_)
    ));
}

#[test]
fn without_a_trusted_key_the_router_is_asked_for_no_proof() {
    let [.., credentials] = all_credentials();
    let realm = "homeapp".into();
    let authextra = hello(&Joining::new(&realm, &credentials, &NONCE, None)).authextra;
    assert_eq!(cryptosign::asked_of_router(&authextra), Ok(None));
}
