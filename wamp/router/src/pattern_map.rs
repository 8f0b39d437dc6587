//! Subscriptions or registrations by the URI they match, found without asking each of them.

mod prefix_tree;
mod shapes;
mod wildcard_tree;

use std::collections::HashMap;

use wamp_protocol::{MatchPolicy, Uri};

use self::prefix_tree::PrefixTree;
pub(crate) use self::shapes::Shapes;
use self::wildcard_tree::WildcardTree;

/// One `T` per (match policy, URI pattern): exact ones by hash, patterns by tree.
#[derive(Debug)]
pub(crate) struct PatternMap<T> {
    exact: HashMap<Uri, T>,
    prefix: PrefixTree<T>,
    wildcard: WildcardTree<T>,
}

impl<T> Default for PatternMap<T> {
    fn default() -> Self {
        Self {
            exact: HashMap::new(),
            prefix: PrefixTree::default(),
            wildcard: WildcardTree::default(),
        }
    }
}

impl<T: Copy> PatternMap<T> {
    /// The value of exactly this pattern.
    pub(crate) fn get(&self, policy: MatchPolicy, pattern: &str) -> Option<T> {
        match policy {
            MatchPolicy::Exact => self.exact.get(pattern).copied(),
            MatchPolicy::Prefix => self.prefix.get(pattern).copied(),
            MatchPolicy::Wildcard => self.wildcard.get(pattern).copied(),
        }
    }

    /// Sets the value of a pattern; the one it had, if any.
    pub(crate) fn insert(&mut self, policy: MatchPolicy, pattern: &Uri, value: T) -> Option<T> {
        match policy {
            MatchPolicy::Exact => self.exact.insert(pattern.clone(), value),
            MatchPolicy::Prefix => self.prefix.insert(pattern.as_str(), value),
            MatchPolicy::Wildcard => self.wildcard.insert(pattern.as_str(), value),
        }
    }

    /// Forgets a pattern; the value it had.
    pub(crate) fn remove(&mut self, policy: MatchPolicy, pattern: &str) -> Option<T> {
        match policy {
            MatchPolicy::Exact => self.exact.remove(pattern),
            MatchPolicy::Prefix => self.prefix.remove(pattern),
            MatchPolicy::Wildcard => self.wildcard.remove(pattern),
        }
    }

    /// Calls `visit` with the value of every pattern that matches `uri`.
    pub(crate) fn matches(&self, uri: &str, mut visit: impl FnMut(T)) {
        if let Some(value) = self.exact.get(uri) {
            visit(*value);
        }
        self.prefix.matches(uri, &mut |value| visit(*value));
        self.wildcard.matches(uri, &mut |value| visit(*value));
    }

    /// The value of the pattern that takes precedence among those that match `uri`: the exact
    /// one, else the longest prefix, else the wildcard pattern with the longest literal portion
    /// before its first wildcard, then before its second, and so on.
    pub(crate) fn best(&self, uri: &str) -> Option<T> {
        self.exact
            .get(uri)
            .or_else(|| self.prefix.longest(uri))
            .or_else(|| self.wildcard.best(uri))
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::uri_rules::{LONGEST, MOST_COMPONENTS};

    fn matches_naively(policy: MatchPolicy, pattern: &str, uri: &str) -> bool {
        match policy {
            MatchPolicy::Exact => pattern == uri,
            MatchPolicy::Prefix => uri.starts_with(pattern),
            MatchPolicy::Wildcard => {
                let (pattern, uri): (Vec<_>, Vec<_>) = (pattern.split('.').collect(), uri.split('.').collect());
                pattern.len() == uri.len() && pattern.iter().zip(&uri).all(|(p, u)| p.is_empty() || p == u)
            }
        }
    }

    /// What the precedence rule says, as a key to compare: higher wins.
    fn rank(policy: MatchPolicy, pattern: &str) -> (u8, Vec<usize>) {
        match policy {
            MatchPolicy::Exact => (2, Vec::new()),
            MatchPolicy::Prefix => (1, vec![pattern.len()]),
            MatchPolicy::Wildcard => {
                let mut runs = vec![0];
                for component in pattern.split('.') {
                    match (component.is_empty(), runs.last_mut()) {
                        (false, Some(run)) => *run += 1,
                        _ => runs.push(0),
                    }
                }
                (0, runs)
            }
        }
    }

    fn policy() -> impl Strategy<Value = MatchPolicy> {
        prop_oneof![
            Just(MatchPolicy::Exact),
            Just(MatchPolicy::Prefix),
            Just(MatchPolicy::Wildcard)
        ]
    }

    #[derive(Debug, Clone)]
    enum Step {
        Insert(MatchPolicy, String),
        Remove(MatchPolicy, String),
        Look(String),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (policy(), "(a|b|ab|é|){1}(\\.(a|b|ab|é|)){0,3}").prop_map(|(p, u)| Step::Insert(p, u)),
            1 => (policy(), "(a|b|ab|é|){1}(\\.(a|b|ab|é|)){0,3}").prop_map(|(p, u)| Step::Remove(p, u)),
            3 => "(a|b|ab|é){1}(\\.(a|b|ab|é)){0,3}".prop_map(Step::Look),
        ]
    }

    proptest! {
        #[test]
        fn finds_what_asking_every_pattern_would_find(steps in prop::collection::vec(step(), 1..80)) {
            let mut map = PatternMap::default();
            let mut model: Vec<(MatchPolicy, String, usize)> = Vec::new();
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Insert(policy, pattern) => {
                        let old = map.insert(policy, &Uri::from(pattern.as_str()), number);
                        let known = model.iter_mut().find(|(p, u, _)| *p == policy && *u == pattern);
                        prop_assert_eq!(old, known.as_ref().map(|(_, _, value)| *value));
                        match known {
                            Some((_, _, value)) => *value = number,
                            None => model.push((policy, pattern, number)),
                        }
                    }
                    Step::Remove(policy, pattern) => {
                        let known = model.iter().position(|(p, u, _)| *p == policy && *u == pattern);
                        prop_assert_eq!(map.remove(policy, &pattern), known.map(|at| model.remove(at).2));
                    }
                    Step::Look(uri) => {
                        let mut found = Vec::new();
                        map.matches(&uri, |value| found.push(value));
                        found.sort_unstable();
                        let matching: Vec<_> =
                            model.iter().filter(|(p, u, _)| matches_naively(*p, u, &uri)).collect();
                        let mut expected: Vec<_> = matching.iter().map(|(_, _, value)| *value).collect();
                        expected.sort_unstable();
                        prop_assert_eq!(found, expected);
                        let best = matching.iter().max_by_key(|(p, u, _)| rank(*p, u)).map(|(_, _, value)| *value);
                        prop_assert_eq!(map.best(&uri), best);
                    }
                }
                for (policy, pattern, value) in &model {
                    prop_assert_eq!(map.get(*policy, pattern), Some(*value));
                }
            }
        }
    }

    #[test]
    fn the_longest_patterns_fit_a_small_stack() {
        let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(|| {
            let mut map = PatternMap::default();
            let wildcard = Uri::from(".".repeat(MOST_COMPONENTS - 1));
            let uri = format!("a{}", ".a".repeat(MOST_COMPONENTS - 1));
            let literal = Uri::from(uri.as_str());
            map.insert(MatchPolicy::Wildcard, &wildcard, 1);
            map.insert(MatchPolicy::Wildcard, &literal, 2);
            for length in 0..=LONGEST {
                map.insert(MatchPolicy::Prefix, &Uri::from("a".repeat(length)), length);
            }
            map.matches(&"a".repeat(LONGEST), |_| {});
            map.matches(&uri, |_| {});
            map.best(&uri);
            assert_eq!(map.remove(MatchPolicy::Wildcard, wildcard.as_str()), Some(1));
            assert_eq!(map.remove(MatchPolicy::Prefix, &"a".repeat(1000)), Some(1000));
            drop(map);
        });
        thread.unwrap().join().unwrap();
    }

    #[test]
    fn the_more_literal_wildcard_wins_though_its_text_is_shorter() {
        let mut map = PatternMap::default();
        map.insert(MatchPolicy::Wildcard, &"a1.b2...d4.e5".into(), 1);
        map.insert(MatchPolicy::Wildcard, &"a1.b2..c33..e5".into(), 2);
        map.insert(MatchPolicy::Wildcard, &"a1...averylongcomponent.d4.e5".into(), 3);
        assert_eq!(map.best("a1.b2.x.c33.d4.e5"), Some(2));
        assert_eq!(map.best("a1.b2.x.y.d4.e5"), Some(1));
        map.insert(MatchPolicy::Prefix, &"a1".into(), 4);
        assert_eq!(
            map.best("a1.b2.x.c33.d4.e5"),
            Some(4),
            "any prefix goes before any wildcard"
        );
    }
}
