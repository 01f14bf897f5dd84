//! .NET: project files, solutions, `global.json`, shared properties.

use std::collections::HashMap;

use serde_json::Value;

use crate::detect::facts::{Facts, Role};
use crate::detect::manifests::xml::{self, Element};
use crate::detect::project::Folder;
use crate::detect::sources::Sources;
use crate::model::{DependencyScope, Serving};

/// Endings of project files with their languages.
const PROJECTS: &[(&str, &str)] = &[("*.csproj", "C#"), ("*.fsproj", "F#"), ("*.vbproj", "Visual Basic")];

/// Properties that stand in each other, so deep at most.
const PROPERTIES: usize = 4;

/// Projects of a solution looked into at most.
const SOLUTION: usize = 100;

pub(super) fn read(sources: &Sources<'_>) -> Facts {
    let folder = sources.folder;
    let mut facts = Facts::default();
    if let Some((above, value)) = folder.upwards().find_map(|above| Some((above, above.value("global.json")?))) {
        let says = value.pointer("/sdk/version").and_then(Value::as_str);
        facts.ask("global.json sdk.version", above, "global.json", says);
    }
    if let Some((file, language)) =
        PROJECTS.iter().find_map(|(pattern, language)| Some((folder.find(pattern)?, language)))
    {
        project(&mut facts, folder, &file, language);
    } else if ["*.sln", "*.slnx"].iter().any(|pattern| folder.find(pattern).is_some()) {
        solution(&mut facts, sources);
    } else {
        prebuilt(&mut facts, folder);
        script(&mut facts, folder);
    }
    checks(&mut facts, folder);
    facts
}

/// The project that tests this one, which is one of its own, and where the style is set.
fn checks(facts: &mut Facts, folder: Folder<'_>) {
    if let Some(file) = ["*.sln", "*.slnx"].iter().find_map(|pattern| folder.find(pattern)) {
        facts.word("solution", file);
    }
    if folder.upwards().any(|above| above.has(".editorconfig")) {
        facts.word("editorconfig", "");
    }
    let Some(name) = facts.plain("project").and_then(|path| path.rsplit('/').next()).map(str::to_owned) else { return };
    let runners = ["Microsoft.NET.Test.Sdk", "Include=\"xunit", "Include=\"NUnit", "Include=\"MSTest", "TUnit"];
    let own = folder
        .project()
        .folders()
        .flat_map(|other| PROJECTS.iter().filter_map(move |(pattern, _)| Some(other.at(&other.find(pattern)?))));
    let tests = own.take(SOLUTION).find(|path| {
        folder.project().text(path).is_some_and(|text| {
            let refers = text.split(['"', '\\', '/']).any(|word| word == name);
            refers && runners.iter().any(|runner| text.contains(runner))
        })
    });
    let Some(tests) = tests else { return };
    let inside = if folder.path().is_empty() { Some(tests.as_str()) } else { tests.strip_prefix(folder.path()) };
    let below = inside.map(|path| path.trim_start_matches('/').to_owned());
    let up = "../".repeat(folder.path().split('/').filter(|part| !part.is_empty()).count());
    facts.word("tests", below.unwrap_or_else(|| format!("{up}{tests}")));
}

/// What `dotnet publish` left: a library with the runtime that it asks for, or with its own runtime beside it.
fn prebuilt(facts: &mut Facts, folder: Folder<'_>) {
    let Some(file) = folder.find("*.runtimeconfig.json") else { return };
    let Some(value) = folder.value(&file) else { return };
    facts.files.push(file.clone());
    let stem = file.trim_end_matches(".runtimeconfig.json");
    let frameworks = value.pointer("/runtimeOptions/frameworks").and_then(Value::as_array).into_iter().flatten();
    let framework = value.pointer("/runtimeOptions/framework").into_iter().chain(frameworks);
    for one in framework {
        facts.word("needs_runtime", "");
        facts.ask("runtimeconfig.json", folder, &file, one.get("version").and_then(Value::as_str));
    }
    if folder.has(&format!("{stem}.dll")) || folder.has(stem) {
        facts.word("prebuilt", stem);
        facts.role = Role::App;
    }
}

/// A single source file without a project is a program since .NET 10.
fn script(facts: &mut Facts, folder: Folder<'_>) {
    if let [only] = folder.with_ending("cs").as_slice() {
        facts.word("script", *only);
        facts.ask("TargetFramework", folder, only, Some("10.0"));
        facts.role = Role::App;
        if folder.text(only).is_some_and(|text| text.contains("#:sdk Microsoft.NET.Sdk.Web")) {
            facts.framework = Some(("aspnet".to_owned(), None));
        }
    }
}

/// A solution with exactly one program is that program, built from the solution's folder; with several each stands on
/// its own, and the solution only ties them together.
fn solution(facts: &mut Facts, sources: &Sources<'_>) {
    let folder = sources.folder;
    let Some(file) = ["*.sln", "*.slnx"].iter().find_map(|pattern| folder.find(pattern)) else { return };
    let Some(text) = folder.text(&file) else { return };
    facts.files.push(file);
    let paths = text.split(['"', '\'']).filter(|word| PROJECTS.iter().any(|(ending, _)| word.ends_with(&ending[1..])));
    let mut members = Vec::new();
    let mut programs = Vec::new();
    for path in paths.map(|path| path.replace('\\', "/")).take(SOLUTION) {
        let Some((below, name)) = path.rsplit_once('/') else { continue };
        let Some(member) = folder.folder(below) else { continue };
        let mut own = Facts::default();
        let language =
            PROJECTS.iter().find(|(ending, _)| name.ends_with(&ending[1..])).map_or("C#", |(_, language)| language);
        project(&mut own, member, name, language);
        if own.role == Role::App {
            programs.push((below.to_owned(), own));
        }
        members.push(below.to_owned());
    }
    facts.members = members;
    facts.workspace_tool = Some("sln".to_owned());
    facts.role = Role::Shell;
    if programs.len() == 1
        && let Some((below, mut own)) = programs.pop()
    {
        for (place, ask) in std::mem::take(&mut facts.versions) {
            own.versions.insert(place, ask);
        }
        let path = own.plain("project").map(|file| format!("{below}/{file}")).unwrap_or_default();
        own.word("project", path);
        own.files = std::mem::take(&mut own.files).into_iter().map(|file| format!("{below}/{file}")).collect();
        own.files.extend(std::mem::take(&mut facts.files));
        own.swallows = Some(below);
        *facts = own;
    }
}

fn project(facts: &mut Facts, folder: Folder<'_>, file: &str, language: &str) {
    facts.language = Some(language.to_owned());
    facts.files.push(file.to_owned());
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    facts.name = Some(stem.to_owned());
    facts.word("project", file);
    facts.word("assembly", stem);
    let Some(text) = folder.text(file) else { return };
    let root = match xml::parse(&text) {
        Ok(root) => root,
        Err(says) => return folder.project().warn(&folder.at(file), says),
    };
    let shared: Vec<Element> = folder
        .upwards()
        .filter_map(|above| xml::parse(&above.text("Directory.Build.props")?).ok())
        .chain(folder.upwards().filter_map(|above| xml::parse(&above.text("Directory.Packages.props")?).ok()))
        .collect();
    let written = |name: &str| {
        let found = std::iter::once(&root).chain(&shared).find_map(|element| element.all(name).next());
        found.map(|element| element.text().to_owned()).filter(|text| !text.is_empty())
    };
    // A property may be another one's value: `$(LatestFramework)`.
    let property = |name: &str| {
        let mut text = written(name)?;
        for _ in 0..PROPERTIES {
            let Some((before, (inner, after))) =
                text.split_once("$(").and_then(|(before, rest)| Some((before, rest.split_once(')')?)))
            else {
                break;
            };
            text = format!("{before}{}{after}", written(inner)?);
        }
        (!text.contains("$(")).then_some(text)
    };
    let framework = property("TargetFramework").or_else(|| {
        let several = property("TargetFrameworks")?;
        several.split(';').map(str::to_owned).max()
    });
    let version = framework.as_deref().and_then(version_of);
    facts.ask("TargetFramework", folder, file, version.as_deref());
    if let Some(name) = property("AssemblyName") {
        facts.word("assembly", name);
    }
    for reference in root.all("PackageReference") {
        let Some(name) = reference.attribute("Include") else { continue };
        let central = shared.iter().flat_map(|element| element.all("PackageVersion"));
        let central = central
            .filter(|element| element.attribute("Include") == Some(name))
            .find_map(|element| element.attribute("Version"));
        let version = reference.attribute("Version").or_else(|| reference.text_at("Version")).or(central);
        facts.depend(name, version.map(str::to_owned), DependencyScope::Runtime);
    }
    // Libraries that lie beside the project, by their assembly's name; the framework's own are no dependencies.
    for reference in root.all("Reference") {
        let name = reference.attribute("Include").unwrap_or_default().split(',').next().unwrap_or_default().trim();
        let own = ["System", "Microsoft.CSharp", "mscorlib", "WindowsBase", "Presentation"];
        if !name.is_empty() && !name.contains(['/', '\\', '*']) && !own.iter().any(|one| name.starts_with(one)) {
            facts.depend(name, None, DependencyScope::Runtime);
        }
    }
    for reference in root.all("FrameworkReference") {
        facts.depend(reference.attribute("Include").unwrap_or_default(), None, DependencyScope::Runtime);
    }
    lock(facts, folder);
    let outside =
        root.all("ProjectReference").filter_map(|found| found.attribute("Include")).any(|path| path.starts_with(".."));
    if outside {
        for above in folder.upwards().skip(1) {
            let solution = ["*.sln", "*.slnx"].iter().find_map(|pattern| above.find(pattern));
            facts.above.extend(solution.map(|file| above.at(&file)));
            facts.built_with(above, &["Directory.Build.props", "Directory.Packages.props"]);
        }
    }
    let sdk = root.attribute("Sdk").unwrap_or("").to_owned();
    facts.role = role(&sdk, &root, property("OutputType").as_deref(), facts);
    if facts.role == Role::App {
        facts.word("runs", "");
    }
    facts.cannot_run = facts.role == Role::Library && !sdk.is_empty();
    shape(facts, folder, &sdk);
}

/// `packages.lock.json`: by target, each package with its exact version.
fn lock(facts: &mut Facts, folder: Folder<'_>) {
    let Some(value) = folder.value("packages.lock.json") else { return };
    facts.files.push("packages.lock.json".to_owned());
    let targets = value.get("dependencies").and_then(Value::as_object);
    for (name, entry) in targets.into_iter().flatten().filter_map(|(_, target)| target.as_object()).flatten() {
        if let Some(version) = entry.get("resolved").and_then(Value::as_str) {
            facts.pin(name.clone(), version, DependencyScope::Runtime);
        }
    }
    let pinned: HashMap<String, String> =
        facts.locked.iter().filter_map(|one| Some((one.name.clone(), one.version.clone()?))).collect();
    facts.lock(|name, _| pinned.get(name).cloned());
}

/// What the SDK says of how it runs.
fn shape(facts: &mut Facts, folder: Folder<'_>, sdk: &str) {
    if sdk.starts_with("Microsoft.NET.Sdk.BlazorWebAssembly") {
        facts.framework = Some(("blazor".to_owned(), None));
        facts.serving = Some(Serving::Static);
        facts.output_dir = Some("out/wwwroot".to_owned());
    } else if sdk.starts_with("Microsoft.NET.Sdk.Web") || facts.depends_on("Microsoft.AspNetCore.App") {
        facts.framework = Some(("aspnet".to_owned(), None));
    } else if sdk.starts_with("Microsoft.NET.Sdk.Worker") {
        facts.serving = Some(Serving::None);
    }
    let settings = folder.value("appsettings.json");
    let strings = settings.as_ref().and_then(|value| value.get("ConnectionStrings")?.as_object());
    for (name, _) in strings.into_iter().flatten() {
        facts.reads(folder, "appsettings.json", &format!("ConnectionStrings__{name}"));
    }
}

fn role(sdk: &str, root: &Element, output: Option<&str>, facts: &Facts) -> Role {
    let tests =
        facts.depends_on("Microsoft.NET.Test.Sdk") || root.all("IsTestProject").any(|found| found.text() == "true");
    let hosted =
        ["Web", "Worker", "BlazorWebAssembly"].iter().any(|kind| sdk.starts_with(&format!("Microsoft.NET.Sdk.{kind}")));
    let runs = output.is_some_and(|output| output.eq_ignore_ascii_case("exe") || output.eq_ignore_ascii_case("winexe"));
    if tests {
        Role::Shell
    } else if hosted || runs || root.all("AzureFunctionsVersion").next().is_some() {
        Role::App
    } else {
        Role::Library
    }
}

/// `net8.0`, `net8.0-windows`, `netcoreapp3.1`; what runs only on Windows or names an interface has none.
fn version_of(framework: &str) -> Option<String> {
    // What runs in a browser targeted the standard before it targeted a runtime.
    if framework == "netstandard2.1" {
        return Some("3.1".to_owned());
    }
    let number = framework.strip_prefix("netcoreapp").or_else(|| framework.strip_prefix("net"))?;
    let number = number.split('-').next()?;
    (number.contains('.') && number.starts_with(|c: char| c.is_ascii_digit())).then(|| number.to_owned())
}
