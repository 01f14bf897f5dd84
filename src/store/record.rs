//! How one thing is written: a version of its shape, then bincode.

use bincode::Options;
use serde::{Serialize, de::DeserializeOwned};

use super::StoreError;

/// Something that is kept under a key. Its bytes begin with the version of its shape, so that a newer Wharf reads
/// what an older one wrote.
///
/// When a type of the model changes its shape, raise `VERSION` and teach `migrate` the shape before: a private
/// struct that looks as the type did, decoded and turned into the new one. A record is rewritten in the new shape
/// when it is next put.
pub(super) trait Record: Serialize + DeserializeOwned {
    /// What it is called in messages: “deployment”.
    const WHAT: &'static str;
    /// The version of the shape that is written; 1 is the first.
    const VERSION: u16 = 1;

    /// Reads a payload of an older version; `None` where there never was one.
    fn migrate(version: u16, payload: &[u8]) -> Option<Result<Self, bincode::Error>> {
        let _ = (version, payload);
        None
    }
}

/// Variable-length integers, and nothing may be left over at the end.
fn options() -> impl Options {
    bincode::DefaultOptions::new()
}

/// Decodes a payload; for `migrate` too.
pub(super) fn payload<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, bincode::Error> {
    options().deserialize(bytes)
}

/// The payload alone of something that a record of kind `R` holds.
pub(super) fn payload_bytes<R: Record, T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    options().serialize(value).map_err(|error| damaged::<R>(&[], error))
}

/// The bytes to keep.
pub(super) fn encode<R: Record>(record: &R) -> Result<Vec<u8>, StoreError> {
    let mut bytes = R::VERSION.to_le_bytes().to_vec();
    options().serialize_into(&mut bytes, record).map_err(|error| damaged::<R>(&[], error))?;
    Ok(bytes)
}

/// Reads what was kept under `key`, in whatever version.
pub(super) fn decode<R: Record>(key: &[u8], bytes: &[u8]) -> Result<R, StoreError> {
    let Some((head, rest)) = bytes.split_first_chunk::<2>() else {
        return Err(damaged::<R>(key, "it is cut off"));
    };
    let version = u16::from_le_bytes(*head);
    if version == R::VERSION {
        return payload(rest).map_err(|error| damaged::<R>(key, error));
    }
    match R::migrate(version, rest) {
        Some(read) => read.map_err(|error| damaged::<R>(key, error)),
        None if version > R::VERSION => Err(damaged::<R>(key, format!("a newer Wharf wrote it (version {version})"))),
        None => Err(damaged::<R>(key, format!("there is no version {version}"))),
    }
}

fn damaged<R: Record>(key: &[u8], why: impl std::fmt::Display) -> StoreError {
    let key = key.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '·' }).collect();
    StoreError::Damaged { what: R::WHAT, key, why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// A record in its second shape.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Lamp {
        name: String,
        watts: u32,
        lit: Option<bool>,
    }

    /// The first shape: no `lit`, and `watts` was text.
    #[derive(Deserialize)]
    struct LampV1 {
        name: String,
        watts: String,
    }

    impl Record for Lamp {
        const WHAT: &'static str = "lamp";
        const VERSION: u16 = 2;

        fn migrate(version: u16, bytes: &[u8]) -> Option<Result<Self, bincode::Error>> {
            (version == 1).then(|| {
                let old: LampV1 = payload(bytes)?;
                Ok(Self { name: old.name, watts: old.watts.parse().unwrap_or(0), lit: None })
            })
        }
    }

    /// Written by the first version, kept by hand: version 1, then `desk` and `40`, each behind its length.
    const V1: &[u8] = b"\x01\x00\x04desk\x0240";

    #[test]
    fn an_older_shape_is_read_and_written_back_in_the_new_one() {
        let lamp: Lamp = decode(b"lamp/1", V1).unwrap();
        assert_eq!(lamp, Lamp { name: "desk".to_owned(), watts: 40, lit: None });
        let bytes = encode(&lamp).unwrap();
        assert_eq!(bytes[..2], [2, 0]);
        assert_eq!(decode::<Lamp>(b"lamp/1", &bytes).unwrap(), lamp);
    }

    #[test]
    fn every_damage_is_an_error_that_names_the_record() {
        let whole = encode(&Lamp { name: "desk".to_owned(), watts: 40, lit: Some(true) }).unwrap();
        let mut trailing = whole.clone();
        trailing.push(0);
        let mut filled = whole.clone();
        filled[2..].fill(0xff);
        let newer = [&[3, 0], &whole[2..]].concat();
        let unknown = [&[0, 0], &whole[2..]].concat();
        let cuts = (0..whole.len()).map(|end| whole[..end].to_vec());
        for bytes in cuts.chain([trailing, filled, newer, unknown]) {
            let Err(StoreError::Damaged { what, key, .. }) = decode::<Lamp>(b"lamp/1", &bytes) else {
                panic!("{bytes:?} was read");
            };
            assert_eq!((what, key.as_str()), ("lamp", "lamp/1"));
        }
    }
}
