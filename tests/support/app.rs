//! A small app that tests deploy, in as many versions as they like. Node.js, no dependencies.

use std::fs;
use std::path::{Path, PathBuf};

/// The base image that it is built on.
pub(crate) const IMAGE: &str = "node:22-bookworm-slim";

/// What it prints before it ends, where it is made to fail.
pub(crate) const LAST_WORDS: &str = "Error: the tide table is missing";

/// The app's folder.
pub(crate) struct App(pub(crate) PathBuf);

impl App {
    /// Version 1 of it, in a new folder.
    pub(crate) fn create(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let package = r#"{"name": "tides", "private": true, "type": "module", "main": "server.js", "scripts": {"start": "node server.js"}}"#;
        fs::write(folder.join("package.json"), package).unwrap();
        let app = Self(folder.to_owned());
        app.becomes(1);
        app
    }

    /// The code now says that it is this version; a start takes a moment, as it does with most.
    pub(crate) fn becomes(&self, version: u32) {
        self.write(&format!(
            r"import {{ createServer }} from 'node:http';

const server = createServer((request, response) => {{
  console.log(`${{request.method}} ${{request.url}}`);
  response.end('version {version}');
}});
setTimeout(() => server.listen(process.env.PORT || 3000, () => console.log('version {version} listens')), 200);
process.on('SIGTERM', () => process.exit(0));
"
        ));
    }

    /// The code now ends as soon as it is started.
    pub(crate) fn breaks(&self) {
        self.write(&format!("console.log('version 13 begins');\nconsole.error('{LAST_WORDS}');\nprocess.exit(3);\n"));
    }

    /// Its folder for a command line.
    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn write(&self, code: &str) {
        fs::write(self.0.join("server.js"), code).unwrap();
    }
}
