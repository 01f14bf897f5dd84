//! Chance from the operating system.

use crate::model::Secret;

/// Needs no escaping in a URL, a shell word or an environment file.
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Fills `N` bytes with chance, fit for keys.
///
/// # Panics
/// Where the operating system has no random numbers to give: nothing safe can be done then.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut filled = [0; N];
    if let Err(error) = getrandom::fill(&mut filled) {
        panic!("the operating system gives no random numbers: {error}");
    }
    filled
}

/// A random number, for identifiers and jitter.
#[must_use]
pub fn number() -> u32 {
    u32::from_le_bytes(bytes())
}

/// A password of `length` letters and digits: 24 of them hold 142 bits.
#[must_use]
pub fn password(length: usize) -> Secret {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        // A byte past the last whole round of the alphabet would favour its first letters.
        let fair = bytes::<32>().into_iter().filter(|byte| *byte < 248);
        let letters = fair.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
        text.extend(letters.take(length - text.len()));
    }
    Secret::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_need_no_escaping_and_differ() {
        let password = password(40);
        assert_eq!(password.reveal().len(), 40);
        assert!(password.reveal().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(password, super::password(40));
        assert_eq!(super::password(0).reveal(), "");
    }
}
