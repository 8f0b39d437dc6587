//! The model's shards.

/// Of two nodes, whose shard each key is in: written down, because it is to stay so while both are
/// there, in every subscription and every run.
const SHARDS: [(&str, &str); 2] = [("one", "two"), ("two", "one")];

/// The node whose shard `rkey` falls into: the only one, or of two the one that is written down.
pub(super) fn node_for<'a>(rkey: &str, nodes: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let nodes: Vec<&str> = nodes.collect();
    let (_, node) = SHARDS.into_iter().find(|(key, _)| *key == rkey)?;
    nodes
        .iter()
        .copied()
        .find(|other| *other == node)
        .or_else(|| nodes.first().copied())
}
