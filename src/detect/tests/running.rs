//! What is an app, how it is started, and where it answers.

use super::{detect_files, only};

type Files<'a> = &'a [(&'a str, &'a str)];

/// The paths of the apps that are found.
fn paths(files: Files<'_>) -> Vec<String> {
    detect_files(files).apps.into_iter().map(|app| app.path).collect()
}

#[test]
fn a_workspace_says_what_its_apps_are_whatever_they_are_called() {
    let next = r#"{"dependencies": {"next": "15"}, "scripts": {"build": "next build", "start": "next start"}}"#;
    let root = r#"{"private": true, "workspaces": ["apps/*", "packages/*"]}"#;
    let files = [
        ("package.json", root),
        ("turbo.json", "{}"),
        ("apps/web/package.json", next),
        ("apps/docs/package.json", next),
        ("packages/ui/package.json", r#"{"exports": "./a.js"}"#),
        ("examples/shop/package.json", next),
    ];
    assert_eq!(paths(&files), ["apps/docs", "apps/web"]);
}

#[test]
fn servers_are_pointed_at_what_makes_an_app_in_their_own_way() {
    let factory = "from fastapi import FastAPI\n\ndef create_app():\n    app = FastAPI()\n    return app\n";
    let cases: &[(&str, Files<'_>, &str)] = &[
        ("fastapi\nuvicorn\n", &[], "uvicorn --factory shop:create_app --host 0.0.0.0 --port $PORT"),
        ("fastapi[standard]\n", &[], "uvicorn --factory shop:create_app --host 0.0.0.0 --port $PORT"),
        ("fastapi\nhypercorn\n", &[], "hypercorn \"shop:create_app()\" --bind 0.0.0.0:$PORT"),
        (
            "fastapi\ngunicorn\n",
            &[],
            "gunicorn --worker-class uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT \"shop:create_app()\"",
        ),
        // Where a module has called it, that object is meant.
        (
            "fastapi\nuvicorn\n",
            &[("serve.py", "from shop import create_app\n\napi = create_app(debug=False)\n")],
            "uvicorn serve:api --host 0.0.0.0 --port $PORT",
        ),
        (
            "fastapi\nuvicorn\n",
            &[("run.py", "from shop import create_app\nif __name__ == '__main__':\n    app = create_app()\n")],
            "uvicorn --factory shop:create_app --host 0.0.0.0 --port $PORT",
        ),
    ];
    for (requirements, more, start) in cases {
        let mut files = vec![("requirements.txt", *requirements), ("shop.py", factory)];
        files.extend(more.iter().copied());
        assert_eq!(only(&files).start_command.as_deref(), Some(*start), "{requirements} {more:?}");
    }
}

#[test]
fn a_gradle_root_that_applies_nothing_is_no_app() {
    let groovy = "plugins {\n  id 'org.springframework.boot' version '3.4.0' apply false\n}\n";
    let kotlin = "plugins {\n  id(\"org.springframework.boot\") version \"3.4.0\" apply false\n}\n";
    let part = "plugins {\n  id(\"org.springframework.boot\")\n}\n";
    for (root, settings) in [(groovy, "settings.gradle"), (kotlin, "settings.gradle.kts")] {
        let build = settings.replace("settings", "build");
        let app = only(&[
            (settings, "include(\"api\")\n"),
            (&build, root),
            (&format!("api/{build}"), part),
            ("api/src/main/java/A.java", "class A { public static void main(String[] a) {} }"),
        ]);
        assert_eq!(app.path, "api", "{build}");
        assert_eq!(app.framework.unwrap().version.as_deref(), Some("3.4.0"));
    }
}
