//! Which shapes the wildcard patterns of each session have.

use std::collections::HashMap;

use wamp_protocol::{MatchPolicy, SessionId, Uri};

use crate::effects::Refusal;
use crate::id_map::IdMap;
use crate::limit::Limit;

/// Shapes that the wildcard patterns of one session may have.
///
/// A look into the tree goes to at most one node for each shape and component: at each of them, it
/// is known which literal component is wanted. So this is what bounds it, and not how many patterns
/// there are. Applications have a handful of shapes.
pub(crate) const SHAPES: usize = 64;

/// How many patterns of each shape a session has. The shape is which components are wildcards.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    by_session: IdMap<SessionId, HashMap<Box<[bool]>, usize>>,
}

fn shape(pattern: &Uri) -> Box<[bool]> {
    pattern.as_str().split('.').map(str::is_empty).collect()
}

impl Shapes {
    /// Whether the session may have this pattern too.
    ///
    /// # Errors
    /// If it has too many shapes already, and this is none of them.
    pub(crate) fn check(&self, session: SessionId, policy: MatchPolicy, pattern: &Uri) -> Result<(), Refusal> {
        let Some(own) = self.by_session.get(&session).filter(|own| own.len() >= SHAPES) else {
            return Ok(());
        };
        if policy != MatchPolicy::Wildcard || own.contains_key(&shape(pattern)) {
            return Ok(());
        }
        let sentence = format!("the wildcards of a session's patterns may stand in {SHAPES} different ways");
        Err(Refusal::over(Limit::WildcardShapes, sentence))
    }

    /// The session has a pattern more.
    pub(crate) fn add(&mut self, session: SessionId, policy: MatchPolicy, pattern: &Uri) {
        if policy == MatchPolicy::Wildcard {
            let own = self.by_session.entry(session).or_default();
            *own.entry(shape(pattern)).or_default() += 1;
        }
    }

    /// The session has this pattern no more.
    pub(crate) fn remove(&mut self, session: SessionId, policy: MatchPolicy, pattern: &Uri) {
        if policy != MatchPolicy::Wildcard {
            return;
        }
        let Some(own) = self.by_session.get_mut(&session) else {
            return;
        };
        let shape = shape(pattern);
        if let Some(count) = own.get_mut(&shape) {
            *count -= 1;
            if *count == 0 {
                own.remove(&shape);
            }
        }
        if own.is_empty() {
            self.by_session.remove(&session);
        }
    }

    /// Whether nobody has any.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_session.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::wildcard_tree::WildcardTree;
    use super::*;

    #[test]
    fn one_session_cannot_make_looking_for_wildcards_slow() {
        const COMPONENTS: usize = 17;
        let session = SessionId::FIRST;
        let (mut shapes, mut tree) = (Shapes::default(), WildcardTree::default());
        // Each component exact or not, and none that matches what is looked for below.
        let pattern = |number: u32, last: &str| {
            let component = |at: usize| if number >> at & 1 == 0 { "a." } else { "." };
            let text: String = (0..COMPONENTS - 1).map(component).collect();
            Uri::from(text + last)
        };
        let mut admitted = 0;
        for number in 0..1 << (COMPONENTS - 1) {
            for last in ["x", "y"] {
                let pattern = pattern(number, last);
                if shapes.check(session, MatchPolicy::Wildcard, &pattern).is_ok() {
                    shapes.add(session, MatchPolicy::Wildcard, &pattern);
                    tree.insert(pattern.as_str(), number);
                    admitted += 1;
                }
            }
        }
        assert_eq!(admitted, SHAPES * 2, "any number of each shape");
        let wanted = format!("{}z", "a.".repeat(COMPONENTS - 1));
        let (mut nodes, mut found) = (0, 0);
        tree.visit(&wanted, &mut || nodes += 1, &mut |_| found += 1);
        assert_eq!(found, 0);
        assert!((1..=SHAPES * COMPONENTS).contains(&nodes), "{nodes}");
        // What is taken back makes room for another.
        let (first, other) = (pattern(0, "x"), pattern(0xffff, "x"));
        assert!(shapes.check(session, MatchPolicy::Wildcard, &other).is_err());
        assert!(shapes.check(session, MatchPolicy::Prefix, &other).is_ok());
        shapes.remove(session, MatchPolicy::Wildcard, &first);
        assert!(
            shapes.check(session, MatchPolicy::Wildcard, &other).is_err(),
            "one is left of it"
        );
        shapes.remove(session, MatchPolicy::Wildcard, &pattern(0, "y"));
        assert!(shapes.check(session, MatchPolicy::Wildcard, &other).is_ok());
    }
}
