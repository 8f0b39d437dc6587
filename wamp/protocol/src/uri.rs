//! URIs and how patterns match them.

use std::fmt;
use std::sync::Arc;

/// A realm, topic, procedure, error or reason URI, or a pattern of one. Cheap to clone.
///
/// Whether it is well formed for its use is a check of its own: a bad URI is answered with
/// `wamp.error.invalid_uri`, not taken for a broken message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uri(Arc<str>);

/// How strictly URIs are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum UriRules {
    /// Components are not empty and have no white space and no `#`.
    #[default]
    Loose,
    /// Components are of `a` to `z`, `0` to `9` and `_`, and not empty.
    Strict,
}

impl UriRules {
    /// Whether a component that is not empty is well formed.
    fn allow(self, component: &str) -> bool {
        match self {
            Self::Loose => component.chars().all(|c| c != '#' && !c.is_whitespace()),
            Self::Strict => component.bytes().all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'_')),
        }
    }
}

/// What an octet of a URI is: a bit for each of the rules that allow it, or one of the others.
const LOOSE: u8 = 1;
const STRICT: u8 = 2;
const DOT: u8 = 4;
const BEYOND_ASCII: u8 = 8;

const OCTETS: [u8; 256] = {
    let mut octets = [BEYOND_ASCII; 256];
    let mut octet = 0;
    while octet < 128 {
        #[allow(clippy::cast_possible_truncation, reason = "below 128")]
        let kind = match octet as u8 {
            b'.' => DOT,
            b'#' | b' ' | b'\t'..=b'\r' => 0,
            b'a'..=b'z' | b'0'..=b'9' | b'_' => LOOSE | STRICT,
            _ => LOOSE,
        };
        octets[octet] = kind;
        octet += 1;
    }
    octets
};

impl UriRules {
    /// Whether octets are a well-formed URI or pattern, looked at once; `None` if that takes more
    /// than ASCII.
    fn judge_ascii(self, uri: &[u8], policy: MatchPolicy) -> Option<bool> {
        let allowed = match self {
            Self::Loose => LOOSE,
            Self::Strict => STRICT,
        };
        let mut valid = true;
        let mut empty = true;
        for octet in uri {
            let kind = OCTETS[usize::from(*octet)];
            if kind & allowed != 0 {
                empty = false;
            } else if kind == DOT {
                valid &= !empty || policy == MatchPolicy::Wildcard;
                empty = true;
            } else if kind == BEYOND_ASCII {
                return None;
            } else {
                valid = false;
            }
        }
        Some(valid && (!empty || policy != MatchPolicy::Exact))
    }
}

impl Uri {
    /// The URI as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is well formed as a URI (not as a pattern): no component is empty.
    pub fn is_valid(&self, rules: UriRules) -> bool {
        self.is_valid_pattern(rules, MatchPolicy::Exact)
    }

    /// Whether it is well formed as a pattern.
    ///
    /// The last component of a prefix may be empty, and so may the whole of it: then it matches
    /// everything. Any component of a wildcard may be empty.
    pub fn is_valid_pattern(&self, rules: UriRules, policy: MatchPolicy) -> bool {
        rules
            .judge_ascii(self.0.as_bytes(), policy)
            .unwrap_or_else(|| self.is_valid_text(rules, policy))
    }

    /// The same for URIs that may have any characters.
    fn is_valid_text(&self, rules: UriRules, policy: MatchPolicy) -> bool {
        let mut components = self.0.split('.').peekable();
        while let Some(component) = components.next() {
            let may_be_empty = match policy {
                MatchPolicy::Exact => false,
                MatchPolicy::Prefix => components.peek().is_none(),
                MatchPolicy::Wildcard => true,
            };
            if component.is_empty() && !may_be_empty || !rules.allow(component) {
                return false;
            }
        }
        true
    }

    /// Whether it is the protocol's own (`wamp.…`): applications may not publish to it or register
    /// it.
    pub fn is_reserved(&self) -> bool {
        self.0
            .strip_prefix("wamp")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

impl From<&str> for Uri {
    fn from(uri: &str) -> Self {
        Self(uri.into())
    }
}

impl From<String> for Uri {
    fn from(uri: String) -> Self {
        Self(uri.into())
    }
}

impl AsRef<str> for Uri {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Uri {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// How a subscription or registration matches URIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum MatchPolicy {
    /// The same URI.
    #[default]
    Exact,
    /// URIs that begin with this text.
    Prefix,
    /// URIs with any component where this one has an empty one.
    Wildcard,
}

impl MatchPolicy {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Prefix => "prefix",
            Self::Wildcard => "wildcard",
        }
    }

    /// Whether `pattern` matches `uri`.
    ///
    /// A prefix is one of the text, not of components: `a.b` matches `a.bc`.
    pub fn matches(self, pattern: &str, uri: &str) -> bool {
        match self {
            Self::Exact => pattern == uri,
            Self::Prefix => uri.starts_with(pattern),
            Self::Wildcard => {
                let mut components = uri.split('.');
                let same = pattern.split('.').all(|wanted| {
                    components
                        .next()
                        .is_some_and(|component| wanted.is_empty() || wanted == component)
                });
                same && components.next().is_none()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::MatchPolicy::{Exact, Prefix, Wildcard};
    use super::UriRules::{Loose, Strict};
    use super::*;

    #[test]
    fn uris_are_well_formed_or_not() {
        // text, loose, strict
        for (uri, loose, strict) in [
            ("com.myapp.topic1", true, true),
            ("com", true, true),
            ("com.My-App.Ünï", true, false),
            ("", false, false),
            ("com..topic", false, false),
            ("com.", false, false),
            (".com", false, false),
            ("com.a b", false, false),
            ("com.a#b", false, false),
            ("com.a\u{2003}b", false, false),
        ] {
            assert_eq!(Uri::from(uri).is_valid(Loose), loose, "{uri:?} loose");
            assert_eq!(Uri::from(uri).is_valid(Strict), strict, "{uri:?} strict");
        }
    }

    #[test]
    fn patterns_may_have_empty_components_where_they_match_any() {
        for (pattern, exact, prefix, wildcard) in [
            ("com.myapp", true, true, true),
            ("com.", false, true, true),
            ("", false, true, true),
            ("com..topic", false, false, true),
            (".com", false, false, true),
            ("com. ", false, false, false),
        ] {
            for (policy, valid) in [(Exact, exact), (Prefix, prefix), (Wildcard, wildcard)] {
                assert_eq!(
                    Uri::from(pattern).is_valid_pattern(Strict, policy),
                    valid,
                    "{pattern:?} {policy:?}"
                );
            }
        }
    }

    #[test]
    fn patterns_match_as_the_specification_says() {
        for (policy, pattern, uri, matches) in [
            (Exact, "com.myapp.topic", "com.myapp.topic", true),
            (Exact, "com.myapp.topic", "com.myapp.topic2", false),
            (
                Prefix,
                "com.myapp.topic.emergency",
                "com.myapp.topic.emergency-low",
                true,
            ),
            (Prefix, "com.myapp.", "com.myapp", false),
            (Prefix, "", "anything", true),
            (Wildcard, "com.myapp..userevent", "com.myapp.foo.userevent", true),
            (Wildcard, "com.myapp..userevent", "com.myapp.foo.bar", false),
            (Wildcard, "com.myapp..userevent", "com.myapp.foo.userevent.bar", false),
            (Wildcard, "com.myapp..userevent", "com.myapp2.foo.userevent", false),
            (Wildcard, "com.", "com.foo", true),
            (Wildcard, "com.", "com", false),
        ] {
            assert_eq!(policy.matches(pattern, uri), matches, "{policy:?} {pattern} {uri}");
        }
    }

    #[test]
    fn only_the_first_component_reserves() {
        for (uri, reserved) in [
            ("wamp.session.count", true),
            ("wamp", true),
            ("wampire.x", false),
            ("a.wamp.b", false),
        ] {
            assert_eq!(Uri::from(uri).is_reserved(), reserved, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn every_uri_matches_itself_and_its_own_patterns(
            components in proptest::collection::vec("[a-z0-9_]{1,4}", 1..6),
            blanked in proptest::collection::vec(any::<bool>(), 6),
            cut in any::<prop::sample::Index>(),
        ) {
            let uri = components.join(".");
            prop_assert!(Uri::from(&*uri).is_valid(Strict));
            for policy in [Exact, Prefix, Wildcard] {
                prop_assert!(policy.matches(&uri, &uri));
            }
            prop_assert!(Prefix.matches(&uri[..cut.index(uri.len() + 1)], &uri));
            let wildcard: Vec<_> =
                components.iter().zip(&blanked).map(|(c, blank)| if *blank { "" } else { c }).collect();
            let wildcard = wildcard.join(".");
            prop_assert!(Uri::from(&*wildcard).is_valid_pattern(Strict, Wildcard));
            prop_assert!(Wildcard.matches(&wildcard, &uri));
            let longer = format!("{uri}.x");
            prop_assert!(!Wildcard.matches(&wildcard, &longer));
        }

        #[test]
        fn the_quick_look_sees_what_the_thorough_one_sees(uri in "[a-zA-Z0-9_.# \t\u{b}é-]{0,12}") {
            let uri = Uri::from(uri);
            for rules in [Loose, Strict] {
                for policy in [Exact, Prefix, Wildcard] {
                    let quick = rules.judge_ascii(uri.as_str().as_bytes(), policy);
                    prop_assert_eq!(quick.is_none(), !uri.as_str().is_ascii());
                    prop_assert!(quick.is_none_or(|quick| quick == uri.is_valid_text(rules, policy)), "{:?}", uri);
                }
            }
        }

        #[test]
        fn strict_is_stricter(uri in "\\PC{0,20}") {
            let uri = Uri::from(uri);
            for policy in [Exact, Prefix, Wildcard] {
                prop_assert!(!uri.is_valid_pattern(Strict, policy) || uri.is_valid_pattern(Loose, policy));
            }
        }
    }
}
