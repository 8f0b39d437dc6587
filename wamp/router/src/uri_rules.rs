//! Which URIs are taken.

use wamp_protocol::{MatchPolicy, Uri, UriRules};

/// Longest URI or pattern taken, in octets: what the trees of patterns recurse over.
const LONGEST: usize = 2048;

/// Whether `uri` is well formed for its use, and not absurdly long.
pub(crate) fn is_well_formed(uri: &Uri, policy: MatchPolicy, rules: UriRules) -> bool {
    uri.as_str().len() <= LONGEST && uri.is_valid_pattern(rules, policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_that_would_exhaust_the_stack_is_not_well_formed() {
        let dots = Uri::from(".".repeat(LONGEST + 1));
        assert!(!is_well_formed(&dots, MatchPolicy::Wildcard, UriRules::Loose));
        assert!(is_well_formed(&Uri::from("a.b"), MatchPolicy::Exact, UriRules::Strict));
    }
}
