//! PUBLISH, PUBLISHED, SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED, EVENT, EVENT_RECEIVED.

use super::options::Options;
use super::{Elements, EncodeError};
use crate::message::{
    Event, EventReceived, Publish, PublishOptions, Published, Subscribe, Subscribed, Unsubscribe, Unsubscribed,
};
use crate::serializer::write::Writer;
use crate::{MessageType, RequestId};

pub(super) fn publish<W: Writer>(writer: &mut W, m: &Publish) -> Result<(), EncodeError> {
    let mut e = Elements::with_payload(writer, MessageType::Publish, 3, &m.payload);
    e.number(m.request.get());
    e.options(|options| publish_options(options, &m.options));
    e.text(m.topic.as_str());
    e.payload(&m.payload)?;
    e.close();
    Ok(())
}

fn publish_options<W: Writer>(options: &mut Options<'_, W>, o: &PublishOptions) {
    options.flag("acknowledge", o.acknowledge);
    options.optional_flag("exclude_me", o.exclude_me);
    options.flag("disclose_me", o.disclose_me);
    options.flag("retain", o.retain);
    options.optional_number("_retain_for", o.retain_for);
    if let Some(recipients) = &o.recipients {
        options.sessions("exclude", recipients.exclude.as_deref());
        options.texts("exclude_authid", recipients.exclude_authid.as_deref());
        options.texts("exclude_authrole", recipients.exclude_authrole.as_deref());
        options.sessions("eligible", recipients.eligible.as_deref());
        options.texts("eligible_authid", recipients.eligible_authid.as_deref());
        options.texts("eligible_authrole", recipients.eligible_authrole.as_deref());
    }
    options.optional_text("rkey", o.rkey.as_deref());
    options.optional_text("transaction_hash", o.transaction_hash.as_deref());
    options.pass_thru(o.ppt.as_deref());
    options.forward_for(&o.forward_for);
}

pub(super) fn published<W: Writer>(writer: &mut W, m: &Published) -> Result<(), EncodeError> {
    numbers(writer, MessageType::Published, [m.request.get(), m.publication.get()])
}

/// A message of nothing but ids.
pub(super) fn numbers<W: Writer, const N: usize>(
    writer: &mut W,
    message_type: MessageType,
    numbers: [u64; N],
) -> Result<(), EncodeError> {
    let mut e = Elements::new(writer, message_type, N as u64);
    for number in numbers {
        e.number(number);
    }
    e.close();
    Ok(())
}

pub(super) fn subscribe<W: Writer>(writer: &mut W, m: &Subscribe) -> Result<(), EncodeError> {
    let mut e = Elements::new(writer, MessageType::Subscribe, 3);
    e.number(m.request.get());
    e.options(|options| {
        options.match_policy(m.options.match_policy);
        options.optional_flag("get_retained", m.options.get_retained);
        options.optional_text("nkey", m.options.nkey.as_deref());
        options.optional_number("_keep_newest", m.options.keep_newest);
        options.forward_for(&m.options.forward_for);
    });
    e.text(m.topic.as_str());
    e.close();
    Ok(())
}

pub(super) fn subscribed<W: Writer>(writer: &mut W, m: &Subscribed) -> Result<(), EncodeError> {
    numbers(writer, MessageType::Subscribed, [m.request.get(), m.subscription.get()])
}

pub(super) fn unsubscribe<W: Writer>(writer: &mut W, m: &Unsubscribe) -> Result<(), EncodeError> {
    numbers(
        writer,
        MessageType::Unsubscribe,
        [m.request.get(), m.subscription.get()],
    )
}

pub(super) fn unsubscribed<W: Writer>(writer: &mut W, m: &Unsubscribed) -> Result<(), EncodeError> {
    let details = m
        .details
        .as_ref()
        .map(|details| (details.subscription.get(), details.reason.as_deref()));
    revocation(writer, MessageType::Unsubscribed, m.request, "subscription", details)
}

/// The answer to a request, or, with details, the word that something was revoked.
pub(super) fn revocation<W: Writer>(
    writer: &mut W,
    message_type: MessageType,
    request: Option<RequestId>,
    key: &str,
    details: Option<(u64, Option<&str>)>,
) -> Result<(), EncodeError> {
    let mut e = Elements::new(writer, message_type, 1 + u64::from(details.is_some()));
    e.number(request.map_or(0, RequestId::get));
    if let Some((what, reason)) = details {
        e.options(|options| {
            options.optional_number(key, Some(what));
            options.optional_text("reason", reason);
        });
    }
    e.close();
    Ok(())
}

pub(super) fn event<W: Writer>(writer: &mut W, m: &Event) -> Result<(), EncodeError> {
    let mut e = Elements::with_payload(writer, MessageType::Event, 3, &m.payload);
    e.number(m.subscription.get());
    e.number(m.publication.get());
    e.options(|options| {
        let d = &m.details;
        options.optional_text("topic", d.topic.as_ref().map(AsRef::as_ref));
        options.session("publisher", d.publisher);
        options.optional_text("publisher_authid", d.publisher_authid.as_deref());
        options.optional_text("publisher_authrole", d.publisher_authrole.as_deref());
        options.optional_number("trustlevel", d.trustlevel);
        options.flag("retained", d.retained);
        options.optional_number("_dropped", Some(d.dropped).filter(|count| *count > 0));
        options.optional_text("transaction_hash", d.transaction_hash.as_deref());
        options.flag("x_acknowledged_delivery", d.acknowledged_delivery);
        options.forward_for(&d.forward_for);
        options.pass_thru(d.ppt.as_deref());
    });
    e.payload(&m.payload)?;
    e.close();
    Ok(())
}

pub(super) fn event_received<W: Writer>(writer: &mut W, m: &EventReceived) -> Result<(), EncodeError> {
    numbers(writer, MessageType::EventReceived, [m.publication.get()])
}
