//! Which URIs are taken.

use wamp_protocol::{MatchPolicy, Uri, UriRules};

/// Longest URI or pattern taken, in octets. With [`MOST_COMPONENTS`], it bounds how deep the
/// trees of patterns become, and with them the stack.
pub(crate) const LONGEST: usize = 1024;
/// Most components of a URI or pattern.
pub(crate) const MOST_COMPONENTS: usize = 128;

/// Whether `uri` is well formed for its use, and not absurdly long.
pub(crate) fn is_well_formed(uri: &Uri, policy: MatchPolicy, rules: UriRules) -> bool {
    let text = uri.as_str();
    text.len() <= LONGEST
        && text.bytes().filter(|octet| *octet == b'.').count() < MOST_COMPONENTS
        && uri.is_valid_pattern(rules, policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_that_would_exhaust_the_stack_is_not_well_formed() {
        for (uri, expected) in [
            (".".repeat(MOST_COMPONENTS - 1), true),
            (".".repeat(MOST_COMPONENTS), false),
            ("a".repeat(LONGEST), true),
            ("a".repeat(LONGEST + 1), false),
        ] {
            let uri = Uri::from(uri);
            assert_eq!(
                is_well_formed(&uri, MatchPolicy::Wildcard, UriRules::Loose),
                expected,
                "{uri}"
            );
        }
    }
}
