//! The names of the features that peers announce per role.

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $feature:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $feature;)*

        /// All of them.
        pub const ALL: &[&str] = &[$($name),*];
    };
}

features! {
    /// Results in pieces (caller, dealer, callee).
    PROGRESSIVE_CALL_RESULTS = "progressive_call_results";
    /// Calls in pieces (caller, dealer, callee).
    PROGRESSIVE_CALL_INVOCATIONS = "progressive_call_invocations";
    /// Calls that end after a time (dealer, callee).
    CALL_TIMEOUT = "call_timeout";
    /// Calls that can be canceled (caller, dealer, callee).
    CALL_CANCELING = "call_canceling";
    /// Calls that go to the next callee when one cannot take them (dealer, callee).
    CALL_REROUTE = "call_reroute";
    /// Callees told who calls (caller, dealer, callee).
    CALLER_IDENTIFICATION = "caller_identification";
    /// Calls with a level of trust (dealer, callee).
    CALL_TRUSTLEVELS = "call_trustlevels";
    /// Registrations by prefix and wildcard (dealer, callee).
    PATTERN_BASED_REGISTRATION = "pattern_based_registration";
    /// Several callees of one procedure (dealer, callee).
    SHARED_REGISTRATION = "shared_registration";
    /// Callees of one part of a procedure each (caller, dealer, callee).
    SHARDED_REGISTRATION = "sharded_registration";
    /// Registrations that the router takes back (dealer, callee).
    REGISTRATION_REVOCATION = "registration_revocation";
    /// `wamp.registration.…` (dealer).
    REGISTRATION_META_API = "registration_meta_api";
    /// `wamp.session.…` (dealer and broker, both).
    SESSION_META_API = "session_meta_api";
    /// What is published when a session is gone (dealer).
    TESTAMENT_META_API = "testament_meta_api";
    /// `wamp.subscription.…` (broker).
    SUBSCRIPTION_META_API = "subscription_meta_api";
    /// Publications for or not for certain subscribers (publisher, broker).
    SUBSCRIBER_BLACKWHITE_LISTING = "subscriber_blackwhite_listing";
    /// Publications that come back to their publisher (publisher, broker).
    PUBLISHER_EXCLUSION = "publisher_exclusion";
    /// Subscribers told who publishes (publisher, broker, subscriber).
    PUBLISHER_IDENTIFICATION = "publisher_identification";
    /// Publications with a level of trust (broker, subscriber).
    PUBLICATION_TRUSTLEVELS = "publication_trustlevels";
    /// Subscriptions by prefix and wildcard (broker, subscriber).
    PATTERN_BASED_SUBSCRIPTION = "pattern_based_subscription";
    /// Subscribers of one part of a topic each (publisher, broker, subscriber); the specification
    /// misspells it.
    SHARDED_SUBSCRIPTION = "shareded_subscriptions";
    /// Past events on request (broker).
    EVENT_HISTORY = "event_history";
    /// The last event for those who subscribe later (broker).
    EVENT_RETENTION = "event_retention";
    /// Subscriptions that the router takes back (broker, subscriber).
    SUBSCRIPTION_REVOCATION = "subscription_revocation";
    /// Payloads that the router does not understand (all roles).
    PAYLOAD_PASSTHRU_MODE = "payload_passthru_mode";
}
