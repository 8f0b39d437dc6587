//! PUBLISH, PUBLISHED, SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED, EVENT, EVENT_RECEIVED.

use super::sparse::unsaid;
use super::{ForwardedFor, PassThru, Sparse, Unsaid};
use crate::{MatchPolicy, Payload, PublicationId, RequestId, SessionId, SubscriptionId, Uri};

/// `[SUBSCRIBE, Request|id, Options|dict, Topic|uri]`
#[derive(Debug, Clone, PartialEq)]
pub struct Subscribe {
    /// The request.
    pub request: RequestId,
    /// How.
    pub options: SubscribeOptions,
    /// The topic or pattern.
    pub topic: Uri,
}

/// SUBSCRIBE.Options
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SubscribeOptions {
    /// `match`; `None` when absent.
    pub match_policy: Option<MatchPolicy>,
    /// `get_retained`: deliver the retained event at once.
    pub get_retained: Option<bool>,
    /// `nkey`: the shard this subscriber takes.
    pub nkey: Option<String>,
    /// `_keep_newest`, an extension of Domovoi's: at most so many events wait for a session that
    /// does not read; the oldest give way, and the next EVENT says how many did.
    pub keep_newest: Option<u64>,
    /// `forward_for`: the routers it came through.
    pub forward_for: Vec<ForwardedFor>,
}

/// `[SUBSCRIBED, SUBSCRIBE.Request|id, Subscription|id]`
#[derive(Debug, Clone, PartialEq)]
pub struct Subscribed {
    /// Whose answer.
    pub request: RequestId,
    /// The subscription.
    pub subscription: SubscriptionId,
}

/// `[UNSUBSCRIBE, Request|id, SUBSCRIBED.Subscription|id]`
#[derive(Debug, Clone, PartialEq)]
pub struct Unsubscribe {
    /// The request.
    pub request: RequestId,
    /// The subscription.
    pub subscription: SubscriptionId,
}

/// `[UNSUBSCRIBED, UNSUBSCRIBE.Request|id]`, or with request 0 and details when the router revoked it.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsubscribed {
    /// Whose answer; `None` (0 on the wire) when revoked.
    pub request: Option<RequestId>,
    /// What was revoked, and why.
    pub details: Option<UnsubscribedDetails>,
}

/// UNSUBSCRIBED.Details of a revocation
#[derive(Debug, Clone, PartialEq)]
pub struct UnsubscribedDetails {
    /// Which.
    pub subscription: SubscriptionId,
    /// Why.
    pub reason: Option<String>,
}

/// `[PUBLISH, Request|id, Options|dict, Topic|uri, Arguments|list, ArgumentsKw|dict]`
#[derive(Debug, Clone, PartialEq)]
pub struct Publish {
    /// The request.
    pub request: RequestId,
    /// How.
    pub options: Sparse<PublishOptions>,
    /// The topic.
    pub topic: Uri,
    /// What.
    pub payload: Payload,
}

/// PUBLISH.Options
#[derive(Debug, Clone, PartialEq)]
pub struct PublishOptions {
    /// `acknowledge`: answer with PUBLISHED or ERROR.
    pub acknowledge: bool,
    /// `exclude_me`; true when absent.
    pub exclude_me: Option<bool>,
    /// `disclose_me`: tell subscribers who published.
    pub disclose_me: bool,
    /// `retain`: keep as the topic's retained event.
    pub retain: bool,
    /// `_retain_for`, an extension of Domovoi's: after so many milliseconds the event is retained
    /// no more.
    pub retain_for: Option<u64>,
    /// `exclude…` and `eligible…`
    pub recipients: Option<Box<Recipients>>,
    /// `rkey`: the shard it is for.
    pub rkey: Option<String>,
    /// `transaction_hash`: of an outside transaction that this publication belongs to.
    pub transaction_hash: Option<String>,
    /// `ppt_…`, `enc_…`
    pub ppt: Option<Box<PassThru>>,
    /// `forward_for`: the routers it came through.
    pub forward_for: Vec<ForwardedFor>,
}

impl PublishOptions {
    /// Nothing is said.
    pub const UNSAID: Self = Self {
        acknowledge: false,
        exclude_me: None,
        disclose_me: false,
        retain: false,
        retain_for: None,
        recipients: None,
        rkey: None,
        transaction_hash: None,
        ppt: None,
        forward_for: Vec::new(),
    };
}

/// Who shall and who shall not receive; a present but empty `eligible` list means nobody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recipients {
    /// `exclude`
    pub exclude: Option<Vec<SessionId>>,
    /// `exclude_authid`
    pub exclude_authid: Option<Vec<String>>,
    /// `exclude_authrole`
    pub exclude_authrole: Option<Vec<String>>,
    /// `eligible`
    pub eligible: Option<Vec<SessionId>>,
    /// `eligible_authid`
    pub eligible_authid: Option<Vec<String>>,
    /// `eligible_authrole`
    pub eligible_authrole: Option<Vec<String>>,
}

/// `[PUBLISHED, PUBLISH.Request|id, Publication|id]`
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Whose answer.
    pub request: RequestId,
    /// The publication.
    pub publication: PublicationId,
}

/// `[EVENT, SUBSCRIBED.Subscription|id, PUBLISHED.Publication|id, Details|dict, PUBLISH.Arguments|list, PUBLISH.ArgumentsKw|dict]`
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// For which subscription.
    pub subscription: SubscriptionId,
    /// Of which publication.
    pub publication: PublicationId,
    /// About it.
    pub details: Sparse<EventDetails>,
    /// What.
    pub payload: Payload,
}

/// EVENT.Details
#[derive(Debug, Clone, PartialEq)]
pub struct EventDetails {
    /// `topic`; set for pattern subscriptions.
    pub topic: Option<Uri>,
    /// `publisher`, when disclosed.
    pub publisher: Option<SessionId>,
    /// `publisher_authid`, when disclosed.
    pub publisher_authid: Option<String>,
    /// `publisher_authrole`, when disclosed.
    pub publisher_authrole: Option<String>,
    /// `trustlevel`
    pub trustlevel: Option<u64>,
    /// `retained`: a replayed copy.
    pub retained: bool,
    /// `_dropped`, an extension of Domovoi's: so many events of this subscription gave way before
    /// this one; absent when none did.
    pub dropped: u64,
    /// `transaction_hash` of the publication.
    pub transaction_hash: Option<String>,
    /// `x_acknowledged_delivery`: the broker waits for EVENT_RECEIVED.
    pub acknowledged_delivery: bool,
    /// `forward_for`: the routers it came through.
    pub forward_for: Vec<ForwardedFor>,
    /// `ppt_…`, `enc_…`
    pub ppt: Option<Box<PassThru>>,
}

impl EventDetails {
    /// Nothing is said.
    pub const UNSAID: Self = Self {
        topic: None,
        publisher: None,
        publisher_authid: None,
        publisher_authrole: None,
        trustlevel: None,
        retained: false,
        transaction_hash: None,
        acknowledged_delivery: false,
        dropped: 0,
        forward_for: Vec::new(),
        ppt: None,
    };
}

/// `[EVENT_RECEIVED, EVENT.Publication|id]`
#[derive(Debug, Clone, PartialEq)]
pub struct EventReceived {
    /// Which publication.
    pub publication: PublicationId,
}

unsaid! { PublishOptions EventDetails }
