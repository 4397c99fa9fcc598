//! The list of rules, in three forms.

use super::words::plural;
use crate::rules::Rule;
use serde::Serialize;
use std::fmt::Write;

/// One line for a rule, by packs.
pub fn text(rules: &[Rule]) -> String {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let mut out = String::new();
    let mut pack = "";
    for rule in rules {
        if rule.pack != pack {
            pack = &rule.pack;
            let _ = writeln!(out, "{}{pack}", if out.is_empty() { "" } else { "\n" });
        }
        let _ = writeln!(out, "  {:width$}  {:8}  {}", rule.id, rule.severity, rule.summary);
    }
    let _ = writeln!(
        out,
        "\n{} {}; `iamlint explain RULE` says more",
        rules.len(),
        if rules.len() == 1 { "rule".into() } else { plural("rule") }
    );
    out
}

#[derive(Serialize)]
struct RuleRow<'r> {
    id: &'r str,
    pack: &'r str,
    severity: &'r str,
    summary: &'r str,
    why: &'r str,
    help: &'r str,
    references: &'r [String],
    replaces: &'r [String],
    analysis: &'r str,
}

/// All rules as a JSON array.
pub fn json(rules: &[Rule]) -> String {
    let rows: Vec<RuleRow<'_>> = rules
        .iter()
        .map(|rule| RuleRow {
            id: &rule.id,
            pack: &rule.pack,
            severity: rule.severity.name(),
            summary: &rule.summary,
            why: &rule.why,
            help: &rule.help,
            references: &rule.references,
            replaces: &rule.replaces,
            analysis: rule.analysis.name,
        })
        .collect();
    serde_json::to_string_pretty(&rows).unwrap_or_default() + "\n"
}

/// The table of the README.
pub fn markdown(rules: &[Rule]) -> String {
    let mut out = String::from("| rule | severity | what it finds |\n|---|---|---|\n");
    for rule in rules {
        let _ = writeln!(
            out,
            "| [`{}`](docs/rules/{}.md) | {} | {} |",
            rule.id,
            rule.id,
            rule.severity,
            rule.summary.replace('|', "\\|")
        );
    }
    out
}
