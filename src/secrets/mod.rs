//! Secrets: sealed before they are stored, taken out of every line that is shown or kept.

mod redact;
mod vault;

pub use redact::Redactor;
pub use vault::Vault;
