//! What must hold for whatever the other side of a sign-in says.

use bytes::Bytes;
use wamp_protocol::auth::scram::{self, Dialect, Exchange, Kdf, Keys};
use wamp_protocol::auth::{cryptosign, ticket, wampcra};
use wamp_protocol::message::{Authenticate, Challenge, Hello};
use wamp_protocol::{Message, Serializer, SessionId};

/// Answers the message, if it is one of the handshake: at the client a CHALLENGE, at the router
/// HELLO and AUTHENTICATE. No answer that was not made with the secret is right.
pub(crate) fn answer(octets: &[u8]) {
    for serializer in Serializer::ALL {
        match serializer.decode(Bytes::copy_from_slice(octets)) {
            Ok(Message::Hello(hello)) => greeted(&hello),
            Ok(Message::Challenge(challenge)) => challenged(&challenge),
            Ok(Message::Authenticate(answer)) => answered(&answer),
            _ => {}
        }
    }
}

fn keys() -> Keys {
    Keys::of_salted_password(&[3; 32], vec![4; 16], Kdf::Pbkdf2 { iterations: 4096 })
}

fn greeted(hello: &Hello) {
    let extra = &hello.details.authextra;
    let _ = cryptosign::claimed_key(extra);
    let _ = cryptosign::wants_binding(extra);
    for dialect in [Dialect::Specification, Dialect::Autobahn] {
        if let Ok(exchange) = Exchange::begin(dialect, "ann", extra, keys(), &[5; 16]) {
            let _ = exchange.wants_binding();
            let _ = exchange.challenge();
        }
    }
}

fn challenged(challenge: &Challenge) {
    let _ = wampcra::answer("secret", challenge);
    let _ = cryptosign::answer(&[7; 32], challenge, None);
    let _ = scram::Client::new("ann", "secret", &[1; 16], None).answer(challenge);
}

fn answered(answer: &Authenticate) {
    let _ = ticket::verify("secret", answer);
    let facts = wampcra::Facts {
        authid: "ann",
        authrole: "user",
        authprovider: "static",
        nonce: "n",
        timestamp: "2026-05-03T07:08:09.010Z",
        session: SessionId::FIRST,
    };
    assert!(!wampcra::verify("secret", &wampcra::challenge(&facts, None), answer));
    assert!(!cryptosign::verify(
        &cryptosign::public_key(&[7; 32]),
        &[8; 32],
        None,
        answer
    ));
    let mut extra = wamp_protocol::Dict::default();
    extra.insert("nonce", "client");
    if let Ok(exchange) = Exchange::begin(Dialect::Autobahn, "ann", &extra, keys(), &[5; 16]) {
        assert!(exchange.verify(answer, None).is_none());
    }
}
