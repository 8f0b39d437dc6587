//! WAMP ids, one type each so that they cannot be mixed up.

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The largest id: 2^53.
            pub const MAX: Self = Self(1 << 53);
            /// The first id of a sequence.
            pub const FIRST: Self = Self(1);

            /// An id in 1 to 2^53, or `None`.
            pub const fn new(id: u64) -> Option<Self> {
                if id >= 1 && id <= 1 << 53 { Some(Self(id)) } else { None }
            }

            /// The number on the wire.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The id after this one; wraps to 1 after 2^53.
            #[must_use]
            pub const fn next(self) -> Self {
                if self.0 >= 1 << 53 { Self(1) } else { Self(self.0 + 1) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// Global scope: random over 1 to 2^53.
    SessionId;
    /// Global scope: random over 1 to 2^53.
    PublicationId;
    /// Router scope.
    SubscriptionId;
    /// Router scope.
    RegistrationId;
    /// Session scope: counts from 1, one counter per session and direction.
    RequestId;
}
