//! Safety of compose files. One for servers (its name says so) is held to more.

use super::{environment, mounts, variables};
use crate::validate::capabilities;
use crate::validate::cloud::is_kept_elsewhere;
use crate::validate::secrets::{is_in_address, is_kept};
use crate::validate::tree::{Entry, Node};
use crate::validate::{Faults, images, joined, written};

pub(super) fn check(root: &Node, faults: &mut Faults<'_>) {
    let name = faults.path.rsplit('/').next().unwrap_or_default();
    let is_production = ["prod", "staging"].iter().any(|word| name.contains(word));
    let services = root.entries_of("services");
    for entry in services.iter().filter(|entry| entry.node.is_map()) {
        let service = &entry.node;
        if let Some(image) = service.get("image").filter(|_| service.get("build").is_none())
            && let Some(text) = image.text()
        {
            images::check(text, image.line, faults);
        }
        for (line, name, value) in environment(service).into_iter().chain(arguments(service)) {
            if is_kept(name, value) || is_in_address(value) {
                let message = format!("the value of {name} is written down: read it from .env as ${{{name}:?}}");
                faults.add("secret-in-file", line, message);
            }
        }
        let test = service.at(&["healthcheck", "test"]);
        for node in [service.get("command"), service.get("entrypoint"), test].into_iter().flatten() {
            told(node, faults);
        }
        for (line, name, value) in variables(service, "labels") {
            if is_kept(name, value) && !is_kept_elsewhere(name) {
                let message = format!("the value of the label {name} is written down, for whoever may list containers");
                faults.add("secret-in-file", line, message);
            }
        }
        host(service, faults);
        confinement(service, faults);
        ports(entry, is_production, faults);
        if is_production {
            production(entry, faults);
        }
    }
    for content in root.entries_of("configs").iter().filter_map(|config| config.node.get("content")) {
        told(content, faults);
    }
    // A volume can be a folder of the host by another name.
    for volume in root.entries_of("volumes") {
        let device = volume.node.at(&["driver_opts", "device"]);
        if let Some(device) = device.filter(|device| device.text().is_some_and(|folder| gives_the_host(folder, false)))
        {
            let message = format!("whoever has {} has the host", device.text().unwrap_or_default());
            faults.add("host-access", device.line, message);
        }
    }
}

/// Secrets in commands and in what is written into containers.
fn told(node: &Node, faults: &mut Faults<'_>) {
    for secret in written::in_node(node) {
        let message =
            format!("the value of {} is written down: read it from .env, or from a file of secrets", secret.name);
        faults.add("secret-in-file", secret.line, message);
    }
}

/// What an image is built with, which stays in it.
fn arguments(service: &Node) -> Vec<(usize, &str, &str)> {
    service.get("build").map(|build| variables(build, "args")).unwrap_or_default()
}

/// Folders of the host that nobody but the host writes into.
const FOLDERS: [&str; 9] = ["bin", "boot", "dev", "etc", "home", "proc", "root", "sys", "usr"];

fn gives_the_host(source: &str, is_read_only: bool) -> bool {
    if !source.starts_with('/') {
        return false;
    }
    match joined("", source).as_str() {
        // Docker's socket lies there.
        "" | "run" | "var/run" | "var/lib/docker" => true,
        folder => folder.ends_with("docker.sock") || !is_read_only && FOLDERS.contains(&folder),
    }
}

/// What gives a container the host.
fn host(service: &Node, faults: &mut Faults<'_>) {
    let build = service.get("build");
    for entry in [Some(service), build].into_iter().flatten().filter_map(|node| node.entry("privileged")) {
        if entry.node.truth() == Some(true) {
            faults.add("host-access", entry.line, "a privileged container can do whatever root can on the host");
        }
    }
    if let Some(entry) = service.entry("use_api_socket").filter(|_| service.says("use_api_socket")) {
        faults.add("host-access", entry.line, "whoever has Docker's socket has the host");
    }
    for key in ["network_mode", "pid", "ipc", "userns_mode", "cgroup", "uts"] {
        if let Some(entry) = service.entry(key).filter(|entry| entry.node.text() == Some("host")) {
            faults.add("host-access", entry.line, format!("{key}: host lets the container see all of the host"));
        }
    }
    for (line, text) in service.names_of("cap_add") {
        if capabilities::gives_the_host(text) {
            faults.add("host-access", line, format!("with {text} a container can do on the host what root can"));
        }
    }
    for mount in mounts(service).filter(|mount| gives_the_host(mount.source, mount.is_read_only)) {
        let message = format!("whoever has {} has the host", mount.source);
        faults.add("host-access", mount.line, message);
    }
    for device in service.items_of("devices") {
        let name = device.text().or_else(|| device.text_of("source")).unwrap_or_default();
        let name = joined("", name.split(':').next().unwrap_or_default());
        if DEVICES.iter().any(|all| name == *all) || DISKS.iter().any(|disk| name.starts_with(disk)) {
            faults.add("host-access", device.line, format!("whoever has /{name} has the host"));
        }
    }
    for (line, rule) in service.names_of("device_cgroup_rules") {
        if rule.starts_with('a') || rule.contains("*:*") {
            faults.add("host-access", line, format!("“{rule}” gives the container every device of the host"));
        }
    }
}

/// Devices that are the memory of the host, or all of its devices.
const DEVICES: [&str; 4] = ["dev", "dev/mem", "dev/kmem", "dev/port"];

/// What the names of disks begin with.
const DISKS: [&str; 8] =
    ["dev/sd", "dev/hd", "dev/vd", "dev/xvd", "dev/nvme", "dev/mmcblk", "dev/disk/", "dev/mapper/"];

/// What keeps a container in is not taken off.
fn confinement(service: &Node, faults: &mut Faults<'_>) {
    for (line, text) in service.names_of("security_opt") {
        match text.replace(['=', ' '], ":").as_str() {
            "seccomp:unconfined" => {
                faults.add("no-seccomp", line, "the container may make every system call: leave seccomp to Docker");
            }
            "apparmor:unconfined" | "label:disable" | "systempaths:unconfined" => {
                faults.add("host-access", line, format!("{text} takes off what keeps the container from its host"));
            }
            "no-new-privileges:false" => {
                faults.add("privilege-escalation", line, "a program in it can become root: no-new-privileges:true");
            }
            _ => {}
        }
    }
}

/// A database is reached by the services beside it; for looking into it, by its own host alone.
fn ports(entry: &Entry, is_production: bool, faults: &mut Faults<'_>) {
    let image = entry.node.text_of("image").unwrap_or_default();
    if !images::is_database(image) {
        return;
    }
    for port in entry.node.items_of("ports") {
        let address = port.text().or_else(|| port.text_of("host_ip")).unwrap_or_default();
        let is_local = ["127.", "localhost", "[::1]", "::1"].iter().any(|local| address.starts_with(local));
        if is_production {
            let message = format!("{} publishes a port: the services of the file reach it without", entry.key);
            faults.add("public-database", port.line, message);
        } else if !is_local {
            let message = format!("{} can be reached from everywhere: publish on 127.0.0.1", entry.key);
            faults.add("public-database", port.line, message);
        }
    }
}

/// Whether `user` or `user:group` is root; a variable's usual value counts.
fn is_root(user: &str) -> bool {
    let user = user.split_once(":-").map_or(user, |(_, usual)| usual.trim_end_matches('}'));
    let user = user.split(':').next().unwrap_or_default().trim();
    user == "root" || user.parse() == Ok(0_u64)
}

fn production(entry: &Entry, faults: &mut Faults<'_>) {
    let (name, service) = (&entry.key, &entry.node);
    // What it extends or goes over says more, and is not here.
    if service.get("extends").is_some() || !super::says_what_runs(service) {
        return;
    }
    for mount in mounts(service).filter(|mount| mount.source.starts_with(['.', '~']) && !mount.is_read_only) {
        let message = format!("{name} runs what lies in {}, not what was built: leave the mount out", mount.source);
        faults.add("source-mount", mount.line, message);
    }
    if service.get("restart").is_none() && service.at(&["deploy", "restart_policy"]).is_none() {
        faults.add("no-restart", entry.line, format!("{name} stays down when it falls: restart: unless-stopped"));
    }
    let memory = service.at(&["deploy", "resources", "limits", "memory"]).or_else(|| service.get("mem_limit"));
    if memory.is_none() {
        let message = format!("{name} may take all of the host's memory: deploy.resources.limits.memory");
        faults.add("no-limits", entry.line, message);
    }
    let is_contained = service.names_of("security_opt").iter().any(|(_, text)| {
        let text = text.replace(['=', ' '], ":");
        text == "no-new-privileges" || text == "no-new-privileges:true"
    });
    if !is_contained {
        let message = format!("a program of {name} can become root: security_opt: [no-new-privileges:true]");
        faults.add("privilege-escalation", entry.line, message);
    }
    if let Some(user) = service.entry("user").filter(|user| user.node.text().is_some_and(is_root)) {
        let message = format!("{name} runs as root: leave `user` to the image, or name another one");
        faults.add("root-user", user.line, message);
    }
    // Images of services change to their own users and write where their makers chose.
    if images::is_service(service.text_of("image").unwrap_or_default()) {
        return;
    }
    if !service.names_of("cap_drop").iter().any(|(_, text)| text.eq_ignore_ascii_case("all")) {
        faults.add("kept-capabilities", entry.line, format!("{name} keeps capabilities of root: cap_drop: [ALL]"));
    }
    if !service.says("read_only") {
        let message = format!("{name} can change its own program: read_only: true, tmpfs: for what it writes");
        faults.add("writable-root", entry.line, message);
    }
}
