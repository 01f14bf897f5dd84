//! Compose files (the Compose specification): what is named must be defined.

mod between;
mod hosts;
mod policies;
#[cfg(test)]
pub(super) mod tests;
mod whole;

pub(super) use between::{builds, check_all, named, services};

use super::Faults;
use super::tree::{self, Entry, Node};

const TOP: &[&str] = &["version", "name", "include", "services", "networks", "volumes", "secrets", "configs", "models"];

const SERVICE: &[&str] = &[
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "credential_spec",
    "depends_on",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "isolation",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "models",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "provider",
    "pull_policy",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "use_api_socket",
    "user",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
    "working_dir",
];

pub(super) fn check(text: &str, faults: &mut Faults<'_>) {
    let documents = match tree::read(text) {
        Ok(documents) => documents,
        Err((line, why)) => return faults.add("compose-syntax", line, format!("it is no YAML: {why}")),
    };
    let root = whole::one(documents);
    let is_whole = |root: &&Node| root.get("services").is_some_and(Node::is_map) || root.get("include").is_some();
    let Some(root) = root.as_ref().filter(is_whole) else {
        return faults.add("compose-syntax", None, "there are no services");
    };
    known(root, TOP, "a compose file", faults);
    for entry in root.entries_of("services") {
        let (name, service) = (&entry.key, &entry.node);
        if !service.is_map() {
            faults.add("compose-syntax", entry.line, format!("the service {name} says nothing"));
            continue;
        }
        known(service, SERVICE, "a service", faults);
        // What goes over another file says only what differs.
        if goes_over(faults.path) {
            continue;
        }
        if !says_what_runs(service) {
            faults.add("compose-syntax", entry.line, format!("the service {name} has neither image nor build"));
        }
    }
    inspect(&whole::whole(faults.path, whole::read(text).as_ref().unwrap_or(root), &|_| None), faults);
}

/// Whether a file goes over another one: `compose.prod.yaml` over `compose.yaml`.
fn goes_over(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.split('.').count() > 2)
}

/// Whether a service says what runs, or where that is said.
fn says_what_runs(service: &Node) -> bool {
    ["image", "build", "extends", "provider"].iter().any(|key| service.get(key).is_some())
}

/// What a file names is defined in it, and it keeps to the policies.
fn inspect(root: &Node, faults: &mut Faults<'_>) {
    // What is included defines more than can be seen.
    if !whole::is_open(root) {
        root.entries_of("services").iter().for_each(|entry| references(entry, root, faults));
    }
    policies::check(root, faults);
}

fn known(node: &Node, words: &[&str], of: &str, faults: &mut Faults<'_>) {
    let is_known = |key: &str| words.contains(&key) || key.starts_with("x-");
    for entry in node.entries().iter().filter(|entry| !is_known(&entry.key)) {
        faults.add("compose-syntax", entry.line, format!("{of} has no key “{}”", entry.key));
    }
}

fn references(entry: &Entry, root: &Node, faults: &mut Faults<'_>) {
    let (name, service) = (&entry.key, &entry.node);
    let defines = |section: &str, wanted: &str| root.get(section).is_some_and(|section| section.get(wanted).is_some());
    let own = |key: &str| service.get(key).and_then(|node| Some((node.line, node.text()?.strip_prefix("service:")?)));
    let bare = |(line, link): (usize, &'_ str)| (line, link.split(':').next().unwrap_or_default().to_owned());
    let services =
        service.names_of("depends_on").into_iter().chain(own("network_mode")).chain(own("pid")).chain(own("ipc"));
    let services = services.map(bare).chain(service.names_of("links").into_iter().map(bare));
    for (line, wanted) in services.filter(|(_, wanted)| !defines("services", wanted)) {
        let message = format!("{name} depends on {wanted}, which is no service of this file");
        faults.add("unknown-service", line, message);
    }
    if let Some(base) = service.get("extends").filter(|base| base.get("file").is_none()) {
        let wanted = base.get("service").unwrap_or(base);
        if wanted.text().is_some_and(|wanted| !defines("services", wanted)) {
            faults.add(
                "unknown-service",
                wanted.line,
                format!("{name} extends a service that this file does not have"),
            );
        }
    }
    for (line, wanted) in service.names_of("networks") {
        if wanted != "default" && !defines("networks", wanted) {
            let message = format!("{name} joins the network {wanted}, which this file does not define");
            faults.add("unknown-network", line, message);
        }
    }
    for (line, wanted) in mounts(service).filter_map(|mount| Some((mount.line, mount.volume()?))) {
        if !defines("volumes", wanted) {
            let message = format!("{name} mounts the volume {wanted}, which this file does not define");
            faults.add("unknown-volume", line, message);
        }
    }
    for section in ["secrets", "configs"] {
        for item in service.items_of(section) {
            let wanted = item.text().or_else(|| item.text_of("source"));
            if let Some(wanted) = wanted.filter(|wanted| !defines(section, wanted)) {
                let message = format!("{name} uses {wanted}, which this file does not define under {section}");
                faults.add("unknown-reference", item.line, message);
            }
        }
    }
}

/// Something that a service mounts.
struct Mount<'n> {
    line: usize,
    source: &'n str,
    is_bind: bool,
    is_read_only: bool,
}

impl<'n> Mount<'n> {
    /// The name of the volume, where it is one.
    fn volume(&self) -> Option<&'n str> {
        (!self.is_bind && !self.source.contains('$')).then_some(self.source)
    }
}

fn mounts(service: &Node) -> impl Iterator<Item = Mount<'_>> {
    service.items_of("volumes").iter().filter_map(Mount::of)
}

impl<'n> Mount<'n> {
    fn of(item: &'n Node) -> Option<Self> {
        if let Some(text) = item.text() {
            let (source, rest) = text.split_once(':')?;
            let is_read_only = rest.split(':').nth(1).is_some_and(|mode| mode.split(',').any(|word| word == "ro"));
            return Some(Self { line: item.line, source, is_bind: source.starts_with(['.', '/', '~']), is_read_only });
        }
        let source = item.text_of("source")?;
        let is_bind = item.text_of("type") == Some("bind");
        Some(Self { line: item.line, source, is_bind, is_read_only: item.says("read_only") })
    }
}

/// The variables of a service with their values, and where they stand.
fn environment(service: &Node) -> Vec<(usize, &str, &str)> {
    variables(service, "environment")
}

/// Variables that a key holds, as a list or as a map.
fn variables<'n>(holder: &'n Node, key: &str) -> Vec<(usize, &'n str, &'n str)> {
    let pairs = holder.items_of(key).iter().filter_map(|item| {
        let (name, value) = item.text()?.split_once('=')?;
        Some((item.line, name, value))
    });
    let keys = holder.entries_of(key).iter();
    pairs.chain(keys.map(|entry| (entry.line, entry.key.as_str(), entry.node.text().unwrap_or_default()))).collect()
}
