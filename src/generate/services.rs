//! The services beside an app: what `templates/services/` says of them, and what an app gets to reach them.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::templates::Templates;
use crate::model::{AppProfile, EnvValue, EnvVar, Environment, Problem, ProblemCode, is_image_tag};

/// One file of `templates/services/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// Its name: the file's, and its host name on the network.
    #[serde(skip_deserializing)]
    pub(crate) name: String,
    /// Its name for people.
    pub(crate) label: String,
    /// Its image with a pinned tag.
    pub(crate) image: String,
    /// The port that it listens on.
    pub(crate) port: u16,
    /// How much memory it may take in production, in MiB.
    #[serde(default = "usual_memory")]
    pub(crate) memory_mb: u64,
    /// The port of the pages that it shows to people; none where it has none.
    pub(crate) console: Option<u16>,
    /// Where it keeps its data; none where it keeps none.
    pub(crate) data: Option<String>,
    /// The command that exits 0 when it is ready, run inside, and the seconds that it may take.
    pub(crate) ready: Vec<String>,
    #[serde(default = "usual_seconds")]
    ready_seconds: u32,
    /// The number of its user, and where it writes besides its data.
    #[serde(default = "usual_user")]
    pub(crate) user: u32,
    #[serde(default)]
    pub(crate) writes: Vec<String>,
    /// Why it writes elsewhere too; none where it does not.
    writable_root: Option<String>,
    /// What it stands in for while an app is developed; none for what runs everywhere.
    pub(crate) stands_in: Option<StandsIn>,
    /// The variable that moves its data below that folder, where the folder has to be its own.
    data_variable: Option<String>,
    /// How its data is copied; none where the copy of its volume is enough.
    dump: Option<Dump>,
    /// Its command, where the image's is not enough.
    #[serde(default)]
    pub(crate) command: Vec<String>,
    /// The name of its generated password; none where it has no password.
    pub(crate) password: Option<String>,
    /// Its environment.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// By what detection knows it, which detection reads.
    #[serde(default, skip_serializing)]
    #[expect(dead_code, reason = "it is read as the program is built")]
    seen: IgnoredAny,
    #[serde(skip_serializing)]
    gives: Vec<Gives>,
    #[serde(skip_serializing)]
    always: Vec<Always>,
}

/// What a service stands in for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StandsIn {
    /// What the app has elsewhere, as a sentence names it.
    pub(crate) what: String,
    /// The ports on which others have it.
    pub(crate) ports: Vec<u16>,
}

/// A copy of what a service holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dump {
    /// What a shell runs, in the service's image and over the network; the copy is its output.
    command: String,
    /// The variable in which it looks for the password.
    password: String,
}

/// Most images' own user.
fn usual_user() -> u32 {
    999
}

const fn usual_seconds() -> u32 {
    5
}

const fn usual_memory() -> u64 {
    1024
}

/// A value that apps get under one of several names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gives {
    names: Vec<String>,
    value: String,
    #[serde(default)]
    stacks: Vec<String>,
    #[serde(default)]
    frameworks: Vec<String>,
    /// Dependencies of which it has one.
    #[serde(default)]
    packages: Vec<String>,
    /// Names that it reads as well, and names of which it reads none.
    #[serde(default)]
    beside: Vec<String>,
    #[serde(default)]
    without: Vec<String>,
}

/// Names that an app gets whether it is seen to read them or not.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Always {
    names: Vec<String>,
    #[serde(default)]
    frameworks: Vec<String>,
}

/// The services that a profile names, in its order, each once: `postgres`, or with a version of its image
/// `postgres:16`.
pub(crate) fn of(profile: &AppProfile, templates: &Templates) -> Result<Vec<Service>, Problem> {
    let mut services = Vec::new();
    for wanted in &profile.services {
        let (name, version) = wanted.split_once(':').map_or((wanted.as_str(), None), |(name, it)| (name, Some(it)));
        if services.iter().any(|known: &Service| known.name == name) {
            continue;
        }
        let service = load(name, templates)?;
        services.push(match version {
            Some(version) => service.at(wanted, version)?,
            None => service,
        });
    }
    Ok(services)
}

fn load(name: &str, templates: &Templates) -> Result<Service, Problem> {
    let path = format!("services/{name}.toml");
    let service: Option<Service> = templates.settings(&path)?;
    let service = service.ok_or_else(|| {
        let known = templates.names("services", ".toml").join(", ");
        Problem::new(ProblemCode::Usage, "unknown-service", format!("“{name}” is no service that Wharf knows"))
            .why(format!("it knows {known}"))
            .fix("leave it out of `services` in wharf.toml and give the app its address with --set or --secret")
    })?;
    Ok(Service { name: name.to_owned(), ..service })
}

impl Service {
    /// The same with its image at that version.
    fn at(self, wanted: &str, version: &str) -> Result<Self, Problem> {
        if !is_image_tag(version) {
            let message = format!("“{wanted}” asks for no version of {} that there could be", self.label);
            return Err(Problem::new(ProblemCode::Usage, "bad-service-version", message)
                .why("a version is a tag of its image: letters, digits, “.”, “_” and “-”")
                .fix(format!("write `{}:` and the version into `services` in wharf.toml", self.name)));
        }
        let image = self.image.rsplit_once(':').map_or(self.image.as_str(), |(image, _)| image);
        Ok(Self { image: format!("{image}:{version}"), ..self })
    }

    /// Whether it runs there. What stands in for something else does where an app is developed.
    pub(crate) fn runs_in(&self, environment: Environment) -> bool {
        self.stands_in.is_none() || environment == Environment::Development
    }

    /// Its own environment.
    pub(crate) fn own_env(&self) -> Vec<EnvVar> {
        self.env.iter().map(|(name, value)| EnvVar { name: name.clone(), value: self.filled(value) }).collect()
    }

    /// What the app gets to reach it: the names that it reads, or the usual one, and those of its framework, each with
    /// its text in braces.
    fn given<'s>(&'s self, profile: &'s AppProfile) -> Vec<(&'s str, &'s str)> {
        let framework = profile.framework.as_ref().map(|framework| framework.name.as_str());
        let fits =
            |list: &[String], name: Option<&str>| list.is_empty() || name.is_some_and(|n| list.iter().any(|l| l == n));
        let fits_packages =
            |list: &[String]| list.is_empty() || profile.dependencies.iter().any(|it| list.contains(&it.name));
        let value = |name: &'s str| {
            let entry = self.gives.iter().find(|entry| {
                entry.names.iter().any(|known| known == name)
                    && fits(&entry.stacks, Some(&profile.stack))
                    && fits(&entry.frameworks, framework)
                    && fits_packages(&entry.packages)
                    && entry.beside.iter().all(|name| profile.env.contains(name))
                    && !entry.without.iter().any(|name| profile.env.contains(name))
            })?;
            Some((name, entry.value.as_str()))
        };
        let mut given: Vec<(&str, &str)> = profile.env.iter().filter_map(|name| value(name)).collect();
        let reads_any = !given.is_empty();
        let always = self.always.iter().filter(|entry| match entry.frameworks.as_slice() {
            [] => !reads_any,
            frameworks => fits(frameworks, framework),
        });
        // The framework's own names are enough where it has some.
        let of_framework =
            self.always.iter().any(|entry| !entry.frameworks.is_empty() && fits(&entry.frameworks, framework));
        let names =
            always.filter(|entry| !(of_framework && entry.frameworks.is_empty())).flat_map(|entry| &entry.names);
        given.extend(names.filter_map(|name| value(name)));
        given
    }

    /// A value with host, port and password filled in.
    fn filled(&self, value: &str) -> EnvValue {
        let text = value.replace("{host}", &self.name).replace("{port}", &self.port.to_string());
        match (text.split_once("{password}"), &self.password) {
            (Some(("", "")), Some(secret)) => EnvValue::Secret(secret.clone()),
            (Some((before, after)), Some(secret)) => {
                EnvValue::Around { before: before.to_owned(), secret: secret.clone(), after: after.to_owned() }
            }
            _ => EnvValue::Plain(text),
        }
    }
}

/// What the app gets to reach all its services, by name; the service that is named first wins.
pub(crate) fn app_env(services: &[Service], profile: &AppProfile) -> BTreeMap<String, EnvValue> {
    let mut env = BTreeMap::new();
    for service in services {
        for (name, text) in service.given(profile) {
            env.entry(name.to_owned()).or_insert_with(|| service.filled(text));
        }
    }
    env
}

/// The same for where services are not what they are on one machine: name, service, and the text with `{host}`, `{port}`
/// and `{password}` in it.
pub(crate) fn connections<'a>(
    services: impl IntoIterator<Item = &'a Service>,
    profile: &'a AppProfile,
) -> Vec<(&'a str, &'a Service, &'a str)> {
    let mut connections: Vec<(&str, &Service, &str)> = Vec::new();
    for service in services {
        for (name, text) in service.given(profile) {
            if !connections.iter().any(|known| known.0 == name) {
                connections.push((name, service, text));
            }
        }
    }
    connections.sort_by_key(|connection| connection.0);
    connections
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Framework;

    fn env_of(profile: &AppProfile) -> BTreeMap<String, EnvValue> {
        app_env(&of(profile, Templates::embedded()).unwrap(), profile)
    }

    fn profile(stack: &str, framework: Option<&str>, services: &[&str], env: &[&str]) -> AppProfile {
        AppProfile {
            stack: stack.to_owned(),
            framework: framework.map(|name| Framework { name: name.to_owned(), version: None }),
            services: services.iter().map(|s| (*s).to_owned()).collect(),
            env: env.iter().map(|s| (*s).to_owned()).collect(),
            ..AppProfile::default()
        }
    }

    fn url(before: &str, secret: &str, after: &str) -> EnvValue {
        EnvValue::Around { before: before.to_owned(), secret: secret.to_owned(), after: after.to_owned() }
    }

    #[test]
    fn every_service_loads_and_gives_what_it_promises() {
        for name in Templates::embedded().names("services", ".toml") {
            let service = load(&name, Templates::embedded()).unwrap();
            assert!(service.image.contains(':'), "{name}: {}", service.image);
            for always in &service.always {
                for given in &always.names {
                    assert!(service.gives.iter().any(|gives| gives.names.contains(given)), "{name}: {given}");
                }
            }
        }
    }

    #[test]
    fn an_app_gets_the_names_that_it_reads() {
        let env =
            env_of(&profile("node", Some("express"), &["postgres", "redis"], &["PGHOST", "PGPASSWORD", "REDIS_HOST"]));
        let expected = [
            ("PGHOST", EnvValue::Plain("postgres".into())),
            ("PGPASSWORD", EnvValue::Secret("POSTGRES_PASSWORD".into())),
            ("REDIS_HOST", EnvValue::Plain("redis".into())),
        ];
        assert_eq!(env, BTreeMap::from(expected.map(|(name, value)| (name.to_owned(), value))));
    }

    #[test]
    fn an_app_that_reads_none_gets_the_usual_one() {
        let env = env_of(&profile("go", None, &["postgres"], &[]));
        let expected = url("postgresql://app:", "POSTGRES_PASSWORD", "@postgres:5432/app?sslmode=disable");
        assert_eq!(env, BTreeMap::from([("DATABASE_URL".to_owned(), expected)]));
    }

    #[test]
    fn frameworks_have_their_own_names() {
        let laravel = env_of(&profile("php", Some("laravel"), &["mysql"], &[]));
        assert_eq!(laravel["DB_CONNECTION"], EnvValue::Plain("mysql".into()));
        assert_eq!(laravel["DB_PASSWORD"], EnvValue::Secret("MYSQL_PASSWORD".into()));
        assert!(!laravel.contains_key("DATABASE_URL"));
        let spring = env_of(&profile("java", Some("spring-boot"), &["postgres"], &[]));
        assert_eq!(spring["SPRING_DATASOURCE_URL"], EnvValue::Plain("jdbc:postgresql://postgres:5432/app".into()));
    }

    #[test]
    fn the_first_service_wins_a_name() {
        let env = env_of(&profile("node", None, &["mongodb", "postgres"], &["DATABASE_URL", "MONGO_URL"]));
        assert_eq!(env["DATABASE_URL"], url("mongodb://app:", "MONGO_PASSWORD", "@mongodb:27017/app?authSource=admin"));
        let env = env_of(&profile("node", None, &["postgres", "mongodb"], &["DATABASE_URL", "MONGO_URL"]));
        assert_eq!(env["DATABASE_URL"], url("postgresql://app:", "POSTGRES_PASSWORD", "@postgres:5432/app"));
    }

    #[test]
    fn a_service_may_say_its_version() {
        let services =
            of(&profile("node", None, &["postgres:16", "redis", "postgres"], &[]), Templates::embedded()).unwrap();
        let images: Vec<&str> = services.iter().map(|service| service.image.as_str()).collect();
        assert_eq!((images.len(), images[0]), (2, "postgres:16"));
        assert_eq!(services[0].name, "postgres");
        for bad in ["postgres:", "postgres:1 6", "postgres:a/b", "postgres:16\nUSER root"] {
            let problem = of(&profile("node", None, &[bad], &[]), Templates::embedded()).unwrap_err();
            assert_eq!(problem.cause, "bad-service-version", "{bad}");
        }
    }

    #[test]
    fn what_stands_in_for_something_runs_where_an_app_is_developed() {
        let mut services =
            of(&profile("node", None, &["mailpit", "redis"], &[]), Templates::embedded()).unwrap().into_iter();
        let (mailpit, redis) = (services.next().unwrap(), services.next().unwrap());
        let runs = |service: &Service| Environment::ALL.map(|environment| service.runs_in(environment));
        assert_eq!((runs(&mailpit), runs(&redis)), ([true, false, false], [true; 3]));
    }

    #[test]
    fn an_unknown_service_is_named() {
        let problem = of(&profile("node", None, &["oracle"], &[]), Templates::embedded()).unwrap_err();
        assert!(problem.message.contains("oracle") && problem.why.contains("postgres"), "{problem}");
    }
}
