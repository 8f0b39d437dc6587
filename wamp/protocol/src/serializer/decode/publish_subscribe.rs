//! PUBLISH, PUBLISHED, SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED, EVENT, EVENT_RECEIVED.

use super::{DecodeError, Elements, options as option};
use crate::message::{
    Event, EventDetails, EventReceived, Publish, PublishOptions, Published, Recipients, Sparse, Subscribe,
    SubscribeOptions, Subscribed, Unsubscribe, Unsubscribed, UnsubscribedDetails,
};
use crate::serializer::read::{Fault, Reader};
use crate::{PublicationId, RequestId, SubscriptionId, Uri};

pub(super) fn publish<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Publish, DecodeError> {
    let request = e.id("Request", RequestId::new)?;
    let mut options = Sparse::<PublishOptions>::NONE;
    e.dict("Options", |reader, key| publish_option(reader, key, &mut options))?;
    let topic = e.uri("Topic")?;
    let payload = e.payload(option::is_opaque(options.ppt.as_deref()))?;
    Ok(Publish {
        request,
        options,
        topic,
        payload,
    })
}

fn publish_option<'a, R: Reader<'a>>(reader: &mut R, key: &str, options: &mut PublishOptions) -> Result<bool, Fault> {
    match key {
        "acknowledge" => options.acknowledge = option::flag(reader)?,
        "exclude_me" => options.exclude_me = option::optional_flag(reader)?,
        "disclose_me" => options.disclose_me = option::flag(reader)?,
        "retain" => options.retain = option::flag(reader)?,
        "_retain_for" => options.retain_for = option::optional_number(reader)?,
        "rkey" => options.rkey = option::optional_text(reader)?,
        "transaction_hash" => options.transaction_hash = option::optional_text(reader)?,
        "forward_for" => options.forward_for = option::forward_for(reader)?,
        _ => {
            return Ok(
                option::pass_thru(reader, key, &mut options.ppt)? || recipients(reader, key, &mut options.recipients)?
            );
        }
    }
    Ok(true)
}

fn recipients<'a, R: Reader<'a>>(
    reader: &mut R,
    key: &str,
    recipients: &mut Option<Box<Recipients>>,
) -> Result<bool, Fault> {
    let sessions: Option<fn(&mut Recipients) -> &mut Option<_>> = match key {
        "exclude" => Some(|recipients| &mut recipients.exclude),
        "eligible" => Some(|recipients| &mut recipients.eligible),
        _ => None,
    };
    if let Some(slot) = sessions {
        if let Some(list) = option::optional_sessions(reader)? {
            *slot(recipients.get_or_insert_default()) = Some(list);
        }
        return Ok(true);
    }
    let slot: fn(&mut Recipients) -> &mut Option<_> = match key {
        "exclude_authid" => |recipients| &mut recipients.exclude_authid,
        "exclude_authrole" => |recipients| &mut recipients.exclude_authrole,
        "eligible_authid" => |recipients| &mut recipients.eligible_authid,
        "eligible_authrole" => |recipients| &mut recipients.eligible_authrole,
        _ => return Ok(false),
    };
    if let Some(list) = option::optional_texts(reader)? {
        *slot(recipients.get_or_insert_default()) = Some(list);
    }
    Ok(true)
}

pub(super) fn published<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Published, DecodeError> {
    Ok(Published {
        request: e.id("PUBLISH.Request", RequestId::new)?,
        publication: e.id("Publication", PublicationId::new)?,
    })
}

pub(super) fn subscribe<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Subscribe, DecodeError> {
    let request = e.id("Request", RequestId::new)?;
    let mut options = SubscribeOptions::default();
    e.dict("Options", |reader, key| {
        match &**key {
            "match" => options.match_policy = option::match_policy(reader)?,
            "get_retained" => options.get_retained = option::optional_flag(reader)?,
            "nkey" => options.nkey = option::optional_text(reader)?,
            "_keep_newest" => options.keep_newest = option::optional_number(reader)?,
            "forward_for" => options.forward_for = option::forward_for(reader)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Subscribe {
        request,
        options,
        topic: e.uri("Topic")?,
    })
}

pub(super) fn subscribed<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Subscribed, DecodeError> {
    Ok(Subscribed {
        request: e.id("SUBSCRIBE.Request", RequestId::new)?,
        subscription: e.id("Subscription", SubscriptionId::new)?,
    })
}

pub(super) fn unsubscribe<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Unsubscribe, DecodeError> {
    let unsubscribe = Unsubscribe {
        request: e.id("Request", RequestId::new)?,
        subscription: e.id("SUBSCRIBED.Subscription", SubscriptionId::new)?,
    };
    e.ignored_options()?;
    Ok(unsubscribe)
}

pub(super) fn unsubscribed<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Unsubscribed, DecodeError> {
    let request = e.request_or_revoked("UNSUBSCRIBE.Request")?;
    let revoked = e.revocation("subscription", SubscriptionId::new, request.is_none())?;
    let details = revoked.map(|(subscription, reason)| UnsubscribedDetails { subscription, reason });
    Ok(Unsubscribed { request, details })
}

pub(super) fn event<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Event, DecodeError> {
    let subscription = e.id("SUBSCRIBED.Subscription", SubscriptionId::new)?;
    let publication = e.id("PUBLISHED.Publication", PublicationId::new)?;
    let mut details = Sparse::<EventDetails>::NONE;
    e.dict("Details", |reader, key| event_detail(reader, key, &mut details))?;
    let payload = e.payload(option::is_opaque(details.ppt.as_deref()))?;
    Ok(Event {
        subscription,
        publication,
        details,
        payload,
    })
}

fn event_detail<'a, R: Reader<'a>>(reader: &mut R, key: &str, details: &mut EventDetails) -> Result<bool, Fault> {
    match key {
        "topic" => details.topic = option::optional_text(reader)?.map(Uri::from),
        "publisher" => details.publisher = option::optional_session(reader)?,
        "publisher_authid" => details.publisher_authid = option::optional_text(reader)?,
        "publisher_authrole" => details.publisher_authrole = option::optional_text(reader)?,
        "trustlevel" => details.trustlevel = option::optional_number(reader)?,
        "retained" => details.retained = option::flag(reader)?,
        "_dropped" => details.dropped = option::optional_number(reader)?.unwrap_or_default(),
        "transaction_hash" => details.transaction_hash = option::optional_text(reader)?,
        "x_acknowledged_delivery" => details.acknowledged_delivery = option::flag(reader)?,
        "forward_for" => details.forward_for = option::forward_for(reader)?,
        _ => return option::pass_thru(reader, key, &mut details.ppt),
    }
    Ok(true)
}

pub(super) fn event_received<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<EventReceived, DecodeError> {
    Ok(EventReceived {
        publication: e.id("EVENT.Publication", PublicationId::new)?,
    })
}
