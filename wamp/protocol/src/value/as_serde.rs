//! [`Value`] and [`Dict`] as serde types, so that they can stand inside typed arguments.

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Dict, Value};
use crate::serializer::write::nearest;

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => serializer.serialize_i64(value),
                (_, Ok(value)) => serializer.serialize_u64(value),
                _ => serializer.serialize_f64(nearest(*value)),
            },
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::String(value) => serializer.serialize_str(value),
            Self::Binary(value) => serializer.serialize_bytes(value),
            Self::List(items) => serializer.collect_seq(items),
            Self::Dict(dict) => dict.serialize(serializer),
        }
    }
}

impl Serialize for Dict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Value, E> {
        Ok(Value::Binary(value.to_vec()))
    }

    fn visit_byte_buf<E>(self, value: Vec<u8>) -> Result<Value, E> {
        Ok(Value::Binary(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        DictVisitor.visit_map(map).map(Value::Dict)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct DictVisitor;

impl<'de> Visitor<'de> for DictVisitor {
    type Value = Dict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Dict, A::Error> {
        let mut entries: Vec<(String, Value)> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        while let Some((key, value)) = map.next_entry::<String, _>()? {
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom(format_args!("{key} is given twice")));
            }
            entries.push((key, value));
        }
        Ok(Dict(entries))
    }
}

impl<'de> Deserialize<'de> for Dict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DictVisitor)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Dict, Payload, Serializer, Value};

    #[test]
    fn any_value_survives_serde_in_every_serializer() {
        let mut dict = Dict::default();
        dict.insert("octets", Value::Binary(vec![0, 255, 7]));
        dict.insert("text", "NUL comes as \u{1}, not first");
        dict.insert(
            "numbers",
            vec![
                Value::Integer(u64::MAX.into()),
                Value::Integer(i64::MIN.into()),
                (0.5).into(),
            ],
        );
        dict.insert("nothing", Value::Null);
        dict.insert("nested", Value::List(vec![Value::Dict(Dict::default()), true.into()]));
        for serializer in Serializer::ALL {
            let payload = Payload::encode(serializer, &[&dict], &dict).unwrap();
            assert_eq!(payload.args::<(Dict,)>(), Ok((dict.clone(),)), "{serializer}");
            assert_eq!(payload.kwargs::<Dict>(), Ok(dict.clone()), "{serializer}");
            assert_eq!(payload.kwargs_value(), Ok(dict.clone()), "{serializer}");
            assert_eq!(payload.args_value(), Ok(vec![dict.clone().into()]), "{serializer}");
        }
    }

    #[test]
    fn what_is_neither_list_nor_dict_is_refused() {
        use crate::EncodeError;
        use std::collections::BTreeMap;
        for serializer in Serializer::ALL {
            assert_eq!(Payload::with_args(serializer, &5), Err(EncodeError::ArgsNotAList));
            assert_eq!(Payload::with_kwargs(serializer, &[5]), Err(EncodeError::KwargsNotADict));
            assert!(Payload::with_args(serializer, &()).unwrap().is_empty());
            assert!(Payload::with_args::<[u8; 0]>(serializer, &[]).unwrap().is_empty());
        }
        let numbered = BTreeMap::from([(1, "one")]);
        assert!(matches!(
            Payload::with_kwargs(Serializer::MsgPack, &numbered),
            Err(EncodeError::Value(_))
        ));
    }
}
