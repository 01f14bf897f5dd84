//! Bytes of a file as text: marks of order, UTF-16 and stray bytes included.

/// The text in `bytes`; none where they are not text at all.
pub(super) fn decode(bytes: Vec<u8>) -> Option<String> {
    match bytes.as_slice() {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest.to_vec()),
        [0xFF, 0xFE, rest @ ..] => Some(utf16(rest, u16::from_le_bytes)),
        [0xFE, 0xFF, rest @ ..] => Some(utf16(rest, u16::from_be_bytes)),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: Vec<u8>) -> Option<String> {
    let head = &bytes[..bytes.len().min(1024)];
    if head.contains(&0) {
        return None;
    }
    Some(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).map(|letter| letter.unwrap_or('\u{FFFD}')).collect()
}

/// Line and column, both from 1, of a byte position.
pub(super) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

/// Where a mark stands in a text. To ask whether it does is many times cheaper than to begin a search for its places.
pub(super) fn places<'t>(text: &'t str, mark: &'t str) -> impl Iterator<Item = usize> {
    text.contains(mark).then(|| text.match_indices(mark)).into_iter().flatten().map(|(at, _)| at)
}

/// A name with at most one `*`, which stands for anything.
#[derive(Clone, Copy)]
pub(super) struct Pattern<'p> {
    before: &'p str,
    /// What follows the `*`.
    after: Option<&'p str>,
}

impl<'p> Pattern<'p> {
    pub(super) fn new(text: &'p str) -> Self {
        let (before, after) = text.split_once('*').map_or((text, None), |(before, after)| (before, Some(after)));
        Self { before, after }
    }

    /// Whether it stands for that name.
    pub(super) fn fits(self, name: &str) -> bool {
        // Of many files most are told apart by the first letter or the last, without a call that compares.
        let (before, after, bytes) = (self.before.as_bytes(), self.after.unwrap_or("").as_bytes(), name.as_bytes());
        if before.first().is_some_and(|first| bytes.first() != Some(first))
            || after.last().is_some_and(|last| bytes.last() != Some(last))
        {
            return false;
        }
        let Some(rest) = name.strip_prefix(self.before) else { return false };
        self.after.map_or(rest.is_empty(), |after| rest.ends_with(after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_utf_16_are_understood_and_binaries_are_not() {
        assert_eq!(decode(b"\xEF\xBB\xBF{}".to_vec()).unwrap(), "{}");
        assert_eq!(decode(b"\xFF\xFE{\0}\0".to_vec()).unwrap(), "{}");
        assert_eq!(decode(b"\xFE\xFF\0{\0}".to_vec()).unwrap(), "{}");
        assert_eq!(decode(b"\x7fELF\0\0".to_vec()), None);
        assert_eq!(decode(b"caf\xE9".to_vec()).unwrap(), "caf\u{FFFD}");
    }

    #[test]
    fn positions_count_from_one() {
        assert_eq!(line_and_column("ab\ncd", 4), (2, 2));
        assert_eq!(line_and_column("ab", 0), (1, 1));
    }
}
