//! What the meta API tells subscribers of its topics.

use std::sync::Arc;

use wamp_protocol::{MatchPolicy, RegistrationId, SessionId, SubscriptionId, Uri};

use crate::member::Member;
use crate::moment::Moment;
use crate::reflection::{Definition, DefinitionKind};

/// Something that happened in the realm.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MetaEvent {
    /// `wamp.session.on_join`
    Joined(Arc<Member>),
    /// `wamp.session.on_leave`
    Left(Arc<Member>),
    /// `wamp.subscription.on_create`
    SubscriptionCreated(SessionId, SubscriptionFacts),
    /// `wamp.subscription.on_subscribe`
    Subscribed(SessionId, SubscriptionId),
    /// `wamp.subscription.on_unsubscribe`
    Unsubscribed(SessionId, SubscriptionId),
    /// `wamp.subscription.on_delete`
    SubscriptionDeleted(SessionId, SubscriptionId),
    /// `wamp.registration.on_create`
    RegistrationCreated(SessionId, RegistrationFacts),
    /// `wamp.registration.on_register`
    Registered(SessionId, RegistrationId),
    /// `wamp.registration.on_unregister`
    Unregistered(SessionId, RegistrationId),
    /// `wamp.registration.on_delete`
    RegistrationDeleted(SessionId, RegistrationId),
    /// `wamp.reflect.on_define`
    Defined(Box<Definition>),
    /// `wamp.reflect.on_undefine`
    Undefined(DefinitionKind, Uri),
}

/// SubscriptionDetails of the meta API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubscriptionFacts {
    pub(crate) id: SubscriptionId,
    pub(crate) created: Moment,
    pub(crate) uri: Uri,
    pub(crate) match_policy: MatchPolicy,
}

/// RegistrationDetails of the meta API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegistrationFacts {
    pub(crate) id: RegistrationId,
    pub(crate) created: Moment,
    pub(crate) uri: Uri,
    pub(crate) match_policy: MatchPolicy,
    pub(crate) invoke: wamp_protocol::message::InvocationPolicy,
}
