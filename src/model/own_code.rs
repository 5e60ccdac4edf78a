//! Models whose repository brings code of its own, which `auto_map` names.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The longest config of which the code's name is looked for, in bytes.
const MAXIMUM_LENGTH: usize = 1 << 20;

/// Whether a field of any type holds something; its contents are passed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotEmpty(pub bool);

impl<'de> Deserialize<'de> for NotEmpty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = NotEmpty;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("anything")
            }

            fn visit_unit<E>(self) -> Result<NotEmpty, E> {
                Ok(NotEmpty(false))
            }

            fn visit_bool<E>(self, value: bool) -> Result<NotEmpty, E> {
                Ok(NotEmpty(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<NotEmpty, E> {
                Ok(NotEmpty(value != 0))
            }

            fn visit_u64<E>(self, value: u64) -> Result<NotEmpty, E> {
                Ok(NotEmpty(value != 0))
            }

            fn visit_f64<E>(self, value: f64) -> Result<NotEmpty, E> {
                Ok(NotEmpty(value != 0.0))
            }

            fn visit_str<E>(self, value: &str) -> Result<NotEmpty, E> {
                Ok(NotEmpty(!value.is_empty()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<NotEmpty, A::Error> {
                let mut count = 0_usize;
                while items.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(NotEmpty(count > 0))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<NotEmpty, A::Error> {
                let mut count = 0_usize;
                while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(NotEmpty(count > 0))
            }
        }
        deserializer.deserialize_any(Look)
    }
}

/// The class that a `config.json` names in `auto_map`, if it has one.
pub fn own_code(json: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Fields {
        #[serde(default)]
        auto_map: NotEmpty,
    }
    let fields: Fields = serde_json::from_slice(json).ok()?;
    if !fields.auto_map.0 {
        return None;
    }
    let is_short = json.len() <= MAXIMUM_LENGTH;
    let config: Option<Value> = is_short
        .then(|| serde_json::from_slice(json).ok())
        .flatten();
    let class = config.as_ref().and_then(|config| {
        let map = config.get("auto_map")?.as_object()?;
        let model = map.get("AutoModel").or_else(|| map.values().next())?;
        model.as_str()
    });
    let class: String = class.unwrap_or("unnamed").chars().take(100).collect();
    Some(class)
}
