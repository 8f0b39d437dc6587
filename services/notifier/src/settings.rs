//! How the notifier works.

use std::fmt;
use std::time::Duration;

/// Which channels there are, and how insistent they are.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where ntfy messages go; without it nothing is sent.
    pub ntfy: Option<Ntfy>,
    /// An alert that holds and nobody has acknowledged is told again so often; never without it.
    pub repeat_every: Option<Duration>,
    /// Also tell when an alert that was told of is over.
    pub tell_cleared: bool,
    /// How often a message is tried before it is given up.
    pub attempts: u32,
    /// The wait after the first failed attempt; each further one is twice as long.
    pub first_wait: Duration,
    /// The longest wait between attempts.
    pub longest_wait: Duration,
    /// How often it is looked for alerts that are still to be told, or told again.
    pub tick: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ntfy: None,
            repeat_every: None,
            tell_cleared: false,
            attempts: 8,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(120),
            tick: Duration::from_secs(60),
        }
    }
}

/// An ntfy topic.
#[derive(Clone, PartialEq, Eq)]
pub struct Ntfy {
    /// The topic's URL, `https://ntfy.sh/my-secret-topic`.
    pub url: String,
    /// The access token, where the server asks for one.
    pub token: Option<String>,
    /// What a tap on the message opens.
    pub click: Option<String>,
}

/// The topic's name and the token are secrets: who knows them can read or send.
impl fmt::Debug for Ntfy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ntfy").finish_non_exhaustive()
    }
}
