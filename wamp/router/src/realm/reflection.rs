//! `wamp.reflection.…` and `wamp.reflect.…`: what there is to call, to subscribe to, and to be
//! refused with.

mod own;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wamp_protocol::{Dict, MatchPolicy, Payload, Serializer, SessionId, Uri, Value, error_uri};

use super::State;
use super::meta_procedures::arguments::{Arguments, invalid};
use super::meta_procedures::{no_such_procedure, value};
use super::permissions::{Permissions, exact, provides};
use crate::dealer::policy_name;
use crate::effects::Refusal;
use crate::limit::Limit;
use crate::meta_event::MetaEvent;
use crate::reflection::{Definition, DefinitionKind};

/// Definitions that one session may make.
const PER_SESSION: usize = 1000;
/// Octets of one definition, about.
const OCTETS: usize = 16 * 1024;

/// What has been defined in a realm.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    by_uri: BTreeMap<(DefinitionKind, Uri), Defined>,
    by_session: HashMap<SessionId, BTreeSet<(DefinitionKind, Uri)>>,
    made: u64,
}

#[derive(Debug)]
struct Defined {
    definition: Definition,
    /// The session that made it; `None` for the router's and the realm's own.
    owner: Option<SessionId>,
    /// How many had been made when it was, the router's and the realm's own aside.
    number: u64,
}

impl Definitions {
    /// The router's own, and those that the realm brings.
    pub(super) fn new(of_realm: &[Definition]) -> Self {
        let mut definitions = Self::default();
        for definition in own::definitions().chain(of_realm.iter().cloned()) {
            let key = (definition.kind, definition.uri.clone());
            let defined = Defined {
                definition,
                owner: None,
                number: 0,
            };
            definitions.by_uri.insert(key, defined);
        }
        definitions
    }

    /// Whether there are none but the router's own and the realm's.
    #[cfg(test)]
    pub(super) fn is_bare(&self) -> bool {
        self.by_session.is_empty() && self.by_uri.values().all(|defined| defined.owner.is_none())
    }

    fn get(&self, kind: DefinitionKind, uri: &Uri) -> Option<&Definition> {
        let defined = self.by_uri.get(&(kind, uri.clone()))?;
        Some(&defined.definition)
    }

    fn of_kind(&self, kind: DefinitionKind) -> impl Iterator<Item = &Uri> {
        let all = self.by_uri.keys();
        all.filter(move |(other, _)| *other == kind).map(|(_, uri)| uri)
    }

    /// Sets or changes a definition; only its owner may change it.
    fn define(&mut self, owner: SessionId, definition: Definition) -> Result<(), Refusal> {
        let key = (definition.kind, definition.uri.clone());
        self.check_owner(owner, &key)?;
        let own = self.by_session.entry(owner).or_default();
        if own.len() >= PER_SESSION && !own.contains(&key) {
            let sentence = format!("a session may make {PER_SESSION} definitions");
            return Err(Refusal::over(Limit::Definitions, sentence));
        }
        if own.insert(key.clone()) {
            self.made += 1;
        }
        let number = self.by_uri.get(&key).map_or(self.made, |defined| defined.number);
        let defined = Defined {
            definition,
            owner: Some(owner),
            number,
        };
        self.by_uri.insert(key, defined);
        Ok(())
    }

    /// Takes a definition back; whether there was one.
    fn undefine(&mut self, owner: SessionId, key: &(DefinitionKind, Uri)) -> Result<bool, Refusal> {
        self.check_owner(owner, key)?;
        if let Some(own) = self.by_session.get_mut(&owner) {
            own.remove(key);
        }
        Ok(self.by_uri.remove(key).is_some())
    }

    fn check_owner(&self, owner: SessionId, key: &(DefinitionKind, Uri)) -> Result<(), Refusal> {
        if self.by_uri.get(key).is_none_or(|defined| defined.owner == Some(owner)) {
            return Ok(());
        }
        let sentence = format!("{:?} is defined by somebody else", key.1);
        Err(Refusal::new(error_uri::NOT_AUTHORIZED, sentence))
    }

    /// What the session has defined goes with it, in the order in which it was defined first.
    pub(super) fn leave(&mut self, session: SessionId, meta_events: &mut Vec<MetaEvent>) {
        let own = self.by_session.remove(&session).unwrap_or_default();
        let mut own: Vec<_> = own
            .into_iter()
            .map(|key| (self.by_uri.remove(&key).map(|defined| defined.number), key))
            .collect();
        own.sort();
        for (_, (kind, uri)) in own {
            meta_events.push(MetaEvent::Undefined(kind, uri));
        }
    }
}

impl State {
    /// `wamp.reflection.KIND.list` and `wamp.reflection.KIND.describe`.
    pub(super) fn reflection_procedure(
        &self,
        name: &str,
        arguments: &Arguments,
        may: Permissions<'_>,
    ) -> Result<Payload, Refusal> {
        let found = name.split_once('.');
        let kind = found.and_then(|(kind, verb)| Some((DefinitionKind::from_name(kind)?, verb)));
        match kind {
            Some((kind, "list")) => {
                let mut uris: BTreeSet<&str> = self.definitions.of_kind(kind).map(Uri::as_str).collect();
                match kind {
                    DefinitionKind::Procedure => {
                        uris.extend(self.dealer.registrations().map(|facts| facts.uri.as_str()))
                    }
                    DefinitionKind::Topic => uris.extend(self.broker.subscriptions().map(|facts| facts.uri.as_str())),
                    DefinitionKind::Error => {}
                }
                uris.retain(|uri| may.may_know(kind, &Uri::from(*uri)));
                value(&uris)
            }
            Some((kind, "describe")) => {
                let uri = Uri::from(arguments.text(0, "uri")?);
                value(&self.describe(kind, &uri, may))
            }
            _ => Err(no_such_procedure(&format!("wamp.reflection.{name}"))),
        }
    }

    /// `wamp.reflect.define` and `wamp.reflect.describe`.
    pub(super) fn reflect_procedure(
        &mut self,
        name: &str,
        arguments: &Arguments,
        may: Permissions<'_>,
    ) -> Result<Payload, Refusal> {
        match name {
            "define" => self.define(arguments, may).map(|()| Payload::EMPTY),
            "describe" => {
                let uri = Uri::from(arguments.text(0, "uri")?);
                let all = DefinitionKind::ALL.into_iter();
                let found: Vec<Dict> = all.filter_map(|kind| self.describe(kind, &uri, may)).collect();
                value(&found)
            }
            _ => Err(no_such_procedure(&format!("wamp.reflect.{name}"))),
        }
    }

    /// What was defined, and how it is registered or subscribed to.
    fn describe(&self, kind: DefinitionKind, uri: &Uri, may: Permissions<'_>) -> Option<Dict> {
        if !may.may_know(kind, uri) {
            return None;
        }
        let mut in_use = Dict::default();
        for policy in [MatchPolicy::Exact, MatchPolicy::Prefix, MatchPolicy::Wildcard] {
            match kind {
                DefinitionKind::Procedure => {
                    let id = self.dealer.lookup(uri.as_str(), policy);
                    let Some(facts) = id.and_then(|id| self.dealer.registration(id)) else {
                        continue;
                    };
                    in_use.insert("match", policy.name());
                    in_use.insert("invoke", policy_name(facts.invoke));
                }
                DefinitionKind::Topic if self.broker.lookup(uri.as_str(), policy).is_some() => {
                    in_use.insert("match", policy.name());
                }
                DefinitionKind::Topic | DefinitionKind::Error => continue,
            }
            break;
        }
        let mut dict = match self.definitions.get(kind, uri) {
            Some(definition) => definition.as_dict(),
            None if in_use.0.is_empty() => return None,
            None => Definition {
                kind,
                uri: uri.clone(),
                description: Dict::default(),
            }
            .as_dict(),
        };
        for (key, value) in in_use.0 {
            if dict.get(&key).is_none() {
                dict.insert(&key, value);
            }
        }
        Some(dict)
    }

    fn define(&mut self, arguments: &Arguments, may: Permissions<'_>) -> Result<(), Refusal> {
        let Permissions { realm, member, .. } = may;
        let uri = Uri::from(arguments.text(0, "uri")?);
        if !realm.is_of_applications(&uri) {
            let sentence = format!("{uri:?} is no URI that a session may define");
            return Err(Refusal::new(error_uri::INVALID_URI, sentence));
        }
        let wrong = || invalid("type", "\"procedure\", \"topic\" or \"error\"");
        let kind = arguments.keyword_text("type")?.and_then(DefinitionKind::from_name);
        let kind = kind.ok_or_else(wrong)?;
        may.check(&exact(provides(kind), &uri), "define")?;
        let Some(description) = arguments.dict(1, "description")? else {
            let key = (kind, uri);
            if self.definitions.undefine(member.id, &key)? {
                self.effects.meta_events.push(MetaEvent::Undefined(key.0, key.1));
            }
            return Ok(());
        };
        let octets = Value::from(description.clone()).encode(Serializer::MsgPack).len();
        if octets > OCTETS {
            let sentence = format!("a description has at most {OCTETS} octets, and this one {octets}");
            return Err(Refusal::new(error_uri::INVALID_ARGUMENT, sentence));
        }
        let definition = Definition {
            kind,
            uri,
            description: description.clone(),
        };
        self.definitions.define(member.id, definition.clone())?;
        self.effects.meta_events.push(MetaEvent::Defined(Box::new(definition)));
        Ok(())
    }
}
