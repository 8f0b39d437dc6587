//! What the router says about itself.

use wamp_protocol::error_uri;

use crate::reflection::{Definition, DefinitionKind};

const PROCEDURES: &[(&str, &str)] = &[
    ("wamp.session.count", "[authroles?] → how many sessions there are"),
    ("wamp.session.list", "[authroles?] → the ids of the sessions"),
    ("wamp.session.get", "[session] → what is known of it"),
    ("wamp.session.kill", "[session], {reason?, message?}: ends a session"),
    (
        "wamp.session.kill_by_authid",
        "[authid], {reason?, message?} → the ids of the sessions that it ended",
    ),
    (
        "wamp.session.kill_by_authrole",
        "[authrole], {reason?, message?} → how many sessions it ended",
    ),
    (
        "wamp.session.kill_all",
        "{reason?, message?} → how many sessions it ended",
    ),
    (
        "wamp.session.add_testament",
        "[topic, args, kwargs], {publish_options?, scope?}: is published when the caller is gone",
    ),
    (
        "wamp.session.flush_testaments",
        "{scope?}: takes the caller's testaments back",
    ),
    (
        "wamp.registration.list",
        "→ the ids of the registrations, by match policy",
    ),
    (
        "wamp.registration.lookup",
        "[procedure, options?] → the id of exactly this registration, or null",
    ),
    (
        "wamp.registration.match",
        "[procedure] → the id of the registration that a call goes to, or null",
    ),
    ("wamp.registration.get", "[registration] → what is known of it"),
    (
        "wamp.registration.list_callees",
        "[registration] → the ids of its sessions",
    ),
    (
        "wamp.registration.count_callees",
        "[registration] → how many sessions it has",
    ),
    (
        "wamp.registration.remove_callee",
        "[registration, session, reason?]: revokes a registration",
    ),
    (
        "wamp.subscription.list",
        "→ the ids of the subscriptions, by match policy",
    ),
    (
        "wamp.subscription.lookup",
        "[topic, options?] → the id of exactly this subscription, or null",
    ),
    (
        "wamp.subscription.match",
        "[topic] → the ids of the subscriptions that an event goes to, or null",
    ),
    ("wamp.subscription.get", "[subscription] → what is known of it"),
    (
        "wamp.subscription.list_subscribers",
        "[subscription] → the ids of its sessions",
    ),
    (
        "wamp.subscription.count_subscribers",
        "[subscription] → how many sessions it has",
    ),
    (
        "wamp.subscription.get_events",
        "[subscription], {filters} → its events of the past",
    ),
    (
        "wamp.subscription.remove_subscriber",
        "[subscription, session, reason?]: revokes a subscription",
    ),
    (
        "wamp.reflection.procedure.list",
        "→ the procedures that the caller may know of",
    ),
    (
        "wamp.reflection.procedure.describe",
        "[uri] → what is said about a procedure, or null",
    ),
    ("wamp.reflection.topic.list", "→ the topics that the caller may know of"),
    (
        "wamp.reflection.topic.describe",
        "[uri] → what is said about a topic, or null",
    ),
    ("wamp.reflection.error.list", "→ the errors that are described"),
    (
        "wamp.reflection.error.describe",
        "[uri] → what is said about an error, or null",
    ),
    (
        "wamp.reflect.define",
        "[uri, description or null], {type}: says something about a procedure, topic or error",
    ),
    (
        "wamp.reflect.describe",
        "[uri] → what is said about it as a procedure, as a topic and as an error",
    ),
];

const TOPICS: &[(&str, &str)] = &[
    ("wamp.session.on_join", "[details]: a session joined"),
    ("wamp.session.on_leave", "[session, authid, authrole]: a session left"),
    (
        "wamp.registration.on_create",
        "[session, registration details]: a procedure got its first callee",
    ),
    (
        "wamp.registration.on_register",
        "[session, registration]: a session registered",
    ),
    (
        "wamp.registration.on_unregister",
        "[session, registration]: a session has the registration no more",
    ),
    (
        "wamp.registration.on_delete",
        "[session, registration]: the last callee is gone",
    ),
    (
        "wamp.subscription.on_create",
        "[session, subscription details]: a topic got its first subscriber",
    ),
    (
        "wamp.subscription.on_subscribe",
        "[session, subscription]: a session subscribed",
    ),
    (
        "wamp.subscription.on_unsubscribe",
        "[session, subscription]: a session has the subscription no more",
    ),
    (
        "wamp.subscription.on_delete",
        "[session, subscription]: the last subscriber is gone",
    ),
    (
        "wamp.reflect.on_define",
        "[description]: something was said about a procedure, topic or error",
    ),
    ("wamp.reflect.on_undefine", "[type, uri]: that was taken back"),
];

const ERRORS: &[(&str, &str)] = &[
    (error_uri::INVALID_URI, "The URI is not well formed for its use."),
    (error_uri::NO_SUCH_PROCEDURE, "Nobody has registered the procedure."),
    (
        error_uri::PROCEDURE_ALREADY_EXISTS,
        "The procedure is registered already, or with another policy.",
    ),
    (
        error_uri::NO_SUCH_REGISTRATION,
        "There is no registration with this id.",
    ),
    (
        error_uri::NO_SUCH_SUBSCRIPTION,
        "There is no subscription with this id.",
    ),
    (error_uri::NO_SUCH_SESSION, "There is no session with this id."),
    (
        error_uri::INVALID_ARGUMENT,
        "An argument is not acceptable; the sentence names it.",
    ),
    (error_uri::CANCELED, "The call was canceled, or its callee left."),
    (error_uri::TIMEOUT, "The call took longer than its timeout."),
    (
        error_uri::PAYLOAD_SIZE_EXCEEDED,
        "The payload is larger than its receiver takes.",
    ),
    (error_uri::NOT_AUTHORIZED, "The session may not do that."),
    (error_uri::OPTION_NOT_ALLOWED, "The option is not one of this router's."),
    (
        error_uri::DISCLOSE_ME_DISALLOWED,
        "This realm does not disclose who calls or publishes.",
    ),
    (
        error_uri::UNAVAILABLE,
        "The callee cannot take the call now, or a limit is reached.",
    ),
    (
        error_uri::NO_AVAILABLE_CALLEE,
        "No callee is left that could take the call.",
    ),
    (
        error_uri::FEATURE_NOT_SUPPORTED,
        "The other end does not have the feature.",
    ),
    (
        error_uri::PROTOCOL_VIOLATION,
        "The session broke the protocol; it is over.",
    ),
];

pub(super) fn definitions() -> impl Iterator<Item = Definition> {
    [
        (DefinitionKind::Procedure, PROCEDURES),
        (DefinitionKind::Topic, TOPICS),
        (DefinitionKind::Error, ERRORS),
    ]
    .into_iter()
    .flat_map(|(kind, table)| table.iter().map(move |(uri, doc)| Definition::new(kind, *uri, *doc)))
}
