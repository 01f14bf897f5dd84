//! The path that tells whether an app is well.

use super::apps::App;

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

/// A path that stands in quotes in a source, with or without a slash at its end. Where there is none but `/` itself,
/// that. None where nothing shows that any path answers: then only the port can be asked.
pub(super) fn find(app: &App<'_>) -> Option<String> {
    let framework = app.framework.as_ref().map(|framework| framework.rule);
    if app.facts.depends_on("org.springframework.boot:spring-boot-starter-actuator") {
        return Some("/actuator/health".to_owned());
    }
    if app.facts.depends_on("io.quarkus:quarkus-smallrye-health") {
        return Some("/q/health".to_owned());
    }
    let mut best: Option<(usize, String)> = None;
    let mut root = false;
    for (_, text) in app.sources.texts() {
        for (rank, path) in HEALTH.iter().enumerate() {
            if best.as_ref().is_none_or(|(known, _)| rank < *known)
                && let Some(found) = stands_in(&text, path)
            {
                best = Some((rank, found));
            }
        }
        root = root || ["\"/\"", "'/'", "`/`"].iter().any(|quoted| text.contains(quoted));
    }
    best.map(|(_, path)| path)
        .or_else(|| framework.and_then(|rule| rule.health_path.clone()))
        .or_else(|| root.then(|| "/".to_owned()))
        .or_else(|| app.candidate.stack.health_path.clone())
}

fn stands_in(text: &str, path: &str) -> Option<String> {
    // Some routers write their paths without the slash that they begin with.
    let bare = &path[1..];
    for (at, _) in text.match_indices(bare) {
        let before = &text[..at];
        let after = &text[at + bare.len()..];
        let quote = before.trim_end_matches('/').chars().next_back()?;
        let opened = matches!(quote, '"' | '\'' | '`') && before.len() - before.trim_end_matches('/').len() <= 1;
        let slash = after.starts_with('/');
        let closed = after.trim_start_matches('/').starts_with(quote);
        if opened && closed && (before.ends_with('/') || is_route(before)) {
            return Some(if slash { format!("{path}/") } else { path.to_owned() });
        }
    }
    None
}

/// A path without its first slash counts only right behind a word that makes routes.
fn is_route(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or("").trim_end_matches(['"', '\'', '`', '(', ' ']);
    ["path", "get", "@Get", "@Path", "re_path", "MapGet", "route"].iter().any(|word| line.ends_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_routes_are_found_as_they_answer() {
        assert_eq!(stands_in("app.get('/health', f)", "/health").as_deref(), Some("/health"));
        assert_eq!(stands_in("path(\"healthz/\", view)", "/healthz").as_deref(), Some("/healthz/"));
        assert_eq!(stands_in("get \"up\" => \"rails/health#show\"", "/up").as_deref(), Some("/up"));
        assert_eq!(stands_in("status = \"ready\"", "/ready"), None);
        assert_eq!(stands_in("\"unhealthy\"", "/health"), None);
    }
}
