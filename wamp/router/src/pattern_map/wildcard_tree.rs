//! Wildcard patterns in a tree of URI components.

use std::collections::HashMap;

/// Values by wildcard pattern, in which an empty component stands for any one component.
#[derive(Debug)]
pub(crate) struct WildcardTree<T> {
    root: Node<T>,
}

#[derive(Debug)]
struct Node<T> {
    value: Option<T>,
    /// Under the empty component.
    any: Option<Box<Self>>,
    /// component → what is under it
    literal: HashMap<Box<str>, Self>,
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self {
            value: None,
            any: None,
            literal: HashMap::new(),
        }
    }
}

impl<T> Default for WildcardTree<T> {
    fn default() -> Self {
        Self { root: Node::default() }
    }
}

impl<T> WildcardTree<T> {
    pub(crate) fn get(&self, pattern: &str) -> Option<&T> {
        let mut node = &self.root;
        for component in pattern.split('.') {
            node = if component.is_empty() {
                node.any.as_deref()?
            } else {
                node.literal.get(component)?
            };
        }
        node.value.as_ref()
    }

    pub(crate) fn insert(&mut self, pattern: &str, value: T) -> Option<T> {
        let mut node = &mut self.root;
        for component in pattern.split('.') {
            node = if component.is_empty() {
                node.any.get_or_insert_default()
            } else {
                node.literal.entry(component.into()).or_default()
            };
        }
        node.value.replace(value)
    }

    pub(crate) fn remove(&mut self, pattern: &str) -> Option<T> {
        self.root.remove(pattern.split('.'))
    }

    /// Visits the value of every pattern that matches `uri`.
    pub(crate) fn matches<'a>(&'a self, uri: &str, visit: &mut impl FnMut(&'a T)) {
        self.visit(uri, &mut || {}, visit);
    }

    /// The same, and says of each node that is looked at on the way.
    pub(crate) fn visit<'a>(&'a self, uri: &str, look: &mut impl FnMut(), visit: &mut impl FnMut(&'a T)) {
        self.root.matches(Some(uri), look, visit);
    }

    /// The value of the pattern that is literal for longest from the start, then after its first
    /// wildcard, and so on: the first leaf when the literal branch is always tried first.
    pub(crate) fn best(&self, uri: &str) -> Option<&T> {
        self.root.best(Some(uri))
    }
}

/// The first component, and what follows its dot.
fn split(uri: &str) -> (&str, Option<&str>) {
    match uri.split_once('.') {
        Some((component, rest)) => (component, Some(rest)),
        None => (uri, None),
    }
}

impl<T> Node<T> {
    fn remove<'a>(&mut self, mut components: impl Iterator<Item = &'a str>) -> Option<T> {
        let Some(component) = components.next() else {
            return self.value.take();
        };
        if component.is_empty() {
            let child = self.any.as_mut()?;
            let removed = child.remove(components)?;
            if child.is_bare() {
                self.any = None;
            }
            return Some(removed);
        }
        let child = self.literal.get_mut(component)?;
        let removed = child.remove(components)?;
        if child.is_bare() {
            self.literal.remove(component);
        }
        Some(removed)
    }

    fn is_bare(&self) -> bool {
        self.value.is_none() && self.any.is_none() && self.literal.is_empty()
    }

    fn matches<'a>(&'a self, uri: Option<&str>, look: &mut impl FnMut(), visit: &mut impl FnMut(&'a T)) {
        look();
        let Some(uri) = uri else {
            if let Some(value) = &self.value {
                visit(value);
            }
            return;
        };
        let (component, rest) = split(uri);
        if let Some(child) = self.literal.get(component) {
            child.matches(rest, look, visit);
        }
        if let Some(child) = &self.any {
            child.matches(rest, look, visit);
        }
    }

    fn best(&self, uri: Option<&str>) -> Option<&T> {
        let Some(uri) = uri else { return self.value.as_ref() };
        let (component, rest) = split(uri);
        let literal = self.literal.get(component).and_then(|child| child.best(rest));
        literal.or_else(|| self.any.as_ref()?.best(rest))
    }
}
