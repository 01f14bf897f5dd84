//! Where projects say versions, managers and commands, and what ties their packages together.

use super::{detect_files, only};
use crate::model::AppProfile;

type Files<'a> = &'a [(&'a str, &'a str)];

const PACKAGE: &str = r#"{"scripts": {"start": "node a.js"}, "dependencies": {"express": "4"}}"#;

#[test]
fn versions_are_found_wherever_tools_keep_them() {
    let node = |file: &'static str, text: &'static str| vec![("package.json", PACKAGE), ("a.js", ""), (file, text)];
    let dotnet = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup><TargetFramework>$(Latest)</TargetFramework>\
        </PropertyGroup></Project>";
    let listed =
        r#"{"devEngines": {"runtime": [{"name": "bun", "version": "1"}, {"name": "node", "version": "20.11.0"}]}}"#;
    let cases: Vec<(Vec<(&str, &str)>, &str)> = vec![
        (node(".config/mise/config.toml", "[tools]\nnode = \"20\"\n"), "20"),
        (node("mise.local.toml", "[tools]\nnode = \"18\"\n"), "18"),
        (vec![("package.json", listed), ("server.js", "")], "20.11.0"),
        (
            vec![
                ("index.php", "<?php"),
                ("composer.json", "{}"),
                ("composer.lock", r#"{"platform": {"php": "^8.2"}}"#),
            ],
            "8.2",
        ),
        (vec![("index.php", "<?php"), ("composer.json", "{}"), ("composer.lock", r#"{"platform": []}"#)], "8.3"),
        (
            vec![
                ("A.csproj", dotnet),
                ("Directory.Build.props", "<Project><PropertyGroup><Latest>net8.0</Latest></PropertyGroup></Project>"),
            ],
            "8.0",
        ),
        (
            vec![
                ("Cargo.toml", "[package]\nname = \"a\"\n"),
                ("src/main.rs", ""),
                ("rust-toolchain.toml", "[toolchain]\nchannel = \"nightly-2024-08-12\"\n"),
            ],
            "nightly-2024-08-12",
        ),
        // What a module asks for at least, and what is to be installed.
        (
            vec![
                ("go.mod", "module a/b\ngo 1.18\n"),
                ("main.go", "package main\n"),
                (".tool-versions", "golang 1.22.1\n"),
            ],
            "1.22.1",
        ),
    ];
    for (files, expected) in cases {
        assert_eq!(only(&files).runtime_version.as_deref(), Some(expected), "{files:?}");
    }
}

#[test]
fn a_manager_has_the_version_that_any_file_gives_it() {
    let volta = r#"{"scripts": {"start": "node a.js"}, "volta": {"node": "20.1.0", "yarn": "1.22.19"}}"#;
    let cases: &[(Files<'_>, &str, &str)] = &[
        (&[("package.json", volta), ("a.js", "")], "yarn", "1.22.19"),
        (&[("package.json", PACKAGE), ("pnpm-lock.yaml", ""), (".tool-versions", "pnpm 9.1.0\n")], "pnpm", "9.1.0"),
        (
            &[("package.json", PACKAGE), ("pnpm-lock.yaml", ""), ("mise.toml", "[tools]\npnpm = \"9.2.0\"\n")],
            "pnpm",
            "9.2.0",
        ),
        (
            &[
                ("package.json", PACKAGE),
                ("yarn.lock", ""),
                (".yarnrc.yml", "yarnPath: .yarn/releases/yarn-3.6.4.cjs\n"),
            ],
            "yarn",
            "3.6.4",
        ),
    ];
    for (files, manager, version) in cases {
        let app = only(files);
        let said = (app.package_manager.as_deref(), app.package_manager_version.as_deref());
        assert_eq!(said, (Some(*manager), Some(*version)), "{files:?}");
    }
}

#[test]
fn settings_of_platforms_say_how_an_app_is_built_and_started() {
    let cases: &[(&str, &str, &str)] = &[
        ("railway.json", r#"{"deploy": {"startCommand": "node b.js"}}"#, "node b.js"),
        ("railpack.json", r#"{"deploy": {"startCommand": "node c.js"}}"#, "node c.js"),
        ("nixpacks.toml", "[start]\ncmd = \"node d.js\"\n", "node d.js"),
        ("app.yaml", "runtime: nodejs20\nentrypoint: node e.js\n", "node e.js"),
        ("app.yaml", "kind: Deployment\n", "npm run start"),
    ];
    for (file, text, start) in cases {
        let app = only(&[("package.json", PACKAGE), ("a.js", ""), (file, text)]);
        assert_eq!(app.start_command.as_deref(), Some(*start), "{file}");
    }
    let built = only(&[("package.json", PACKAGE), ("netlify.toml", "[build]\ncommand = \"npm run pages\"\n")]);
    assert_eq!(built.build_command.as_deref(), Some("npm run pages"));
    // Nothing but a Procfile, too, says what is to be run.
    let alone = only(&[("Procfile", "web: python -m http.server $PORT\n")]);
    assert_eq!(alone.start_command.as_deref(), Some("python -m http.server $PORT"));
}

#[test]
fn packages_are_tied_together_by_each_tool_in_its_way() {
    let web = ("apps/web/package.json", r#"{"dependencies": {"next": "15"}, "scripts": {"start": "next start"}}"#);
    let ui = ("libs/ui/package.json", r#"{"main": "index.js", "exports": "./index.js"}"#);
    let root = r#"{"private": true, "workspaces": ["apps/*", "libs/*"]}"#;
    let rush = r#"{"pnpmVersion": "9.1.0", "projects": [{"packageName": "web", "projectFolder": "apps/web"},
        {"packageName": "ui", "projectFolder": "libs/ui"}]}"#;
    for (files, tool, manager) in [
        ([("package.json", root), ("bun.lock", "{}")], "bun", "bun"),
        ([("rush.json", rush), ("common/config/x", "")], "rush", "pnpm"),
    ] {
        let found = detect_files(&[files[0], files[1], web, ui]);
        let paths: Vec<&str> = found.apps.iter().map(|app| app.path.as_str()).collect();
        assert_eq!((paths, found.monorepo.unwrap().tool.as_str()), (vec!["apps/web"], tool));
        assert_eq!(found.apps[0].package_manager.as_deref(), Some(manager), "{tool}");
    }
    // A package that extends the tasks of the root stays what it is, and documentation may be an app of its own.
    let found = detect_files(&[
        ("package.json", root),
        ("turbo.json", "{\"tasks\": {}}"),
        web,
        ("apps/web/turbo.json", "{\"extends\": [\"//\"]}"),
        ("apps/docs/package.json", r#"{"dependencies": {"astro": "5"}, "scripts": {"build": "astro build"}}"#),
        ui,
    ]);
    let paths: Vec<&str> = found.apps.iter().map(|app| app.path.as_str()).collect();
    assert_eq!((paths, found.monorepo.unwrap().tool.as_str()), (vec!["apps/docs", "apps/web"], "turbo"));
    assert_eq!(found.primary.as_deref(), Some("apps/web"));
    let member = only(&[
        ("pyproject.toml", "[project]\nname = \"root\"\n[tool.uv.workspace]\nmembers = [\"packages/*\"]\n"),
        ("uv.lock", "version = 1\n"),
        ("packages/api/pyproject.toml", "[project]\nname = \"api\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n"),
        ("packages/api/main.py", "app = FastAPI()\n"),
    ]);
    assert_eq!((member.path.as_str(), member.package_manager.as_deref()), ("packages/api", Some("uv")));
}

#[test]
fn a_module_is_no_app_by_what_its_own_parent_is_called() {
    let pom = |inside: &str| format!("<project><modelVersion>4.0.0</modelVersion>{inside}</project>");
    let root = pom("<groupId>io.quarkus</groupId><artifactId>shop</artifactId><version>1</version>\
        <packaging>pom</packaging><modules><module>common</module><module>web</module></modules>");
    let part = |name: &str, needs: &str| {
        let parent = "<parent><groupId>io.quarkus</groupId><artifactId>shop</artifactId><version>1</version></parent>";
        let dependency = format!("<dependencies><dependency>{needs}</dependency></dependencies>");
        pom(&format!("{parent}<artifactId>{name}</artifactId>{dependency}"))
    };
    let common = part("common", "<groupId>io.vertx</groupId><artifactId>vertx-core</artifactId>");
    let web = part("web", "<groupId>io.quarkus</groupId><artifactId>quarkus-rest</artifactId>");
    let found = detect_files(&[
        ("pom.xml", &root),
        ("common/pom.xml", &common),
        ("common/src/main/java/C.java", "class C {}"),
        ("web/pom.xml", &web),
        ("web/src/main/java/W.java", "class W {}"),
    ]);
    let apps: Vec<&str> = found.apps.iter().map(|app| app.path.as_str()).collect();
    assert_eq!(apps, ["web"]);
}

#[test]
fn the_version_of_a_manager_of_python_is_what_is_asked_for_or_wrote_the_lock() {
    let version = |lock: (&str, &str), settings: &str| {
        let project = format!("[project]\nname = \"x\"\ndependencies = [\"flask\"]\n{settings}");
        let app = only(&[("app.py", "app = Flask(__name__)\n"), ("pyproject.toml", &project), lock]);
        format!("{} {}", app.package_manager.unwrap(), app.package_manager_version.unwrap_or_default())
    };
    let written = "# This file is automatically @generated by Poetry 1.8.2 and should not be changed by hand.\n";
    let poetry = |says: &str| version(("poetry.lock", written), &format!("[tool.poetry]\n{says}"));
    assert_eq!(poetry(""), "poetry 1.8.2");
    assert_eq!(poetry("requires-poetry = \"2.1.0\"\n"), "poetry 2.1.0");
    assert_eq!(poetry("requires-poetry = \">=2.0\"\n"), "poetry 1.8.2", "a range is no version");
    let uv = |says: &str| version(("uv.lock", "version = 1\n"), &format!("[tool.uv]\n{says}"));
    assert_eq!(uv("required-version = \"==0.5.1\"\n"), "uv 0.5.1");
    assert_eq!(uv("required-version = \">=0.5\"\n"), "uv ");
}

#[test]
fn projects_of_nx_without_manifests_are_apps_of_their_own() {
    let root = r#"{"devDependencies": {"nx": "20", "typescript": "5", "vite": "6"}, "packageManager": "pnpm@9.1.0",
        "dependencies": {"next": "15", "react": "19", "@nestjs/core": "11", "express": "4", "pg": "8"}}"#;
    let project = |kind: &str, executor: &str, output: &str| {
        format!(
            r#"{{"projectType": "{kind}", "targets": {{"build": {{"executor": "{executor}",
            "options": {{"outputPath": "{output}"}}}}}}}}"#
        )
    };
    let found = detect_files(&[
        ("package.json", root),
        ("nx.json", "{}"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
        ("apps/api/project.json", &project("application", "@nx/webpack:webpack", "dist/apps/api")),
        (
            "apps/api/src/main.ts",
            "import { NestFactory } from '@nestjs/core';\nimport { Pool } from 'pg';\napp.listen(3333);",
        ),
        ("apps/shop/project.json", &project("application", "@nx/next:build", "dist/apps/shop")),
        ("apps/shop/pages/index.tsx", "import { useState } from 'react';"),
        ("apps/spa/project.json", &project("application", "@nx/vite:build", "{workspaceRoot}/dist/{projectRoot}")),
        ("apps/spa/index.html", "<html></html>"),
        ("apps/spa/src/main.tsx", "import { createRoot } from 'react-dom/client';\nimport x from 'react';"),
        ("apps/shop-e2e/project.json", r#"{"projectType": "application", "targets": {"e2e": {}}}"#),
        ("apps/shop-e2e/a.spec.ts", "import 'x';"),
        ("libs/ui/project.json", r#"{"projectType": "library"}"#),
        ("libs/ui/src/index.ts", "export * from './a';"),
        ("tools/gen/project.json", r#"{"projectType": "application"}"#),
        (
            "workspace.json",
            r#"{"projects": {"shop": "apps/shop", "old-api": {"root": "services/old", "projectType": "application",
            "targets": {"build": {"executor": "@nrwl/node:webpack", "options": {"outputPath": "dist/old"}}}},
            "old-ui": {"root": "libs/old", "projectType": "library"}, "gone": {"root": "../../etc"}}}"#,
        ),
        ("services/old/src/main.ts", "import express from 'express';\nexpress().listen(4444);"),
        ("libs/old/src/index.ts", "export * from './a';"),
        ("tools/gen/main.go", "package main\n"),
        ("tools/gen/go.mod", "module gen\n"),
    ]);
    let line = |app: &AppProfile| {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let framework = app.framework.as_ref().map(|framework| framework.name.clone());
        [&app.path, &text(&framework), &text(&app.build_command), &text(&app.start_command), &text(&app.output_dir)]
            .map(String::as_str)
            .join(" | ")
    };
    assert_eq!(
        found.apps.iter().map(line).collect::<Vec<_>>(),
        [
            "apps/api | nestjs | pnpm exec nx build api | node ../../dist/apps/api/main.js | -",
            "apps/shop | nextjs | pnpm exec nx build shop | pnpm exec next start ../../dist/apps/shop | -",
            "apps/spa | react | pnpm exec nx build spa | pnpm exec vite preview --host 0.0.0.0 --port $PORT | ../../dist/apps/spa",
            "services/old | express | pnpm exec nx build old-api | node ../../dist/old/main.js | -",
        ]
    );
    let old = &found.apps[3];
    assert_eq!((old.name.as_str(), old.port), ("old-api", Some(4444)));
    assert!(old.config_files.contains(&"workspace.json".to_owned()), "{:?}", old.config_files);
    let api = &found.apps[0];
    assert_eq!((api.port, api.services.as_slice()), (Some(3333), &["postgres".to_owned()][..]));
    assert_eq!(
        (api.package_manager.as_deref(), api.install_command.as_deref()),
        (Some("pnpm"), Some("pnpm install --frozen-lockfile"))
    );
    assert!(api.config_files.contains(&"pnpm-lock.yaml".to_owned()), "its image is built from the root: {api:#?}");
    assert_eq!(found.monorepo.map(|monorepo| monorepo.tool).as_deref(), Some("nx"));
}
