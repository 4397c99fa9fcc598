//! Analyses (code), rule packs (data bound to analyses), and the run that asks every bound check.

pub mod analysis;
pub mod builtin;
pub mod examples;
mod message;
pub mod pack;
mod packs;
mod params;
pub mod peers;
mod schema;
pub mod secrets;

pub use analysis::ANALYSES;
pub use pack::{PackError, Rule, load};
pub use params::{Param, ParamKind, Params};

use crate::diagnostic::{Applicability, Confidence, Diagnostic, Doubt, Fix, Label, Severity};
use crate::edit::{Change, Obstacle, Step, Texts};
use crate::iam::{Grant, Reason};
use crate::model::command::Command;
use crate::model::group;
use crate::model::{Model, Principal, PrincipalId};
use crate::needs::compare::{self, Comparison, Depth};
use crate::needs::{self, Needs};
use crate::source::{FileId, Sources, Span, Spanned};
use crate::template::{Format, Trees};
use jiff::civil::Date;
use rayon::prelude::*;
use secrets::Secret;
use std::collections::HashSet;
use std::sync::OnceLock;

/// The types of resources whose properties analyses ask about, whatever the rules that are bound to them.
const RESOURCE_TYPES: [&str; 5] = [
    "AWS::CodeCommit::Repository",
    "AWS::ECR::Repository",
    "AWS::ECS::TaskDefinition",
    "AWS::Events::Rule",
    "AWS::S3::Bucket",
];

/// Whether it is asked what roles need: what making a resource needs depends on all of its properties. Without
/// rules somebody else asks.
pub fn ask_for_needs(rules: &[Rule]) -> bool {
    let asks =
        |rule: &Rule| ["unused-permission", "missing-permission", "broader-resource"].contains(&rule.analysis.name);
    rules.is_empty() || rules.iter().any(asks)
}

/// All types of resources whose properties these rules, or any needs, ask about, and those that hold secrets.
pub fn resource_types(rules: &[Rule]) -> HashSet<String> {
    let fixed = RESOURCE_TYPES.into_iter().chain(needs::resource_types()).chain(analysis::resource_types());
    let fixed = fixed.chain(group::resource_types());
    let asking = rules.iter().chain(secret_finders());
    fixed.map(str::to_owned).chain(asking.flat_map(|rule| rule.resource_types.iter().cloned())).collect()
}

/// One kind of question that rules can ask, with its parameters.
pub struct Analysis {
    pub name: &'static str,
    /// One line: what it looks for.
    pub summary: &'static str,
    pub params: &'static [Param],
    /// The placeholders that its findings fill in.
    pub facts: &'static [&'static str],
    pub bind: fn(&Params) -> Check,
}

/// An analysis bound to the parameters of a rule.
pub type Check = Box<dyn Fn(&Context<'_>) -> Vec<Finding> + Send + Sync>;

/// What a check may look at.
pub struct Context<'c> {
    pub model: &'c Model,
    pub sources: &'c Sources,
    /// The format of each file, by its index.
    pub formats: &'c [Format],
    /// The day of the run, where it is told.
    pub today: Option<Date>,
    /// Files of the repository were left unread: what is not among the sources may be there all the same.
    pub is_partial: bool,
    trees: &'c Trees,
    uses: OnceLock<Vec<(PrincipalId, Needs, Comparison)>>,
    secrets: OnceLock<Vec<(FileId, Secret)>>,
}

impl<'c> Context<'c> {
    pub fn new(model: &'c Model, sources: &'c Sources, formats: &'c [Format], trees: &'c Trees) -> Context<'c> {
        Context {
            model,
            sources,
            formats,
            today: None,
            is_partial: false,
            trees,
            uses: OnceLock::new(),
            secrets: OnceLock::new(),
        }
    }

    /// The same on a certain day, and with what is known of the sources.
    pub fn on(self, today: Option<Date>, is_partial: bool) -> Context<'c> {
        Context { today, is_partial, ..self }
    }

    /// Whether output of the AWS CLI tells of a principal.
    pub fn is_output(&self, principal: &Principal) -> bool {
        self.formats[principal.file.index()] == Format::CliDump
    }

    /// The needs of the roles of builds and pipelines next to what they may do, where all of that is
    /// seen. Made once, when it is first asked for, and by one thread: one that waits for others could
    /// be given a rule that asks for it too.
    pub fn uses(&self) -> impl Iterator<Item = (&'c Principal, &Needs, &Comparison)> {
        let model = self.model;
        let is_seen = |id: PrincipalId| {
            let role = model.principal(id);
            let mut documents = role.authority.documents.iter();
            role.is_whole() && role.authority.unseen.is_empty() && documents.all(|document| document.unread.is_empty())
        };
        let found = self.uses.get_or_init(|| compare::all(model, is_seen, Depth::WorstActions));
        found.iter().map(move |(id, needs, compared)| (model.principal(*id), needs, compared))
    }

    /// Secrets that are known by their form, of all files.
    pub fn secrets(&self) -> &[(FileId, Secret)] {
        self.secrets.get_or_init(|| {
            let of_file = |(file, text): (FileId, &str)| -> Vec<(FileId, Secret)> {
                secrets::by_form(text).into_iter().map(|secret| (file, secret)).collect()
            };
            self.sources.iter().flat_map(|(file, source)| of_file((file, &source.text))).collect()
        })
    }
}

/// What an analysis returns, before a rule words it.
#[derive(Clone, Debug)]
pub struct Finding {
    pub span: Span,
    /// Instead of the rule's own label, where one wording does not fit all.
    pub label: Option<String>,
    pub related: Vec<Label>,
    pub facts: Vec<(&'static str, String)>,
    /// What it is about, free of line numbers; with rule and path it makes the id.
    pub subject: String,
    /// Instead of the rule's own severity, where the analysis computes it.
    pub severity: Option<Severity>,
    /// How many steps less serious it is than that, for what narrows it.
    pub lowered_by: u8,
    pub confidence: Confidence,
    pub doubts: Vec<Doubt>,
    pub notes: Vec<String>,
    pub help: Option<String>,
    /// What reading the text found out already.
    pub fix: Option<Fix>,
    /// What to write; the run works out its bytes.
    pub change: Option<Change>,
    /// The actions that it is about, as the policy writes them, where they are granted.
    pub actions: Vec<Spanned<String>>,
    /// The place that findings of several rules have in common; they are told as one.
    pub cause: Option<Span>,
    /// A place that must never be shown.
    pub secret: Option<Span>,
}

impl Finding {
    pub fn new(span: Span, subject: impl Into<String>) -> Finding {
        Finding {
            span,
            label: None,
            related: Vec::new(),
            facts: Vec::new(),
            subject: subject.into(),
            severity: None,
            lowered_by: 0,
            confidence: Confidence::High,
            doubts: Vec::new(),
            notes: Vec::new(),
            help: None,
            fix: None,
            change: None,
            actions: Vec::new(),
            cause: None,
            secret: None,
        }
    }

    pub fn fact(mut self, name: &'static str, value: impl Into<String>) -> Finding {
        self.facts.push((name, value.into()));
        self
    }

    pub fn related(mut self, span: Span, text: impl Into<String>) -> Finding {
        // A chain that leads back to one place says all of it there.
        self.related.push(Label::new(span, text));
        self
    }

    /// The same cause again. It is shown once in each further file, so that whoever asks about that file alone
    /// is told, too.
    pub fn again_at(&mut self, span: Span) {
        let shown = std::iter::once(self.span).chain(self.related.iter().map(|label| label.span));
        if shown.into_iter().all(|shown| shown.file != span.file) {
            self.related.push(Label::new(span, "and here"));
        }
    }

    /// The commands that lead to one in a script, as labels.
    pub fn through(mut self, command: &Command) -> Finding {
        for via in command.via.iter().rev() {
            let label = Label::new(via.span, format!("`{}` runs it", via.shown));
            if !self.related.contains(&label) && !command.span.contains(via.span) {
                self.related.push(label);
            }
        }
        self
    }

    /// Grants that it is about: who suppresses it has to speak of each.
    pub fn granted<'g, 'a: 'g>(mut self, grants: impl IntoIterator<Item = &'g Grant<'a>>) -> Finding {
        for grant in grants {
            let written = grant.pattern.map_or_else(|| "NotAction".into(), |pattern| pattern.text().display());
            let action = Spanned::new(written.into_owned(), grant.span);
            if !self.actions.contains(&action) {
                self.actions.push(action);
            }
        }
        self
    }

    pub fn label(mut self, text: impl Into<String>) -> Finding {
        self.label = Some(text.into());
        self
    }

    pub fn note(mut self, text: impl Into<String>) -> Finding {
        self.notes.push(text.into());
        self
    }

    pub fn severity(mut self, severity: Severity) -> Finding {
        self.severity = Some(severity);
        self
    }

    pub fn lowered_by(mut self, steps: u8) -> Finding {
        self.lowered_by = steps;
        self
    }

    /// What to write, told by the help in the same words.
    pub fn mended_by(mut self, applicability: Applicability, help: impl Into<String>, steps: Vec<Step>) -> Finding {
        let help = help.into();
        self.change = Some(Change::new(applicability, help.clone(), steps));
        self.help = Some(help);
        self
    }

    /// What could not be evaluated lowers confidence, and never raises severity.
    pub fn doubted(mut self, doubts: impl IntoIterator<Item = Doubt>) -> Finding {
        for doubt in doubts {
            self.confidence = self.confidence.and(Confidence::Medium);
            if !self.doubts.contains(&doubt) {
                self.doubts.push(doubt);
            }
        }
        self
    }
}

/// The engine's reason as a doubt of a finding.
pub fn doubt(reason: &Reason) -> Doubt {
    Doubt { text: reason.text.clone(), span: reason.span }
}

/// Rules that tell where secrets stand.
fn secret_finders<'r>() -> impl Iterator<Item = &'r Rule> {
    builtin::rules().iter().filter(|rule| rule.finds_secrets)
}

/// Findings of all rules, worded; in the order of the rules. With them go the places of secrets, which no
/// choice of rules brings to light.
pub fn run(context: &Context<'_>, rules: &[Rule]) -> (Vec<Diagnostic>, Vec<Span>) {
    let is_asked = |rule: &&Rule| rules.iter().any(|asked| asked.id == rule.id);
    let unasked = secret_finders().filter(|rule| !is_asked(rule)).map(|rule| (rule, false));
    let all: Vec<(&Rule, bool)> = rules.iter().map(|rule| (rule, true)).chain(unasked).collect();
    // Checks only read, and their findings are put in the order of the rules.
    let ask = |(rule, is_asked): &(&Rule, bool)| -> Vec<Told> {
        let word =
            |mut finding: Finding| (finding.secret, is_asked.then(|| (finding.change.take(), rule.word(finding))));
        (rule.check)(context).into_iter().map(word).collect()
    };
    if rules.iter().any(|rule| rule.analysis.name == "policy-validation") {
        // Rules share what validation finds: those that asked for it at once would wait for each other at each policy.
        context.model.policies.par_iter().for_each(|policy| {
            policy.issues();
        });
    }
    let found: Vec<Vec<Told>> = all.par_iter().map(ask).collect();
    let told: Vec<Span> = found.iter().flatten().filter_map(|(secret, _)| *secret).collect();
    let by_form = context.secrets().iter();
    let by_form = by_form.map(|(file, secret)| Span::new(*file, secret.hidden.start, secret.hidden.end));
    let secrets = told.into_iter().chain(by_form).chain(context.model.hidden.iter().copied());
    (with_fixes(context, found), secrets.collect())
}

/// A finding in words, and the change that its analysis means to mend it.
type Worded = (Option<Change>, Diagnostic);

/// The secret that a finding is about, and its words where its rule is asked.
type Told = (Option<Span>, Option<Worded>);

/// The findings with what mends them, to the byte.
fn with_fixes(context: &Context<'_>, found: Vec<Vec<Told>>) -> Vec<Diagnostic> {
    let parsed = |file: FileId| {
        let is_tree = !matches!(context.formats[file.index()], Format::Dockerfile | Format::Other);
        is_tree.then(|| context.trees.parsed(file))
    };
    let mut texts = Texts::new(context.sources, &parsed);
    let with_fix = |(change, mut diagnostic): Worded| {
        if let Some(change) = change {
            let written = written_by_program(context, diagnostic.primary.span.file);
            match written.map_or_else(|| texts.work_out(&change), Err) {
                Ok(fix) => diagnostic.fix = Some(fix),
                Err(obstacle) => diagnostic.unfixable = Some(obstacle),
            }
        }
        diagnostic
    };
    let mut diagnostics = Vec::with_capacity(found.iter().map(Vec::len).sum());
    diagnostics.extend(found.into_iter().flatten().filter_map(|(_, worded)| worded).map(with_fix));
    diagnostics
}

/// Why nobody changes a file by hand, where a program writes it.
fn written_by_program(context: &Context<'_>, file: FileId) -> Option<Obstacle> {
    let is_of_cdk = || context.model.origins.iter().any(|origin| origin.span.file == file && origin.role.is_none());
    match context.formats[file.index()] {
        Format::CliDump => Some("it is output of the AWS CLI"),
        _ if is_of_cdk() => Some("the CDK writes this file"),
        _ => None,
    }
}
