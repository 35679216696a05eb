//! What a program has, in the order in which Go's library writes it: a struct's fields as they are declared, a map's by key.

use serde::Serialize;
use serde::ser::{
    Error as _, Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, Serializer,
};
use serde_json::{Error, Value};

use crate::go::yaml::sort;

/// A value as it is to be written.
#[derive(Debug)]
pub(super) enum Ordered {
    /// Neither a list nor a mapping.
    Scalar(Value),
    Sequence(Vec<Ordered>),
    Mapping(Vec<(String, Ordered)>),
}

pub(super) fn ordered(value: &(impl Serialize + ?Sized)) -> Result<Ordered, Error> {
    value.serialize(Order)
}

struct Order;

/// The items of a list so far.
struct Items(Vec<Ordered>);

/// The fields of a mapping so far, and the key whose value comes next.
struct Fields(Vec<(String, Ordered)>, String);

/// Writes the methods that hand a scalar on.
macro_rules! scalars {
    ($($method:ident: $kind:ty),*) => {
        $(fn $method(self, value: $kind) -> Result<Ordered, Error> {
            serde_json::to_value(value).map(Ordered::Scalar)
        })*
    };
}

impl Serializer for Order {
    type Ok = Ordered;
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Impossible<Ordered, Error>;
    type SerializeTupleVariant = Impossible<Ordered, Error>;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Impossible<Ordered, Error>;

    scalars! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_f32: f32, serialize_f64: f64, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8]
    }

    fn serialize_none(self) -> Result<Ordered, Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Ordered, Error> {
        ordered(value)
    }

    fn serialize_unit(self) -> Result<Ordered, Error> {
        Ok(Ordered::Scalar(Value::Null))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Ordered, Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Ordered, Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Ordered, Error> {
        ordered(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Ordered, Error> {
        Ok(Ordered::Mapping(vec![(
            variant.to_owned(),
            ordered(value)?,
        )]))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Error> {
        Ok(Items(Vec::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, Error> {
        Ok(Items(Vec::new()))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        Err(Error::custom(format!("{name} has no names for its fields")))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(Error::custom(format!(
            "{variant} has no names for its fields"
        )))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, Error> {
        Ok(Fields(Vec::new(), String::new()))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Error> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(Error::custom(format!("{variant} is no struct")))
    }
}

impl SerializeSeq for Items {
    type Ok = Ordered;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.0.push(ordered(value)?);
        Ok(())
    }

    fn end(self) -> Result<Ordered, Error> {
        Ok(Ordered::Sequence(self.0))
    }
}

impl SerializeTuple for Items {
    type Ok = Ordered;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<Ordered, Error> {
        SerializeSeq::end(self)
    }
}

impl SerializeMap for Fields {
    type Ok = Ordered;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let Ordered::Scalar(Value::String(key)) = ordered(key)? else {
            return Err(Error::custom("the key of a mapping is no text"));
        };
        self.1 = key;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = std::mem::take(&mut self.1);
        self.0.push((key, ordered(value)?));
        Ok(())
    }

    fn end(self) -> Result<Ordered, Error> {
        Ok(Ordered::Mapping(sort::by_key(self.0)))
    }
}

impl SerializeStruct for Fields {
    type Ok = Ordered;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.0.push((key.to_owned(), ordered(value)?));
        Ok(())
    }

    fn end(self) -> Result<Ordered, Error> {
        Ok(Ordered::Mapping(self.0))
    }
}
