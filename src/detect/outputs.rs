//! Where a build leaves files to be served.

use super::apps::App;
use super::data::Text;
use super::manifests::package_json::PackageJson;
use super::rules::{FrameworkRule, OutputRule};
use crate::model::{Evidence, Serving};

/// What the build script or a configuration file says, or what is usual; with what says so, where that is not told
/// anyhow. Of what is not served as files only what is known already.
pub(super) fn find(
    app: &App<'_>,
    rule: Option<&FrameworkRule>,
    serving: Serving,
) -> Option<(String, Option<Evidence>)> {
    let stack = app.candidate.stack;
    let facts = &app.facts;
    let looks = serving == Serving::Static;
    let own = || facts.output_dir.clone().map(|path| (path, None));
    let of_framework = rule.and_then(|rule| rule.output_dir.as_ref()).map(String::from);
    let rules = rule.into_iter().flat_map(|rule| &rule.outputs);
    // What bundles for a framework that has a folder of its own does not decide on it.
    let bundles = facts.usual_output.is_some() && of_framework.is_none();
    let rules = rules.chain(stack.outputs.iter().filter(|_| bundles));
    let said = looks.then(|| by_script(app)).flatten();
    let configured = || rules.filter(|_| looks).find_map(|rule| configured(app, rule));
    let usual = || {
        let path = of_framework.or_else(|| facts.usual_output.clone())?;
        let told = app.framework.as_ref().map(|found| {
            let says =
                format!("{} leaves its files in {path}, where nothing says another folder", found.framework.name);
            let file = Some(found.file()).filter(|file| !file.is_empty()).map_or_else(|| app.manifest(), str::to_owned);
            Evidence::new(file, says)
        });
        Some((path, told))
    };
    said.or_else(own)
        .or_else(configured)
        .or_else(usual)
        .or_else(|| stack.output_dir.as_ref().map(|path| (path.to_string(), None)))
}

/// The folder that the build script names: `vite build --outDir site`.
fn by_script(app: &App<'_>) -> Option<(String, Option<Evidence>)> {
    let manifest = app.folder().value("package.json").and_then(PackageJson::new)?;
    let path = in_script(manifest.script("build")?, &app.candidate.stack.output_flags)?;
    let told = Evidence::new(app.folder().at("package.json"), format!("its build script leaves files in {path}"));
    Some((path, Some(told)))
}

/// What stands behind the flag of a known program; each flag is written behind the words of its program.
fn in_script(script: &str, flags: &[Text]) -> Option<String> {
    let commands = script.split(['&', ';', '|']);
    let named = |command: &str| {
        flags.iter().filter_map(|known| known.rsplit_once(' ')).find_map(|(program, flag)| {
            let (_, arguments) = command.split_once(program)?;
            let mut words = arguments.split([' ', '=']).filter(|word| !word.is_empty());
            words.find(|word| *word == flag)?;
            plain(words.next()?.trim_matches(['"', '\'', '\\']))
        })
    };
    commands.filter_map(named).next_back()
}

fn configured(app: &App<'_>, rule: &OutputRule) -> Option<(String, Option<Evidence>)> {
    let file = app.folder().find(&rule.file)?;
    let text = app.folder().text(&file)?;
    let path = in_settings(&text, rule)?;
    let told = Evidence::new(app.folder().at(&file), format!("has files left in {path}"));
    Some((path, Some(told)))
}

/// The value of a key, in quotes or put together: `path.resolve(__dirname, "site")`.
fn in_settings(text: &str, rule: &OutputRule) -> Option<String> {
    let text = if rule.after.is_empty() { text } else { text.split_once(rule.after.as_str())?.1 };
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.filter_map(|line| line.split_once(rule.key.as_str())).find_map(|(before, value)| {
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            return None;
        }
        let value = value.trim_start();
        if let Some(quote) = value.chars().next().filter(|letter| matches!(letter, '"' | '\'' | '`')) {
            return plain(value[1..].split(quote).next()?);
        }
        // A part that is computed could be anything but the file's own folder.
        let own = ["__dirname", "import.meta.", "process.cwd()", "resolve('", "resolve(\""];
        let parts: Vec<&str> = value.split(['"', '\'']).skip(1).step_by(2).collect();
        own.iter().any(|word| value.contains(word)).then(|| plain(&parts.join("/"))).flatten()
    })
}

/// A folder below the app's own.
fn plain(path: &str) -> Option<String> {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-./@".contains(c);
    let inside = !path.starts_with(['/', '-']) && !path.split('/').any(|part| part == "..");
    (!path.is_empty() && inside && path.chars().all(fits)).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_of_the_program_that_makes_the_pages_counts() {
        let flags = ["vite build --outDir", "docusaurus build --out-dir", "webpack --output-path"].map(Text::from);
        for (script, expected) in [
            ("vite build --outDir site", Some("site")),
            ("tsc --outDir lib && vite build --mode x --outDir=./web/ && echo ok", Some("web")),
            ("tsc --outDir lib && vite build", None),
            ("docusaurus build --out-dir 'public'", Some("public")),
            ("vite build --outDir ../elsewhere", None),
            ("vite build --outDir", None),
            ("npx webpack --output-path /srv", None),
        ] {
            assert_eq!(in_script(script, &flags).as_deref(), expected, "{script}");
        }
    }

    #[test]
    fn a_setting_is_read_where_it_is_written_out() {
        let rule =
            |after: &str, key: &str| OutputRule { after: after.into(), key: key.into(), ..OutputRule::default() };
        let webpack = "module.exports = {\n  resolve: { path: 'x' },\n  output: {\n    publicPath: '/',\n    \
            path: path.resolve(__dirname, \"out\", 'web'),\n";
        for (text, rule, expected) in [
            (webpack, rule("output:", "path:"), Some("out/web")),
            ("export default {\n  // outDir: 'a',\n  outDir: './b/',\n}", rule("", "outDir:"), Some("b")),
            ("{ outDir: fileURLToPath(new URL('./c', import.meta.url)) }", rule("", "outDir:"), Some("c")),
            ("{ outDir: process.env.OUT ?? 'd' }", rule("", "outDir:"), None),
            ("{ outDir: '../e' }", rule("", "outDir:"), None),
            ("{ kit: { adapter: adapter({ pages: 'f' }) } }", rule("adapter(", "pages:"), Some("f")),
        ] {
            assert_eq!(in_settings(text, &rule).as_deref(), expected, "{text}");
        }
    }
}
