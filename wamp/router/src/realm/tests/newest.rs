//! Subscribers of one topic of which each wants another number of events to wait.

use std::sync::Arc;

use wamp_protocol::message::{Publish, PublishOptions, Subscribe, SubscribeOptions, Welcome, WelcomeDetails};
use wamp_protocol::{Message, RequestId};

use super::world::payload;
use crate::config::{Limits, RealmConfig};
use crate::member::{Member, MemberFeatures};
use crate::outbox::Outbox;
use crate::realm::Realm;

fn join(realm: &Realm, number: u64) -> (Arc<Member>, Arc<Outbox>) {
    let member = Arc::new(Member::for_test(number, "reader", MemberFeatures::all()));
    let outbox = Arc::new(Outbox::new(1000, 1 << 20));
    let welcome = Welcome {
        session: member.id,
        details: WelcomeDetails::default(),
    };
    realm.join(&member, &outbox, welcome).unwrap();
    (member, outbox)
}

/// The numbers that the events in the outbox hold, and how many each says were dropped.
fn events(outbox: &Outbox) -> Vec<(u64, u64)> {
    let mut taken = Vec::new();
    outbox.take(&mut taken, usize::MAX);
    let events = taken.iter().filter_map(|outgoing| match outgoing.message() {
        Message::Event(event) => Some((event.payload.args::<(u64,)>().unwrap().0, event.details.dropped)),
        _ => None,
    });
    events.collect()
}

#[test]
fn each_subscriber_keeps_as_many_events_as_it_asked_for_whatever_the_others_did() {
    let realm = Realm::new(RealmConfig::new("realm1"), &Limits::default(), Arc::default());
    let wanted = [None, Some(3), Some(1), None, Some(2), Some(3)];
    let subscribers: Vec<_> = (1..)
        .zip(wanted)
        .map(|(number, keep_newest)| {
            let (member, outbox) = join(&realm, number);
            let message = Subscribe {
                request: RequestId::FIRST,
                options: SubscribeOptions {
                    keep_newest,
                    ..SubscribeOptions::default()
                },
                topic: "com.topic".into(),
            };
            realm.routing().handle(&member, message.into(), None).unwrap();
            (keep_newest, outbox)
        })
        .collect();
    let (publisher, answers) = join(&realm, 99);
    for number in 1..=5 {
        let message = Publish {
            request: RequestId::new(number).unwrap(),
            // Acknowledged: there are messages for one alone between those for several.
            options: PublishOptions {
                acknowledge: true,
                ..PublishOptions::default()
            }
            .into(),
            topic: "com.topic".into(),
            payload: payload(&[number]),
        };
        realm.routing().handle(&publisher, message.into(), None).unwrap();
    }
    for (keep, outbox) in subscribers {
        let kept = keep.unwrap_or(5);
        let dropped = |number| if number == 6 - kept { 5 - kept } else { 0 };
        let expected: Vec<_> = (6 - kept..=5).map(|number| (number, dropped(number))).collect();
        assert_eq!(events(&outbox), expected, "{keep:?}");
    }
    let mut acknowledged = Vec::new();
    answers.take(&mut acknowledged, usize::MAX);
    assert_eq!(acknowledged.len(), 1 + 5);
}
