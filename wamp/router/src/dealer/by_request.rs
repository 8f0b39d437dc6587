//! A map by request ids.

use std::collections::VecDeque;

use wamp_protocol::RequestId;

use crate::id_map::IdMap;

/// How far apart the ids may be that are found by their place.
const SPAN: usize = 1024;
/// How many ids may be left out on the way to the next.
const GAP: usize = 16;
/// Places whose memory is kept while there is nothing in them.
const KEPT: usize = 64;

/// A map for ids that count up as a rule, and are removed in about the order in which they came:
/// those are found by their place, without a hash. Any others are found all the same.
#[derive(Debug)]
pub(super) struct ByRequest<T> {
    /// The values of `first` and the ids after it. Neither end is empty.
    near: VecDeque<Option<T>>,
    first: u64,
    far: IdMap<RequestId, T>,
    count: usize,
}

impl<T> Default for ByRequest<T> {
    fn default() -> Self {
        Self {
            near: VecDeque::new(),
            first: 1,
            far: IdMap::default(),
            count: 0,
        }
    }
}

impl<T> ByRequest<T> {
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Where the id would stand among the near ones.
    fn place(&self, id: RequestId) -> Option<usize> {
        usize::try_from(id.get().checked_sub(self.first)?).ok()
    }

    pub(super) fn get(&self, id: RequestId) -> Option<&T> {
        match self.place(id).and_then(|place| self.near.get(place)) {
            Some(Some(value)) => Some(value),
            _ if self.far.is_empty() => None,
            _ => self.far.get(&id),
        }
    }

    pub(super) fn get_mut(&mut self, id: RequestId) -> Option<&mut T> {
        let place = self.place(id);
        match place.and_then(|place| self.near.get_mut(place)) {
            Some(Some(value)) => Some(value),
            _ if self.far.is_empty() => None,
            _ => self.far.get_mut(&id),
        }
    }

    /// Keeps `value`; what the id stood for before is dropped.
    pub(super) fn insert(&mut self, id: RequestId, value: T) {
        // It may stand there already.
        drop(self.remove(id));
        self.count += 1;
        if self.place(id).is_some_and(|place| place > self.near.len() + GAP) {
            // Ids count on from here; what stays open of those before keeps no places.
            while self.forget_first() {}
        }
        if self.near.is_empty() {
            self.first = id.get();
        }
        let Some(place) = self.place(id) else {
            self.far.insert(id, value);
            return;
        };
        while self.near.len() <= place {
            self.near.push_back(None);
        }
        if let Some(slot) = self.near.get_mut(place) {
            *slot = Some(value);
        }
        while self.near.len() > SPAN {
            self.forget_first();
        }
        self.trim();
    }

    /// Moves the first of the near ones to the others, if there is one.
    fn forget_first(&mut self) -> bool {
        let Some(place) = self.near.pop_front() else {
            return false;
        };
        if let (Some(value), Some(id)) = (place, RequestId::new(self.first)) {
            self.far.insert(id, value);
        }
        self.first += 1;
        true
    }

    pub(super) fn remove(&mut self, id: RequestId) -> Option<T> {
        let place = self.place(id);
        let mut removed = place.and_then(|place| self.near.get_mut(place)).and_then(Option::take);
        if removed.is_some() {
            self.trim();
        } else if !self.far.is_empty() {
            removed = self.far.remove(&id);
        }
        self.count -= usize::from(removed.is_some());
        removed
    }

    /// Takes empty places off both ends.
    fn trim(&mut self) {
        while let Some(None) = self.near.front() {
            self.near.pop_front();
            self.first += 1;
        }
        while let Some(None) = self.near.back() {
            self.near.pop_back();
        }
        if self.near.is_empty() && self.near.capacity() > KEPT {
            self.near = VecDeque::new();
        }
    }
}

#[cfg(test)]
impl<T> ByRequest<T> {
    /// In the order of the ids.
    pub(super) fn keys(&self) -> impl Iterator<Item = RequestId> {
        let near = (self.first..).zip(&self.near).filter(|(_, value)| value.is_some());
        let mut all: Vec<RequestId> = near.filter_map(|(id, _)| RequestId::new(id)).collect();
        all.extend(self.far.keys());
        all.sort_unstable();
        all.into_iter()
    }
}

impl<T> IntoIterator for ByRequest<T> {
    type Item = (RequestId, T);
    type IntoIter = std::vec::IntoIter<(RequestId, T)>;

    /// In the order of the ids.
    fn into_iter(self) -> Self::IntoIter {
        let near = (self.first..).zip(self.near);
        let near = near.filter_map(|(id, value)| Some((RequestId::new(id)?, value?)));
        let mut all: Vec<(RequestId, T)> = self.far.into_iter().chain(near).collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn id(number: u64) -> RequestId {
        RequestId::new(number).unwrap()
    }

    proptest! {
        #[test]
        fn it_holds_what_a_plain_map_holds(
            steps in prop::collection::vec(
                (
                    prop_oneof![
                        8 => 1..40_u64,
                        4 => 1..4000_u64,
                        1 => RequestId::MAX.get() - 5..=RequestId::MAX.get(),
                    ],
                    any::<bool>(),
                ),
                0..400,
            ),
            counting_from in prop_oneof![Just(1_u64), Just(5000)],
        ) {
            let (mut map, mut plain) = (ByRequest::default(), BTreeMap::new());
            for (number, (drawn, insert)) in (counting_from..).zip(steps) {
                if insert {
                    // Mostly the next one, as a client counts.
                    let next = if drawn % 4 == 0 { drawn } else { number };
                    map.insert(id(next), number);
                    plain.insert(id(next), number);
                } else {
                    let old = plain.keys().nth(drawn as usize % plain.len().max(1)).copied().unwrap_or(id(drawn));
                    prop_assert_eq!(map.remove(old), plain.remove(&old));
                }
                prop_assert_eq!(map.len(), plain.len());
                prop_assert_eq!(map.get(id(drawn)), plain.get(&id(drawn)));
                prop_assert_eq!(map.get_mut(id(number)), plain.get_mut(&id(number)));
            }
            prop_assert_eq!(map.into_iter().collect::<Vec<_>>(), plain.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn one_that_stays_keeps_no_places_for_those_that_go() {
        let mut map = ByRequest::default();
        map.insert(id(1), 1);
        for number in 2..100_000 {
            map.insert(id(number), number);
            assert_eq!(map.remove(id(number)), Some(number));
        }
        assert!(map.near.capacity() <= 4 * SPAN, "{}", map.near.capacity());
        assert_eq!(map.remove(id(1)), Some(1));
        assert_eq!(map.len(), 0);
    }
}
