//! REGISTER, REGISTERED, UNREGISTER, UNREGISTERED, CALL, CANCEL, RESULT, INVOCATION, INTERRUPT,
//! YIELD, ERROR.

use super::publish_subscribe::{numbers, revocation};
use super::{Elements, EncodeError};
use crate::MessageType;
use crate::message::{
    Call, Cancel, Error, Interrupt, Invocation, Register, Registered, ResultMessage, Unregister, Unregistered, Yield,
};
use crate::message::{CancelMode, InvocationPolicy};
use crate::serializer::write::Writer;

pub(super) fn register<W: Writer>(writer: &mut W, m: &Register) -> Result<(), EncodeError> {
    let mut e = Elements::new(writer, MessageType::Register, 3);
    e.number(m.request.get());
    e.options(|options| {
        options.match_policy(m.options.match_policy);
        options.optional_text("invoke", m.options.invoke.map(InvocationPolicy::name));
        options.optional_flag("disclose_caller", m.options.disclose_caller);
        options.optional_flag("forward_timeout", m.options.forward_timeout);
        options.optional_text("rkey", m.options.rkey.as_deref());
        options.optional_flag("force_reregister", m.options.force_reregister);
    });
    e.text(m.procedure.as_str());
    e.close();
    Ok(())
}

pub(super) fn registered<W: Writer>(writer: &mut W, m: &Registered) -> Result<(), EncodeError> {
    numbers(writer, MessageType::Registered, [m.request.get(), m.registration.get()])
}

pub(super) fn unregister<W: Writer>(writer: &mut W, m: &Unregister) -> Result<(), EncodeError> {
    numbers(writer, MessageType::Unregister, [m.request.get(), m.registration.get()])
}

pub(super) fn unregistered<W: Writer>(writer: &mut W, m: &Unregistered) -> Result<(), EncodeError> {
    let details = m
        .details
        .as_ref()
        .map(|details| (details.registration.get(), details.reason.as_deref()));
    revocation(writer, MessageType::Unregistered, m.request, "registration", details)
}

pub(super) fn call<W: Writer>(writer: &mut W, m: &Call) -> Result<(), EncodeError> {
    let mut e = Elements::with_payload(writer, MessageType::Call, 3, &m.payload);
    e.number(m.request.get());
    e.options(|options| {
        options.flag("receive_progress", m.options.receive_progress);
        options.flag("progress", m.options.progress);
        options.optional_number("timeout", m.options.timeout);
        options.flag("disclose_me", m.options.disclose_me);
        options.optional_text("rkey", m.options.rkey.as_deref());
        options.optional_text("runmode", m.options.runmode.as_deref());
        options.pass_thru(m.options.ppt.as_deref());
    });
    e.text(m.procedure.as_str());
    e.payload(&m.payload)?;
    e.close();
    Ok(())
}

pub(super) fn cancel<W: Writer>(writer: &mut W, m: &Cancel) -> Result<(), EncodeError> {
    let mut e = Elements::new(writer, MessageType::Cancel, 2);
    e.number(m.request.get());
    e.options(|options| {
        let mode = m
            .mode
            .as_ref()
            .map(|mode| mode.as_ref().map_or_else(String::as_str, |mode| mode.name()));
        options.optional_text("mode", mode);
    });
    e.close();
    Ok(())
}

pub(super) fn result<W: Writer>(writer: &mut W, m: &ResultMessage) -> Result<(), EncodeError> {
    let mut e = Elements::with_payload(writer, MessageType::Result, 2, &m.payload);
    e.number(m.request.get());
    e.options(|options| {
        options.flag("progress", m.details.progress);
        options.session("callee", m.details.callee);
        options.optional_text("callee_authid", m.details.callee_authid.as_deref());
        options.optional_text("callee_authrole", m.details.callee_authrole.as_deref());
        options.pass_thru(m.details.ppt.as_deref());
    });
    e.payload(&m.payload)?;
    e.close();
    Ok(())
}

pub(super) fn invocation<W: Writer>(writer: &mut W, m: &Invocation) -> Result<(), EncodeError> {
    let mut e = Elements::with_payload(writer, MessageType::Invocation, 3, &m.payload);
    e.number(m.request.get());
    e.number(m.registration.get());
    e.options(|options| {
        let d = &m.details;
        options.optional_text("procedure", d.procedure.as_ref().map(AsRef::as_ref));
        options.flag("receive_progress", d.receive_progress);
        options.flag("progress", d.progress);
        options.optional_number("timeout", d.timeout);
        options.session("caller", d.caller);
        options.optional_text("caller_authid", d.caller_authid.as_deref());
        options.optional_text("caller_authrole", d.caller_authrole.as_deref());
        options.optional_number("trustlevel", d.trustlevel);
        options.optional_text("rkey", d.rkey.as_deref());
        options.pass_thru(d.ppt.as_deref());
    });
    e.payload(&m.payload)?;
    e.close();
    Ok(())
}

pub(super) fn interrupt<W: Writer>(writer: &mut W, m: &Interrupt) -> Result<(), EncodeError> {
    let mut e = Elements::new(writer, MessageType::Interrupt, 2);
    e.number(m.request.get());
    e.options(|options| {
        options.optional_text("mode", m.mode.map(CancelMode::name));
        options.optional_text("reason", m.reason.as_deref());
    });
    e.close();
    Ok(())
}

pub(super) fn yield_<W: Writer>(writer: &mut W, m: &Yield) -> Result<(), EncodeError> {
    let mut e = Elements::with_payload(writer, MessageType::Yield, 2, &m.payload);
    e.number(m.request.get());
    e.options(|options| {
        options.flag("progress", m.options.progress);
        options.pass_thru(m.options.ppt.as_deref());
    });
    e.payload(&m.payload)?;
    e.close();
    Ok(())
}

pub(super) fn error<W: Writer>(writer: &mut W, m: &Error) -> Result<(), EncodeError> {
    let mut e = Elements::with_payload(writer, MessageType::Error, 4, &m.payload);
    e.number(m.request_type.code());
    e.number(m.request.get());
    e.dict(&m.details);
    e.text(m.error.as_str());
    e.payload(&m.payload)?;
    e.close();
    Ok(())
}
