//! Fills in the values of an app's environment as it starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Inner;
use super::error::EngineError;
use crate::model::{AppKey, EnvValue, EnvVar, Plan, Secret};
use crate::os::chance;
use crate::secrets::Redactor;

/// Letters and digits of a generated password: about 190 bits.
const PASSWORD_LENGTH: usize = 32;

/// The values that a plan's names stand for. Only in memory.
#[derive(Debug)]
pub(super) struct FilledEnv {
    /// The app's.
    pub(super) app: BTreeMap<String, Secret>,
    /// The services', by service.
    pub(super) services: BTreeMap<String, BTreeMap<String, Secret>>,
    /// Takes the secret ones out of lines.
    pub(super) redactor: Arc<Redactor>,
}

impl Inner {
    /// Seals values that a person gave.
    pub(super) async fn keep_secrets(
        &self,
        key: &AppKey,
        secrets: &BTreeMap<String, Secret>,
    ) -> Result<(), EngineError> {
        for (name, value) in secrets {
            let sealed = self.vault.seal(key, name, value)?;
            self.store.put_secret(key, name, sealed).await?;
        }
        Ok(())
    }

    /// The environment with all its values. A secret that nobody gave is a service's password: it is made and kept.
    pub(super) async fn fill_env(&self, plan: &Plan) -> Result<FilledEnv, EngineError> {
        let mut secrets = BTreeMap::new();
        let services = plan.services.iter().flat_map(|service| &service.env);
        for name in plan.env.iter().chain(services).filter_map(secret_of) {
            if !secrets.contains_key(name) {
                secrets.insert(name.to_owned(), self.secret_or_new(&plan.key, name).await?);
            }
        }
        let fill = |env: &[EnvVar]| -> BTreeMap<String, Secret> {
            env.iter().map(|variable| (variable.name.clone(), value_of(&variable.value, &secrets))).collect()
        };
        let mut app = fill(&plan.env);
        if let Some(port) = plan.ports.container {
            app.entry("PORT".into()).or_insert_with(|| Secret::new(port.to_string()));
        }
        let services = plan.services.iter().map(|service| (service.name.clone(), fill(&service.env))).collect();
        Ok(FilledEnv { app, services, redactor: Arc::new(Redactor::new(secrets.into_values())) })
    }

    async fn secret_or_new(&self, key: &AppKey, name: &str) -> Result<Secret, EngineError> {
        if let Some(sealed) = self.store.secret(key, name).await? {
            return Ok(self.vault.unseal(key, name, &sealed)?);
        }
        let password = chance::password(PASSWORD_LENGTH);
        let sealed = self.vault.seal(key, name, &password)?;
        self.store.put_secret(key, name, sealed).await?;
        Ok(password)
    }
}

fn secret_of(variable: &EnvVar) -> Option<&str> {
    match &variable.value {
        EnvValue::Plain(_) => None,
        EnvValue::Secret(name) | EnvValue::Around { secret: name, .. } => Some(name),
    }
}

fn value_of(value: &EnvValue, secrets: &BTreeMap<String, Secret>) -> Secret {
    let secret = |name: &str| secrets.get(name).map_or("", Secret::reveal);
    match value {
        EnvValue::Plain(text) => Secret::new(text.clone()),
        EnvValue::Secret(name) => Secret::new(secret(name)),
        EnvValue::Around { before, secret: name, after } => {
            Secret::new(format!("{before}{}{after}", percent_encoded(secret(name))))
        }
    }
}

/// As in the user information of a URL (RFC 3986, 2.3): everything but letters, digits and `-._~` is encoded.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_encoded_where_it_stands_in_a_url() {
        let secrets = BTreeMap::from([("PW".to_owned(), Secret::new("a/b@c:ü"))]);
        let around = EnvValue::Around { before: "pg://u:".into(), secret: "PW".into(), after: "@db".into() };
        assert_eq!(value_of(&around, &secrets).reveal(), "pg://u:a%2Fb%40c%3A%C3%BC@db");
        assert_eq!(value_of(&EnvValue::Secret("PW".into()), &secrets).reveal(), "a/b@c:ü");
    }
}
