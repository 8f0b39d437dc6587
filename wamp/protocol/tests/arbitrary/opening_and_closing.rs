//! HELLO to GOODBYE.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use wamp_protocol::message::{
    Abort, Authenticate, Challenge, ClientRoles, Goodbye, Hello, HelloDetails, RouterRoles, Welcome, WelcomeDetails,
};
use wamp_protocol::{Message, Payload};

use super::parts::{features, session};
use super::values::{dict, text, uri};

fn hello() -> BoxedStrategy<Message> {
    let roles = (features(), features(), features(), features())
        .prop_map(|(publisher, subscriber, caller, callee)| ClientRoles {
            publisher,
            subscriber,
            caller,
            callee,
        })
        .prop_filter("at least one role", |roles| *roles != ClientRoles::default());
    (
        uri(),
        roles,
        of(text()),
        of(text()),
        of(text()),
        vec(text(), 0..4),
        dict(),
        dict(),
    )
        .prop_map(
            |(realm, roles, agent, authid, authrole, authmethods, authextra, other)| {
                Hello {
                    realm,
                    details: HelloDetails {
                        roles,
                        agent,
                        authid,
                        authrole,
                        authmethods,
                        authextra,
                        other,
                    },
                }
                .into()
            },
        )
        .boxed()
}

fn welcome() -> BoxedStrategy<Message> {
    let roles = (features(), features(), any::<bool>())
        .prop_map(|(broker, dealer, reflection)| RouterRoles {
            broker,
            dealer,
            reflection,
        })
        .prop_filter("at least one role", |roles| {
            roles.broker.is_some() || roles.dealer.is_some()
        });
    let texts = (of(text()), of(text()), of(text()), of(text()), of(text()), of(text()));
    (session(), roles, texts, dict(), dict())
        .prop_map(|(session, roles, texts, authextra, other)| {
            let (agent, realm, authid, authrole, authmethod, authprovider) = texts;
            let details = WelcomeDetails {
                roles,
                agent,
                realm,
                authid,
                authrole,
                authmethod,
                authprovider,
                authextra,
                other,
            };
            Welcome { session, details }.into()
        })
        .boxed()
}

pub(super) fn opening_and_closing() -> BoxedStrategy<Message> {
    prop_oneof![
        hello(),
        welcome(),
        (dict(), uri()).prop_map(|(details, reason)| Abort {
            details,
            reason,
            payload: Payload::EMPTY
        }
        .into()),
        (text(), dict()).prop_map(|(authmethod, extra)| Challenge { authmethod, extra }.into()),
        (text(), dict()).prop_map(|(signature, extra)| Authenticate { signature, extra }.into()),
        (dict(), uri()).prop_map(|(details, reason)| Goodbye { details, reason }.into()),
    ]
    .boxed()
}
