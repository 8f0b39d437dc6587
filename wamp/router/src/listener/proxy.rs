//! Reverse proxies, and for whom they ask: `X-Forwarded-For`.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::header::{HeaderMap, HeaderName};

use crate::network::Network;

/// Each proxy adds at the end who it got the request from.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word is taken.
#[derive(Debug, Default)]
pub(crate) struct Proxies {
    trusted: Vec<Network>,
    /// Whether somebody has been told of a proxy that is not among them.
    told: AtomicBool,
}

impl Proxies {
    pub(crate) const fn new(trusted: Vec<Network>) -> Self {
        Self {
            trusted,
            told: AtomicBool::new(false),
        }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }

    /// Who is at the other end of a request with these headers that came from `peer`.
    ///
    /// From the last address on, as far as the one that says it is a trusted proxy: what stands before it the
    /// client may have made up. Where what a trusted proxy says is no address, it is that proxy. The
    /// port is 0 where it is not said, as is usual.
    pub(crate) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        if !headers.contains_key(X_FORWARDED_FOR) {
            return peer;
        }
        if !self.trusts(peer.ip()) {
            if !self.told.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    %peer,
                    "a request says whom it is passed on for, and comes from an address that is not among \
                     trusted_proxies: it counts as that address's own"
                );
            }
            return peer;
        }
        let mut client = peer;
        for value in headers.get_all(X_FORWARDED_FOR).iter().rev() {
            for said in value.as_bytes().rsplit(|octet| *octet == b',') {
                let Some(address) = std::str::from_utf8(said).ok().and_then(address) else {
                    return client;
                };
                client = address;
                if !self.trusts(client.ip()) {
                    return client;
                }
            }
        }
        client
    }
}

/// An address with or without a port, as proxies write it.
fn address(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address);
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address: IpAddr = bare.unwrap_or(text).parse().ok()?;
    Some(SocketAddr::new(address, 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PROXY: &str = "10.0.0.1:4000";

    fn client(trusted: &[&str], peer: &str, said: &[&str]) -> String {
        let proxies = Proxies::new(trusted.iter().map(|network| network.parse().unwrap()).collect());
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append(X_FORWARDED_FOR, value.parse().unwrap());
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_nobody_else() {
        for (trusted, said, expected) in [
            (&["10.0.0.1"][..], &["203.0.113.7"][..], "203.0.113.7:0"),
            (&["10.0.0.0/8"], &["203.0.113.7"], "203.0.113.7:0"),
            (&["10.0.0.1"], &[], PROXY),
            (&[], &["203.0.113.7"], PROXY),
            (&["10.0.0.2"], &["203.0.113.7"], PROXY),
            (&["10.0.0.1"], &["203.0.113.7:1234"], "203.0.113.7:1234"),
            (&["10.0.0.1"], &[" 2001:db8::1 "], "[2001:db8::1]:0"),
            (&["10.0.0.1"], &["[2001:db8::1]"], "[2001:db8::1]:0"),
            (&["10.0.0.1"], &["[2001:db8::1]:99"], "[2001:db8::1]:99"),
        ] {
            assert_eq!(client(trusted, PROXY, said), expected, "{trusted:?} {said:?}");
            let mapped = "[::ffff:10.0.0.1]:4000";
            let expected = if expected == PROXY { mapped } else { expected };
            assert_eq!(client(trusted, mapped, said), expected, "{trusted:?} {said:?}");
        }
    }

    #[test]
    fn what_the_client_says_of_itself_counts_for_nothing() {
        let trusted = &["10.0.0.1", "10.0.0.2"][..];
        for (said, expected) in [
            (&["6.6.6.6, 203.0.113.7"][..], "203.0.113.7:0"),
            (&["127.0.0.1, 203.0.113.7"], "203.0.113.7:0"),
            (&["10.0.0.2, 203.0.113.7"], "203.0.113.7:0"),
            (&["6.6.6.6", "203.0.113.7"], "203.0.113.7:0"),
            // Over two proxies.
            (&["6.6.6.6, 203.0.113.7, 10.0.0.2"], "203.0.113.7:0"),
            (&["6.6.6.6, 203.0.113.7", "10.0.0.2"], "203.0.113.7:0"),
            // A proxy asks for itself.
            (&["10.0.0.2"], "10.0.0.2:0"),
            // What makes no sense.
            (&["unknown"], PROXY),
            (&[""], PROXY),
            (&["203.0.113.7,"], PROXY),
            (&["203.0.113.7, unknown, 10.0.0.2"], "10.0.0.2:0"),
            (&["203.0.113.7, \u{e9}"], PROXY),
        ] {
            assert_eq!(client(trusted, PROXY, said), expected, "{said:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_before_what_the_proxy_says_changes_nothing(made_up in "[ -~]{0,60}") {
            let said = format!("{made_up},203.0.113.7");
            prop_assert_eq!(client(&["10.0.0.1"], PROXY, &[&said]), "203.0.113.7:0");
            prop_assert_eq!(client(&["10.0.0.1"], PROXY, &[&made_up, "203.0.113.7"]), "203.0.113.7:0");
        }
    }
}
