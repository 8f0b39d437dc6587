//! What a client proves who it is with.

use std::fmt;

use wamp_protocol::auth;

/// How to sign in.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// No proof; the router decides whether and as whom that is let in.
    Anonymous {
        /// The name asked for, if any.
        authid: Option<String>,
    },
    /// A shared secret, sent as it is: only over a connection nobody listens to.
    Ticket {
        /// Who.
        authid: String,
        /// The secret.
        ticket: String,
    },
    /// WAMP-CRA: a shared secret that never travels; plain or salted, as the router challenges.
    Wampcra {
        /// Who.
        authid: String,
        /// The secret.
        secret: String,
    },
    /// SCRAM: a password that never travels, and a router that must prove that it knows it too.
    Scram {
        /// Who.
        authid: String,
        /// The password.
        password: String,
    },
    /// Cryptosign: the private key to a public one that the router knows (Ed25519).
    Cryptosign {
        /// Who; a router that knows the key alone may need no name.
        authid: Option<String>,
        /// The private key.
        private_key: [u8; 32],
    },
}

impl Default for Credentials {
    fn default() -> Self {
        Self::Anonymous { authid: None }
    }
}

impl Credentials {
    /// The name to join under.
    pub fn authid(&self) -> Option<&str> {
        match self {
            Self::Anonymous { authid } | Self::Cryptosign { authid, .. } => authid.as_deref(),
            Self::Ticket { authid, .. } | Self::Wampcra { authid, .. } | Self::Scram { authid, .. } => Some(authid),
        }
    }

    /// Whether the method has channel binding.
    pub(crate) const fn can_be_bound(&self) -> bool {
        matches!(self, Self::Scram { .. } | Self::Cryptosign { .. })
    }

    /// The method's names in HELLO, best first; `bound` are those that can be bound to the connection.
    pub(crate) const fn authmethods(&self, bound: bool) -> &'static [&'static str] {
        match self {
            // What Autobahn's SCRAM signs does not speak of the connection.
            Self::Scram { .. } if bound => &[auth::WAMP_SCRAM],
            Self::Anonymous { .. } => &[auth::ANONYMOUS],
            Self::Ticket { .. } => &[auth::TICKET],
            Self::Wampcra { .. } => &[auth::WAMPCRA],
            // The specification's spelling, and that of Autobahn and Crossbar.
            Self::Scram { .. } => &[auth::WAMP_SCRAM, auth::SCRAM],
            Self::Cryptosign { .. } => &[auth::CRYPTOSIGN],
        }
    }
}

/// Says who and by which method, never the secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("authid", &self.authid())
            .field("authmethods", &self.authmethods(false))
            .finish()
    }
}
