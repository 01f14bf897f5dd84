//! What builds and apps find in their environment: a clean base, not the engine's own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Variables of the engine that are passed on: the account, the language, the way to the network, and where
/// toolchains are. Nothing else is: the engine may have been started from a shell full of secrets.
const PASSED_ON: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "GOPATH",
    "GOROOT",
    "GOBIN",
    "GOCACHE",
    "GOMODCACHE",
    "GOPROXY",
    "GOSUMDB",
    "GOPRIVATE",
    "GONOSUMDB",
    "GONOPROXY",
    "GOFLAGS",
    "GOTOOLCHAIN",
    "JAVA_HOME",
    "JAVA_TOOL_OPTIONS",
    "MAVEN_HOME",
    "MAVEN_OPTS",
    "MAVEN_ARGS",
    "GRADLE_HOME",
    "GRADLE_USER_HOME",
    "GRADLE_OPTS",
    "SDKMAN_DIR",
    "DOTNET_ROOT",
    "NUGET_PACKAGES",
    "NVM_DIR",
    "NVM_BIN",
    "FNM_DIR",
    "VOLTA_HOME",
    "PNPM_HOME",
    "BUN_INSTALL",
    "DENO_DIR",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "RBENV_ROOT",
    "RBENV_VERSION",
    "GEM_HOME",
    "GEM_PATH",
    "BUNDLE_MIRROR__ALL",
    "COMPOSER_HOME",
    "ASDF_DIR",
    "ASDF_DATA_DIR",
    "MISE_DATA_DIR",
    "MISE_CONFIG_DIR",
    "NIX_PATH",
    "NIX_SSL_CERT_FILE",
];

/// The same, by how their names begin: where package managers are told their mirrors.
const PASSED_ON_FAMILIES: &[&str] =
    &["LC_", "PIP_", "UV_", "NPM_CONFIG_", "npm_config_", "CARGO_HTTP_", "COREPACK_", "POETRY_"];

/// Folders of an app that hold its own programs; they come before the machine's.
const OWN_PROGRAMS: &[&str] = &[".venv/bin", "node_modules/.bin", "vendor/bin"];

/// What an account's programs are looked for where `PATH` is not set.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The environment of everything that runs in `app`, a folder of the build in `root`.
pub(super) fn base(
    from: impl IntoIterator<Item = (OsString, OsString)>,
    root: &Path,
    app: &Path,
) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    let mut path = OsString::from(USUAL_PATH);
    for (name, value) in from {
        let Some(name) = name.to_str() else { continue };
        if name == "PATH" {
            path = value;
        } else if PASSED_ON.contains(&name) || PASSED_ON_FAMILIES.iter().any(|family| name.starts_with(family)) {
            // A value that is not UTF-8 is no path that any of these programs would take.
            if let Ok(value) = value.into_string() {
                env.insert(name.to_owned(), value);
            }
        }
    }
    let path = with_own_programs(&path, root, app);
    env.insert("PATH".to_owned(), path.to_string_lossy().into_owned());
    // Package managers that would put a project's packages into the account's folders put them into the build.
    for (name, value) in [
        ("VIRTUAL_ENV", app.join(".venv").to_string_lossy().into_owned()),
        ("POETRY_VIRTUALENVS_IN_PROJECT", "true".to_owned()),
        ("PIPENV_VENV_IN_PROJECT", "1".to_owned()),
        ("BUNDLE_PATH", app.join("vendor/bundle").to_string_lossy().into_owned()),
        ("PYTHONUNBUFFERED", "1".to_owned()),
    ] {
        env.insert(name.to_owned(), value);
    }
    env
}

fn with_own_programs(path: &OsStr, root: &Path, app: &Path) -> OsString {
    let places = if root == app { vec![app] } else { vec![app, root] };
    let own = places.into_iter().flat_map(|place| OWN_PROGRAMS.iter().map(move |folder| place.join(folder)));
    // A folder with a colon in its name cannot stand in a PATH; then it goes without the app's own.
    std::env::join_paths(own.chain(std::env::split_paths(path))).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_passed_on() {
        let engine = [("PATH", "/bin"), ("HOME", "/home/me"), ("AWS_SECRET_ACCESS_KEY", "x"), ("PIP_INDEX_URL", "y")];
        let engine = engine.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let env = base(engine, Path::new("/b"), Path::new("/b/api"));
        assert_eq!(env["HOME"], "/home/me");
        assert_eq!(env["PIP_INDEX_URL"], "y");
        assert!(!env.contains_key("AWS_SECRET_ACCESS_KEY"));
        assert!(env["PATH"].starts_with("/b/api/.venv/bin:") && env["PATH"].ends_with(":/b/vendor/bin:/bin"));
    }
}
