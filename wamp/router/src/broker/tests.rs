//! The broker against a model that asks every subscription about every event.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use wamp_protocol::message::{Publish, PublishOptions, Recipients, SubscribeOptions};
use wamp_protocol::{Message, Payload, RequestId, Serializer};

use super::publishing::node_for;
use super::*;
use crate::effects::Sent;
use crate::member::MemberFeatures;
use crate::random_ids::RandomIds;

fn broker() -> Broker {
    Broker::new(BrokerSettings {
        disclose_publishers: Disclose::OnRequest,
        uri_rules: UriRules::Loose,
        subscriptions: 100,
        history: 0,
    })
}

const ROLES: [&str; 2] = ["reader", "writer"];

fn member(number: usize) -> Arc<Member> {
    Arc::new(Member::for_test(
        number as u64 + 1,
        ROLES[number % 2],
        MemberFeatures::all(),
    ))
}

#[derive(Debug, Clone)]
enum Step {
    Subscribe(usize, MatchPolicy, &'static str),
    Unsubscribe(usize, MatchPolicy, &'static str),
    Publish {
        by: usize,
        topic: &'static str,
        exclude_me: bool,
        recipients: Option<Recipients>,
    },
    Leave(usize),
}

const SESSIONS: usize = 5;
const PATTERNS: [&str; 7] = ["a.b", "a.c", "a", "a.b.c", "", "a.", ".b"];
const TOPICS: [&str; 5] = ["a.b", "a.c", "a", "a.b.c", "b.b"];

fn step() -> impl Strategy<Value = Step> {
    let session = 0..SESSIONS;
    let policy = prop::sample::select(vec![MatchPolicy::Exact, MatchPolicy::Prefix, MatchPolicy::Wildcard]);
    let pattern = prop::sample::select(PATTERNS.to_vec());
    let sessions = || prop::option::of(prop::collection::vec(1..=SESSIONS as u64, 0..3));
    let roles = || prop::option::of(prop::collection::vec(prop::sample::select(ROLES.to_vec()), 0..2));
    let recipients = (sessions(), sessions(), roles(), roles()).prop_map(|(exclude, eligible, not, only)| {
        let ids = |ids: Option<Vec<u64>>| ids.map(|ids| ids.into_iter().filter_map(SessionId::new).collect());
        let names = |names: Option<Vec<&str>>| names.map(|names| names.into_iter().map(str::to_owned).collect());
        Recipients {
            exclude: ids(exclude),
            eligible: ids(eligible),
            exclude_authrole: names(not),
            eligible_authrole: names(only),
            ..Recipients::default()
        }
    });
    let topic = prop::sample::select(TOPICS.to_vec());
    prop_oneof![
        4 => (session.clone(), policy.clone(), pattern.clone()).prop_map(|(s, p, t)| Step::Subscribe(s, p, t)),
        2 => (session.clone(), policy, pattern).prop_map(|(s, p, t)| Step::Unsubscribe(s, p, t)),
        4 => (session.clone(), topic, any::<bool>(), prop::option::of(recipients))
            .prop_map(|(by, topic, exclude_me, recipients)| Step::Publish { by, topic, exclude_me, recipients }),
        1 => session.prop_map(Step::Leave),
    ]
}

/// The lists as the specification words them.
fn admits(lists: &Recipients, session: u64, role: &str) -> bool {
    let has = |list: &Option<Vec<SessionId>>| list.as_ref().map(|list| list.iter().any(|id| id.get() == session));
    let named = |list: &Option<Vec<String>>| list.as_ref().map(|list| list.iter().any(|name| name == role));
    has(&lists.exclude) != Some(true)
        && named(&lists.exclude_authrole) != Some(true)
        && has(&lists.eligible) != Some(false)
        && named(&lists.eligible_authrole) != Some(false)
}

type Subscribed = BTreeSet<(usize, MatchPolicy, &'static str)>;

fn subscribe(broker: &mut Broker, by: usize, policy: MatchPolicy, topic: &str) -> Effects {
    let mut effects = Effects::default();
    let options = SubscribeOptions {
        match_policy: Some(policy),
        ..SubscribeOptions::default()
    };
    let message = Subscribe {
        request: RequestId::FIRST,
        options,
        topic: topic.into(),
    };
    broker.subscribe(&member(by), message, Moment::default(), &mut effects);
    effects
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn delivers_what_asking_every_subscription_would_deliver(steps in prop::collection::vec(step(), 1..60)) {
        let mut broker = broker();
        let mut ids = RandomIds::from_seed(1);
        let mut model = Subscribed::new();
        for step in steps {
            match step {
                Step::Subscribe(by, policy, topic) => {
                    let effects = subscribe(&mut broker, by, policy, topic);
                    let well_formed = Uri::from(topic).is_valid_pattern(UriRules::Loose, policy);
                    match effects.sent()[0].1 {
                        Message::Subscribed(_) => {
                            prop_assert!(well_formed);
                            let told = effects.meta_events.iter().any(|event| matches!(event, MetaEvent::Subscribed(..)));
                            prop_assert_eq!(told, model.insert((by, policy, topic)), "told of new subscribers only");
                        }
                        Message::Error(_) => prop_assert!(!well_formed),
                        other => prop_assert!(false, "{:?}", other),
                    }
                }
                Step::Unsubscribe(by, policy, topic) => {
                    let subscription = broker.lookup(topic, policy).unwrap_or(SubscriptionId::MAX);
                    let mut effects = Effects::default();
                    let message = Unsubscribe { request: RequestId::FIRST, subscription };
                    broker.unsubscribe(&member(by), &message, &mut effects);
                    let done = matches!(effects.sent()[0].1, Message::Unsubscribed(_));
                    prop_assert_eq!(done, model.remove(&(by, policy, topic)));
                }
                Step::Publish { by, topic, exclude_me, recipients } => {
                    let mut effects = Effects::default();
                    let options = PublishOptions {
                        exclude_me: Some(exclude_me),
                        recipients: recipients.clone().map(Box::new),
                        ..PublishOptions::default()
                    };
                    let payload = Payload::with_args(Serializer::MsgPack, &[1]).unwrap();
                    let mut message = Publish { request: RequestId::FIRST, options: options.into(), topic: topic.into(), payload };
                    broker.publish(&member(by), &mut message, Moment::default(), &mut ids, &mut effects).unwrap();
                    let mut received: Vec<_> = effects.sent().into_iter().map(|(session, message)| {
                        let Message::Event(event) = message else { panic!("{message:?}") };
                        let facts = broker.subscription(event.subscription).unwrap();
                        assert_eq!(event.details.topic.is_some(), facts.match_policy != MatchPolicy::Exact);
                        (session.get(), facts.match_policy, facts.uri.as_str())
                    }).collect();
                    received.sort();
                    let mut expected: Vec<_> = model.iter().filter(|(session, policy, pattern)| {
                        policy.matches(pattern, topic)
                            && !(exclude_me && *session == by)
                            && recipients.as_ref().is_none_or(|lists| admits(lists, *session as u64 + 1, ROLES[session % 2]))
                    }).map(|(session, policy, pattern)| (*session as u64 + 1, *policy, *pattern)).collect();
                    expected.sort();
                    prop_assert_eq!(received, expected);
                }
                Step::Leave(session) => {
                    broker.leave(member(session).id, &mut Effects::default());
                    model.retain(|(by, ..)| *by != session);
                }
            }
            prop_assert_eq!(broker.subscriptions().count(), model.iter().map(|(_, policy, topic)| (policy, topic)).collect::<BTreeSet<_>>().len());
        }
        for session in 0..SESSIONS {
            broker.leave(member(session).id, &mut Effects::default());
        }
        prop_assert_eq!(broker.subscriptions().count(), 0);
        prop_assert!(broker.by_session.is_empty());
        for topic in TOPICS {
            prop_assert!(!broker.has_subscribers(topic));
        }
    }
}

proptest! {
    #[test]
    fn a_key_moves_only_with_its_node(
        rkey in "[a-z]{0,6}",
        nodes in prop::collection::btree_set("[a-z]{0,3}", 1..8),
        order in any::<u64>(),
    ) {
        let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
        let node = node_for(&rkey, nodes.iter().copied());
        let node = node.filter(|node| nodes.contains(node)).unwrap();
        // Wherever the nodes stand, and however many subscribers have each.
        let mut mixed: Vec<&str> = nodes.iter().chain(&nodes).copied().collect();
        mixed.rotate_left(order as usize % nodes.len());
        prop_assert_eq!(node_for(&rkey, mixed.iter().copied()), Some(node));
        for gone in &nodes {
            let others = nodes.iter().copied().filter(|other| other != gone);
            let then = node_for(&rkey, others);
            if gone == &node {
                prop_assert_ne!(then, Some(node));
            } else {
                prop_assert_eq!(then, Some(node), "without {}", gone);
            }
        }
    }
}

#[test]
fn each_node_gets_its_part_of_the_keys() {
    let nodes = ["a", "b", "c", "d"];
    let mut keys = std::collections::BTreeMap::new();
    for key in 0..4000 {
        let node = node_for(&format!("key{key}"), nodes.into_iter()).unwrap();
        *keys.entry(node).or_insert(0) += 1;
    }
    assert_eq!(keys.len(), nodes.len());
    assert!(keys.values().all(|count| (800..1200).contains(count)), "{keys:?}");
}

#[test]
fn receivers_who_may_know_the_same_share_one_message() {
    let mut broker = broker();
    for session in 0..4 {
        subscribe(&mut broker, session, MatchPolicy::Exact, "a.b");
    }
    let mut effects = Effects::default();
    let mut message = Publish {
        request: RequestId::FIRST,
        options: PublishOptions::default().into(),
        topic: "a.b".into(),
        payload: Payload::EMPTY,
    };
    broker
        .publish(
            &member(4),
            &mut message,
            Moment::default(),
            &mut RandomIds::from_seed(1),
            &mut effects,
        )
        .unwrap();
    let sent = effects.sent();
    let messages: BTreeSet<_> = sent.iter().map(|(_, message)| std::ptr::from_ref(*message)).collect();
    assert_eq!((sent.len(), messages.len()), (4, 1));
}

#[test]
fn subscribers_who_keep_different_numbers_of_events_share_one_encoding() {
    let mut broker = broker();
    for session in 0..20 {
        let options = SubscribeOptions {
            keep_newest: (session > 0).then_some(session as u64),
            ..SubscribeOptions::default()
        };
        let message = Subscribe {
            request: RequestId::FIRST,
            options,
            topic: "a.b".into(),
        };
        broker.subscribe(&member(session), message, Moment::default(), &mut Effects::default());
    }
    let mut effects = Effects::default();
    let mut message = Publish {
        request: RequestId::FIRST,
        options: PublishOptions::default().into(),
        topic: "a.b".into(),
        payload: Payload::EMPTY,
    };
    let mut ids = RandomIds::from_seed(1);
    broker
        .publish(&member(20), &mut message, Moment::default(), &mut ids, &mut effects)
        .unwrap();
    for serializer in Serializer::ALL {
        let encodings: BTreeSet<_> = effects
            .sends
            .iter()
            .map(|(_, sent)| match sent {
                Sent::Shared(event) => event.encoded(serializer).unwrap().as_ptr(),
                Sent::Own => panic!("an event for one alone"),
            })
            .collect();
        assert_eq!((effects.sends.len(), encodings.len()), (20, 1), "{serializer:?}");
    }
}
