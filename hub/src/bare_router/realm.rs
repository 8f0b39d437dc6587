//! A realm of the bare router, as its configuration describes it.

use std::sync::Arc;

use wamp_router::authentication::{AuthMethod, StaticUsers};
use wamp_router::authorization::{Rule, Rules};
use wamp_router::{Authentication, Authorization, Disclosure, RealmConfig, Strictness};

use crate::config::{RouterRealm, RouterRole};

/// `history` is what holds where the realm says nothing.
pub(super) fn config(realm: &RouterRealm, history: usize) -> RealmConfig {
    RealmConfig {
        authentication: authentication(realm),
        limits_attempts: realm.limit_attempts,
        dynamic_authenticator: realm.authenticator.as_ref().map(Into::into),
        authorization: authorization(realm),
        disclosure: Disclosure {
            callers: realm.disclose_callers.into(),
            publishers: realm.disclose_publishers.into(),
            ..Disclosure::default()
        },
        strictness: Strictness {
            sequential_request_ids: realm.strict,
            uris: realm.strict,
            progressive_results_need_canceling: realm.strict,
        },
        trustlevels: realm.trustlevels.clone(),
        keep_newest: realm.keep_newest.iter().map(Into::into).collect(),
        history: realm.history.unwrap_or(history),
        ..RealmConfig::new(&realm.name)
    }
}

fn authentication(realm: &RouterRealm) -> Authentication {
    let mut users = StaticUsers::new(realm.users.iter().map(|user| user.stored(realm.decoy_secret)));
    if let Some(secret) = realm.decoy_secret {
        users = users.with_decoy_secret(secret.0);
    }
    let mut methods = users.methods();
    if realm.anonymous.is_some() {
        methods.push(AuthMethod::Anonymous);
    }
    Authentication {
        anonymous: realm.anonymous.clone(),
        authenticator: Some(Arc::new(users)),
        methods,
    }
}

fn authorization(realm: &RouterRealm) -> Authorization {
    let asked = realm
        .roles
        .iter()
        .filter_map(|role| Some((&role.name, role.authorizer.as_ref()?)));
    asked.fold(Authorization::by(rules(realm)), |authorization, (role, authorizer)| {
        authorization.asking(role, authorizer.into())
    })
}

/// Where no role is described, each may do everything.
fn rules(realm: &RouterRealm) -> Rules {
    if !realm.roles.is_empty() {
        return Rules::new(realm.roles.iter().flat_map(RouterRole::rules));
    }
    let roles = realm.users.iter().map(|user| &user.role).chain(&realm.anonymous);
    Rules::new(roles.map(Rule::everything))
}
