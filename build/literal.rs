//! Values as the expressions of Rust that make them, for constants: texts are `Cow::Borrowed("…")`, lists
//! `Cow::Borrowed(&[…])`, all else is what one would write by hand.

use std::fmt::{self, Display, Write};

use serde::ser::{self, Impossible, Serialize};

/// The expression for a value of structs, enums without fields, options, lists, pairs, texts and numbers.
pub(crate) fn literal(value: &impl Serialize) -> Result<String, Unwritten> {
    let mut text = String::new();
    value.serialize(Writer(&mut text))?;
    Ok(text)
}

/// A value for which there is no expression.
#[derive(Debug)]
pub(crate) struct Unwritten(String);

impl Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no constant can be made: {}", self.0)
    }
}

impl std::error::Error for Unwritten {}

impl ser::Error for Unwritten {
    fn custom<T: Display>(what: T) -> Self {
        Self(what.to_string())
    }
}

impl From<fmt::Error> for Unwritten {
    fn from(error: fmt::Error) -> Self {
        Self(error.to_string())
    }
}

struct Writer<'t>(&'t mut String);

/// What has begun, and what ends it.
struct Within<'t> {
    text: &'t mut String,
    end: &'static str,
}

impl<'t> Writer<'t> {
    fn plain(self, what: impl Display) -> Result<(), Unwritten> {
        Ok(write!(self.0, "{what}")?)
    }

    fn within(self, begin: &str, end: &'static str) -> Within<'t> {
        self.0.push_str(begin);
        Within { text: self.0, end }
    }
}

impl Within<'_> {
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritten> {
        value.serialize(Writer(self.text))?;
        self.text.push(',');
        Ok(())
    }

    fn ended(self) {
        self.text.push_str(self.end);
    }
}

macro_rules! plain {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<(), Unwritten> {
            self.plain(format_args!("{value:?}"))
        })*
    };
}

macro_rules! none {
    ($($method:ident($($type:ty),*) -> $result:ty),*) => {
        $(fn $method(self, $(_: $type),*) -> Result<$result, Unwritten> {
            Err(Unwritten(stringify!($method).to_owned()))
        })*
    };
}

impl<'t> ser::Serializer for Writer<'t> {
    type Ok = ();
    type Error = Unwritten;
    type SerializeSeq = Within<'t>;
    type SerializeTuple = Within<'t>;
    type SerializeStruct = Within<'t>;
    type SerializeTupleStruct = Impossible<(), Unwritten>;
    type SerializeTupleVariant = Impossible<(), Unwritten>;
    type SerializeMap = Impossible<(), Unwritten>;
    type SerializeStructVariant = Impossible<(), Unwritten>;

    plain!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char);

    none!(serialize_bytes(&[u8]) -> (), serialize_unit() -> (), serialize_unit_struct(&'static str) -> (),
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant,
        serialize_map(Option<usize>) -> Self::SerializeMap,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant);

    fn serialize_str(self, value: &str) -> Result<(), Unwritten> {
        self.plain(format_args!("Cow::Borrowed({value:?})"))
    }

    fn serialize_none(self) -> Result<(), Unwritten> {
        self.plain("None")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritten> {
        self.serialize_newtype_struct("Some", value)
    }

    /// The variant as it is called in Rust: what it is in the data begins with a small letter.
    fn serialize_unit_variant(self, name: &'static str, _: u32, variant: &'static str) -> Result<(), Unwritten> {
        let (first, rest) = variant.split_at(1);
        self.plain(format_args!("{name}::{}{rest}", first.to_uppercase()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), Unwritten> {
        let mut within = self.within(&format!("{name}("), ")");
        within.part(value)?;
        within.ended();
        Ok(())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: &T,
    ) -> Result<(), Unwritten> {
        Err(Unwritten(variant.to_owned()))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Within<'t>, Unwritten> {
        Ok(self.within("Cow::Borrowed(&[", "])"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Within<'t>, Unwritten> {
        Ok(self.within("(", ")"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Within<'t>, Unwritten> {
        Ok(self.within(&format!("{name}{{"), "}"))
    }
}

macro_rules! elements {
    ($($kind:ident),*) => {
        $(impl ser::$kind for Within<'_> {
            type Ok = ();
            type Error = Unwritten;

            fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritten> {
                self.part(value)
            }

            fn end(self) -> Result<(), Unwritten> {
                self.ended();
                Ok(())
            }
        })*
    };
}

elements!(SerializeSeq, SerializeTuple);

impl ser::SerializeStruct for Within<'_> {
    type Ok = ();
    type Error = Unwritten;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, field: &'static str, value: &T) -> Result<(), Unwritten> {
        write!(self.text, "{field}:")?;
        self.part(value)
    }

    fn end(self) -> Result<(), Unwritten> {
        self.ended();
        Ok(())
    }
}
