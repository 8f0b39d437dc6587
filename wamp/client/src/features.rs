//! What this client can do, as it announces in HELLO.

use wamp_protocol::message::{ClientRoles, Features};

const PUBLISHER: &[&str] = &[
    "publisher_exclusion",
    "publisher_identification",
    "subscriber_blackwhite_listing",
];

const SUBSCRIBER: &[&str] = &[
    "pattern_based_subscription",
    "publication_trustlevels",
    "publisher_identification",
    "subscription_revocation",
];

const CALLER: &[&str] = &["call_canceling", "caller_identification", "progressive_call_results"];

const CALLEE: &[&str] = &[
    "call_canceling",
    "call_trustlevels",
    "caller_identification",
    "pattern_based_registration",
    "progressive_call_results",
    "registration_revocation",
    "shared_registration",
];

/// All four roles with the features that this client really has.
pub(crate) fn client_roles() -> ClientRoles {
    let features = |names: &[&str]| Some(Features(names.iter().map(|&name| name.to_owned()).collect()));
    ClientRoles {
        publisher: features(PUBLISHER),
        subscriber: features(SUBSCRIBER),
        caller: features(CALLER),
        callee: features(CALLEE),
    }
}
