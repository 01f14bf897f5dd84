//! Everything that templates can make, for projects that are made up: so that a mistake is met before a project needs the
//! template that has it.

use crate::model::{AppProfile, Artifact, Dependency, Framework, Problem, Serving, Settings};

use super::kinds::DOCKER;
use super::{Order, Templates, kinds};

/// The artifacts of each kind, and of each stack, or what went wrong.
#[must_use]
pub fn trial(templates: &Templates) -> Vec<Result<Vec<Artifact>, Problem>> {
    let (settings, server, files, worker) = (Settings::default(), server("node"), files(), worker());
    let mut results = Vec::new();
    let mut make = |apps: &[&AppProfile], kind: &str| {
        let order = Order { templates, ..Order::new("trial", apps, &settings) };
        // With what the others name: images are built from Dockerfiles.
        results.push(order.artifacts(&[kind, DOCKER].map(str::to_owned).into()));
    };
    match kinds(templates) {
        Ok(kinds) => {
            for kind in kinds {
                make(&[&server], &kind.name);
                make(&[&server, &files, &worker], &kind.name);
            }
        }
        Err(problem) => return vec![Err(problem)],
    }
    for stack in templates.folders_with("Dockerfile.j2") {
        let name = stack.rsplit('/').next().unwrap_or_default();
        make(&[&self::server(name)], DOCKER);
    }
    results
}

fn server(stack: &str) -> AppProfile {
    AppProfile {
        path: ".".to_owned(),
        name: "web".to_owned(),
        stack: stack.to_owned(),
        framework: Some(Framework { name: "express".to_owned(), version: Some("5.1.0".to_owned()) }),
        package_manager: Some("npm".to_owned()),
        install_command: Some("npm ci".to_owned()),
        build_command: Some("npm run build".to_owned()),
        test_command: Some("npm test".to_owned()),
        lint_command: Some("npm run lint".to_owned()),
        release_command: Some("npx prisma migrate deploy".to_owned()),
        start_command: Some("./bin/web --listen $PORT".to_owned()),
        port: Some(3000),
        health_path: Some("/health".to_owned()),
        services: ["postgres", "redis"].map(str::to_owned).into(),
        env: ["API_TOKEN", "DATABASE_URL", "LOG_FORMAT"].map(str::to_owned).into(),
        required_env: vec!["API_TOKEN".to_owned()],
        dependencies: vec![Dependency { name: "express".to_owned(), ..Dependency::default() }],
        ..AppProfile::default()
    }
}

fn files() -> AppProfile {
    AppProfile {
        path: "site".to_owned(),
        name: "site".to_owned(),
        serving: Serving::Static,
        output_dir: Some("dist".to_owned()),
        services: Vec::new(),
        start_command: None,
        ..server("node")
    }
}

fn worker() -> AppProfile {
    AppProfile {
        path: "jobs".to_owned(),
        name: "jobs".to_owned(),
        serving: Serving::None,
        port: None,
        health_path: None,
        build_command: None,
        ..server("python")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_own_templates_can_all_be_filled_in() {
        let made = trial(Templates::embedded());
        assert!(made.len() > 20, "{}", made.len());
        for one in made {
            assert!(!one.unwrap().is_empty());
        }
    }

    #[test]
    fn a_mistake_is_met_with_template_and_line() {
        let own = [("compose/env.j2".to_owned(), "A=1\n{{ nothing }}\n".to_owned())];
        let problems: Vec<Problem> =
            trial(&Templates::with_own(own.into())).into_iter().filter_map(Result::err).collect();
        assert!(!problems.is_empty());
        for problem in problems {
            assert_eq!(problem.message, "the template compose/env.j2 cannot be filled in, line 2");
            assert!(problem.why.contains("nothing"), "{problem}");
        }
    }
}
