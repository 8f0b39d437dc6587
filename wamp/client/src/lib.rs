//! A WAMP client session over any transport.
