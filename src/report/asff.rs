//! Findings for Security Hub, as `aws securityhub batch-import-findings` takes them; nothing is sent.
//! <https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html>

use super::place::place;
use super::{Scene, finding, json};
use crate::diagnostic::{Diagnostic, Severity};
use crate::linter;
use serde::Serialize;
use std::collections::BTreeMap;

/// Where findings are imported, and the time that they are given. A run knows neither by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub partition: String,
    pub region: String,
    /// Twelve digits.
    pub id: String,
    /// In the form of RFC 3339.
    pub time: String,
}

impl Default for Account {
    /// Names that Security Hub refuses: a file with them cannot be imported by mistake.
    fn default() -> Account {
        let [partition, region, id, time] = ["aws", "REGION", "ACCOUNT", "TIME"].map(str::to_owned);
        Account { partition, region, id, time }
    }
}

/// Characters that a title and a description may have.
const TITLE: usize = 256;
const DESCRIPTION: usize = 1024;

pub fn report(scene: &Scene, report: &linter::Report) -> String {
    let account = scene.style.account.clone().unwrap_or_default();
    let findings: Vec<Finding> = report.diagnostics.iter().map(|found| row(scene, found, &account)).collect();
    json::pretty(&findings)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Finding {
    schema_version: &'static str,
    id: String,
    product_arn: String,
    generator_id: String,
    aws_account_id: String,
    created_at: String,
    updated_at: String,
    title: String,
    description: String,
    types: [&'static str; 1],
    severity: Label,
    finding_provider_fields: ProviderFields,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Remediation>,
    resources: [Resource; 1],
    record_state: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Label {
    label: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProviderFields {
    severity: Label,
    types: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Remediation {
    recommendation: Recommendation,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Recommendation {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(rename = "Type")]
    kind: &'static str,
    id: String,
    partition: String,
    region: String,
    details: Details,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Details {
    other: BTreeMap<&'static str, String>,
}

const TYPES: [&str; 1] = ["Software and Configuration Checks/AWS Security Best Practices"];

fn row(scene: &Scene, found: &Diagnostic, account: &Account) -> Finding {
    let Account { partition, region, id: owner, time } = account;
    let id = found.id(scene.sources);
    let place = place(found.primary.span, scene.sources);
    let notes = finding::footnotes(scene, found, 0);
    let notes: Vec<String> = notes.iter().map(|note| format!("{} {}", note.key, note.text)).collect();
    let message = finding::message(found);
    let help = found.help.as_ref().map(|help| shortened(help, 512));
    Finding {
        schema_version: "2018-10-08",
        id: format!("iamlint/{region}/{owner}/{id}"),
        product_arn: format!("arn:{partition}:securityhub:{region}:{owner}:product/{owner}/default"),
        generator_id: format!("iamlint/{}", found.rule),
        aws_account_id: owner.clone(),
        created_at: time.clone(),
        updated_at: time.clone(),
        title: shortened(&message, TITLE),
        description: shortened(&format!("{message}\n{}", notes.join("\n")), DESCRIPTION),
        types: TYPES,
        severity: Label { label: label(found.severity) },
        finding_provider_fields: ProviderFields { severity: Label { label: label(found.severity) }, types: TYPES },
        remediation: help.map(|text| Remediation { recommendation: Recommendation { text } }),
        resources: [Resource {
            kind: "Other",
            id: shortened(&format!("{}:{}", place.path, scene.secrets.mask(&found.subject)), 512),
            partition: partition.clone(),
            region: region.clone(),
            details: Details {
                other: BTreeMap::from([
                    ("path", place.path.to_owned()),
                    ("line", place.start.line.to_string()),
                    ("column", place.start.column.to_string()),
                    ("confidence", found.confidence.name().to_owned()),
                ]),
            },
        }],
        record_state: "ACTIVE",
    }
}

fn label(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "CRITICAL",
        Severity::High => "HIGH",
        Severity::Medium => "MEDIUM",
        Severity::Low => "LOW",
        Severity::Info => "INFORMATIONAL",
    }
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
