//! The names of the formats.

use crate::linter::Inventory;
use crate::rules::pack::nearest;
use std::fmt;
use std::str::FromStr;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Frames with the source, one for each place; for terminals.
    #[default]
    Pretty,
    /// One frame for all places of a file; for logs that are read by people.
    Rich,
    /// One line for a finding; for editors, `grep` and problem matchers.
    Short,
    /// Everything, for programs.
    Json,
    /// The same, a line for each finding.
    Ndjson,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Test cases, for CodeBuild reports and CI servers.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
    /// The code quality report of GitLab.
    Gitlab,
    /// Findings for Security Hub.
    Asff,
    /// A comment on a pull request.
    Markdown,
    /// One page for people.
    Html,
}

impl Format {
    pub const ALL: [Format; 12] = [
        Format::Pretty,
        Format::Rich,
        Format::Short,
        Format::Json,
        Format::Ndjson,
        Format::Sarif,
        Format::Junit,
        Format::Github,
        Format::Gitlab,
        Format::Asff,
        Format::Markdown,
        Format::Html,
    ];

    /// Colour, width and links make a difference.
    pub fn is_for_terminals(self) -> bool {
        matches!(self, Format::Pretty | Format::Rich | Format::Short)
    }

    /// What it lists besides findings.
    pub fn inventory(self) -> Inventory {
        Inventory { rules: matches!(self, Format::Sarif | Format::Junit | Format::Html), roles: self == Format::Html }
    }

    pub fn name(self) -> &'static str {
        match self {
            Format::Pretty => "pretty",
            Format::Rich => "rich",
            Format::Short => "short",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Sarif => "sarif",
            Format::Junit => "junit",
            Format::Github => "github",
            Format::Gitlab => "gitlab",
            Format::Asff => "asff",
            Format::Markdown => "markdown",
            Format::Html => "html",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Format, String> {
        let found = Format::ALL.into_iter().find(|format| format.name() == text);
        found.ok_or_else(|| {
            let names = Format::ALL.map(Format::name);
            match nearest(text, names) {
                Some(meant) => format!("`{text}` is no format, did you mean `{meant}`?"),
                None => format!("`{text}` is no format: {}", names.join(", ")),
            }
        })
    }
}
