//! Condition keys and their types. A documented key may hold a placeholder: `aws:ResourceTag/${TagKey}` stands for
//! `aws:ResourceTag/team`.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use super::layout::{global, key};
use super::tables::{Table, find, string};
use super::{Service, service_keys, services};

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

/// The keys that stand for what an identity provider asserts, such as `token.actions.githubusercontent.com:ref`, by
/// lower-case name. `${Provider}:sub` stands for the subject asserted by any provider.
pub fn provider_keys() -> impl ExactSizeIterator<Item = Key> + DoubleEndedIterator {
    provider_range().map(Key)
}

/// The provider's key of a concrete name such as `gitlab.com:sub`, in any case.
pub fn provider_key(name: &str) -> Option<Key> {
    // A provider of OpenID Connect is named by its host; prefixes of services hold no dot.
    let provider = name.split(':').next().unwrap_or(name);
    let is_provider = provider.contains('.') || provider.eq_ignore_ascii_case("saml");
    is_provider.then(|| matching(provider_range(), name)).flatten()
}

/// The documented key of a concrete name in requests to the service: the service's, else a global one, else one of an
/// identity provider.
pub fn condition_key(service: Service, name: &str) -> Option<Key> {
    matching(service_keys(service), name).or_else(|| global_key(name)).or_else(|| provider_key(name))
}

/// The key of a concrete name as the first service that documents it has it: a few are documented with
/// the services that use them only.
pub fn key_of_any_service(name: &str) -> Option<Key> {
    // All services are gone through once, since a name that none of them documents would make every
    // question do so.
    static WHOLE: LazyLock<HashMap<String, Key>> = LazyLock::new(|| {
        let mut whole = HashMap::new();
        for key in services().flat_map(Service::condition_keys).filter(|key| !key.has_placeholder()) {
            whole.entry(key.name().to_ascii_lowercase()).or_insert(key);
        }
        whole
    });
    // The catalogue lists keys in the order of their services.
    WHOLE.get(&name.to_ascii_lowercase()).copied().into_iter().chain(filled(0..global_range().start, name)).min()
}

/// The type of `condition_key`.
pub fn key_type(service: Service, name: &str) -> Option<KeyType> {
    condition_key(service, name).map(Key::kind)
}

fn global_range() -> Range<u32> {
    let start = services().next_back().map_or(0, |last| service_keys(last).end);
    start..start + GLOBALS.len() as u32
}

fn provider_range() -> Range<u32> {
    global_range().end..KEYS.len() as u32
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

/// When a request carries a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// In every request.
    Always,
    /// In every request but anonymous ones.
    Signed,
    /// In requests with temporary credentials, and not in all of them.
    Session,
    /// In some requests.
    Sometimes,
}

/// What a key repeats of the request itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Projection {
    PrincipalArn,
    PrincipalAccount,
    PrincipalType,
    /// Whether, or which, service is the principal.
    PrincipalService,
    ResourceAccount,
}

/// A condition key, as one service, the global list or an identity provider has it.
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

    /// What a global key speaks of; `None` for any other key.
    pub fn category(self) -> Option<Category> {
        Some(match global::CATEGORIES[self.global(global::CATEGORY)?] {
            "principal" => Category::Principal,
            "session" => Category::Session,
            "network" => Category::Network,
            "resource" => Category::Resource,
            _ => Category::Request,
        })
    }

    /// When a request carries the key. Only of global keys it is known that they are more than `Sometimes`.
    pub fn presence(self) -> Presence {
        match self.global(global::PRESENCE).map(|number| global::PRESENCES[number]) {
            Some("always") => Presence::Always,
            Some("signed") => Presence::Signed,
            Some("session") => Presence::Session,
            _ => Presence::Sometimes,
        }
    }

    /// What the key repeats of the request, if anything.
    pub fn projection(self) -> Option<Projection> {
        match global::PROJECTIONS[self.global(global::PROJECTION)?] {
            "principal.arn" => Some(Projection::PrincipalArn),
            "principal.account" => Some(Projection::PrincipalAccount),
            "principal.type" => Some(Projection::PrincipalType),
            "principal.service" => Some(Projection::PrincipalService),
            "resource.account" => Some(Projection::ResourceAccount),
            _ => None,
        }
    }

    fn global(self, column: usize) -> Option<usize> {
        let range = global_range();
        range.contains(&self.0).then(|| GLOBALS.cell(self.0 - range.start, column) as usize)
    }

    /// Whether the name holds a placeholder, which stands for any text.
    pub fn has_placeholder(self) -> bool {
        placeholder(self.name()).is_some()
    }

    /// Whether a concrete name is this key, in any case.
    pub fn matches(self, name: &str) -> bool {
        match placeholder(self.name()) {
            Some((before, after)) => is_filled(name, before, after),
            None => self.name().eq_ignore_ascii_case(name),
        }
    }
}

/// Whether something that is not empty stands in a name for the placeholder.
fn is_filled(name: &str, before: &str, after: &str) -> bool {
    let (name, before, after) = (name.as_bytes(), before.as_bytes(), after.as_bytes());
    let Some((start, rest)) = name.split_at_checked(before.len()) else { return false };
    let Some(filled) = rest.len().checked_sub(after.len()).filter(|filled| *filled > 0) else { return false };
    start.eq_ignore_ascii_case(before) && rest[filled..].eq_ignore_ascii_case(after)
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.name())
    }
}

fn matching(range: Range<u32>, name: &str) -> Option<Key> {
    find(&KEYS, range.clone(), key::NAME, name).map(Key).or_else(|| filled(range, name))
}

/// The first key with a placeholder for which something stands in the name.
fn filled(range: Range<u32>, name: &str) -> Option<Key> {
    /// The keys with a placeholder, and what stands before and after it.
    type Open = (u32, &'static str, &'static str);
    static OPEN: LazyLock<Vec<Open>> = LazyLock::new(|| {
        let open = |row| placeholder(Key(row).name()).map(|(before, after)| (row, before, after));
        (0..KEYS.len() as u32).filter_map(open).collect()
    });
    let start = OPEN.partition_point(|(row, ..)| *row < range.start);
    let mut own = OPEN[start..].iter().take_while(|(row, ..)| *row < range.end);
    own.find(|(_, before, after)| is_filled(name, before, after)).map(|(row, ..)| Key(*row))
}

/// The text before and after the placeholder, `${TagKey}` or `<key>`. No documented key has two.
fn placeholder(name: &str) -> Option<(&str, &str)> {
    let (open, close) = if name.contains("${") { ("${", '}') } else { ("<", '>') };
    let (before, rest) = name.split_once(open)?;
    let (_, after) = rest.split_once(close)?;
    Some((before, after))
}
