//! Reading the policy documents that a question is about.

use super::Failure;
use super::policy::PolicyType;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::iam::{GrammarKind, PolicyDocument, PolicyKind, enclosed};
use crate::linter::{Options, lint};
use crate::rules::{Rule, builtin};
use crate::source::{FileId, Sources, Span};
use crate::syntax;
use crate::value::Value;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Policies that were read.
#[derive(Default)]
pub struct Documents {
    pub sources: Sources,
    files: Vec<(FileId, Value)>,
}

impl Documents {
    /// Reads files, and gives their places among those read so far.
    pub fn add(&mut self, paths: &[PathBuf]) -> Result<std::ops::Range<usize>, Failure> {
        let start = self.files.len();
        for path in paths {
            let (name, text) = text_of(path)?;
            let file = self.sources.add(name, text);
            let parsed = syntax::parse(&self.sources.get(file).text, file);
            let mut problems = parsed.problems;
            let value = match parsed.documents.as_slice() {
                [root] => Some(enclosed(Value::plain(root))),
                [_, second, ..] => {
                    problems.push(problem(second.span(), "the file holds several documents", "the second one"));
                    None
                }
                [] => None,
            };
            match value {
                Some(value) if problems.is_empty() => self.files.push((file, value)),
                _ => {
                    if problems.is_empty() {
                        problems.push(problem(Span::start_of(file), "there is no policy in the file", ""));
                    }
                    return Err(Failure::Policies(std::mem::take(&mut self.sources), problems));
                }
            }
        }
        Ok(start..self.files.len())
    }

    /// The first files as policies of one kind, the given one or what their statements tell; those
    /// after `own` limit what a principal may do.
    pub fn read(&mut self, kind: Option<PolicyType>, own: usize) -> Result<Vec<PolicyDocument>, Failure> {
        let told = self.told_kinds(kind);
        let first = told.first().copied().unwrap_or(PolicyKind::Identity);
        if told.iter().take(own).any(|kind| *kind != first) {
            let text = "the policies are of different types: some name principals, and some do not";
            return Err(Failure::with_help(text, "ask about each type by itself, or say `--policy-type`"));
        }
        if own < told.len() && !first.is_of_principal() {
            let text =
                "a boundary and service control policies limit a principal, and these policies are of a resource";
            return Err(Failure::new(text));
        }
        let kinds: Vec<PolicyKind> =
            (0..told.len()).map(|index| if index < own { first } else { PolicyKind::Boundary }).collect();
        self.read_as(&kinds)
    }

    /// What each file is: the given kind, or what its statements tell.
    pub fn told_kinds(&self, kind: Option<PolicyType>) -> Vec<PolicyKind> {
        let of = |(_, value): &(FileId, Value)| match kind {
            Some(PolicyType::Identity) => PolicyKind::Identity,
            Some(PolicyType::Resource) => PolicyKind::Resource,
            Some(PolicyType::Trust) => PolicyKind::Trust,
            None => told_kind(value),
        };
        self.files.iter().map(of).collect()
    }

    /// Each file as a policy of its kind.
    pub fn read_as(&mut self, kinds: &[PolicyKind]) -> Result<Vec<PolicyDocument>, Failure> {
        let documents: Vec<PolicyDocument> =
            self.files.iter().zip(kinds).map(|((_, value), kind)| PolicyDocument::read(value, *kind)).collect();
        let mut problems = Vec::new();
        for ((file, _), document) in self.files.iter().zip(&documents) {
            problems.extend(self.shape_problems(*file, document));
        }
        if problems.is_empty() {
            Ok(documents)
        } else {
            Err(Failure::Policies(std::mem::take(&mut self.sources), problems))
        }
    }

    /// What keeps a document from being a policy. A Sid of the wrong form changes no meaning.
    fn shape_problems(&self, file: FileId, document: &PolicyDocument) -> Vec<Diagnostic> {
        let is_of_sid =
            |kind: &GrammarKind| matches!(kind, GrammarKind::BadSid { .. } | GrammarKind::DuplicateSid { .. });
        let wrong: Vec<Span> =
            document.problems.iter().filter(|one| !is_of_sid(&one.kind)).map(|one| one.span).collect();
        if wrong.is_empty() {
            return Vec::new();
        }
        // The rule that tells of them in templates has the words.
        let is_asked = |rule: &&Rule| rule.analysis.name == "statement-grammar";
        let rules: Vec<Rule> = builtin::rules().iter().filter(is_asked).cloned().collect();
        let mut alone = lint(&self.sources, &rules, &Options::default()).diagnostics;
        alone.retain(|found| found.primary.span.file == file && wrong.contains(&found.primary.span));
        let told: Vec<Span> = alone.iter().map(|found| found.primary.span).collect();
        let untold = wrong.into_iter().filter(|span| !told.contains(span));
        alone.extend(
            untold.map(|span| problem(span, "IAM takes no policy of this shape", "this is not as it has to be")),
        );
        alone
    }
}

fn problem(span: Span, message: &str, label: &str) -> Diagnostic {
    Diagnostic::new("policy", Severity::High, message.to_owned(), Label::new(span, label))
}

/// Resource policies name principals, and trust policies name no resource besides.
fn told_kind(value: &Value) -> PolicyKind {
    let as_resource = PolicyDocument::read(value, PolicyKind::Resource);
    let has_principal = as_resource.statements.iter().any(|statement| statement.principals.is_some());
    let has_resource = as_resource.statements.iter().any(|statement| statement.resources.is_some());
    match (has_principal, has_resource) {
        (false, _) => PolicyKind::Identity,
        (true, true) => PolicyKind::Resource,
        (true, false) => PolicyKind::Trust,
    }
}

fn text_of(path: &Path) -> Result<(String, String), Failure> {
    let mut bytes = Vec::new();
    let name = if path.as_os_str() == "-" {
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
        "<stdin>".to_owned()
    } else {
        bytes = std::fs::read(path)
            .map_err(|error| Failure::new(format!("cannot read the policy {}: {error}", path.display())))?;
        path.to_string_lossy().replace('\\', "/")
    };
    let text = String::from_utf8(bytes).map_err(|_| Failure::new(format!("the policy {name} is not UTF-8")))?;
    Ok((name, text))
}
