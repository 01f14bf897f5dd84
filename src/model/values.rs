//! Values of YAML, read up to a bound: an alias stands for all that it names, so that a few letters can mean millions
//! of values.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde_json::{Map, Number, Value};

/// About so many bytes of memory a value takes beside its text.
pub const VALUE_BYTES: usize = 64;

/// Reads a value, and takes the bytes of memory that it needs out of `left`. What needs more is an error. Tags are
/// left out; keys that are no text become one.
pub fn bounded<'de, D: Deserializer<'de>>(from: D, left: &Cell<usize>) -> Result<Value, D::Error> {
    Reader { left }.deserialize(from)
}

/// So deep nobody nests brackets: reading YAML takes time with the square of it.
const BRACKETS: usize = 1_000;

/// Whether brackets stand so deep in each other that no parser of YAML should be given the text.
#[must_use]
pub fn nests_too_deep(text: &str) -> bool {
    let mut open: usize = 0;
    text.bytes().any(|byte| {
        match byte {
            b'{' | b'[' => open += 1,
            b'}' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        open > BRACKETS
    })
}

#[derive(Clone, Copy)]
struct Reader<'l> {
    left: &'l Cell<usize>,
}

impl Reader<'_> {
    fn take<E: Error>(self, text: usize) -> Result<(), E> {
        let left = self.left.get().checked_sub(VALUE_BYTES + text);
        self.left.set(left.ok_or_else(|| E::custom("it holds more values than are looked at"))?);
        Ok(())
    }

    fn plain<E: Error>(self, value: impl Into<Value>) -> Result<Value, E> {
        self.take(0)?;
        Ok(value.into())
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.plain(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.plain(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.plain(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.plain(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.take(text.len())?;
        Ok(text.into())
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.plain(Value::Null)
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.plain(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        self.deserialize(from)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.take(0)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.take(0)?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key_seed(self)? {
            let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            map.insert(key, entries.next_value_seed(self)?);
        }
        Ok(map.into())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (_, value) = tagged.variant_seed(self)?;
        value.newtype_variant_seed(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, bytes: usize) -> Result<Value, String> {
        bounded(yaml_serde::Deserializer::from_str(text), &Cell::new(bytes)).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_read_as_they_stand() {
        let text = "a: &x [1, -2, 0.5, true, ~, text]\nb: *x\n8080: !reset {c: .nan}\n";
        let list = serde_json::json!([1, -2, 0.5, true, null, "text"]);
        assert_eq!(read(text, 1 << 20).unwrap(), serde_json::json!({"a": list, "b": list, "8080": {"c": null}}));
    }

    #[test]
    fn an_alias_of_an_alias_does_not_fill_the_memory() {
        let long = "x,".repeat(8000);
        let many = "*a,".repeat(8000);
        for text in [
            format!("a: &a [{long}]\nb: [{many}]\n"),
            format!("a: &a {}\nb: [{many}]\n", "x".repeat(100_000)),
            format!("a: &a [{long}]\nb: &b [{0}]\nc: [{1}]\n", "*a,".repeat(20), "*b,".repeat(20)),
        ] {
            let why = read(&text, 1 << 20).unwrap_err();
            assert!(why.contains("more values than are looked at"), "{why}");
        }
    }
}
