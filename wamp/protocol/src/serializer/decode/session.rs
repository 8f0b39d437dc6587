//! HELLO, WELCOME, ABORT, CHALLENGE, AUTHENTICATE, GOODBYE.

use super::{DecodeError, Elements, options as option};
use crate::SessionId;
use crate::message::{
    Abort, Authenticate, Challenge, ClientRoles, Features, Goodbye, Hello, HelloDetails, RouterRoles, Welcome,
    WelcomeDetails,
};
use crate::serializer::read::{Fault, Kind, MAX_DEPTH, Reader};

const NO_ROLE: Fault = Fault::Expected("a dict with at least one role");

pub(super) fn hello<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Hello, DecodeError> {
    let realm = e.uri("Realm")?;
    let mut details = HelloDetails::default();
    e.dict("Details", |reader, key| {
        match &**key {
            "roles" => details.roles = client_roles(reader)?,
            "agent" => details.agent = option::optional_text(reader)?,
            "authid" => details.authid = option::optional_text(reader)?,
            "authrole" => details.authrole = option::optional_text(reader)?,
            "authmethods" => details.authmethods = option::optional_texts(reader)?.unwrap_or_default(),
            "authextra" => details.authextra = option::dict(reader)?,
            _ => details
                .other
                .0
                .push((key.clone().into_owned(), reader.value(MAX_DEPTH)?)),
        }
        Ok(true)
    })?;
    if details.roles == ClientRoles::default() {
        return Err(e.fault(NO_ROLE, "Details.roles"));
    }
    Ok(Hello { realm, details })
}

fn client_roles<'a, R: Reader<'a>>(reader: &mut R) -> Result<ClientRoles, Fault> {
    let mut roles = ClientRoles::default();
    option::entries(reader, |reader, key| {
        match key {
            "publisher" => roles.publisher = Some(features(reader)?),
            "subscriber" => roles.subscriber = Some(features(reader)?),
            "caller" => roles.caller = Some(features(reader)?),
            "callee" => roles.callee = Some(features(reader)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(roles)
}

fn router_roles<'a, R: Reader<'a>>(reader: &mut R) -> Result<RouterRoles, Fault> {
    let mut roles = RouterRoles::default();
    option::entries(reader, |reader, key| {
        match key {
            "broker" => roles.broker = Some(router_role(reader, &mut roles.reflection)?),
            "dealer" => roles.dealer = Some(router_role(reader, &mut roles.reflection)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(roles)
}

/// What a role's dict announces: the names in `features` that are true.
fn features<'a, R: Reader<'a>>(reader: &mut R) -> Result<Features, Fault> {
    router_role(reader, &mut false)
}

/// The same of a role of a router, where reflection is announced beside the features.
fn router_role<'a, R: Reader<'a>>(reader: &mut R, reflection: &mut bool) -> Result<Features, Fault> {
    let mut features = Features::default();
    option::entries(reader, |reader, key| {
        if key == "reflection" && reader.kind()? == Kind::Bool {
            *reflection |= reader.boolean()?;
            return Ok(true);
        }
        if key != "features" || reader.kind()? == Kind::Null {
            return Ok(false);
        }
        option::entries(reader, |reader, feature| {
            // Features that are no flags belong to extensions, and those are not for us.
            if reader.kind()? != Kind::Bool {
                return Ok(false);
            }
            if reader.boolean()? {
                features.0.push(feature.to_owned());
            }
            Ok(true)
        })?;
        Ok(true)
    })?;
    Ok(features)
}

pub(super) fn welcome<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Welcome, DecodeError> {
    let session = e.id("Session", SessionId::new)?;
    let mut details = WelcomeDetails::default();
    e.dict("Details", |reader, key| {
        match &**key {
            "roles" => details.roles = router_roles(reader)?,
            "agent" => details.agent = option::optional_text(reader)?,
            "realm" => details.realm = option::optional_text(reader)?,
            "authid" => details.authid = option::optional_text(reader)?,
            "authrole" => details.authrole = option::optional_text(reader)?,
            "authmethod" => details.authmethod = option::optional_text(reader)?,
            "authprovider" => details.authprovider = option::optional_text(reader)?,
            "authextra" => details.authextra = option::dict(reader)?,
            _ => details
                .other
                .0
                .push((key.clone().into_owned(), reader.value(MAX_DEPTH)?)),
        }
        Ok(true)
    })?;
    if details.roles.broker.is_none() && details.roles.dealer.is_none() {
        return Err(e.fault(NO_ROLE, "Details.roles"));
    }
    Ok(Welcome { session, details })
}

pub(super) fn abort<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Abort, DecodeError> {
    let details = e.element("Details", option::dict)?;
    let reason = e.uri("Reason")?;
    let payload = e.payload(false)?;
    Ok(Abort {
        details,
        reason,
        payload,
    })
}

pub(super) fn challenge<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Challenge, DecodeError> {
    Ok(Challenge {
        authmethod: e.text("AuthMethod")?,
        extra: e.element("Extra", option::dict)?,
    })
}

pub(super) fn authenticate<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Authenticate, DecodeError> {
    Ok(Authenticate {
        signature: e.text("Signature")?,
        extra: e.element("Extra", option::dict)?,
    })
}

pub(super) fn goodbye<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Goodbye, DecodeError> {
    Ok(Goodbye {
        details: e.element("Details", option::dict)?,
        reason: e.uri("Reason")?,
    })
}
