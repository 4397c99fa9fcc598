//! Tests over all of the data: the text files are in order, and every record of the tables can be read.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/iam")
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(data().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n') && !text.contains('\r'), "{}", path.display());
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn assert_sorted(path: &Path, names: &[&str]) {
    for pair in names.windows(2) {
        let (first, second) = (pair[0].to_lowercase(), pair[1].to_lowercase());
        assert!(first < second, "{}: {first} is not before {second}", path.display());
    }
}

/// The table must hold its rows in the order and with the uniqueness of some of their cells.
fn assert_sorted_by(name: &str, columns: std::ops::Range<usize>) {
    let path = data().join(name);
    let keys: Vec<String> = rows(&path).iter().map(|row| row[columns.clone()].join("\t")).collect();
    assert!(!keys.is_empty(), "{name}");
    assert_sorted(&path, &keys.iter().map(String::as_str).collect::<Vec<_>>());
}

fn stem(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

#[test]
fn service_files_are_sorted_and_without_repetition() {
    for path in files("services") {
        let rows = rows(&path);
        assert_eq!(rows[0][..2], ["service", stem(&path)], "{}", path.display());
        let mut last_kind = 0;
        for kind in rows[1..].iter().map(|row| &row[0]) {
            let kind = ["key", "res", "set", "act"].iter().position(|known| known == kind).unwrap();
            assert!(kind >= last_kind, "{}: rows are not grouped", path.display());
            last_kind = kind;
        }
        for kind in ["key", "res", "set", "act"] {
            let names: Vec<&str> = rows.iter().filter(|row| row[0] == kind).map(|row| row[1].as_str()).collect();
            assert_sorted(&path, &names);
        }
    }
}

#[test]
fn every_set_of_a_service_file_is_used_and_sorted() {
    for path in files("services") {
        let rows = rows(&path);
        for set in rows.iter().filter(|row| row[0] == "set") {
            assert_sorted(&path, &set[2].split(',').collect::<Vec<_>>());
            let used = rows.iter().filter(|row| row[0] != "set").flatten().any(|cell| {
                let mut names = cell.split(',').map(|item| item.rsplit('@').next().unwrap());
                names.any(|name| name == set[1])
            });
            assert!(used, "{}: {} is not used", path.display(), set[1]);
        }
    }
}

#[test]
fn tables_are_sorted_and_without_repetition() {
    assert_sorted_by("globals.tsv", 0..1);
    assert_sorted_by("oidc-keys.tsv", 1..2);
    assert_sorted_by("rcp-services.tsv", 0..1);
    assert_sorted_by("levels-overlay.tsv", 0..1);
    assert_sorted_by("sdk-exceptions.tsv", 0..3);
    assert_sorted_by("kept/global-keys.tsv", 0..1);
    assert_sorted_by("kept/key-types.tsv", 0..2);
    assert_sorted_by("kept/oidc-keys.tsv", 1..2);
    assert_sorted_by("kept/replaced-policies.tsv", 0..1);
    assert_sorted_by("kept/sdk-exceptions.tsv", 0..3);
}

#[test]
fn managed_policies_are_listed_as_they_are_searched() {
    let names: Vec<&str> = managed_policies().map(ManagedPolicy::name).collect();
    assert!(names.is_sorted());
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    let mut stems: Vec<String> = files("managed").iter().map(|path| stem(path).to_owned()).collect();
    stems.sort();
    assert_eq!(stems, names);
}

#[test]
fn the_catalogue_is_of_plausible_size() {
    assert!(services().len() > 400, "{}", services().len());
    assert!(action_count() > 20_000, "{}", action_count());
    assert!(managed_policies().len() > 1_000, "{}", managed_policies().len());
    assert!(global_keys().len() > 40, "{}", global_keys().len());
    let dependents = actions().filter(|action| action.dependents().len() > 0).count();
    assert!(dependents > 1_000, "{dependents}");
    let operations = rows(&data().join("sdk-exceptions.tsv")).len();
    assert!(operations > 300, "{operations}");
}

#[test]
fn the_tables_hold_what_the_files_hold() {
    let count = |kind: &str| -> usize {
        files("services").iter().map(|path| rows(path).iter().filter(|row| row[0] == kind).count()).sum()
    };
    assert_eq!(services().len(), count("service"));
    assert_eq!(action_count(), count("act"));
    assert_eq!(services().map(|service| service.resource_types().len()).sum::<usize>(), count("res"));
    assert_eq!(services().map(|service| service.condition_keys().len()).sum::<usize>(), count("key"));
    assert_eq!(global_keys().len(), rows(&data().join("globals.tsv")).len());
    assert_eq!(provider_keys().len(), rows(&data().join("oidc-keys.tsv")).len());
    let sensitive = actions().filter(|action| action.level() != action.reviewed_level()).count();
    assert_eq!(sensitive, rows(&data().join("levels-overlay.tsv")).len());
    let rcp = services().filter(|service| service.supports_resource_control_policies()).count();
    assert_eq!(rcp, rows(&data().join("rcp-services.tsv")).len());
}

#[test]
fn every_service_and_action_is_found_by_its_name() {
    for found in services() {
        assert_eq!(service(found.prefix()), Some(found));
        assert!(!found.name().is_empty());
    }
    for found in actions() {
        assert_eq!(action(&found.full_name()), Some(found));
        assert_eq!(Action::at(found.index()), Some(found));
    }
}

#[test]
fn every_condition_key_is_found_by_its_name() {
    for service in services() {
        for key in service.condition_keys() {
            assert_eq!(condition_key(service, key.name()), Some(key));
        }
    }
    assert!(global_keys().all(|key| global_key(key.name()) == Some(key)));
    for key in provider_keys().filter(|key| !key.name().starts_with("${Provider}")) {
        assert_eq!(provider_key(key.name()), Some(key));
    }
}

#[test]
fn every_reference_of_an_action_leads_to_its_own_service() {
    for action in actions() {
        let keys: HashSet<&str> = action.service().condition_keys().map(Key::name).collect();
        assert!(action.condition_keys().all(|key| keys.contains(key)), "{action}");
        for (resource, _) in action.resource_types() {
            assert_eq!(resource.service(), action.service(), "{action}");
            assert_eq!(action.service().resource_type(resource.name()), Some(resource), "{action}");
            let of_pair = action.condition_keys_on(resource).chain(resource.condition_keys()).map(Key::name);
            let all: HashSet<&str> = action.condition_keys().collect();
            assert!(of_pair.into_iter().all(|key| all.contains(key)), "{action}");
        }
        assert!(action.dependents().all(|full| super::action(&full).is_some()), "{action}");
    }
}

#[test]
fn every_resource_type_has_templates_of_arns() {
    let placeholders = regex::Regex::new(r"\$\{[A-Za-z0-9]+\}").unwrap();
    for resource in services().flat_map(Service::resource_types) {
        assert!(resource.arns().len() > 0, "{resource:?}");
        for arn in resource.arns() {
            assert!(arn.starts_with("arn:${Partition}:") && arn.split(':').count() >= 6, "{resource:?}: {arn}");
            assert_eq!(placeholders.replace_all(arn, "").find(['$', '{', '}']), None, "{resource:?}: {arn}");
        }
    }
}

#[test]
fn every_managed_policy_is_found_and_its_document_is_json() {
    for policy in managed_policies() {
        assert_eq!(managed_policy(policy.name()), Some(policy));
        assert_eq!(managed_policy(&policy.arn()), Some(policy));
        let document: serde_json::Value = serde_json::from_str(&policy.document()).unwrap();
        assert!(document["Statement"].is_array() || document["Statement"].is_object(), "{}", policy.name());
        let file = fs::read_to_string(data().join(format!("managed/{}.json", policy.name()))).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&file).unwrap(), document, "{}", policy.name());
    }
}

#[test]
fn policies_that_builds_are_given_are_there() {
    for name in [
        "AdministratorAccess",
        "PowerUserAccess",
        "IAMFullAccess",
        "AWSCodeBuildAdminAccess",
        "AWSCodeBuildDeveloperAccess",
        "AWSCodePipeline_FullAccess",
        "AWSCloudFormationFullAccess",
    ] {
        assert!(managed_policy(name).is_some_and(|policy| policy.document().contains("Statement")), "{name}");
    }
}

#[test]
fn every_exceptional_operation_is_found() {
    let mut clients = HashSet::new();
    for row in rows(&data().join("sdk-exceptions.tsv")) {
        clients.insert(row[1].clone());
        if row[0] == "op" {
            let found = operation_actions(&row[1], &row[2]).unwrap();
            let text = |(action, always): (Action, bool)| format!("{action}{}", if always { "" } else { "?" });
            let found: Vec<String> = found.into_iter().map(text).collect();
            assert_eq!(if found.is_empty() { "-".to_owned() } else { found.join(",") }, row[3], "{row:?}");
        }
    }
    assert!(clients.iter().all(|client| client_service(client).is_some()));
}

#[test]
fn the_date_is_a_date_that_the_sources_give() {
    assert_eq!(DATE.len(), "YYYY-MM-DD".len());
    assert!(DATE.bytes().enumerate().all(|(at, byte)| if [4, 7].contains(&at) {
        byte == b'-'
    } else {
        byte.is_ascii_digit()
    }));
    let sources = rows(&data().join("SOURCES.tsv"));
    assert_eq!(sources[0], ["date", DATE]);
    for row in sources.iter().skip(1) {
        assert_eq!((row.len(), row[4].len()), (7, 64), "{row:?}");
    }
}
