//! `wamp.subscription.get_events`

use std::sync::Arc;
use std::time::Duration;

use wamp_protocol::{Dict, Part, Payload, PublicationId, SubscriptionId, Value, error_uri};

use super::arguments::{Arguments, invalid};
use super::{no_such_subscription, subscription};
use crate::authorization::{Action, Key};
use crate::broker::HistoryFilter;
use crate::effects::Refusal;
use crate::history_store::PastEvent;
use crate::member::Member;
use crate::moment::{self, Iso8601};
use crate::realm::State;
use crate::realm::permissions::Permissions;

impl State {
    pub(super) fn get_events(
        &mut self,
        caller: &Arc<Member>,
        arguments: &Arguments,
        may: Permissions<'_>,
    ) -> Result<Payload, Refusal> {
        let id = subscription(arguments)?;
        let facts = self.broker.subscription(id).ok_or_else(|| no_such_subscription(id))?;
        let key = Key {
            action: Action::Subscribe,
            uri: facts.uri.clone(),
            match_policy: facts.match_policy,
        };
        may.check(&key, "subscribe to")?;
        let filter = filter(caller, arguments)?;
        let events = self
            .broker
            .history(id, &filter)
            .ok_or_else(|| no_such_subscription(id))?;
        // In the serializer of who asks: what was published in it is given back as it came, with
        // what no other has.
        let serializer = arguments.serializer;
        let events: Vec<(&PastEvent, Payload)> = events
            .iter()
            .filter_map(|event| match event.payload.transcode(serializer) {
                Ok(payload) => Some((&**event, payload)),
                // From a store that somebody else has written into: the others are none the worse.
                Err(error) => {
                    tracing::error!(topic = ?event.topic, publication = event.publication.get(), %error, "an event of the past is lost");
                    None
                }
            })
            .collect();
        let parts = events.iter().map(|(event, payload)| part(id, event, payload, caller));
        Payload::with_part(serializer, &Part::List(parts.collect()))
            .map_err(|error| Refusal::new(error_uri::RUNTIME_ERROR, error.to_string()))
    }
}

fn filter(caller: &Arc<Member>, arguments: &Arguments) -> Result<HistoryFilter, Refusal> {
    let time = |name| match arguments.keyword_text(name)? {
        None => Ok(None),
        Some(text) => moment::parse_rfc3339(text)
            .map(Some)
            .ok_or_else(|| invalid(name, "a time like 2026-05-03T07:08:09Z")),
    };
    let publication = |name| match arguments.keyword_number(name)? {
        None => Ok::<Option<PublicationId>, Refusal>(None),
        Some(id) => PublicationId::new(id).map(Some).ok_or_else(|| invalid(name, "an id")),
    };
    let reverse = match arguments.keyword("reverse") {
        None => false,
        Some(Value::Bool(reverse)) => *reverse,
        Some(_) => return Err(invalid("reverse", "true or false")),
    };
    let limit = arguments.keyword_number("limit")?;
    let times: [Option<Duration>; 4] = [
        time("from_time")?,
        time("after_time")?,
        time("before_time")?,
        time("until_time")?,
    ];
    Ok(HistoryFilter {
        asker: Some(Arc::clone(caller)),
        reverse,
        limit: limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        from_time: times[0],
        after_time: times[1],
        before_time: times[2],
        until_time: times[3],
        topic: arguments.keyword_text("topic")?.map(str::to_owned),
        from_publication: publication("from_publication")?,
        after_publication: publication("after_publication")?,
        before_publication: publication("before_publication")?,
        until_publication: publication("until_publication")?,
    })
}

/// An event as the specification has it in lists of events.
fn part<'a>(id: SubscriptionId, event: &PastEvent, payload: &'a Payload, asker: &Member) -> Part<'a> {
    let mut details = Dict::default();
    details.insert("topic", event.topic.as_str());
    if let Some(publisher) = &event.publisher {
        details.insert("publisher", publisher.session.get());
        details.insert("publisher_authid", publisher.authid.as_str());
        details.insert("publisher_authrole", publisher.authrole.as_str());
    }
    if let Some(trustlevel) = event.trustlevel
        && asker.features.subscriber.publication_trustlevels
    {
        details.insert("trustlevel", trustlevel);
    }
    for (name, text) in event.passthru.iter().flat_map(|said| said.entries()) {
        details.insert(name, text);
    }
    let timestamp = Iso8601(event.at).to_string();
    Part::Dict(vec![
        ("timestamp", Part::Value(timestamp.into())),
        ("subscription", Part::Value(id.get().into())),
        ("publication", Part::Value(event.publication.get().into())),
        ("details", Part::Value(details.into())),
        ("args", Part::ArgsOf(payload)),
        ("kwargs", Part::KwargsOf(payload)),
    ])
}
