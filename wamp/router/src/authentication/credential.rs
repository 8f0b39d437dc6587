//! What a client has to prove it has.

use std::fmt;

use futures_util::future::BoxFuture;
use wamp_protocol::auth::wampcra::Salting;
use wamp_protocol::auth::{cryptosign, scram};

/// An Ed25519 public key.
pub type PublicKey = cryptosign::Octets;

/// What the client has to prove it has.
pub enum Credential {
    /// The shared secret of WAMP-CRA.
    WampCra {
        /// The HMAC key: the secret itself, or with `salting` the base64 text of the key derived
        /// from it.
        key: String,
        /// How the client derives the key from its secret.
        salting: Option<Salting>,
    },
    /// A ticket, and who decides whether it is the right one.
    Ticket(TicketCheck),
    /// The password that these keys were made of.
    Scram(scram::Keys),
    /// The private key to one of these.
    Cryptosign(Vec<PublicKey>),
}

/// Decides about a ticket; may take its time (a slow hash, a database), other sessions go on.
pub type TicketCheck = Box<dyn FnOnce(String) -> BoxFuture<'static, bool> + Send>;

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WampCra { .. } => "WampCra",
            Self::Ticket(_) => "Ticket",
            Self::Scram(_) => "Scram",
            Self::Cryptosign(_) => "Cryptosign",
        })
    }
}
