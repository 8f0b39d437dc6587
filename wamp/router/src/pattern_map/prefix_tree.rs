//! Text prefixes in a radix tree.

/// Values by prefix; finding those of a URI costs its length, however many there are.
///
/// A prefix is plain text: `a.b` is one of `a.bc`. Labels are octets, so a node may lie inside a
/// character; whole prefixes never do.
#[derive(Debug)]
pub(crate) struct PrefixTree<T> {
    root: Node<T>,
}

#[derive(Debug)]
struct Node<T> {
    /// What follows the parent's text; empty for the root alone.
    label: Box<[u8]>,
    value: Option<T>,
    /// By the first octet of their labels, in which no two agree.
    children: Vec<Self>,
}

impl<T> Default for PrefixTree<T> {
    fn default() -> Self {
        Self {
            root: Node {
                label: Box::default(),
                value: None,
                children: Vec::new(),
            },
        }
    }
}

impl<T> PrefixTree<T> {
    pub(crate) fn get(&self, prefix: &str) -> Option<&T> {
        let mut node = &self.root;
        let mut rest = prefix.as_bytes();
        while !rest.is_empty() {
            node = node.child(rest)?;
            rest = rest.strip_prefix(&*node.label)?;
        }
        node.value.as_ref()
    }

    pub(crate) fn insert(&mut self, prefix: &str, value: T) -> Option<T> {
        self.root.descend(prefix.as_bytes()).replace(value)
    }

    pub(crate) fn remove(&mut self, prefix: &str) -> Option<T> {
        self.root.remove(prefix.as_bytes())
    }

    /// Visits the value of every prefix of `uri`, shortest first.
    pub(crate) fn matches<'a>(&'a self, uri: &str, visit: &mut impl FnMut(&'a T)) {
        let mut node = &self.root;
        let mut rest = uri.as_bytes();
        loop {
            if let Some(value) = &node.value {
                visit(value);
            }
            let Some(child) = node.child(rest) else { return };
            let Some(after) = rest.strip_prefix(&*child.label) else {
                return;
            };
            (node, rest) = (child, after);
        }
    }

    /// The value of the longest prefix of `uri`.
    pub(crate) fn longest(&self, uri: &str) -> Option<&T> {
        let mut longest = None;
        self.matches(uri, &mut |value| longest = Some(value));
        longest
    }
}

impl<T> Node<T> {
    fn search(&self, first: u8) -> Result<usize, usize> {
        self.children
            .binary_search_by(|child| child.label.first().copied().unwrap_or_default().cmp(&first))
    }

    /// The child whose label begins as `rest` does.
    fn child(&self, rest: &[u8]) -> Option<&Self> {
        let at = self.search(*rest.first()?).ok()?;
        self.children.get(at)
    }

    /// The place of the value for `rest`, made if need be.
    fn descend(&mut self, rest: &[u8]) -> &mut Option<T> {
        let Some(first) = rest.first() else {
            return &mut self.value;
        };
        let at = match self.search(*first) {
            Ok(at) => at,
            Err(at) => {
                self.children.insert(
                    at,
                    Self {
                        label: rest.into(),
                        value: None,
                        children: Vec::new(),
                    },
                );
                at
            }
        };
        #[allow(
            clippy::indexing_slicing,
            reason = "the search gave the index of a child, or it was made there"
        )]
        let child = &mut self.children[at];
        let common = common_length(&child.label, rest);
        if common < child.label.len() {
            child.split(common);
        }
        child.descend(rest.get(common..).unwrap_or_default())
    }

    /// Ends this node's label at `at` and gives the rest of it to a new only child.
    fn split(&mut self, at: usize) {
        let (head, tail) = self.label.split_at(at);
        let (head, tail) = (head.into(), tail.into());
        let below = Self {
            label: tail,
            value: self.value.take(),
            children: std::mem::take(&mut self.children),
        };
        self.label = head;
        self.children.push(below);
    }

    fn remove(&mut self, rest: &[u8]) -> Option<T> {
        let Some(first) = rest.first() else {
            return self.value.take();
        };
        let at = self.search(*first).ok()?;
        let child = self.children.get_mut(at)?;
        let removed = child.remove(rest.strip_prefix(&*child.label)?)?;
        match (child.value.is_some(), child.children.len()) {
            (false, 0) => drop(self.children.remove(at)),
            (false, 1) => child.merge(),
            _ => {}
        }
        Some(removed)
    }

    /// Takes the only child's place.
    fn merge(&mut self) {
        if let Some(child) = self.children.pop() {
            self.label = [&*self.label, &*child.label].concat().into();
            self.value = child.value;
            self.children = child.children;
        }
    }
}

fn common_length(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}
