//! The IAM facts AWS publishes: services, actions, resource types, condition keys, managed policies. Compiled from
//! `data/iam/` by `build.rs`; nothing is read or parsed at start.

#[cfg(test)]
mod data_tests;
mod keys;
mod layout;
mod managed;
mod operations;
mod tables;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

pub use keys::{
    Category, Key, KeyType, Presence, Projection, condition_key, global_key, global_keys, key_of_any_service, key_type,
    provider_key, provider_keys,
};
use layout::{action, resource, service, slot};
pub use managed::{ManagedPolicy, managed_policies, managed_policy, managed_policy_replacing};
pub use operations::{client_service, operation_actions};
use tables::{Table, find, in_slots, list, set, string};

/// The day the facts were taken, `YYYY-MM-DD`.
pub const DATE: &str = include_str!(concat!(env!("OUT_DIR"), "/date.txt"));

static SERVICES: Table<{ service::WIDTH }> = Table(include_bytes!(concat!(env!("OUT_DIR"), "/services.bin")));
static ACTIONS: Table<{ action::WIDTH }> = Table(include_bytes!(concat!(env!("OUT_DIR"), "/actions.bin")));
static SLOTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/slots.bin"));
static RESOURCES: Table<{ resource::WIDTH }> = Table(include_bytes!(concat!(env!("OUT_DIR"), "/resources.bin")));

/// The service of a prefix such as `s3`, in any case.
pub fn service(prefix: &str) -> Option<Service> {
    find(&SERVICES, 0..service_count(), service::PREFIX, prefix).map(Service)
}

/// Every service, by prefix.
pub fn services() -> impl ExactSizeIterator<Item = Service> + DoubleEndedIterator {
    (0..service_count()).map(Service)
}

/// The action of a full name such as `iam:CreateRole`, in any case.
pub fn action(full: &str) -> Option<Action> {
    let (prefix, name) = full.split_once(':')?;
    if name.contains(['*', '?']) {
        return None;
    }
    in_slots(SLOTS, slot::hash(prefix, name)).map(Action).find(|action| action.is_called(full))
}

/// Every action, by service and then by lower-case name; the order of `Action::index`.
pub fn actions() -> impl ExactSizeIterator<Item = Action> + DoubleEndedIterator {
    (0..action_count() as u32).map(Action)
}

/// How many actions there are; `Action::index` stays below it.
pub fn action_count() -> usize {
    ACTIONS.len()
}

fn service_keys(service: Service) -> Range<u32> {
    service.range(service::FIRST_KEY)
}

fn service_count() -> u32 {
    SERVICES.len() as u32 - 1
}

/// A service, as a policy names it before the colon.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service(u32);

impl Service {
    /// The prefix of its actions, lower case.
    pub fn prefix(self) -> &'static str {
        string(SERVICES.cell(self.0, service::PREFIX))
    }

    /// The name AWS documents it under, such as `AWS CodeBuild`.
    pub fn name(self) -> &'static str {
        string(SERVICES.cell(self.0, service::NAME))
    }

    /// Whether resource control policies apply to it.
    pub fn supports_resource_control_policies(self) -> bool {
        SERVICES.cell(self.0, service::FLAGS) & service::RCP != 0
    }

    /// Its actions, by lower-case name.
    pub fn actions(self) -> impl ExactSizeIterator<Item = Action> + DoubleEndedIterator {
        self.range(service::FIRST_ACTION).map(Action)
    }

    /// The action of a name without prefix, in any case.
    pub fn action(self, name: &str) -> Option<Action> {
        find(&ACTIONS, self.range(service::FIRST_ACTION), action::NAME, name).map(Action)
    }

    /// Its resource types, by lower-case name.
    pub fn resource_types(self) -> impl ExactSizeIterator<Item = ResourceType> + DoubleEndedIterator {
        self.range(service::FIRST_RESOURCE).map(ResourceType)
    }

    /// The resource type of a name, in any case.
    pub fn resource_type(self, name: &str) -> Option<ResourceType> {
        find(&RESOURCES, self.range(service::FIRST_RESOURCE), resource::NAME, name).map(ResourceType)
    }

    /// The condition keys its actions and resource types take, by lower-case name. Besides its own keys these are
    /// the global ones it documents, such as `aws:TagKeys`.
    pub fn condition_keys(self) -> impl ExactSizeIterator<Item = Key> + DoubleEndedIterator {
        service_keys(self).map(Key)
    }

    fn range(self, first: usize) -> Range<u32> {
        SERVICES.cell(self.0, first)..SERVICES.cell(self.0 + 1, first)
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({})", self.prefix())
    }
}

/// What an action does, as AWS classifies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessLevel {
    List,
    Read,
    Write,
    Tagging,
    PermissionsManagement,
}

/// An action of a service.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Action(u32);

impl Action {
    /// Its place in the order of `actions()`.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The action at a place in the order of `actions()`.
    pub fn at(index: usize) -> Option<Action> {
        (index < action_count()).then_some(Action(index as u32))
    }

    pub fn service(self) -> Service {
        Service(ACTIONS.half(self.0, action::SERVICE))
    }

    /// The name without prefix, in the documented casing.
    pub fn name(self) -> &'static str {
        string(ACTIONS.cell(self.0, action::NAME))
    }

    /// `service:Name`.
    pub fn full_name(self) -> String {
        [self.service().prefix(), ":", self.name()].concat()
    }

    /// Whether a text is its full name, in any case.
    pub fn is_called(self, full: &str) -> bool {
        let (prefix, name, full) = (self.service().prefix().as_bytes(), self.name().as_bytes(), full.as_bytes());
        full.len() == prefix.len() + 1 + name.len()
            && full[prefix.len()] == b':'
            && full[..prefix.len()].eq_ignore_ascii_case(prefix)
            && full[prefix.len() + 1..].eq_ignore_ascii_case(name)
    }

    /// AWS's own level. AWS counts tagging and permissions management among the writes; here they stand for themselves.
    pub fn level(self) -> AccessLevel {
        access_level(ACTIONS.half(self.0, action::LEVELS) & 0xff)
    }

    /// The level the reviewers of policy_sentry hold to be right, where it is not AWS's: `iam:CreateAccessKey` is a
    /// write to AWS and permissions management to them. An opinion, kept apart from the facts.
    pub fn reviewed_level(self) -> AccessLevel {
        access_level(ACTIONS.half(self.0, action::LEVELS) >> 8)
    }

    /// Whether AWS or the reviewers class the action as permissions management.
    pub fn is_sensitive(self) -> bool {
        [self.level(), self.reviewed_level()].contains(&AccessLevel::PermissionsManagement)
    }

    /// The resource types it acts on, and whether a call always names one of that type.
    pub fn resource_types(self) -> impl ExactSizeIterator<Item = (ResourceType, bool)> {
        let pairs = set(ACTIONS.half(self.0, action::RESOURCES)).step_by(2);
        pairs.map(|item| (ResourceType(item & !action::REQUIRED), item & action::REQUIRED != 0))
    }

    /// Whether a policy can name resources for it; without, only `Resource: "*"` grants it.
    pub fn supports_resource_level(self) -> bool {
        self.resource_types().len() > 0
    }

    /// Every condition key a request for it may carry besides the global ones: its own and those of its resource
    /// types, as documented (`aws:ResourceTag/${TagKey}`), by lower-case name.
    pub fn condition_keys(self) -> impl ExactSizeIterator<Item = &'static str> {
        set(ACTIONS.half(self.0, action::ALL_KEYS)).map(|row| Key(row).name())
    }

    /// The condition keys documented for the action itself, whatever it acts on.
    pub fn own_condition_keys(self) -> impl ExactSizeIterator<Item = Key> {
        set(ACTIONS.half(self.0, action::KEYS)).map(Key)
    }

    /// The condition keys documented for the action where it acts on the type.
    pub fn condition_keys_on(self, resource: ResourceType) -> impl Iterator<Item = Key> {
        let pairs = set(ACTIONS.half(self.0, action::RESOURCES));
        let types = pairs.clone().step_by(2);
        let keys = pairs.skip(1).step_by(2);
        let of_type = types.zip(keys).filter(move |(item, _)| item & !action::REQUIRED == resource.0);
        of_type.flat_map(|(_, keys)| set(keys)).map(Key)
    }

    /// The actions a caller may need besides this one, as `service:Name`: `iam:PassRole` for `ec2:RunInstances`.
    pub fn dependents(self) -> impl ExactSizeIterator<Item = String> {
        self.dependent_actions().map(Action::full_name)
    }

    /// `dependents`, as actions.
    pub fn dependent_actions(self) -> impl ExactSizeIterator<Item = Action> {
        set(ACTIONS.half(self.0, action::DEPENDENTS)).map(Action)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service().prefix(), self.name())
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Action({self})")
    }
}

fn access_level(number: u32) -> AccessLevel {
    match action::LEVEL_LETTERS[number as usize] {
        b'L' => AccessLevel::List,
        b'R' => AccessLevel::Read,
        b'W' => AccessLevel::Write,
        b'T' => AccessLevel::Tagging,
        _ => AccessLevel::PermissionsManagement,
    }
}

/// A type of resource a service documents.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceType(u32);

impl ResourceType {
    pub fn service(self) -> Service {
        Service(RESOURCES.cell(self.0, resource::SERVICE))
    }

    /// The name, such as `bucket`. Some hold a blank: `function alias` of `lambda`.
    pub fn name(self) -> &'static str {
        string(RESOURCES.cell(self.0, resource::NAME))
    }

    /// The templates of its ARNs, such as `arn:${Partition}:s3:::${BucketName}/${ObjectName}`.
    pub fn arns(self) -> impl ExactSizeIterator<Item = &'static str> {
        list(RESOURCES.cell(self.0, resource::ARNS)).map(string)
    }

    /// The condition keys that speak of the resource, such as `aws:ResourceTag/${TagKey}`.
    pub fn condition_keys(self) -> impl ExactSizeIterator<Item = Key> {
        set(RESOURCES.cell(self.0, resource::KEYS)).map(Key)
    }
}

impl fmt::Debug for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResourceType({} {})", self.service().prefix(), self.name())
    }
}
