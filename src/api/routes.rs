//! The paths of the API and the codes of its streams, for both sides.

/// The engine: what it is. Its `api`, `version` and `pid` stay in every version, so that any client can tell a
/// person what answers.
pub const ENGINE: &str = "/api/engine";
/// Ends the engine; stays in every version.
pub const ENGINE_STOP: &str = "/api/engine/stop";
/// Everything a client begins with.
pub const SNAPSHOT: &str = "/api/snapshot";
/// All that happens; a WebSocket.
pub const EVENTS: &str = "/api/events";
/// This description as JSON.
pub const OPENAPI: &str = "/api/openapi.json";

/// The projects: list and add.
pub const PROJECTS: &str = "/api/projects";
/// A project to look at, which need not be known.
pub const PROJECT_GLANCE: &str = "/api/projects/glance";
/// One project by its id, name or path.
pub const PROJECT_FIND: &str = "/api/projects/find";
/// One project.
pub const PROJECT: &str = "/api/projects/{id}";
/// What detection found in a project.
pub const DETECTION: &str = "/api/projects/{id}/detection";
/// The known vulnerabilities of a project's dependencies.
pub const VULNERABILITIES: &str = "/api/projects/{id}/vulnerabilities";
/// Where advisories come from.
pub const ADVISORIES: &str = "/api/advisories";
/// Gives and takes back the consent to ask for them.
pub const ADVISORIES_ALLOW: &str = "/api/advisories/allow";
/// Takes in a file of advisories.
pub const ADVISORIES_IMPORT: &str = "/api/advisories/import";
/// A project's generated files: show and write.
pub const ARTIFACTS: &str = "/api/artifacts/{id}";

/// The deployments.
pub const DEPLOYMENTS: &str = "/api/deployments";
/// Looks at a project.
pub const DEPLOYMENT_DETECT: &str = "/api/deployments/detect";
/// What a deployment would do.
pub const DEPLOYMENT_CREATE: &str = "/api/deployments/create";
/// Deploys.
pub const DEPLOYMENT_START: &str = "/api/deployments/start";
/// The deployments of one project.
pub const DEPLOYMENTS_OF: &str = "/api/deployments/repo/{id}";
/// One deployment: read and delete.
pub const DEPLOYMENT: &str = "/api/deployments/{id}";
/// Stops one.
pub const DEPLOYMENT_STOP: &str = "/api/deployments/stop/{id}";
/// Stops and starts one.
pub const DEPLOYMENT_RESTART: &str = "/api/deployments/restart/{id}";
/// Goes back to a release.
pub const DEPLOYMENT_ROLLBACK: &str = "/api/deployments/rollback/{id}";
/// Cancels one that is not over.
pub const DEPLOYMENT_CANCEL: &str = "/api/deployments/cancel/{id}";
/// Its output; a WebSocket.
pub const DEPLOYMENT_LOGS: &str = "/api/deployments/{id}/logs";
/// The releases of its app.
pub const DEPLOYMENT_RELEASES: &str = "/api/deployments/{id}/releases";

/// The ports: list and reserve.
pub const PORTS: &str = "/api/ports";
/// One port: release.
pub const PORT: &str = "/api/ports/{port}";
/// The jobs and workers.
pub const JOBS: &str = "/api/jobs";
/// One job.
pub const JOB: &str = "/api/jobs/{id}";
/// Asks places whether they answer.
pub const TARGETS: &str = "/api/targets";
/// The last measurements of a deployment.
pub const SAMPLES: &str = "/api/metrics/{id}/samples";
/// The last health checks of a deployment.
pub const HEALTH: &str = "/api/metrics/{id}/health";

/// The most bytes that a request may carry.
pub const MAX_BODY: usize = 4 * 1024 * 1024;
/// A stream's close code: events are missing, fetch the snapshot again.
pub const CLOSE_GAP: u16 = 4000;
/// A stream's close code: it broke; the reason is the [`Problem`](crate::model::Problem)'s message.
pub const CLOSE_FAILED: u16 = 4001;
/// A stream's close code, as RFC 6455 has it: the engine stops.
pub const CLOSE_AWAY: u16 = 1001;

/// A route with its one parameter filled in, escaped for a path.
#[must_use]
pub fn with(route: &str, value: impl AsRef<str>) -> String {
    let (Some(open), Some(close)) = (route.find('{'), route.find('}')) else { return route.to_owned() };
    format!("{}{}{}", &route[..open], escape(value.as_ref()), &route[close + 1..])
}

/// Percent-encodes all but RFC 3986's unreserved characters; a segment of dots alone would be a step in the path.
fn escape(text: &str) -> String {
    use std::fmt::Write;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
    let dots = text.chars().all(|letter| letter == '.');
    text.bytes().fold(String::new(), |mut out, byte| {
        if plain(byte) || (byte == b'.' && !dots) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_escaped() {
        assert_eq!(with(DEPLOYMENT_LOGS, "abc"), "/api/deployments/abc/logs");
        assert_eq!(with(DEPLOYMENT, "a/../b ü?"), "/api/deployments/a%2F..%2Fb%20%C3%BC%3F");
        assert_eq!(with(DEPLOYMENT, ".."), "/api/deployments/%2E%2E");
    }
}
