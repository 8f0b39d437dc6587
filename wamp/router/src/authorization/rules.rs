//! Authorization by a list of rules: role × action × URI pattern.

use std::collections::HashMap;

use wamp_protocol::MatchPolicy;

use super::{Action, Authorizer, Request};

/// Whether a rule gives or takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effect {
    /// The actions are permitted.
    #[default]
    Allow,
    /// The actions are forbidden, whatever other rules allow.
    Deny,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Whom it is about.
    pub role: String,
    /// The URI or pattern it is about.
    pub uri: String,
    /// How `uri` is meant.
    pub match_policy: MatchPolicy,
    /// The actions it is about.
    pub actions: Vec<Action>,
    /// Whether they are allowed or denied.
    pub effect: Effect,
}

impl Rule {
    /// The rule that lets `role` do everything.
    pub fn everything(role: impl Into<String>) -> Self {
        Self {
            role: role.into(),
            uri: String::new(),
            match_policy: MatchPolicy::Prefix,
            actions: Action::ALL.to_vec(),
            effect: Effect::Allow,
        }
    }
}

/// An authorizer that goes by a list: permitted is what an [`Effect::Allow`] rule covers wholly
/// and no [`Effect::Deny`] rule touches. Roles without rules may do nothing.
#[derive(Debug, Default)]
pub struct Rules {
    /// role → its rules
    by_role: HashMap<String, Vec<Rule>>,
}

impl Rules {
    /// Goes by `rules`; their order does not matter.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let mut by_role: HashMap<String, Vec<Rule>> = HashMap::new();
        for rule in rules {
            by_role.entry(rule.role.clone()).or_default().push(rule);
        }
        Self { by_role }
    }
}

impl Authorizer for Rules {
    fn permits(&self, request: &Request<'_>) -> bool {
        let Some(rules) = self.by_role.get(request.authrole) else {
            return false;
        };
        let asked = (request.uri.as_str(), request.match_policy);
        let mut allowed = false;
        for rule in rules.iter().filter(|rule| rule.actions.contains(&request.action)) {
            let pattern = (rule.uri.as_str(), rule.match_policy);
            match rule.effect {
                Effect::Allow => allowed = allowed || covers(pattern, asked),
                Effect::Deny if overlap(pattern, asked) => return false,
                Effect::Deny => {}
            }
        }
        allowed
    }

    fn permits_everything(&self, authrole: &str) -> bool {
        let rules = self.by_role.get(authrole).map(Vec::as_slice).unwrap_or_default();
        let is_everything = |rule: &Rule| {
            rule.uri.is_empty()
                && rule.match_policy == MatchPolicy::Prefix
                && Action::ALL.iter().all(|action| rule.actions.contains(action))
        };
        rules.iter().any(is_everything) && rules.iter().all(|rule| rule.effect == Effect::Allow)
    }
}

type Pattern<'a> = (&'a str, MatchPolicy);

/// Whether every URI that `inner` matches is matched by `outer`.
fn covers((outer, outer_policy): Pattern<'_>, (inner, inner_policy): Pattern<'_>) -> bool {
    use MatchPolicy::{Exact, Prefix, Wildcard};
    match (outer_policy, inner_policy) {
        (Exact, Exact) => outer == inner,
        (Exact, Prefix | Wildcard) | (Wildcard, Prefix) => false,
        (Prefix, Exact | Prefix) => inner.starts_with(outer),
        (Prefix, Wildcard) => literal_start(inner).starts_with(outer),
        (Wildcard, Exact | Wildcard) => each(outer, inner, |outer, inner| outer.is_empty() || outer == inner),
    }
}

/// Whether there can be a URI that both match.
fn overlap(one: Pattern<'_>, other: Pattern<'_>) -> bool {
    use MatchPolicy::{Exact, Prefix, Wildcard};
    match (one.1, other.1) {
        (_, Exact) => covers(one, other),
        (Exact, _) => covers(other, one),
        (Prefix, Prefix) => one.0.starts_with(other.0) || other.0.starts_with(one.0),
        (Prefix, Wildcard) => prefix_touches_wildcard(one.0, other.0),
        (Wildcard, Prefix) => prefix_touches_wildcard(other.0, one.0),
        (Wildcard, Wildcard) => each(one.0, other.0, |one, other| {
            one.is_empty() || other.is_empty() || one == other
        }),
    }
}

fn prefix_touches_wildcard(prefix: &str, wildcard: &str) -> bool {
    let mut components = wildcard.split('.');
    let mut wanted = prefix.split('.').peekable();
    while let Some(part) = wanted.next() {
        let Some(component) = components.next() else {
            return false;
        };
        let fits = match wanted.peek() {
            Some(_) => component.is_empty() || component == part,
            None => component.is_empty() || component.starts_with(part),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// What every URI that the wildcard pattern matches begins with.
fn literal_start(wildcard: &str) -> &str {
    let mut end = 0;
    for component in wildcard.split('.') {
        if component.is_empty() {
            return wildcard.get(..end).unwrap_or(wildcard);
        }
        end += component.len() + 1;
    }
    wildcard
}

/// Whether both have as many components, and each of the one fits that of the other. Most do not by
/// their first.
fn each(one: &str, other: &str, fits: impl Fn(&str, &str) -> bool) -> bool {
    let (mut one, mut other) = (one.split('.'), other.split('.'));
    loop {
        match (one.next(), other.next()) {
            (Some(one), Some(other)) if fits(one, other) => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use wamp_protocol::MatchPolicy::{Exact, Prefix, Wildcard};
    use wamp_protocol::Uri;

    use super::*;

    #[test]
    fn a_rule_covers_only_what_lies_wholly_inside_it() {
        for (outer, inner, expected) in [
            (("a.b", Exact), ("a.b", Exact), true),
            (("a.b", Exact), ("a.b", Prefix), false),
            (("a.", Prefix), ("a.b", Exact), true),
            (("a.", Prefix), ("a.b", Prefix), true),
            (("a.b", Prefix), ("a.", Prefix), false),
            (("a.", Prefix), ("a..c", Wildcard), true),
            (("a.b", Prefix), ("a..c", Wildcard), false),
            (("", Prefix), ("..", Wildcard), true),
            (("a..c", Wildcard), ("a.b.c", Exact), true),
            (("a..c", Wildcard), ("a.b.d", Exact), false),
            (("a..", Wildcard), ("a..c", Wildcard), true),
            (("a..c", Wildcard), ("a..", Wildcard), false),
            (("a..c", Wildcard), ("a.", Prefix), false),
            (("a..", Wildcard), ("a.b", Exact), false),
            (("a.", Wildcard), ("a.b.c", Exact), false),
        ] {
            assert_eq!(covers(outer, inner), expected, "{outer:?} {inner:?}");
        }
    }

    #[test]
    fn a_denial_touches_every_pattern_that_could_reach_it() {
        for (one, other, expected) in [
            (("wamp.", Prefix), ("", Prefix), true),
            (("wamp.", Prefix), ("..on_join", Wildcard), true),
            (("wamp.", Prefix), ("a..", Wildcard), false),
            (("wamp.session.on", Prefix), (".session.on_join", Wildcard), true),
            (("wamp.session.on", Prefix), (".session.off", Wildcard), false),
            (("a.b", Exact), ("a.", Prefix), true),
            (("a.b", Exact), (".b", Wildcard), true),
            (("a..c", Wildcard), (".b.", Wildcard), true),
            (("a..c", Wildcard), (".b.d", Wildcard), false),
        ] {
            assert_eq!(overlap(one, other), expected, "{one:?} {other:?}");
            assert_eq!(overlap(other, one), expected, "{other:?} {one:?}");
        }
    }

    #[test]
    fn roles_without_rules_may_do_nothing_and_denials_win() {
        let rules = Rules::new([
            Rule::everything("admin"),
            Rule {
                role: "user".to_owned(),
                ..Rule::everything("user")
            },
            Rule {
                role: "user".to_owned(),
                uri: "wamp.".to_owned(),
                match_policy: Prefix,
                actions: vec![Action::Subscribe],
                effect: Effect::Deny,
            },
        ]);
        let permits = |authrole: &str, action, uri: &str, match_policy| {
            rules.permits(&Request {
                authid: "x",
                authrole,
                action,
                uri: &Uri::from(uri),
                match_policy,
            })
        };
        assert!(permits("admin", Action::Subscribe, "", Prefix));
        assert!(permits("user", Action::Call, "wamp.session.count", Exact));
        assert!(permits("user", Action::Subscribe, "a.b", Exact));
        assert!(!permits("user", Action::Subscribe, "wamp.session.on_join", Exact));
        assert!(!permits("user", Action::Subscribe, "", Prefix));
        assert!(!permits("nobody", Action::Call, "a.b", Exact));
    }

    #[test]
    fn everything_is_permitted_to_a_role_that_has_such_a_rule_and_no_denial() {
        let part = Rule {
            actions: vec![Action::Call, Action::Publish],
            ..Rule::everything("part")
        };
        let below = Rule {
            uri: "a.".to_owned(),
            ..Rule::everything("below")
        };
        let denied = Rule {
            uri: "a.b".to_owned(),
            effect: Effect::Deny,
            ..Rule::everything("denied")
        };
        let rules = Rules::new([
            Rule::everything("admin"),
            part,
            below,
            Rule::everything("denied"),
            denied,
        ]);
        assert!(rules.permits_everything("admin"));
        for role in ["part", "below", "denied", "nobody"] {
            assert!(!rules.permits_everything(role), "{role}");
        }
    }
}
