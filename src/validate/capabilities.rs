//! Capabilities of Linux (man 7 capabilities).

/// With these a container does on the host what root can.
const OF_ROOT: [&str; 9] =
    ["ALL", "BPF", "DAC_READ_SEARCH", "SYS_ADMIN", "SYS_BOOT", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "SYSLOG"];

/// Whether a capability gives a container the host; `CAP_` may stand before its name.
pub(super) fn gives_the_host(name: &str) -> bool {
    let name = name.trim().to_ascii_uppercase();
    OF_ROOT.contains(&name.trim_start_matches("CAP_"))
}
