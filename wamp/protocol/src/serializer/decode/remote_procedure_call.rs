//! REGISTER, REGISTERED, UNREGISTER, UNREGISTERED, CALL, CANCEL, RESULT, INVOCATION, INTERRUPT,
//! YIELD, ERROR.

use super::{DecodeError, Elements, options as option};
use crate::message::{
    Call, CallOptions, Cancel, CancelMode, Error, Interrupt, Invocation, InvocationDetails, InvocationPolicy, Register,
    RegisterOptions, Registered, ResultDetails, ResultMessage, Sparse, Unregister, Unregistered, UnregisteredDetails,
    Yield, YieldOptions,
};
use crate::serializer::read::{Fault, Reader};
use crate::{MessageType, RegistrationId, RequestId, Uri};

pub(super) fn register<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Register, DecodeError> {
    let request = e.id("Request", RequestId::new)?;
    let mut options = RegisterOptions::default();
    e.dict("Options", |reader, key| {
        match &**key {
            "match" => options.match_policy = option::match_policy(reader)?,
            "invoke" => options.invoke = invocation_policy(reader)?,
            "disclose_caller" => options.disclose_caller = option::optional_flag(reader)?,
            "forward_timeout" => options.forward_timeout = option::optional_flag(reader)?,
            "rkey" => options.rkey = option::optional_text(reader)?,
            "force_reregister" => options.force_reregister = option::optional_flag(reader)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Register {
        request,
        options,
        procedure: e.uri("Procedure")?,
    })
}

fn invocation_policy<'a, R: Reader<'a>>(reader: &mut R) -> Result<Option<InvocationPolicy>, Fault> {
    Ok(match option::optional_text(reader)?.as_deref() {
        None => None,
        Some("single") => Some(InvocationPolicy::Single),
        Some("roundrobin") => Some(InvocationPolicy::RoundRobin),
        Some("random") => Some(InvocationPolicy::Random),
        Some("first") => Some(InvocationPolicy::First),
        Some("last") => Some(InvocationPolicy::Last),
        Some(_) => return Err(Fault::Expected("single, roundrobin, random, first or last")),
    })
}

pub(super) fn registered<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Registered, DecodeError> {
    Ok(Registered {
        request: e.id("REGISTER.Request", RequestId::new)?,
        registration: e.id("Registration", RegistrationId::new)?,
    })
}

pub(super) fn unregister<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Unregister, DecodeError> {
    let unregister = Unregister {
        request: e.id("Request", RequestId::new)?,
        registration: e.id("REGISTERED.Registration", RegistrationId::new)?,
    };
    e.ignored_options()?;
    Ok(unregister)
}

pub(super) fn unregistered<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Unregistered, DecodeError> {
    let request = e.request_or_revoked("UNREGISTER.Request")?;
    let revoked = e.revocation("registration", RegistrationId::new, request.is_none())?;
    let details = revoked.map(|(registration, reason)| UnregisteredDetails { registration, reason });
    Ok(Unregistered { request, details })
}

pub(super) fn call<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Call, DecodeError> {
    let request = e.id("Request", RequestId::new)?;
    let mut options = Sparse::<CallOptions>::NONE;
    e.dict("Options", |reader, key| {
        match &**key {
            "receive_progress" => options.receive_progress = option::flag(reader)?,
            "progress" => options.progress = option::flag(reader)?,
            "timeout" => options.timeout = option::optional_number(reader)?,
            "disclose_me" => options.disclose_me = option::flag(reader)?,
            "rkey" => options.rkey = option::optional_text(reader)?,
            "runmode" => options.runmode = option::optional_text(reader)?,
            _ => return option::pass_thru(reader, key, &mut options.ppt),
        }
        Ok(true)
    })?;
    let procedure = e.uri("Procedure")?;
    let payload = e.payload(option::is_opaque(options.ppt.as_deref()))?;
    Ok(Call {
        request,
        options,
        procedure,
        payload,
    })
}

fn cancel_mode(text: &str) -> Option<CancelMode> {
    match text {
        "skip" => Some(CancelMode::Skip),
        "kill" => Some(CancelMode::Kill),
        "killnowait" => Some(CancelMode::KillNoWait),
        _ => None,
    }
}

pub(super) fn cancel<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Cancel, DecodeError> {
    let request = e.id("CALL.Request", RequestId::new)?;
    let mut mode = None;
    e.dict("Options", |reader, key| {
        if key != "mode" {
            return Ok(false);
        }
        mode = option::optional_text(reader)?.map(|text| cancel_mode(&text).ok_or(text));
        Ok(true)
    })?;
    Ok(Cancel { request, mode })
}

pub(super) fn result<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<ResultMessage, DecodeError> {
    let request = e.id("CALL.Request", RequestId::new)?;
    let mut details = Sparse::<ResultDetails>::NONE;
    e.dict("Details", |reader, key| {
        match &**key {
            "progress" => details.progress = option::flag(reader)?,
            "callee" => details.callee = option::optional_session(reader)?,
            "callee_authid" => details.callee_authid = option::optional_text(reader)?,
            "callee_authrole" => details.callee_authrole = option::optional_text(reader)?,
            _ => return option::pass_thru(reader, key, &mut details.ppt),
        }
        Ok(true)
    })?;
    let payload = e.payload(option::is_opaque(details.ppt.as_deref()))?;
    Ok(ResultMessage {
        request,
        details,
        payload,
    })
}

pub(super) fn invocation<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Invocation, DecodeError> {
    let request = e.id("Request", RequestId::new)?;
    let registration = e.id("REGISTERED.Registration", RegistrationId::new)?;
    let mut details = Sparse::<InvocationDetails>::NONE;
    e.dict("Details", |reader, key| {
        match &**key {
            "procedure" => details.procedure = option::optional_text(reader)?.map(Uri::from),
            "receive_progress" => details.receive_progress = option::flag(reader)?,
            "progress" => details.progress = option::flag(reader)?,
            "timeout" => details.timeout = option::optional_number(reader)?,
            "caller" => details.caller = option::optional_session(reader)?,
            "caller_authid" => details.caller_authid = option::optional_text(reader)?,
            "caller_authrole" => details.caller_authrole = option::optional_text(reader)?,
            "trustlevel" => details.trustlevel = option::optional_number(reader)?,
            "rkey" => details.rkey = option::optional_text(reader)?,
            _ => return option::pass_thru(reader, key, &mut details.ppt),
        }
        Ok(true)
    })?;
    let payload = e.payload(option::is_opaque(details.ppt.as_deref()))?;
    Ok(Invocation {
        request,
        registration,
        details,
        payload,
    })
}

pub(super) fn interrupt<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Interrupt, DecodeError> {
    let request = e.id("INVOCATION.Request", RequestId::new)?;
    let (mut mode, mut reason) = (None, None);
    e.dict("Options", |reader, key| {
        match &**key {
            // A mode that we do not know still interrupts.
            "mode" => mode = option::optional_text(reader)?.as_deref().and_then(cancel_mode),
            "reason" => reason = option::optional_text(reader)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Interrupt { request, mode, reason })
}

pub(super) fn yield_<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Yield, DecodeError> {
    let request = e.id("INVOCATION.Request", RequestId::new)?;
    let mut options = Sparse::<YieldOptions>::NONE;
    e.dict("Options", |reader, key| match &**key {
        "progress" => {
            options.progress = option::flag(reader)?;
            Ok(true)
        }
        _ => option::pass_thru(reader, key, &mut options.ppt),
    })?;
    let payload = e.payload(option::is_opaque(options.ppt.as_deref()))?;
    Ok(Yield {
        request,
        options,
        payload,
    })
}

/// The requests that an ERROR can answer.
const fn can_fail(request: MessageType) -> bool {
    matches!(
        request,
        MessageType::Subscribe
            | MessageType::Unsubscribe
            | MessageType::Publish
            | MessageType::Register
            | MessageType::Unregister
            | MessageType::Call
            | MessageType::Cancel
            | MessageType::Invocation
    )
}

pub(super) fn error<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Error, DecodeError> {
    let request_type = e.element("REQUEST.Type", |reader| {
        let request = MessageType::from_code(reader.unsigned()?).filter(|request| can_fail(*request));
        request.ok_or(Fault::Expected("the type of a request"))
    })?;
    let request = e.id("REQUEST.Request", RequestId::new)?;
    let details = e.element("Details", option::dict)?;
    let error = e.uri("Error")?;
    let opaque = details.get("enc_algo").or_else(|| details.get("ppt_scheme")).is_some();
    let payload = e.payload(opaque)?;
    Ok(Error {
        request_type,
        request,
        details: details.into(),
        error,
        payload,
    })
}
