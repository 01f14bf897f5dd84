//! What a build leaves, and that it is this which is started or served.

use super::only;
use crate::model::Serving;

/// A project of Node.js: its build script, its dependencies, its other files.
fn built(script: &str, dependencies: &str, more: &[(&str, &str)]) -> crate::model::AppProfile {
    let manifest = format!(r#"{{"scripts": {{"build": "{script}"}}, "dependencies": {{{dependencies}}}}}"#);
    let mut files = vec![("package.json", manifest.as_str())];
    files.extend(more.iter().copied());
    only(&files)
}

#[test]
fn files_are_served_from_where_the_build_leaves_them_and_it_is_told_why() {
    let vite = ("vite.config.ts", "export default { build: { outDir: 'site' } }");
    let page = ("index.html", "");
    let export = ("next.config.js", "module.exports = { output: 'export', distDir: 'pages' }");
    let webpack = ("webpack.config.js", "module.exports = { output: { path: path.resolve(__dirname, 'public') } }");
    let kit = r#""@sveltejs/kit": "2", "@sveltejs/adapter-static": "3", "vite": "6""#;
    for (script, dependencies, more, folder, file) in [
        ("vite build", kit, &[("vite.config.ts", "plugins: [sveltekit()]")][..], "build", "package.json"),
        ("vite build", kit, &[("svelte.config.js", "adapter({ pages: 'out' })")][..], "out", "svelte.config.js"),
        ("vite build", r#""vite": "6""#, &[page][..], "dist", "package.json"),
        ("vite build", r#""vite": "6""#, &[page, vite][..], "site", "vite.config.ts"),
        ("tsc && vite build --outDir web", r#""vite": "6", "react": "19""#, &[page, vite][..], "web", "package.json"),
        ("docusaurus build --out-dir x", r#""@docusaurus/core": "3""#, &[][..], "x", "package.json"),
        ("astro build", r#""astro": "5""#, &[("astro.config.mjs", "outDir: './o'")][..], "o", "astro.config.mjs"),
        ("next build", r#""next": "15", "react": "19""#, &[export][..], "pages", "next.config.js"),
        ("webpack", r#""webpack": "5", "react": "19""#, &[webpack][..], "public", "webpack.config.js"),
        ("nuxt generate", r#""nuxt": "^3.1""#, &[][..], ".output/public", "package.json"),
        ("nuxt generate", r#""nuxt": "2.15""#, &[][..], "dist", "package.json"),
    ] {
        let app = built(script, dependencies, more);
        assert_eq!((app.serving, app.output_dir.as_deref()), (Serving::Static, Some(folder)), "{script} {more:?}");
        let told = app.evidence.iter().any(|one| one.file == file && one.says.ends_with(folder))
            || app.evidence.iter().any(|one| one.file == file && one.says.contains(&format!("in {folder},")));
        assert!(told, "{script}: {:?}", app.evidence);
    }
    assert_eq!(built("nuxt build", r#""nuxt": "3.1""#, &[]).serving, Serving::Server);
}

#[test]
fn gradle_starts_what_it_built() {
    let main = ("src/main/java/a/Main.java", "package a;\nclass Main { static void main(String[] a) {} }");
    let named = ("settings.gradle", "rootProject.name = 'shop'\n");
    let build = |plugins: &str| format!("plugins {{\n{plugins}}}\napplication {{\n  mainClass = 'a.Main'\n}}\n");
    let (application, shadow) = ("  id 'application'\n", "  id 'com.gradleup.shadow' version '8.3.8'\n");
    let both = format!("{application}{shadow}");
    let micronaut = "implementation 'io.micronaut:micronaut-http-server-netty:4'\n";
    let installed = "./build/install/shop/bin/shop";
    for (text, is_named, task, start) in [
        (build(application), true, "installDist", installed),
        (build(&both), true, "installDist", installed),
        (build(shadow), true, "shadowJar", "java -jar build/libs/*-all.jar"),
        (build(&both), false, "shadowJar", "java -jar build/libs/*-all.jar"),
        (build(application), false, "installDist", "java -cp \"$(echo build/install/*/lib)/*\" a.Main"),
        (build(&both) + micronaut, true, "installDist", installed),
        (build(&both) + micronaut, false, "shadowJar", "java -jar build/libs/*-all.jar"),
    ] {
        let mut files = vec![main, ("build.gradle", text.as_str())];
        files.extend(is_named.then_some(named));
        let app = only(&files);
        assert_eq!(app.build_command, Some(format!("gradle --no-daemon {task}")), "{text}");
        let started = app.start_command.unwrap();
        assert_eq!(started.trim_start_matches("MICRONAUT_SERVER_PORT=$PORT "), start, "{text}");
    }
}

#[test]
fn adonis_starts_from_what_it_builds() {
    for (version, script, start) in [
        ("5.9", "node build/server.js", "npm run start"),
        ("5.9", "node server.js", "node build/server.js"),
        ("6.2", "node bin/server.js", "node build/bin/server.js"),
    ] {
        let manifest = format!(
            r#"{{"scripts": {{"build": "node ace build", "start": "{script}"}},
            "dependencies": {{"@adonisjs/core": "^{version}"}}}}"#
        );
        let app = only(&[("package.json", manifest.as_str()), ("server.ts", "import '@adonisjs/core'")]);
        assert_eq!(app.start_command.as_deref(), Some(start), "{version} {script}");
    }
}
