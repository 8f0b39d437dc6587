//! Maps by ids.
//!
//! Every message looks into several of them. Ids are numbers of the router's own, or a client's
//! within a map of that client's alone, so a quick hash with a secret start serves; what is looked
//! up by text that clients choose keeps the standard library's.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

pub(crate) type IdMap<K, V> = HashMap<K, V, RandomState>;
pub(crate) type IdSet<K> = HashSet<K, RandomState>;
