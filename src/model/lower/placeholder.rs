//! Names that wait to be filled in: `ACCOUNT_ID`, `YOUR-BUCKET`, `<region>`.

use super::Fragment;
use crate::model::Placeholder;
use crate::value::{Part, Text, Value};

/// Properties whose value names something, so that words in capitals are no setting.
const NAMING_KEYS: [&str; 12] = [
    "ServiceRole",
    "RoleArn",
    "Location",
    "S3Bucket",
    "BucketName",
    "Bucket",
    "NotificationArn",
    "Resource",
    "ManagedPolicyArns",
    "PermissionsBoundary",
    "FullRepositoryId",
    "AWS",
];

/// Whether a resource is one of CI, CD or IAM.
pub fn is_looked_through(kind: &str) -> bool {
    ["AWS::IAM::", "AWS::CodeBuild::", "AWS::CodePipeline::", "AWS::CodeDeploy::"]
        .iter()
        .any(|prefix| kind.starts_with(prefix))
}

/// Looks at properties under the names that CloudFormation has for them.
pub fn collect(properties: &Value, fragment: &mut Fragment) {
    walk(properties, "", &mut |key, text| {
        if NAMING_KEYS.contains(&key) && is_placeholder(text) && !is_listed(fragment, text) {
            let shown = text.display().into_owned();
            fragment.placeholders.push(Placeholder { text: shown, property: key.to_owned(), span: text.span });
        }
    });
}

fn is_listed(fragment: &Fragment, text: &Text) -> bool {
    fragment.placeholders.iter().any(|known| known.text == text.display())
}

fn walk(value: &Value, key: &str, visit: &mut impl FnMut(&str, &Text)) {
    match value {
        Value::Text(text) => visit(key, text),
        Value::List(items, _) => items.iter().for_each(|item| walk(item, key, visit)),
        Value::Map(map) => map.entries.iter().for_each(|(key, value)| walk(value, &key.value, visit)),
        Value::Choice(branches, _) => branches.iter().for_each(|branch| walk(&branch.value, key, visit)),
        Value::Null(_) | Value::Absent(_) | Value::Unknown(_) => {}
    }
}

fn is_placeholder(text: &Text) -> bool {
    let known = text.parts.iter().filter_map(|part| match part {
        Part::Known(known, _) => Some(known.as_str()),
        Part::Hole(_) => None,
    });
    known.flat_map(|known| known.split([':', '/', ','])).any(|segment| is_placeholder_segment(segment.trim()))
}

/// The location of a source whose webhook is that of an organisation: no repository is named then.
/// Source: <https://docs.aws.amazon.com/codebuild/latest/userguide/github-global-organization-webhook.html>
const OF_ORGANISATION: &str = "CODEBUILD_DEFAULT_WEBHOOK_SOURCE_LOCATION";

/// Whether one segment of a name is only there to be replaced.
pub fn is_placeholder_segment(segment: &str) -> bool {
    if segment == OF_ORGANISATION {
        return false;
    }
    if segment.len() > 2 && segment.starts_with('<') && segment.ends_with('>') {
        return true;
    }
    let lower = segment.to_ascii_lowercase();
    if ["your-", "your_", "my-account-id", "xxxxx"].iter().any(|start| lower.starts_with(start)) {
        return true;
    }
    let words: Vec<&str> = segment.split(['-', '_']).collect();
    let is_word = |word: &&str| word.len() >= 2 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    matches!(segment, "ACCOUNT" | "ACCOUNTID" | "REGION" | "PARTITION" | "BUCKET" | "REPOSITORY")
        || (words.len() >= 2 && words.iter().all(is_word))
}
