//! The WAMP router: realms, broker, dealer, meta API, and the listeners that carry sessions to them.
