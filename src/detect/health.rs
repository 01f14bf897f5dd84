//! The path that tells whether an app is well.

use std::cell::OnceCell;

use super::apps::App;
use super::mounts::Mounts;
use super::text::places;
use crate::model::Evidence;

/// Paths that are there for being asked, the most telling first.
const HEALTH: &[&str] = &[
    "/healthz",
    "/health",
    "/healthcheck",
    "/health-check",
    "/api/health",
    "/api/healthz",
    "/_health",
    "/livez",
    "/readyz",
    "/ready",
    "/status",
    "/ping",
    "/actuator/health",
    "/q/health",
    "/up",
];

/// Dependencies that answer on a path of their own.
const BROUGHT: &[(&str, &str)] = &[
    ("org.springframework.boot:spring-boot-starter-actuator", "/actuator/health"),
    ("io.quarkus:quarkus-smallrye-health", "/q/health"),
    ("io.micronaut:micronaut-management", "/health"),
];

/// A path that stands in quotes in a source, with or without a slash at its end, below what it is mounted on. Where there
/// is none but `/` itself, that. With what shows it; none where nothing does, or where it cannot be told what a route is
/// mounted on: then only the port can be asked.
pub(super) fn find(app: &App<'_>) -> Option<(String, Evidence)> {
    let stack = app.candidate.stack;
    let mounts = OnceCell::new();
    let mounts = || mounts.get_or_init(|| Mounts::new(&stack.mounts, &app.sources));
    let everywhere = || Some(format!("{}{}", app.facts.plain("mounted").unwrap_or_default(), mounts().everywhere()?));
    let brought = BROUGHT.iter().find(|(dependency, _)| app.facts.depends_on(dependency));
    if let Some((dependency, path)) = brought.filter(|_| app.facts.plain("management.port").is_none()) {
        let path = match (path.strip_prefix("/actuator"), app.facts.plain("management")) {
            (Some(path), Some(above)) => below(above, path),
            _ => (*path).to_owned(),
        };
        let path = below(&everywhere()?, &path);
        let says = format!("depends on {dependency}, which answers on {path}");
        return Some((path, Evidence::new(app.manifest(), says)));
    }
    let rule = app.framework.as_ref().map(|framework| framework.rule);
    let answers = |path: String, file: &str| {
        let told = Evidence::new(file, format!("answers on {path}"));
        Some((path, told))
    };
    // The files that hold routes, each with what its routes are below.
    let routing = || {
        app.sources.texts().filter_map(|(file, text)| {
            let places = rule.map(|rule| &rule.routes).filter(|routes| !routes.is_empty());
            let above = match places {
                Some(places) => {
                    places.iter().rfind(|(place, _)| app.sources.relative(file).starts_with(*place))?.1.as_str()
                }
                None => "",
            };
            Some((file, text, above))
        })
    };
    let placed = |file: &str, text: &str, at: usize, above: &str, path: &str| {
        let path = below(above, &mounts().path(file, text, at, path)?);
        answers(below(app.facts.plain("mounted").unwrap_or_default(), &path), file)
    };
    if let Some(mark) = rule.and_then(|rule| rule.health_mark.as_deref())
        && let Some((path, file)) = app.sources.texts().find_map(|(file, text)| Some((said_behind(&text, mark)?, file)))
    {
        return answers(path, file);
    }
    let mut best: Option<(usize, Found, &str)> = None;
    for (file, text, _) in routing() {
        for (rank, path) in HEALTH.iter().enumerate() {
            if best.as_ref().is_none_or(|(known, ..)| rank < *known)
                && let Some(found) = routed(&text, path)
            {
                best = Some((rank, found, file));
            }
        }
    }
    if let Some((_, found, best)) = best {
        let (file, text, above) = routing().find(|(file, ..)| *file == best)?;
        return placed(file, &text, found.at, above, &found.path);
    }
    let by_place = || {
        let patterns = rule.into_iter().flat_map(|rule| rule.file_routes.iter());
        let mut files =
            patterns.flat_map(|pattern| HEALTH.iter().map(move |path| (*path, pattern.replace("{}", path))));
        files.find_map(|(path, place)| Some((path, app.folder().find(&place)?)))
    };
    if let Some((path, file)) = by_place() {
        return answers(below(&everywhere()?, path), &app.folder().at(&file));
    }
    if let Some(framework) = &app.framework
        && let Some(path) = &framework.rule.health_path
    {
        let path = below(&everywhere()?, path);
        let told = Evidence::new(framework.file(), format!("{} answers on {path}", framework.rule.name));
        return Some((path, told));
    }
    if let Some((file, text, above, at)) =
        routing().find_map(|(file, text, above)| root_in(&text).map(|at| (file, text, above, at)))
    {
        return placed(file, &text, at, above, "/");
    }
    let path = below(&everywhere()?, stack.health_path.as_deref()?);
    let says = format!("nothing says which path answers: {path} is usual");
    Some((path, Evidence::new(app.manifest(), says)))
}

/// A path below another, which may be empty.
fn below(above: &str, path: &str) -> String {
    format!("{}{path}", above.trim_end_matches('/'))
}

/// The path in quotes behind a mark.
fn said_behind(text: &str, mark: &str) -> Option<String> {
    text.split(mark).skip(1).find_map(|rest| {
        let quote = rest.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
        let path = rest[1..].split(quote).next().filter(|path| path.starts_with('/'))?;
        Some(path.to_owned())
    })
}

/// A route that was found in a text.
struct Found {
    /// The path, with or without a slash at its end.
    path: String,
    /// Where it stands.
    at: usize,
}

/// What stands right before a path that is routed.
const ROUTES: &[&str] = &[
    "get",
    "Get",
    "GET",
    "route",
    "Route",
    "path",
    "path!",
    "re_path",
    "HandleFunc",
    "Handle",
    "handle",
    "use",
    "all",
    "any",
    "MapGet",
    "MapHealthChecks",
    "Mapping",
    "@Path",
    "Path",
    "createContext",
    "resource",
    "scope",
    "at",
    "case",
    "when",
    "==",
    "===",
    "Controller",
    "add_route",
    "add_get",
    "add_url_rule",
    "r",
    "on",
    "is",
    "@Get",
    "@Controller",
    "add",
    "live",
];

/// What calls somebody else's path.
const CALLS: &[&str] = &[
    "axios",
    "fetch(",
    "requests.",
    "http.get(",
    "client",
    "curl",
    "httpx",
    "urlopen",
    "$http",
    "ky.",
    "session(",
    "session.",
    "Session::",
    "Cache::",
    "cache(",
];

/// The path as it answers, with or without a slash at its end, where a route for it stands in the text.
fn routed(text: &str, path: &str) -> Option<Found> {
    // Some routers write their paths without the slash that they begin with.
    let bare = path.trim_start_matches('/');
    places(text, bare).find_map(|at| {
        let (before, after) = (&text[..at], &text[at + bare.len()..]);
        let slashed = before.strip_suffix('/');
        let opened = slashed.unwrap_or(before);
        // Go's router takes a method before the path.
        let opened = opened.strip_suffix("GET ").unwrap_or(opened);
        let quote = opened.chars().next_back().filter(|letter| matches!(letter, '"' | '\'' | '`'))?;
        let slash = after.starts_with('/');
        let closed = after.strip_prefix('/').unwrap_or(after).strip_prefix(quote)?;
        let named = opened.len() < slashed.unwrap_or(before).len();
        (named || is_route(&opened[..opened.len() - 1], closed, slashed.is_some()))
            .then(|| Found { path: if slash { format!("{path}/") } else { path.to_owned() }, at })
    })
}

/// Whether what stands around a path in quotes makes it a route.
fn is_route(before: &str, after: &str, slashed: bool) -> bool {
    let line = before.rsplit('\n').next().unwrap_or("");
    if CALLS.iter().any(|call| line.contains(call)) {
        return false;
    }
    let arm = after.trim_start().starts_with("=>") && slashed;
    let listed = line.trim_end().ends_with([',', '[']) && line.contains("path") && slashed;
    let word = line.trim_end_matches([' ', '(', 'r']);
    let word = if line.ends_with("(r") { "r" } else { word };
    let end = word.rsplit(|c: char| c.is_whitespace() || ".>:@$[(".contains(c)).next().unwrap_or(word);
    // `app.at("/")`, but not the word in a sentence.
    let said = end == "at" && !line.ends_with('(');
    arm || listed || ROUTES.contains(&end) && !said || end.ends_with("Mapping")
}

/// Where a route for `/` itself stands.
fn root_in(text: &str) -> Option<usize> {
    if let Some(at) = text.find("\"GET /{$}\"").or_else(|| text.find("\"GET /\"")) {
        return Some(at + 1);
    }
    ["\"/\"", "'/'", "`/`"].iter().find_map(|quoted| {
        let mut stands = places(text, quoted);
        let scopes = |at: usize| text[..at].trim_end_matches([' ', '(']).ends_with("scope");
        let is_root = |at: &usize| !scopes(*at) && is_route(&text[..*at], &text[at + quoted.len()..], true);
        stands.find(is_root).map(|at| at + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_routes_are_found_as_they_answer() {
        let cases = [
            ("app.get('/health', f)", "/health", Some("/health")),
            ("path(\"healthz/\", view)", "/healthz", Some("/healthz/")),
            ("get \"up\" => \"rails/health#show\"", "/up", Some("/up")),
            ("mux.HandleFunc(\"GET /health\", f)", "/health", Some("/health")),
            (".route(\"/healthz\", get(f))", "/healthz", Some("/healthz")),
            ("(r\"/ping\", Ping)", "/ping", Some("/ping")),
            ("if (req.url === '/health') {", "/health", Some("/health")),
            ("  \"/health\" => ok(),", "/health", Some("/health")),
            ("@GetMapping(\"/status\")", "/status", Some("/status")),
            ("in_array($path, ['/', '/health'])", "/health", Some("/health")),
            ("status = \"ready\"", "/ready", None),
            ("\"unhealthy\"", "/health", None),
            ("await axios.get('/health')", "/health", None),
            ("fetch(base + \"/health\")", "/health", None),
        ];
        for (text, path, expected) in cases {
            assert_eq!(routed(text, path).map(|found| found.path).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_root_is_a_route_or_nothing() {
        for text in [
            "app.get('/', f)",
            "@app.route(\"/\")",
            "when \"/\" then",
            "r.GET(\"/\", f)",
            "\"GET /{$}\"",
            "(r\"/\", Room)",
        ] {
            assert!(root_in(text).is_some(), "{text}");
        }
        for text in ["path.split('/')", "a.startsWith(\"/\")", "join('/')"] {
            assert!(root_in(text).is_none(), "{text}");
        }
    }
}
