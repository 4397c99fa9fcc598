//! Condition keys and their types. A documented key may hold a placeholder: `aws:ResourceTag/${TagKey}` stands for
//! `aws:ResourceTag/team`.

use std::fmt;

use super::layout::{global, key};
use super::tables::{Table, find, string};
use super::{SERVICES, Service, layout, service_count};

static KEYS: Table<{ key::WIDTH }> = Table(include_bytes!(concat!(env!("OUT_DIR"), "/keys.bin")));
static GLOBALS: Table<{ global::WIDTH }> = Table(include_bytes!(concat!(env!("OUT_DIR"), "/globals.bin")));

/// The keys that are not of one service, by lower-case name.
pub fn global_keys() -> impl ExactSizeIterator<Item = Key> + DoubleEndedIterator {
    global_range().map(Key)
}

/// The global key of a concrete name such as `aws:PrincipalTag/team`, in any case.
pub fn global_key(name: &str) -> Option<Key> {
    matching(global_range(), name)
}

/// The type of a concrete key in requests to the service: as the service documents it, else as a global key.
pub fn key_type(service: Service, name: &str) -> Option<KeyType> {
    let range =
        SERVICES.cell(service.0, layout::service::FIRST_KEY)..SERVICES.cell(service.0 + 1, layout::service::FIRST_KEY);
    matching(range, name).or_else(|| global_key(name)).map(Key::kind)
}

fn global_range() -> std::ops::Range<u32> {
    SERVICES.cell(service_count(), layout::service::FIRST_KEY)..KEYS.len() as u32
}

/// The type of the values of a key. `ArrayOf…` keys may have several values in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyType {
    String,
    ArrayOfString,
    Arn,
    ArrayOfArn,
    Bool,
    ArrayOfBool,
    Numeric,
    Date,
    IpAddress,
    Binary,
}

impl KeyType {
    /// Whether one request may carry several values.
    pub fn is_array(self) -> bool {
        matches!(self, KeyType::ArrayOfString | KeyType::ArrayOfArn | KeyType::ArrayOfBool)
    }

    /// The type of one value.
    pub fn element(self) -> KeyType {
        match self {
            KeyType::ArrayOfString => KeyType::String,
            KeyType::ArrayOfArn => KeyType::Arn,
            KeyType::ArrayOfBool => KeyType::Bool,
            single => single,
        }
    }
}

/// What a global key speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    Principal,
    Session,
    Network,
    Resource,
    Request,
}

/// A condition key, as one service or the global list documents it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub(super) u32);

impl Key {
    /// The documented name, with its placeholder if it has one.
    pub fn name(self) -> &'static str {
        string(KEYS.cell(self.0, key::NAME))
    }

    pub fn kind(self) -> KeyType {
        match key::KINDS[KEYS.cell(self.0, key::KIND) as usize] {
            "ArrayOfString" => KeyType::ArrayOfString,
            "ARN" => KeyType::Arn,
            "ArrayOfARN" => KeyType::ArrayOfArn,
            "Bool" => KeyType::Bool,
            "ArrayOfBool" => KeyType::ArrayOfBool,
            "Numeric" => KeyType::Numeric,
            "Date" => KeyType::Date,
            "IPAddress" => KeyType::IpAddress,
            "Binary" => KeyType::Binary,
            _ => KeyType::String,
        }
    }

    /// What a global key speaks of; none for a key of a service.
    pub fn category(self) -> Option<Category> {
        let row = self.0.checked_sub(global_range().start)?;
        Some(match global::CATEGORIES[GLOBALS.cell(row, global::CATEGORY) as usize] {
            "principal" => Category::Principal,
            "session" => Category::Session,
            "network" => Category::Network,
            "resource" => Category::Resource,
            _ => Category::Request,
        })
    }

    /// Whether a concrete name is this key, in any case.
    pub fn matches(self, name: &str) -> bool {
        match placeholder(self.name()) {
            None => self.name().eq_ignore_ascii_case(name),
            Some((before, after)) => {
                let Some(rest) = name.len().checked_sub(before.len() + after.len()) else { return false };
                rest > 0
                    && name.as_bytes()[..before.len()].eq_ignore_ascii_case(before.as_bytes())
                    && name.as_bytes()[before.len() + rest..].eq_ignore_ascii_case(after.as_bytes())
            }
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.name())
    }
}

fn matching(range: std::ops::Range<u32>, name: &str) -> Option<Key> {
    let exact = find(range.clone(), name, |row| Key(row).name());
    exact.or_else(|| range.into_iter().find(|row| Key(*row).matches(name))).map(Key)
}

/// The text before and after the placeholder, `${TagKey}` or `<key>`.
fn placeholder(name: &str) -> Option<(&str, &str)> {
    let (open, close) = if name.contains("${") { ("${", '}') } else { ("<", '>') };
    let (before, rest) = name.split_once(open)?;
    let (_, after) = rest.split_once(close)?;
    Some((before, after))
}
