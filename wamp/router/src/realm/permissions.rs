//! What meta procedures do in their caller's name, and whether it may.
//!
//! Rules and decisions that are kept are looked up here. Where an authorizer has to be asked, that
//! happened before the call was routed: [`Realm::needs`] says about what.

use wamp_protocol::message::Call;
use wamp_protocol::{Dict, MatchPolicy, SubscriptionId, Uri, Value, error_uri};

use super::Realm;
use super::meta_procedures::arguments::Arguments;
use crate::authorization::{Action, Decision, Key, Outcomes, Request};
use crate::effects::Refusal;
use crate::member::Member;
use crate::reflection::DefinitionKind;
use crate::uri_rules;

/// What the caller of a meta procedure may do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Permissions<'a> {
    pub(super) realm: &'a Realm,
    pub(super) member: &'a Member,
    /// What authorizers have said about this call.
    pub(super) outcomes: Option<&'a Outcomes>,
}

impl Permissions<'_> {
    /// Whether it may do this.
    ///
    /// # Errors
    /// If not; the sentence says what: "publish to".
    pub(super) fn check(&self, key: &Key, verb: &str) -> Result<Decision, Refusal> {
        match self.decision(key) {
            Some(decision) if decision.allow => Ok(decision),
            _ => {
                let sentence = format!("the role {:?} may not {verb} {:?}", self.member.authrole, key.uri);
                Err(Refusal::new(error_uri::NOT_AUTHORIZED, sentence))
            }
        }
    }

    /// Whether a session may learn of it: if it may use or provide it.
    pub(super) fn may_know(&self, kind: DefinitionKind, uri: &Uri) -> bool {
        let alternatives = uses(kind);
        let may = |action: &Action| {
            self.decision(&exact(*action, uri))
                .is_some_and(|decision| decision.allow)
        };
        alternatives.is_empty() || alternatives.iter().any(may)
    }

    fn decision(&self, key: &Key) -> Option<Decision> {
        let Self { realm, member, .. } = self;
        if member.trusted || realm.config.authorization.permits(&request(member, key)) {
            return Some(Decision {
                allow: true,
                disclose: false,
            });
        }
        match self.outcomes.and_then(|outcomes| outcomes.get(key)) {
            Some(outcome) => outcome.as_ref().ok().copied(),
            None => realm.decided(member, key),
        }
    }
}

/// What has to be permitted, any of it, and the options that an authorizer is told.
pub(crate) type Need = Vec<(Key, Dict)>;

impl Realm {
    /// What else than the call itself has to be permitted, each of these. Nothing where the
    /// arguments are wrong: the answer says so.
    pub(crate) fn needs(&self, call: &Call) -> Vec<Need> {
        let Ok(arguments) = Arguments::of(&call.payload) else {
            return Vec::new();
        };
        let uri = || arguments.text(0, "uri").ok().map(Uri::from);
        match call.procedure.as_str() {
            "wamp.session.add_testament" => self.needs_of_testament(&arguments).into_iter().collect(),
            "wamp.subscription.get_events" => self.needs_of_history(&arguments).into_iter().collect(),
            "wamp.reflect.define" => {
                let kind = arguments.keyword_text("type").ok().flatten();
                let kind = kind.and_then(DefinitionKind::from_name);
                let need = kind.zip(uri()).filter(|(_, uri)| self.is_of_applications(uri));
                need.map(|(kind, uri)| vec![with_options(exact(provides(kind), &uri))])
                    .into_iter()
                    .collect()
            }
            "wamp.reflect.describe" => {
                let of = |uri: Uri| DefinitionKind::ALL.map(|kind| to_know(kind, &uri));
                let needs = uri().into_iter().flat_map(of);
                needs.filter(|need| !need.is_empty()).collect()
            }
            procedure => {
                let described = procedure
                    .strip_prefix("wamp.reflection.")
                    .and_then(|name| name.strip_suffix(".describe"));
                let kind = described.and_then(DefinitionKind::from_name);
                kind.zip(uri())
                    .map(|(kind, uri)| to_know(kind, &uri))
                    .into_iter()
                    .collect()
            }
        }
    }

    fn needs_of_testament(&self, arguments: &Arguments) -> Option<Need> {
        let topic = Uri::from(arguments.text(0, "topic").ok()?);
        if !self.is_of_applications(&topic) {
            return None;
        }
        let said = |name: &str| match arguments.keyword("publish_options") {
            Some(Value::Dict(options)) => matches!(options.get(name), Some(Value::Bool(true))),
            _ => false,
        };
        let mut options = Dict::default();
        options.insert("acknowledge", false);
        options.insert("disclose_me", said("disclose_me"));
        options.insert("retain", said("retain"));
        Some(vec![(exact(Action::Publish, &topic), options)])
    }

    fn needs_of_history(&self, arguments: &Arguments) -> Option<Need> {
        let id = arguments.number(0, "subscription").ok().and_then(SubscriptionId::new)?;
        let key = self.lock().broker.subscription(id).map(|facts| Key {
            action: Action::Subscribe,
            uri: facts.uri.clone(),
            match_policy: facts.match_policy,
        });
        key.map(|key| vec![with_options(key)])
    }

    /// Whether a session may have a topic, procedure or error of this name.
    pub(super) fn is_of_applications(&self, uri: &Uri) -> bool {
        uri_rules::is_well_formed(uri, MatchPolicy::Exact, self.uri_rules()) && !uri.is_reserved()
    }
}

/// What may be done with something of this kind that one may know of; nothing where everybody may.
const fn uses(kind: DefinitionKind) -> &'static [Action] {
    match kind {
        DefinitionKind::Procedure => &[Action::Call, Action::Register],
        DefinitionKind::Topic => &[Action::Subscribe, Action::Publish],
        DefinitionKind::Error => &[],
    }
}

/// What whoever defines it must be permitted.
pub(super) const fn provides(kind: DefinitionKind) -> Action {
    match kind {
        DefinitionKind::Topic => Action::Publish,
        DefinitionKind::Procedure | DefinitionKind::Error => Action::Register,
    }
}

fn to_know(kind: DefinitionKind, uri: &Uri) -> Need {
    let need = |action: &Action| with_options(exact(*action, uri));
    uses(kind).iter().map(need).collect()
}

/// As for a message that says nothing in its options.
fn with_options(key: Key) -> (Key, Dict) {
    let mut options = Dict::default();
    match key.action {
        Action::Call => options.insert("disclose_me", false),
        Action::Publish => {
            options.insert("acknowledge", false);
            options.insert("disclose_me", false);
            options.insert("retain", false);
        }
        Action::Register => {
            options.insert("match", key.match_policy.name());
            options.insert("invoke", "single");
        }
        Action::Subscribe => options.insert("match", key.match_policy.name()),
    }
    (key, options)
}

/// A topic or procedure itself.
pub(super) fn exact(action: Action, uri: &Uri) -> Key {
    Key {
        action,
        uri: uri.clone(),
        match_policy: MatchPolicy::Exact,
    }
}

pub(crate) fn request<'a>(member: &'a Member, key: &'a Key) -> Request<'a> {
    Request {
        authid: &member.authid,
        authrole: &member.authrole,
        action: key.action,
        uri: &key.uri,
        match_policy: key.match_policy,
    }
}
