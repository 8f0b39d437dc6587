//! Error and close URIs of the specification, and the ones the field uses beside them.

macro_rules! uris {
    ($($(#[$doc:meta])* $name:ident = $uri:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $uri;)*
    };
}

uris! {
    /// The router goes down.
    CLOSE_SYSTEM_SHUTDOWN = "wamp.close.system_shutdown";
    /// The peer leaves the realm.
    CLOSE_REALM = "wamp.close.close_realm";
    /// The answer to a GOODBYE.
    CLOSE_GOODBYE_AND_OUT = "wamp.close.goodbye_and_out";
    /// The session was ended by the meta API.
    CLOSE_KILLED = "wamp.close.killed";
    /// Normal end (in the field, not in the text).
    CLOSE_NORMAL = "wamp.close.normal";
    /// The URI is not well formed for its use.
    INVALID_URI = "wamp.error.invalid_uri";
    /// Nobody has registered the procedure.
    NO_SUCH_PROCEDURE = "wamp.error.no_such_procedure";
    /// The procedure is registered already.
    PROCEDURE_ALREADY_EXISTS = "wamp.error.procedure_already_exists";
    /// No registration with this id.
    NO_SUCH_REGISTRATION = "wamp.error.no_such_registration";
    /// No subscription with this id.
    NO_SUCH_SUBSCRIPTION = "wamp.error.no_such_subscription";
    /// No session with this id.
    NO_SUCH_SESSION = "wamp.error.no_such_session";
    /// An argument is not acceptable.
    INVALID_ARGUMENT = "wamp.error.invalid_argument";
    /// The call was canceled.
    CANCELED = "wamp.error.canceled";
    /// The payload is larger than the receiver takes.
    PAYLOAD_SIZE_EXCEEDED = "wamp.error.payload_size_exceeded";
    /// The peer broke the protocol.
    PROTOCOL_VIOLATION = "wamp.error.protocol_violation";
    /// The session may not do that.
    NOT_AUTHORIZED = "wamp.error.not_authorized";
    /// Whether it may could not be decided.
    AUTHORIZATION_FAILED = "wamp.error.authorization_failed";
    /// No realm of this name.
    NO_SUCH_REALM = "wamp.error.no_such_realm";
    /// No role of this name.
    NO_SUCH_ROLE = "wamp.error.no_such_role";
    /// The client offers no sign-in method that the realm takes.
    NO_MATCHING_AUTH_METHOD = "wamp.error.no_matching_auth_method";
    /// Nobody of this name.
    NO_SUCH_PRINCIPAL = "wamp.error.no_such_principal";
    /// Signed in rightly, and refused.
    AUTHENTICATION_DENIED = "wamp.error.authentication_denied";
    /// The sign-in did not prove who it is.
    AUTHENTICATION_FAILED = "wamp.error.authentication_failed";
    /// Anonymous sessions are not taken.
    AUTHENTICATION_REQUIRED = "wamp.error.authentication_required";
    /// The call took too long.
    TIMEOUT = "wamp.error.timeout";
    /// An option is not allowed here.
    OPTION_NOT_ALLOWED = "wamp.error.option_not_allowed";
    /// Disclosure was asked for and is refused.
    DISCLOSE_ME_DISALLOWED = "wamp.error.option_disallowed.disclose_me";
    /// The network between router and callee failed.
    NETWORK_FAILURE = "wamp.error.network_failure";
    /// The callee cannot take the call now.
    UNAVAILABLE = "wamp.error.unavailable";
    /// No callee is left that could take the call.
    NO_AVAILABLE_CALLEE = "wamp.error.no_available_callee";
    /// The peer lacks the feature.
    FEATURE_NOT_SUPPORTED = "wamp.error.feature_not_supported";
    /// A callee's code failed (in the field, not in the text).
    RUNTIME_ERROR = "wamp.error.runtime_error";
}
