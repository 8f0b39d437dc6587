//! The WAMP protocol without I/O: messages, serializers, sign-in methods and session states.
