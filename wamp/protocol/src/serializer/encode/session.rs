//! HELLO, WELCOME, ABORT, CHALLENGE, AUTHENTICATE, GOODBYE.

use super::options::Options;
use super::{Elements, EncodeError};
use crate::MessageType;
use crate::message::{Abort, Authenticate, Challenge, Features, Goodbye, Hello, Welcome};
use crate::serializer::write::Writer;

pub(super) fn hello<W: Writer>(writer: &mut W, m: &Hello) -> Result<(), EncodeError> {
    let mut e = Elements::new(writer, MessageType::Hello, 2);
    e.text(m.realm.as_str());
    e.options(|options| {
        let d = &m.details;
        roles(
            options,
            [
                ("subscriber", d.roles.subscriber.as_ref()),
                ("publisher", d.roles.publisher.as_ref()),
                ("caller", d.roles.caller.as_ref()),
                ("callee", d.roles.callee.as_ref()),
            ],
            false,
        );
        options.optional_text("agent", d.agent.as_deref());
        options.optional_text("authid", d.authid.as_deref());
        options.optional_text("authrole", d.authrole.as_deref());
        options.texts("authmethods", (!d.authmethods.is_empty()).then_some(&d.authmethods));
        options.dict("authextra", &d.authextra);
        options.all(&d.other);
    });
    e.close();
    Ok(())
}

fn roles<W: Writer, const N: usize>(
    options: &mut Options<'_, W>,
    roles: [(&str, Option<&Features>); N],
    reflection: bool,
) {
    let mut dict = Options::open(options.key("roles"));
    for (role, features) in roles {
        let Some(features) = features else { continue };
        let mut dict = Options::open(dict.key(role));
        dict.flag("reflection", reflection);
        if !features.0.is_empty() {
            let mut dict = Options::open(dict.key("features"));
            for feature in &features.0 {
                dict.flag(feature, true);
            }
            dict.close();
        }
        dict.close();
    }
    dict.close();
}

pub(super) fn welcome<W: Writer>(writer: &mut W, m: &Welcome) -> Result<(), EncodeError> {
    let mut e = Elements::new(writer, MessageType::Welcome, 2);
    e.number(m.session.get());
    e.options(|options| {
        let d = &m.details;
        roles(
            options,
            [("broker", d.roles.broker.as_ref()), ("dealer", d.roles.dealer.as_ref())],
            d.roles.reflection,
        );
        options.optional_text("agent", d.agent.as_deref());
        options.optional_text("realm", d.realm.as_deref());
        options.optional_text("authid", d.authid.as_deref());
        options.optional_text("authrole", d.authrole.as_deref());
        options.optional_text("authmethod", d.authmethod.as_deref());
        options.optional_text("authprovider", d.authprovider.as_deref());
        options.dict("authextra", &d.authextra);
        options.all(&d.other);
    });
    e.close();
    Ok(())
}

pub(super) fn abort<W: Writer>(writer: &mut W, m: &Abort) -> Result<(), EncodeError> {
    let mut e = Elements::with_payload(writer, MessageType::Abort, 2, &m.payload);
    e.dict(&m.details);
    e.text(m.reason.as_str());
    e.payload(&m.payload)?;
    e.close();
    Ok(())
}

pub(super) fn challenge<W: Writer>(writer: &mut W, m: &Challenge) -> Result<(), EncodeError> {
    let mut e = Elements::new(writer, MessageType::Challenge, 2);
    e.text(&m.authmethod);
    e.dict(&m.extra);
    e.close();
    Ok(())
}

pub(super) fn authenticate<W: Writer>(writer: &mut W, m: &Authenticate) -> Result<(), EncodeError> {
    let mut e = Elements::new(writer, MessageType::Authenticate, 2);
    e.text(&m.signature);
    e.dict(&m.extra);
    e.close();
    Ok(())
}

pub(super) fn goodbye<W: Writer>(writer: &mut W, m: &Goodbye) -> Result<(), EncodeError> {
    let mut e = Elements::new(writer, MessageType::Goodbye, 2);
    e.dict(&m.details);
    e.text(m.reason.as_str());
    e.close();
    Ok(())
}
