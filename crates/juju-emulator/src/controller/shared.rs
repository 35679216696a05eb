//! The parts of which a model has many: its copies share them.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// A part of a model. A copy shares it until it is changed, and its JSON is made once for all copies that share it: so a change of one
/// unit costs as much in a model of a thousand.
#[derive(Clone, Debug)]
pub(crate) struct Shared<T> {
    part: Arc<T>,
    json: OnceLock<Arc<RawValue>>,
}

impl<T> From<T> for Shared<T> {
    fn from(part: T) -> Self {
        Self {
            part: Arc::new(part),
            json: OnceLock::new(),
        }
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.part
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.json = OnceLock::new();
        Arc::make_mut(&mut self.part)
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.part, &other.part) || self.part == other.part
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(json) = self.json.get() {
            return json.serialize(serializer);
        }
        let json = to_raw_value(&*self.part).map_err(S::Error::custom)?;
        self.json
            .get_or_init(|| Arc::from(json))
            .serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_shares_a_part_until_it_is_changed() {
        let first: Shared<Vec<u8>> = vec![1].into();
        assert_eq!(serde_json::to_string(&first).unwrap(), "[1]");
        let mut second = first.clone();
        assert!(Arc::ptr_eq(&first.part, &second.part) && second.json.get().is_some());

        second.push(2);
        assert_eq!(serde_json::to_string(&first).unwrap(), "[1]");
        assert_eq!(serde_json::to_string(&second).unwrap(), "[1,2]");
        assert_ne!(first, second);
        second.pop();
        assert_eq!(first, second);
        assert_eq!(
            serde_json::from_str::<Shared<Vec<u8>>>("[1]").unwrap(),
            first
        );
    }
}
