//! The keys, events and permissions of workflows.

pub(super) const TOP: &[&str] = &["name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"];

pub(super) const JOB: &[&str] = &[
    "name",
    "needs",
    "permissions",
    "runs-on",
    "snapshot",
    "environment",
    "concurrency",
    "outputs",
    "env",
    "defaults",
    "if",
    "steps",
    "timeout-minutes",
    "strategy",
    "continue-on-error",
    "container",
    "services",
];

pub(super) const JOB_THAT_CALLS: &[&str] =
    &["name", "uses", "with", "secrets", "strategy", "needs", "if", "concurrency", "permissions"];

pub(super) const STEP: &[&str] = &[
    "id",
    "if",
    "name",
    "uses",
    "run",
    "working-directory",
    "shell",
    "with",
    "env",
    "continue-on-error",
    "timeout-minutes",
];

/// What only a step that runs something has.
pub(super) const RUN: &[&str] = &["run", "working-directory", "shell"];

/// What only a step that uses an action has.
pub(super) const USES: &[&str] = &["uses", "with"];

pub(super) const EVENTS: &[&str] = &[
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "create",
    "delete",
    "deployment",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "fork",
    "gollum",
    "image_version",
    "issue_comment",
    "issues",
    "label",
    "merge_group",
    "milestone",
    "page_build",
    "public",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
    "push",
    "registry_package",
    "release",
    "repository_dispatch",
    "schedule",
    "status",
    "watch",
    "workflow_call",
    "workflow_dispatch",
    "workflow_run",
];

pub(super) const SCOPES: &[&str] = &[
    "actions",
    "artifact-metadata",
    "attestations",
    "checks",
    "contents",
    "deployments",
    "discussions",
    "id-token",
    "issues",
    "models",
    "packages",
    "pages",
    "pull-requests",
    "repository-projects",
    "security-events",
    "statuses",
];
