//! What detection says of small trees.

use super::*;

fn detect_files(files: &[(&str, &str)]) -> Detection {
    detect(&MemoryTree::new(files.iter().copied()))
}

fn only(files: &[(&str, &str)]) -> AppProfile {
    let found = detect_files(files);
    assert_eq!(found.apps.len(), 1, "{:#?}", found.apps);
    found.apps.into_iter().next().unwrap()
}

#[test]
fn an_empty_folder_holds_nothing() {
    let found = detect_files(&[]);
    assert_eq!(found, Detection::default());
    assert!(detect_files(&[("README.md", "# Hi")]).apps.is_empty());
}

#[test]
fn an_express_app_is_known_whole() {
    let app = only(&[
        (
            "package.json",
            r#"{"name": "@shop/api", "engines": {"node": "20.x"}, "scripts": {"start": "node server.js"},
            "dependencies": {"express": "^4.18.0", "pg": "^8"}}"#,
        ),
        ("package-lock.json", r#"{"lockfileVersion": 3, "packages": {"node_modules/express": {"version": "4.21.1"}}}"#),
        ("server.js", "require('express')().listen(process.env.PORT || 4000); process.env.API_KEY"),
    ]);
    assert_eq!((app.name.as_str(), app.path.as_str(), app.stack.as_str()), ("api", ".", "node"));
    let framework = app.framework.unwrap();
    assert_eq!((framework.name.as_str(), framework.version.as_deref()), ("express", Some("4.21.1")));
    assert_eq!(app.package_manager.as_deref(), Some("npm"));
    assert_eq!(app.runtime_version.as_deref(), Some("20"));
    assert_eq!(app.install_command.as_deref(), Some("npm ci"));
    assert_eq!(app.start_command.as_deref(), Some("npm run start"));
    assert_eq!(app.port, Some(4000));
    assert_eq!(app.services, ["postgres"]);
    assert_eq!(app.env, ["API_KEY"]);
    assert!(app.confidence > 0.8);
}

#[test]
fn a_malformed_manifest_is_a_warning_and_the_rest_stands() {
    let found = detect_files(&[("package.json", "{\n  \"name\": \n}"), ("pnpm-lock.yaml", ""), ("server.js", "")]);
    assert_eq!(found.apps[0].stack, "node");
    assert_eq!(found.apps[0].package_manager.as_deref(), Some("pnpm"));
    assert_eq!(found.warnings[0].file, "package.json");
    assert!(found.warnings[0].says.contains("line 3 column 1"), "{:?}", found.warnings);
}
