//! Maps that a flood of made-up names and addresses does not fill the memory with.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use super::REMEMBERED;

/// The entry of `key`. Where there is no room for a new one, the half of the map that ranks lowest goes:
/// what was tried once, before what has to wait.
pub(super) fn entry<K: Hash + Eq, V: Default, R: Ord + Copy>(
    map: &mut HashMap<K, V>,
    key: K,
    rank: impl Fn(&V) -> R,
) -> &mut V {
    if map.len() >= REMEMBERED && !map.contains_key(&key) {
        let mut ranks: Vec<R> = map.values().map(&rank).collect();
        let middle = ranks.len() / 2;
        let (_, &mut median, _) = ranks.select_nth_unstable(middle);
        map.retain(|_, value| rank(value) > median);
    }
    match map.entry(key) {
        Entry::Occupied(there) => there.into_mut(),
        Entry::Vacant(free) => free.insert(V::default()),
    }
}
