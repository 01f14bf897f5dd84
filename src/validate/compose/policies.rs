//! Safety of compose files. One for production (its name says so) is held to more.

use super::{environment, mounts};
use crate::validate::secrets::is_kept;
use crate::validate::tree::{Entry, Node};
use crate::validate::{Faults, images};

pub(super) fn check(root: &Node, faults: &mut Faults<'_>) {
    let name = faults.path.rsplit('/').next().unwrap_or_default();
    let is_production = name.contains("prod");
    let services = root.entries_of("services");
    for entry in services.iter().filter(|entry| entry.node.is_map()) {
        let service = &entry.node;
        if let Some(image) = service.get("image").filter(|_| service.get("build").is_none())
            && let Some(text) = image.text()
        {
            images::check(text, image.line, faults);
        }
        for (line, name, value) in environment(service) {
            if is_kept(name, value) {
                let message = format!("the value of {name} is written down: read it from .env as ${{{name}:?}}");
                faults.add("secret-in-file", line, message);
            }
        }
        host(service, faults);
        ports(entry, is_production, faults);
        if is_production {
            production(entry, faults);
        }
    }
}

/// Capabilities with which a container does on the host what root can.
const CAPABILITIES: [&str; 4] = ["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO"];

/// Folders of the host that nobody but the host writes into.
const FOLDERS: [&str; 6] = ["/etc", "/root", "/boot", "/dev", "/proc", "/sys"];

fn gives_the_host(source: &str, is_read_only: bool) -> bool {
    match source.trim_end_matches('/') {
        "" => source == "/",
        // Docker's socket lies there.
        "/run" | "/var/run" => true,
        folder => folder.ends_with("docker.sock") || !is_read_only && FOLDERS.contains(&folder),
    }
}

/// What gives a container the host.
fn host(service: &Node, faults: &mut Faults<'_>) {
    if let Some(entry) = service.entry("privileged").filter(|_| service.says("privileged")) {
        faults.add("host-access", entry.line, "a privileged container can do whatever root can on the host");
    }
    for key in ["network_mode", "pid", "ipc", "userns_mode"] {
        if let Some(entry) = service.entry(key).filter(|entry| entry.node.text() == Some("host")) {
            faults.add("host-access", entry.line, format!("{key}: host lets the container see all of the host"));
        }
    }
    let capability = |text: &str| text.to_ascii_uppercase().trim_start_matches("CAP_").to_owned();
    for (line, text) in service.names_of("cap_add") {
        if CAPABILITIES.contains(&capability(text).as_str()) {
            faults.add("host-access", line, format!("with {text} a container can do on the host what root can"));
        }
    }
    for mount in mounts(service).filter(|mount| gives_the_host(mount.source, mount.is_read_only)) {
        let message = format!("whoever has {} has the host", mount.source);
        faults.add("host-access", mount.line, message);
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

fn production(entry: &Entry, faults: &mut Faults<'_>) {
    let (name, service) = (&entry.key, &entry.node);
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
