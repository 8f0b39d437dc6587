//! What this client can do, as it announces in HELLO.

use wamp_protocol::feature::{
    CALL_CANCELING, CALL_TRUSTLEVELS, CALLER_IDENTIFICATION, PATTERN_BASED_REGISTRATION, PATTERN_BASED_SUBSCRIPTION,
    PROGRESSIVE_CALL_RESULTS, PUBLICATION_TRUSTLEVELS, PUBLISHER_EXCLUSION, PUBLISHER_IDENTIFICATION,
    REGISTRATION_REVOCATION, SHARED_REGISTRATION, SUBSCRIBER_BLACKWHITE_LISTING, SUBSCRIPTION_REVOCATION,
};
use wamp_protocol::message::{ClientRoles, Features};

const PUBLISHER: &[&str] = &[
    PUBLISHER_EXCLUSION,
    PUBLISHER_IDENTIFICATION,
    SUBSCRIBER_BLACKWHITE_LISTING,
];

const SUBSCRIBER: &[&str] = &[
    PATTERN_BASED_SUBSCRIPTION,
    PUBLICATION_TRUSTLEVELS,
    PUBLISHER_IDENTIFICATION,
    SUBSCRIPTION_REVOCATION,
];

const CALLER: &[&str] = &[CALL_CANCELING, CALLER_IDENTIFICATION, PROGRESSIVE_CALL_RESULTS];

const CALLEE: &[&str] = &[
    CALL_CANCELING,
    CALL_TRUSTLEVELS,
    CALLER_IDENTIFICATION,
    PATTERN_BASED_REGISTRATION,
    PROGRESSIVE_CALL_RESULTS,
    REGISTRATION_REVOCATION,
    SHARED_REGISTRATION,
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
