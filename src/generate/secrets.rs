//! What `.env.example` says of the values that everybody makes for themselves.

/// What stands in `.env.example` for a value that everybody makes for themselves.
const PLACEHOLDER: &str = "change-me";
const MAKE_SECRET: &str = "openssl rand -hex 24";

/// Names whose readers ask for a certain form: name, a placeholder in that form, how to make a real one.
const KNOWN: [(&str, &str, &str); 3] = [
    ("APP_KEY", "base64:Y2hhbmdlLW1lLWNoYW5nZS1tZS1jaGFuZ2UtbWUtMDE=", "php artisan key:generate --show"),
    (
        "SECRET_KEY_BASE",
        "change-me-change-me-change-me-change-me-change-me-change-me-change-me",
        "openssl rand -hex 64",
    ),
    ("RAILS_MASTER_KEY", "00000000000000000000000000000000", "the content of config/master.key"),
];

fn known(name: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    KNOWN.iter().find(|known| known.0 == name)
}

/// What stands there until somebody puts a value in its place.
pub(crate) fn placeholder(name: &str) -> &'static str {
    known(name).map_or(PLACEHOLDER, |known| known.1)
}

/// The command that makes such a value, or where it is found.
pub(crate) fn made_by(name: &str) -> &'static str {
    known(name).map_or(MAKE_SECRET, |known| known.2)
}
