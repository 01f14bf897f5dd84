//! The path that tells whether an app is well.

use super::apps::App;
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

/// A path that stands in quotes in a source, with or without a slash at its end. Where there is none but `/` itself,
/// that. With what shows it; none where nothing does: then only the port can be asked.
pub(super) fn find(app: &App<'_>) -> Option<(String, Evidence)> {
    let stack = app.candidate.stack;
    if let Some((dependency, path)) = BROUGHT.iter().find(|(dependency, _)| app.facts.depends_on(dependency)) {
        let says = format!("depends on {dependency}, which answers on {path}");
        return Some(((*path).to_owned(), Evidence::new(app.manifest(), says)));
    }
    let answers = |path: String, file: &str| {
        let told = Evidence::new(file, format!("answers on {path}"));
        (path, told)
    };
    let mut best: Option<(usize, String, &str)> = None;
    for (file, text) in app.sources.texts() {
        for (rank, path) in HEALTH.iter().enumerate() {
            if best.as_ref().is_none_or(|(known, ..)| rank < *known)
                && let Some(found) = routed(&text, path)
            {
                best = Some((rank, found, file));
            }
        }
    }
    let by_framework = || {
        let framework = app.framework.as_ref()?;
        let path = framework.rule.health_path.clone()?;
        let told = Evidence::new(framework.file(), format!("{} answers on {path}", framework.rule.name));
        Some((path, told))
    };
    let root = || {
        let (file, _) = app.sources.texts().find(|(_, text)| has_root(text))?;
        Some(answers("/".to_owned(), file))
    };
    let usual = || {
        let path = stack.health_path.clone()?;
        let says = format!("nothing says which path answers: {path} is usual");
        Some((path, Evidence::new(app.manifest(), says)))
    };
    best.map(|(_, path, file)| answers(path, file)).or_else(by_framework).or_else(root).or_else(usual)
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
];

/// What calls somebody else's path.
const CALLS: &[&str] =
    &["axios", "fetch(", "requests.", "http.get(", "client", "curl", "httpx", "urlopen", "$http", "ky."];

/// The path as it answers, with or without a slash at its end, where a route for it stands in the text.
fn routed(text: &str, path: &str) -> Option<String> {
    // Some routers write their paths without the slash that they begin with.
    let bare = path.trim_start_matches('/');
    text.match_indices(bare).find_map(|(at, _)| {
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
            .then(|| if slash { format!("{path}/") } else { path.to_owned() })
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
    arm || listed || ROUTES.contains(&end) || end.ends_with("Mapping")
}

/// A route for `/` itself.
fn has_root(text: &str) -> bool {
    if text.contains("\"GET /{$}\"") || text.contains("\"GET /\"") {
        return true;
    }
    ["\"/\"", "'/'", "`/`"]
        .iter()
        .any(|quoted| text.match_indices(quoted).any(|(at, _)| is_route(&text[..at], &text[at + quoted.len()..], true)))
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
            assert_eq!(routed(text, path).as_deref(), expected, "{text}");
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
            assert!(has_root(text), "{text}");
        }
        for text in ["path.split('/')", "a.startsWith(\"/\")", "join('/')"] {
            assert!(!has_root(text), "{text}");
        }
    }
}
