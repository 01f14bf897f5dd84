//! The words for what can be wrong: every rule that a check names, with one sentence.

/// A rule that a file can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its stable slug.
    pub slug: &'static str,
    /// What it asks for, and why; one sentence without a full stop.
    pub says: &'static str,
    /// Whether it is about safety: a justified exception in the file counts. What cannot work has none.
    pub is_policy: bool,
}

const fn sense(slug: &'static str, says: &'static str) -> Rule {
    Rule { slug, says, is_policy: false }
}

const fn policy(slug: &'static str, says: &'static str) -> Rule {
    Rule { slug, says, is_policy: true }
}

/// Every rule, those about sense first.
pub const RULES: &[Rule] = &[
    sense("too-large", "a file that describes a deployment is short enough for a person to read"),
    sense("bad-exception", "an exception names a rule of this list and says why it is needed"),
    sense("dockerfile-syntax", "a Dockerfile holds instructions that Docker knows, in their form"),
    sense("unknown-stage", "a stage that is named is there: above what copies from it, in the list of stages"),
    sense("compose-syntax", "a compose file is YAML and each of its services has an image or a build"),
    sense("unknown-service", "a service that is depended on is in the file"),
    sense("unknown-network", "a network that is joined is in the file"),
    sense("unknown-volume", "a volume that is mounted is in the file"),
    sense("env-syntax", "a file of variables holds one NAME=value a line, each name once"),
    sense("workflow-syntax", "a workflow is YAML with the keys that GitHub Actions knows, where it knows them"),
    sense("workflow-expression", "what stands in ${{ }} is an expression with contexts that exist at its place"),
    sense("unknown-job", "a job that is waited for exists, and no job waits for itself"),
    sense("unknown-reference", "what is referred to by name is defined where the reference looks for it"),
    sense("missing-value", "what a template requires is given by each file of values, or by what deploys it"),
    sense("unknown-file", "a file that is named is there"),
    sense("manifest-syntax", "a manifest holds objects of Kubernetes, in the form that the cluster takes"),
    sense("script-syntax", "a script says which shell reads it, and ends what it begins"),
    sense("terraform-syntax", "a file of Terraform holds blocks and values in its form, each thing once in a folder"),
    sense("pipeline-syntax", "a pipeline holds jobs, stages and steps that its server knows, where it knows them"),
    sense("template-syntax", "a template holds sections, resources and functions that its cloud knows"),
    sense("bicep-syntax", "a file of Bicep holds declarations in its form"),
    sense("chart-syntax", "a chart says what it is, and its templates end what they begin"),
    policy("ignore-list", "an ignore list keeps history and secrets out of images"),
    policy("unpinned-image", "an image is named with a version: it can be another one tomorrow"),
    policy("bare-digest", "beside a digest stands the version: without it nobody can bring the digest up to date"),
    policy("root-user", "an image ends with a user that is not root"),
    policy("secret-in-image", "no secret stands in a layer of an image, where everybody can read it"),
    policy("secret-in-file", "no secret stands in a file that is kept with the code"),
    policy("host-access", "a container does not get the host: no privileges, no socket of Docker, no namespace of it"),
    policy("public-database", "a database is reached by what uses it, never from everywhere"),
    policy("source-mount", "in production runs what was built, not what lies in a folder"),
    policy("no-restart", "what falls is started again"),
    policy("no-limits", "what runs has limits, so that it cannot take everything from its neighbours"),
    policy("privilege-escalation", "a program in a container cannot become root"),
    policy("kept-capabilities", "a container drops the capabilities of root"),
    policy("writable-root", "a container cannot change its own program"),
    policy("no-seccomp", "a container may not make every system call"),
    policy("no-probe", "what serves is asked whether it works"),
    policy("mounted-token", "a pod has no token for the cluster that it does not use"),
    policy("careless-script", "a script stops at what fails and at a variable that is not set"),
    policy("secret-in-output", "no secret is printed: logs are read by many"),
    policy("unpinned-provider", "providers, modules and Terraform itself are named with a version"),
    policy("open-admin-port", "a port for administrators or of a database is not open to the whole internet"),
    policy("unencrypted", "what is kept is encrypted where it lies"),
    policy("plain-transport", "what is sent is encrypted on its way, with TLS 1.2 or newer"),
    policy("public-storage", "what is kept is closed to the public"),
    policy("public-access", "what everybody may use is meant for everybody, and says why"),
    policy("unpinned-action", "an action of somebody else is pinned to a commit: a tag can be moved"),
    policy("broad-permissions", "a workflow says which permissions its token has, and no more than its jobs need"),
    policy(
        "script-injection",
        "what a stranger can write is handed to a script as a variable, never put into its text",
    ),
    policy("secret-in-command", "a secret is handed to a script as a variable, never put into its text"),
    policy("untrusted-checkout", "a workflow with secrets does not check out the code of a stranger's pull request"),
    policy("no-timeout", "every job has a time-out: one that hangs costs hours"),
];

/// The rule of a slug.
#[must_use]
pub fn rule(slug: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.slug == slug)
}
