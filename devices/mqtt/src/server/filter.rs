//! Topic filters, and who subscribed to what: a tree of topic levels, so that finding the
//! subscribers of a topic costs the same however many subscriptions there are.

use std::collections::HashMap;

use super::codec::SubscribeOptions;

/// More levels than any device uses; the tree is walked by recursion.
const MOST_LEVELS: usize = 128;

/// Whether clients may subscribe to it (MQTT 3.1.1 section 4.7): `#` only as the last level, `+`
/// only as a whole level.
pub(crate) fn is_valid(filter: &str) -> bool {
    if filter.is_empty() || filter.len() > 65_535 || filter.contains('\0') {
        return false;
    }
    if filter.split('/').count() > MOST_LEVELS {
        return false;
    }
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        let fits = match level {
            "#" => levels.peek().is_none(),
            "+" => true,
            other => !other.contains(['#', '+']),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// Whether a topic is one that the filter asks for.
pub(crate) fn matches(filter: &str, topic: &str) -> bool {
    // Section 4.7.2: wildcards at the first level leave out topics that start with `$`.
    if topic.starts_with('$') && filter.starts_with(['#', '+']) {
        return false;
    }
    let mut levels = topic.split('/');
    let mut wanted = filter.split('/');
    loop {
        match (wanted.next(), levels.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(wanted), Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
}

/// Subscriptions by filter; subscribers are numbers.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    children: HashMap<Box<str>, Self>,
    subscribers: Vec<(u64, SubscribeOptions)>,
}

impl Subscriptions {
    /// Adds or replaces one.
    pub(super) fn insert(&mut self, filter: &str, subscriber: u64, options: SubscribeOptions) {
        let mut node = &mut self.root;
        for level in filter.split('/') {
            node = node.children.entry(level.into()).or_default();
        }
        node.subscribers.retain(|(other, _)| *other != subscriber);
        node.subscribers.push((subscriber, options));
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, filter: &str, subscriber: u64) {
        let levels: Vec<&str> = filter.split('/').collect();
        self.root.remove(&levels, subscriber);
    }

    /// Everyone who asked for `topic`, each once, with the best quality of service of theirs.
    pub(super) fn find(&self, topic: &str) -> Vec<(u64, SubscribeOptions)> {
        let levels: Vec<&str> = topic.split('/').collect();
        let mut found: Vec<(u64, SubscribeOptions)> = Vec::new();
        self.root
            .find(&levels, topic.starts_with('$'), &mut |subscriber, options| match found
                .iter_mut()
                .find(|(other, _)| *other == subscriber)
            {
                Some((_, best)) => {
                    best.qos = best.qos.max(options.qos);
                    best.no_local &= options.no_local;
                    best.retain_as_published |= options.retain_as_published;
                }
                None => found.push((subscriber, options)),
            });
        found
    }
}

impl Node {
    fn remove(&mut self, levels: &[&str], subscriber: u64) {
        let Some((level, rest)) = levels.split_first() else {
            self.subscribers.retain(|(other, _)| *other != subscriber);
            return;
        };
        if let Some(child) = self.children.get_mut(*level) {
            child.remove(rest, subscriber);
            if child.children.is_empty() && child.subscribers.is_empty() {
                self.children.remove(*level);
            }
        }
    }

    fn find(&self, levels: &[&str], hidden: bool, found: &mut impl FnMut(u64, SubscribeOptions)) {
        if !hidden && let Some(all) = self.children.get("#") {
            all.subscribers.iter().for_each(|(id, options)| found(*id, *options));
        }
        let Some((level, rest)) = levels.split_first() else {
            self.subscribers.iter().for_each(|(id, options)| found(*id, *options));
            return;
        };
        if let Some(child) = self.children.get(*level) {
            child.find(rest, false, found);
        }
        if !hidden && let Some(child) = self.children.get("+") {
            child.find(rest, false, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn filters_match_as_the_standard_says() {
        for (filter, topic, expected) in [
            ("a/b", "a/b", true),
            ("a/b", "a/b/c", false),
            ("a/#", "a/b/c", true),
            ("a/#", "a", true),
            ("#", "a/b", true),
            ("+/b", "a/b", true),
            ("+", "a/b", false),
            ("a/+/c", "a//c", true),
            ("/+", "/a", true),
            ("+", "/a", false),
            ("#", "$SYS/x", false),
            ("+/x", "$SYS/x", false),
            ("$SYS/#", "$SYS/x", true),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
        }
    }

    #[test]
    fn filters_that_no_client_may_use_are_refused() {
        for filter in ["", "a/#/b", "a#", "a+/b", "#a", "\0", &"/".repeat(200)] {
            assert!(!is_valid(filter), "{filter}");
        }
        for filter in ["#", "+", "a/+/#", "/", "a//b"] {
            assert!(is_valid(filter), "{filter}");
        }
    }

    proptest! {
        #[test]
        fn the_tree_finds_what_matching_one_by_one_finds(
            filters in proptest::collection::vec("[a-b+]{1}(/[a-b+]{1}){0,2}(/#)?", 1..12),
            topic in "(\\$|[a-b])(/[a-b]){0,3}",
            gone in any::<proptest::sample::Index>(),
        ) {
            let mut tree = Subscriptions::default();
            for (id, filter) in filters.iter().enumerate() {
                tree.insert(filter, id as u64, SubscribeOptions::default());
            }
            let gone = gone.index(filters.len());
            tree.remove(&filters[gone], gone as u64);
            let mut found: Vec<usize> = tree.find(&topic).into_iter().map(|(id, _)| id as usize).collect();
            found.sort_unstable();
            let expected: Vec<usize> =
                (0..filters.len()).filter(|id| *id != gone && matches(&filters[*id], &topic)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
