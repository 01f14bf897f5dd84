//! The services that Wharf brings, by what projects say of them: the part `seen` of each `templates/services/NAME.toml`.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{List, Table, Text};
use super::rules::{Seen, Stack};

/// By their names; made into a constant while the program is built (`build/main.rs`).
static SERVICES: &Table<Seen> = &embedded::SERVICES;

mod embedded {
    use std::borrow::Cow;

    use super::super::data::{List, Table, Text};
    use super::super::rules::{Maybe, Seen};

    pub(super) static SERVICES: Table<Seen> = include!(concat!(env!("OUT_DIR"), "/services.rs"));
}

/// The kind of the databases that speak SQL.
pub(super) const SQL: &str = "sql";

/// The services that Wharf knows.
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    SERVICES.iter().map(|(name, _)| name)
}

/// Whether Wharf knows a service of that name.
pub(super) fn is_known(name: &str) -> bool {
    SERVICES.get(name).is_some()
}

/// The name of an image, without where it comes from and its version.
pub(super) fn last_part(image: &str) -> Option<&str> {
    image.rsplit('/').next()?.split([':', '@']).next()
}

/// The service that an image is, by the last part of its name.
pub(super) fn of_image(image: &str) -> Option<&'static str> {
    let name = last_part(image)?;
    find(|seen| seen.images.iter().any(|known| known == name))
}

/// The service that settings call so: the adapter of a database, the scheme of its URL.
pub(super) fn called(word: &str) -> Option<&'static str> {
    find(|seen| seen.called.iter().any(|known| known == word))
}

/// What settings call the services of a kind, each with the service.
pub(super) fn words(kind: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let services = SERVICES.iter().filter(move |(_, seen)| seen.kind.as_deref() == Some(kind));
    services.flat_map(|(name, seen)| seen.called.iter().map(move |word| (word.as_str(), name)))
}

/// The services of a kind.
pub(super) fn of_kind(kind: &str) -> impl Iterator<Item = &'static str> {
    SERVICES.iter().filter(move |(_, seen)| seen.kind.as_deref() == Some(kind)).map(|(name, _)| name)
}

/// The services whose drivers speak to this one as well.
pub(super) fn like(service: &str) -> impl Iterator<Item = &'static str> {
    SERVICES.iter().filter(move |(_, seen)| seen.like.as_deref() == Some(service)).map(|(name, _)| name)
}

/// Whether the drivers of one speak to the other.
pub(super) fn are_alike(one: &str, other: &str) -> bool {
    one == other || like(one).any(|name| name == other) || like(other).any(|name| name == one)
}

/// Whether a service that drivers suggest, or settings (`said`), is not meant where a compose file runs these.
pub(super) fn is_replaced(service: &str, said: bool, runs: &BTreeSet<String>) -> bool {
    let kind = |name: &str| SERVICES.get(name).and_then(|seen| seen.kind.as_deref());
    let instead = |other: &String| are_alike(service, other) || !said && kind(other) == kind(service);
    kind(service).is_some() && !runs.contains(service) && runs.iter().any(instead)
}

/// Of services whose drivers speak to one another one is meant: that which settings name (`said`), or that which the other
/// is like.
pub(super) fn settle<T>(found: &mut BTreeMap<String, T>, said: impl Fn(&T) -> bool) {
    for (name, seen) in SERVICES.iter() {
        let Some(usual) = &seen.like else { continue };
        if let (Some(own), Some(other)) = (found.get(name), found.get(usual.as_str())) {
            let other = if said(own) && !said(other) { usual } else { name };
            found.remove(other);
        }
    }
}

/// Gives a stack the packages that services name for it.
pub(super) fn add_to(stack: &mut Stack) {
    for (name, seen) in SERVICES.iter() {
        if let Some(packages) = seen.packages.get(&stack.name) {
            stack.services.entry(name, List::default).to_mut().extend(packages.iter().cloned());
        }
    }
}

/// The services that packages of a stack may speak to: the packages, and the names of variables of which an app that does
/// reads one.
pub(super) fn possible(stack: &Stack) -> impl Iterator<Item = (&'static str, &'static [Text], &'static [Text])> {
    SERVICES.iter().filter_map(|(name, seen)| {
        let of = |stack: &Text| seen.maybe.packages.get(stack);
        let packages = of(&stack.name).or_else(|| stack.shares_with.as_ref().and_then(of))?;
        Some((name, &**packages, &*seen.maybe.env))
    })
}

fn find(fits: impl Fn(&Seen) -> bool) -> Option<&'static str> {
    SERVICES.iter().find(|(_, seen)| fits(seen)).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::detect::{MemoryTree, Registry, detect};

    #[derive(serde::Deserialize)]
    struct File {
        seen: Seen,
    }

    #[test]
    fn what_is_embedded_is_what_the_files_say() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/services");
        let mut files = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let read: File = toml_edit::de::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            assert_eq!(SERVICES.get(path.file_stem().unwrap().to_str().unwrap()), Some(&read.seen));
            files += 1;
        }
        assert_eq!(files, SERVICES.iter().count());
    }

    #[test]
    fn what_a_service_names_is_there() {
        let stacks: Vec<&str> = Registry::embedded().names().collect();
        let (mut images, mut words) = (BTreeSet::new(), BTreeSet::new());
        for (name, seen) in SERVICES.iter() {
            assert!(!seen.images.is_empty(), "{name}");
            assert!(seen.images.iter().all(|image| images.insert(image)), "{name}: an image is one service");
            assert!(seen.called.iter().all(|word| words.insert(word)), "{name}: a word is one service");
            assert!(seen.like.iter().all(|other| is_known(other)), "{name}");
            let named = seen.packages.iter().chain(seen.maybe.packages.iter());
            assert!(named.into_iter().all(|(stack, _)| stacks.contains(&stack)), "{name}");
            assert_eq!(seen.maybe.packages.is_empty(), seen.maybe.env.is_empty(), "{name}");
        }
        let stack_names = Registry::embedded().stacks();
        for stack in stack_names {
            assert!(stack.services.iter().all(|(name, _)| is_known(name)), "{}", stack.name);
        }
    }

    fn of(files: &[(&str, &str)]) -> Vec<String> {
        detect(&MemoryTree::new(files.iter().copied())).apps.remove(0).services
    }

    fn node(packages: &str) -> String {
        let all: Vec<String> = packages.split(' ').map(|name| format!("\"{name}\": \"1\"")).collect();
        format!("{{\"scripts\": {{\"start\": \"node a.js\"}}, \"dependencies\": {{{}}}}}", all.join(", "))
    }

    #[test]
    fn mariadb_is_told_from_mysql_where_something_names_it() {
        let by = |packages: &str| of(&[("package.json", &node(packages))]);
        assert_eq!(by("express mariadb"), ["mariadb"]);
        assert_eq!(by("express mysql2"), ["mysql"]);
        // An object mapper that is told to try both speaks to either by the driver of MySQL.
        assert_eq!(by("express mysql2 mariadb"), ["mysql"]);
        let beside = |image: &str, packages: &str| {
            let compose = format!("services:\n  web:\n    build: .\n  db:\n    image: {image}\n");
            of(&[("package.json", &node(packages)), ("Dockerfile", "FROM x\n"), ("compose.yaml", &compose)])
        };
        assert_eq!(beside("mariadb:11", "mysql2"), ["mariadb"], "what runs beside it is what it speaks to");
        assert_eq!(beside("mysql:8", "mariadb"), ["mysql"]);
        assert_eq!(beside("bitnami/mariadb", "pg mysql2 redis"), ["mariadb", "redis"]);
        let pom = |driver: &str| {
            format!(
                "<project><groupId>a</groupId><artifactId>b</artifactId><dependencies><dependency><groupId>{}\
                 </groupId><artifactId>{}</artifactId></dependency></dependencies></project>",
                driver.split(':').next().unwrap(),
                driver.split(':').nth(1).unwrap()
            )
        };
        let java = |driver: &str| of(&[("pom.xml", &pom(driver)), ("src/main/java/A.java", "static void main(")]);
        assert_eq!(java("org.mariadb.jdbc:mariadb-java-client"), ["mariadb"]);
        assert_eq!(java("com.mysql:mysql-connector-j"), ["mysql"]);
    }

    #[test]
    fn each_service_is_known_by_its_packages_and_its_images() {
        for (package, service) in [
            ("amqplib", "rabbitmq"),
            ("@elastic/elasticsearch", "elasticsearch"),
            ("minio", "minio"),
            ("pg", "postgres"),
        ] {
            assert_eq!(of(&[("package.json", &node(&format!("express {package}")))]), [service], "{package}");
        }
        for (image, service) in [
            ("rabbitmq:3-management", Some("rabbitmq")),
            ("docker.elastic.co/elasticsearch/elasticsearch:8.1.0", Some("elasticsearch")),
            ("quay.io/minio/minio", Some("minio")),
            ("percona:8", Some("mysql")),
            ("opensearchproject/opensearch:2", None),
            ("minio/mc", None),
        ] {
            assert_eq!(of_image(image), service, "{image}");
        }
    }

    #[test]
    fn what_can_speak_to_several_says_it_with_a_name_alone() {
        let python = |requirements: &str, source: &str| of(&[("requirements.txt", requirements), ("app.py", source)]);
        let reads = |name: &str| {
            format!("import os\nfrom flask import Flask\napp = Flask(__name__)\nX = os.environ['{name}']\n")
        };
        assert_eq!(python("flask\nboto3\n", &reads("AWS_BUCKET")), [""; 0], "S3 itself is nothing to run");
        assert_eq!(python("flask\nboto3\n", &reads("S3_ENDPOINT")), [""; 0], "it can be anybody's");
        assert_eq!(python("flask\nboto3\n", &reads("MINIO_ENDPOINT")), ["minio"]);
        assert_eq!(python("flask\n", &reads("MINIO_ENDPOINT")), [""; 0], "nothing speaks to it");
        assert_eq!(python("flask\ncelery\n", &reads("CELERY_BROKER_URL")), [""; 0], "a broker can be a Redis");
        assert_eq!(
            python("flask\ncelery\nkombu\namqp\nvine\n", &reads("X_Y")),
            [""; 0],
            "frozen with what Celery brings"
        );
        assert_eq!(python("flask\ncelery\n", &reads("RABBITMQ_URL")), ["rabbitmq"]);
        assert_eq!(python("flask\ncelery[redis]\n", &reads("CELERY_BROKER_URL")), ["redis"]);
    }

    #[test]
    fn whoever_sends_mails_by_a_server_that_it_asks_for_gets_one_that_keeps_them() {
        let mails = |packages: &str, source: &str| {
            of(&[("package.json", &node(packages)), ("a.js", source), (".env.example", "APP_KEY=\n")])
        };
        assert_eq!(mails("express nodemailer", "f(process.env.SMTP_HOST)"), ["mailpit"]);
        assert_eq!(mails("express nodemailer", "f(process.env.SENDGRID_API_KEY)"), [""; 0]);
        assert_eq!(mails("express", "f(process.env.SMTP_HOST)"), [""; 0], "nothing sends");
    }

    #[test]
    fn settings_of_php_and_ruby_name_mariadb() {
        let php = |env: &str| {
            let composer = "{\"require\": {\"symfony/runtime\": \"7\", \"ext-pdo_mysql\": \"*\"}}";
            of(&[("composer.json", composer), ("public/index.php", "<?php"), (".env", env)])
        };
        assert_eq!(php("DATABASE_URL=\"mysql://a:b@c/d?serverVersion=10.11.2-MariaDB\"\n"), ["mariadb"]);
        assert_eq!(php("DATABASE_URL=\"mysql://a:b@c/d?serverVersion=8.4\"\n"), ["mysql"]);
        assert_eq!(php("DB_CONNECTION=mariadb\n"), ["mariadb"]);
        let compose = "services:\n  web:\n    build: .\n  db:\n    image: mariadb:11\n";
        let rails = of(&[
            ("Gemfile", "gem 'rails'\ngem 'mysql2'\n"),
            ("config.ru", "run A\n"),
            ("config/database.yml", "production:\n  adapter: mysql2\n"),
            ("Dockerfile", "FROM x\n"),
            ("compose.yaml", compose),
        ]);
        assert_eq!(rails, ["mariadb"]);
    }
}
