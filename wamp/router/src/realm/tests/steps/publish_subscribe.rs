//! Steps of subscribers and publishers.

use wamp_protocol::message::{Publish, PublishOptions, Recipients, Subscribe, SubscribeOptions, Unsubscribe};
use wamp_protocol::{SessionId, SubscriptionId};

use super::{KEYS, PATTERNS, TOPICS};
use crate::realm::tests::events::Publication;
use crate::realm::tests::program::Draw;
use crate::realm::tests::world::{ROLES, World, id, payload};

impl World {
    pub(super) fn subscribe(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        let request = self.request(slot);
        let (policy, uri) = draw.of(&PATTERNS);
        let (nkey, get_retained) = (draw.of(&KEYS), draw.one_in(2));
        let options = SubscribeOptions {
            match_policy: Some(policy),
            nkey: nkey.map(str::to_owned),
            get_retained: Some(get_retained),
            // So many that none gives way: events are to come as without it, and in the same order.
            keep_newest: draw.one_in(3).then_some(1 << 20),
            ..SubscribeOptions::default()
        };
        let topic = uri.into();
        let message = Subscribe {
            request: id(request),
            options,
            topic,
        };
        let (_, got) = self.send(slot, message.into());
        self.model.subscribe(by, request, (policy, uri), nkey, get_retained);
        self.compare(got)
    }

    pub(super) fn unsubscribe(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        let request = self.request(slot);
        let subscription = draw.below(self.model.last_subscription + 1) + 1;
        let message = Unsubscribe {
            request: id(request),
            subscription: SubscriptionId::new(subscription).unwrap(),
        };
        let (_, got) = self.send(slot, message.into());
        self.model.unsubscribe(by, request, subscription);
        self.compare(got)
    }

    pub(super) fn publish(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        let request = self.request(slot);
        let (acknowledge, exclude_me, disclosed) = (draw.one_in(2), !draw.one_in(3), draw.one_in(4));
        let retain = draw.one_in(3).then(|| draw.one_in(2).then(|| draw.below(80)));
        let numbers = if draw.one_in(8) { Vec::new() } else { vec![self.fresh()] };
        let mut publication = Publication {
            publisher: disclosed.then_some(by),
            excluded: exclude_me.then_some(by),
            rkey: draw.of(&KEYS),
            ..Publication::new(draw.of(&TOPICS), numbers)
        };
        let anybody = |draw: &mut Draw, world: &Self| world.last_session.saturating_sub(draw.below(8)).max(1);
        match draw.below(10) {
            0 => publication.eligible = Some(Vec::new()),
            1 => publication.eligible = Some(vec![anybody(&mut draw, self), anybody(&mut draw, self)]),
            2 => publication.exclude = vec![anybody(&mut draw, self)],
            3 => publication.eligible_roles = Some(vec![draw.of(&ROLES)]),
            _ => {}
        }
        let sessions = |ids: &[u64]| ids.iter().map(|id| SessionId::new(*id).unwrap()).collect::<Vec<_>>();
        let recipients = Recipients {
            eligible: publication.eligible.as_deref().map(sessions),
            exclude: Some(sessions(&publication.exclude)).filter(|ids| !ids.is_empty()),
            eligible_authrole: publication
                .eligible_roles
                .as_ref()
                .map(|roles| roles.iter().map(|role| (*role).to_owned()).collect()),
            ..Recipients::default()
        };
        let options = PublishOptions {
            acknowledge,
            exclude_me: Some(exclude_me),
            disclose_me: disclosed,
            retain: retain.is_some(),
            retain_for: retain.flatten(),
            rkey: publication.rkey.map(str::to_owned),
            recipients: Some(Box::new(recipients)),
            ..PublishOptions::default()
        };
        let message = Publish {
            request: id(request),
            options: options.into(),
            topic: publication.topic.into(),
            payload: payload(&publication.payload),
        };
        let (_, got) = self.send(slot, message.into());
        self.model
            .publish(by, acknowledge.then_some(request), publication, retain);
        self.compare(got)
    }
}
