//! What is wrong with a configuration as a whole, though each key is right by itself.

use std::collections::BTreeSet;

use wamp_protocol::{MatchPolicy, Uri, UriRules};

use super::{RouterConfig, RouterRealm};

impl RouterConfig {
    /// # Errors
    /// A sentence that names the realm and the key.
    pub fn check(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        for realm in &self.realms {
            if !names.insert(&realm.name) {
                return Err(format!("there are two realms named {:?}", realm.name));
            }
            realm
                .check()
                .and_then(|()| self.check_procedures(realm))
                .map_err(|fault| format!("realm {:?}: {fault}", realm.name))?;
        }
        Ok(())
    }

    /// Procedures that decide must be in realms that there are.
    fn check_procedures(&self, realm: &RouterRealm) -> Result<(), String> {
        let authenticator = realm
            .authenticator
            .iter()
            .map(|asked| ("authenticator".to_owned(), &asked.procedure, &asked.realm));
        let authorizers = realm.roles.iter().filter_map(|role| {
            let asked = role.authorizer.as_ref()?;
            Some((
                format!("role {:?}, authorizer", role.name),
                &asked.procedure,
                &asked.realm,
            ))
        });
        for (here, procedure, home) in authenticator.chain(authorizers) {
            if !Uri::from(procedure.as_str()).is_valid(UriRules::Loose) {
                return Err(format!("{here}: procedure is not a URI"));
            }
            if let Some(home) = home
                && !self.realms.iter().any(|realm| realm.name == *home)
            {
                return Err(format!("{here}: there is no realm {home:?}"));
            }
        }
        Ok(())
    }
}

impl RouterRealm {
    fn check(&self) -> Result<(), String> {
        if !Uri::from(self.name.as_str()).is_valid(UriRules::Loose) {
            return Err("name is not a URI".to_owned());
        }
        for wanted in &self.keep_newest {
            let policy = MatchPolicy::from(wanted.match_policy);
            if !Uri::from(wanted.topic.as_str()).is_valid_pattern(UriRules::Loose, policy) {
                let topic = &wanted.topic;
                return Err(format!(
                    "keep_newest: {topic:?} is not a topic that could match {}",
                    policy.name()
                ));
            }
        }
        self.check_roles()?;
        self.check_users()?;
        if let Some(role) = &self.anonymous {
            self.check_role("anonymous", role)?;
        }
        for role in self.trustlevels.keys() {
            self.check_role("trustlevels", role)?;
        }
        Ok(())
    }

    fn check_roles(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        for role in &self.roles {
            if !names.insert(&role.name) {
                return Err(format!("there are two roles named {:?}", role.name));
            }
            if role.authorizer.is_some() && role.permissions.iter().any(|one| !one.deny.is_empty()) {
                return Err(format!(
                    "role {:?}: deny has no place beside authorizer, which decides about all that is not allowed",
                    role.name
                ));
            }
            for permission in &role.permissions {
                let here = format!("role {:?}, permission for {:?}", role.name, permission.uri);
                let policy = MatchPolicy::from(permission.match_policy);
                if !Uri::from(permission.uri.as_str()).is_valid_pattern(UriRules::Loose, policy) {
                    return Err(format!("{here}: uri is not one that could match {}", policy.name()));
                }
                if permission.allow.is_empty() && permission.deny.is_empty() {
                    return Err(format!(
                        "{here}: say what to allow or to deny: call, register, publish, subscribe"
                    ));
                }
            }
        }
        Ok(())
    }

    fn check_users(&self) -> Result<(), String> {
        let (mut names, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for user in &self.users {
            let here = format!("user {:?}", user.name);
            if !names.insert(&user.name) {
                return Err(format!("there are two users named {:?}", user.name));
            }
            self.check_role(&format!("{here}: role"), &user.role)?;
            if !user.can_sign_in() {
                return Err(format!(
                    "{here}: there is nothing to sign in by: secret, ticket, wampcra, scram or cryptosign"
                ));
            }
            if let Some(fault) = user.scram.as_ref().and_then(super::StoredScram::fault) {
                return Err(format!("{here}, scram: {fault}"));
            }
            if !user.cryptosign.iter().all(|key| keys.insert(key.0)) {
                return Err(format!("{here}, cryptosign: this key is there twice"));
            }
        }
        Ok(())
    }

    /// Where roles are described, one that is not is a typing error.
    fn check_role(&self, key: &str, role: &str) -> Result<(), String> {
        if self.roles.is_empty() || self.roles.iter().any(|known| known.name == role) {
            return Ok(());
        }
        let known: Vec<&str> = self.roles.iter().map(|role| role.name.as_str()).collect();
        Err(format!(
            "{key}: there is no role {role:?}; the roles of this realm are {}",
            known.join(", ")
        ))
    }
}
