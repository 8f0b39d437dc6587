//! Publishing.

use serde::Serialize;
use wamp_protocol::message::{PassThru, PublishOptions, Recipients};
use wamp_protocol::{Payload, PublicationId, SessionId, Uri};

use crate::command::Command;
use crate::encoding::PayloadBuilder;
use crate::{Error, Session};

/// An event about to be published; [`send`](Self::send) does it.
#[derive(Debug)]
#[must_use = "nothing is published until `send` is awaited"]
pub struct PublishRequest {
    session: Session,
    topic: Uri,
    options: PublishOptions,
    payload: PayloadBuilder,
}

impl PublishRequest {
    pub(crate) fn new(session: Session, topic: Uri) -> Self {
        let payload = PayloadBuilder::new(session.0.serializer);
        Self {
            session,
            topic,
            options: PublishOptions::default(),
            payload,
        }
    }

    /// The positional arguments: a tuple, a list, anything that serializes as a sequence.
    pub fn args<T: Serialize + ?Sized>(mut self, args: &T) -> Self {
        self.payload.args(args);
        self
    }

    /// The keyword arguments: a struct or a map.
    pub fn kwargs<T: Serialize + ?Sized>(mut self, kwargs: &T) -> Self {
        self.payload.kwargs(kwargs);
        self
    }

    /// A payload already encoded.
    pub fn payload(mut self, payload: Payload) -> Self {
        self.payload = PayloadBuilder::from(payload);
        self
    }

    /// Whether this session stays out, even when it subscribes the topic; it does unless told.
    pub fn exclude_me(mut self, exclude: bool) -> Self {
        self.options.exclude_me = Some(exclude);
        self
    }

    /// Waits until the router has taken it.
    pub fn acknowledge(mut self) -> Self {
        self.options.acknowledge = true;
        self
    }

    /// Keeps it as the topic's newest event for subscribers that come later.
    pub fn retain(mut self) -> Self {
        self.options.retain = true;
        self
    }

    /// Tells subscribers who published it.
    pub fn disclose_me(mut self) -> Self {
        self.options.disclose_me = true;
        self
    }

    /// For the subscribers of this part of the topic.
    pub fn shard(mut self, key: impl Into<String>) -> Self {
        self.options.rkey = Some(key.into());
        self
    }

    /// Says how the payload is encoded for the subscribers; the router only hands it on. The
    /// payload is one binary argument then.
    pub fn passthru(mut self, passthru: PassThru) -> Self {
        self.options.ppt = Some(Box::new(passthru));
        self
    }

    /// Only these sessions receive it; an empty list means nobody.
    pub fn eligible(mut self, sessions: impl IntoIterator<Item = SessionId>) -> Self {
        self.recipients().eligible = Some(sessions.into_iter().collect());
        self
    }

    /// Only sessions signed in under these names receive it.
    pub fn eligible_authid<S: Into<String>>(mut self, authids: impl IntoIterator<Item = S>) -> Self {
        self.recipients().eligible_authid = Some(authids.into_iter().map(Into::into).collect());
        self
    }

    /// Only sessions with these roles receive it.
    pub fn eligible_authrole<S: Into<String>>(mut self, authroles: impl IntoIterator<Item = S>) -> Self {
        self.recipients().eligible_authrole = Some(authroles.into_iter().map(Into::into).collect());
        self
    }

    /// These sessions do not receive it.
    pub fn exclude(mut self, sessions: impl IntoIterator<Item = SessionId>) -> Self {
        self.recipients().exclude = Some(sessions.into_iter().collect());
        self
    }

    /// Sessions signed in under these names do not receive it.
    pub fn exclude_authid<S: Into<String>>(mut self, authids: impl IntoIterator<Item = S>) -> Self {
        self.recipients().exclude_authid = Some(authids.into_iter().map(Into::into).collect());
        self
    }

    /// Sessions with these roles do not receive it.
    pub fn exclude_authrole<S: Into<String>>(mut self, authroles: impl IntoIterator<Item = S>) -> Self {
        self.recipients().exclude_authrole = Some(authroles.into_iter().map(Into::into).collect());
        self
    }

    fn recipients(&mut self) -> &mut Recipients {
        self.options.recipients.get_or_insert_default()
    }

    /// Publishes it. Gives the publication's id when an [acknowledgement](Self::acknowledge) was
    /// asked for; without one, the event is on its way when this returns, and a router that
    /// refuses it says nothing.
    ///
    /// Errors: [`Error::Serialization`], [`Error::NotConnected`], [`Error::Closed`], and
    /// [`Error::Rejected`] for one with acknowledgement.
    pub async fn send(self) -> Result<Option<PublicationId>, Error> {
        let Self {
            session,
            topic,
            options,
            payload,
        } = self;
        let payload = payload.finish()?;
        session.check_connected()?;
        let commands = &session.0.commands;
        if options.acknowledge {
            let publish = |answer| Command::Publish {
                topic,
                options,
                payload,
                answer: Some(answer),
            };
            commands.ask(publish).await.map(Some)
        } else {
            commands
                .send(Command::Publish {
                    topic,
                    options,
                    payload,
                    answer: None,
                })
                .await?;
            Ok(None)
        }
    }
}
