//! The one function that takes sources and gives diagnostics, and the one that mends them. Pure: no I/O,
//! no printing.

mod compare;
mod fix;
mod inventory;
mod verdict;

pub use compare::{Side, lint_change};
pub use fix::{Fixes, Left, Permit, fix};
pub use inventory::{ActionRow, AskedRule, Inventory, PipelineRow, PowerRow, RoleRow, ServiceRow, StageRow, Uses};
pub use verdict::Deployment;

use crate::baseline::{self, Baseline};
use crate::change::Change;
use crate::config::Config;
use crate::diagnostic::{Confidence, Diagnostic, Doubt, Severity};
use crate::iam::{PolicyKind, Reason};
use crate::model::lower::{self, AsPolicy, Asked};
use crate::model::{self, Model};
use crate::rules::{self, Context, Rule, builtin, secrets};
use crate::source::{FileId, Sources, Span};
use crate::suppress::{self, Circumstances, Suppressed, Suppressions};
use crate::syntax;
use crate::template::terraform::is_terraform_name;
use crate::template::{File, Format, Repository, Trees, is_script_name};
use jiff::civil::Date;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The outcome of one run over a set of sources. Plain data; `report` renders it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Sorted, without duplicates.
    pub diagnostics: Vec<Diagnostic>,
    pub summary: Summary,
    /// Findings that a comment, metadata or the configuration suppresses; sorted as the others.
    pub suppressed: Vec<Suppressed>,
    /// Findings that are in the baseline; sorted as the others.
    pub known: Vec<Diagnostic>,
    /// Entries of the baseline that nothing fits any more.
    pub stale: Vec<baseline::Entry>,
    /// Secrets: every renderer masks these places.
    pub redactions: Vec<Span>,
    /// The rules of the run, in the order of their packs, where they are wanted.
    pub rules: Vec<AskedRule>,
    /// In the order of the files, as are the pipelines; where they are wanted.
    pub roles: Vec<RoleRow>,
    pub pipelines: Vec<PipelineRow>,
    /// What a change brings, where the run compares: the findings are then the new ones.
    pub change: Option<Change>,
    /// What was fixed, where the run fixes: the findings are then what is left.
    pub fixes: Option<Fixes>,
}

/// What was read, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many files of each kind were analysed: `CloudFormation template`, `buildspec`, …
    pub analysed: BTreeMap<&'static str, usize>,
    pub roles: usize,
    pub statements: usize,
    pub projects: usize,
    /// Of these, projects whose buildspec is in none of the files, so that nothing is known of their commands.
    pub unseen_buildspecs: usize,
    pub pipelines: usize,
    /// Shell commands of builds, images and actions, those of the scripts that they run included.
    pub commands: usize,
    /// Of these, commands of which it is known what program they run and with which words.
    pub understood: usize,
    pub not_analysed: Vec<NotAnalysed>,
    /// Files that are no business of iamlint: other YAML and JSON.
    pub other_files: usize,
    /// Who may deploy, where something that deploys or an account is seen.
    pub deployment: Option<Deployment>,
}

/// A file or a part of one that the run could not look into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnalysed {
    pub path: String,
    /// The part of the file, when the rest was analysed.
    pub span: Option<Span>,
    pub reason: String,
}

/// What one run is asked to do.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Files that findings are told of; `None` means all. The others are read for what they say.
    pub reported: Option<BTreeSet<FileId>>,
    /// Files that were named, so that not being able to read them is worth a word.
    pub named: Vec<FileId>,
    /// Every file is a policy document or holds some, unless it is a template: what they are taken for.
    pub as_policy: Option<AsPolicy>,
    /// The process ends with this run: what it holds is left to the system, as taking it apart takes
    /// a twentieth of the work.
    pub is_last: bool,
    /// What the repository wants of the run.
    pub config: Config,
    /// Ids of all rules that there are, asked or not; those of the built-in packs where it is empty.
    pub known_rules: Vec<String>,
    /// What is known already.
    pub baseline: Option<Baseline>,
    /// What the report shall list besides.
    pub inventory: Inventory,
    /// Nothing is suppressed.
    pub no_ignores: bool,
    /// The day of the run: suppressions may end, and roles grow stale.
    pub today: Option<Date>,
    /// Files of the repository were left unread, so that some findings may be missing.
    pub is_partial: bool,
}

impl Options {
    /// Whether findings of a file are told.
    pub fn reports(&self, file: FileId) -> bool {
        self.reported.as_ref().is_none_or(|reported| reported.contains(&file))
    }

    fn suppressions(&self, repository: &Repository<'_>, rules: &[Rule]) -> Suppressions {
        if self.no_ignores {
            return Suppressions::default();
        }
        let own = suppress::RULES.iter().map(|rule| rule.id);
        let known: Vec<&str> = match self.known_rules.as_slice() {
            [] => builtin::rules().iter().map(|rule| rule.id.as_str()).chain(own).collect(),
            ids => ids.iter().map(String::as_str).chain(own).collect(),
        };
        suppress::read(repository, &self.config, &known, rules)
    }
}

/// What all sources mean together.
#[derive(Debug)]
pub struct Understood {
    pub model: Model,
    /// The format of each file, by its index.
    pub formats: Vec<Format>,
    pub trees: Trees,
    pub summary: Summary,
    /// The options, with the parts of services that are asked about.
    pub options: Options,
}

/// Reads all sources, and asks no rule.
pub fn understand(sources: &Sources, options: &Options) -> Understood {
    read(sources, &[], options).0
}

/// Reads all sources: what they mean, and what they say is not to be told.
fn read(sources: &Sources, rules: &[Rule], options: &Options) -> (Understood, Suppressions) {
    let files: Vec<FileId> = sources.iter().map(|(file, _)| file).collect();
    let repository = Repository::read_with(sources, options.config.assigned(sources));
    let options = with_parts(options, &repository);
    let asked = match rules::ask_for_needs(rules) {
        true => Asked::All,
        false => Asked::Types(rules::resource_types(rules)),
    };
    let taken: Vec<Taken> = files.par_iter().map(|file| take(&repository, *file, &asked, &options)).collect();
    let formats: Vec<Format> = taken.iter().map(|file| file.format).collect();
    let mut summary = summarise_files(sources, &options, &taken);
    let suppressions = options.suppressions(&repository, rules);
    let given = options.config.given(sources);
    let (repository, trees) = repository.without_trees();
    let model = model::link(sources, &repository, taken.into_iter().map(|file| file.fragment).collect(), given);
    summarise_model(sources, &options, &model, &formats, &mut summary);
    (Understood { model, formats, trees, summary, options }, suppressions)
}

/// Reads all sources, and asks all rules.
pub fn lint(sources: &Sources, rules: &[Rule], options: &Options) -> Report {
    let (report, model) = lint_and_model(sources, rules, options);
    give_back(model, options);
    report
}

/// The same, with what the sources mean.
fn lint_and_model(sources: &Sources, rules: &[Rule], options: &Options) -> (Report, Model) {
    let (Understood { model, formats, trees, mut summary, options }, suppressions) = read(sources, rules, options);
    let context = Context::new(&model, sources, &formats, &trees).on(options.today, options.is_partial);
    let (mut diagnostics, mut redactions) = rules::run(&context, rules);
    let given: HashSet<Span> = model.principals.iter().flat_map(|one| one.given_by_tool.iter().copied()).collect();
    diagnostics.retain(|found| !given.contains(&found.primary.span));
    summary.deployment = verdict::deployment(&model, rules, &diagnostics, &formats, &options);
    give_back(trees, &options);
    options.config.apply_levels(sources, rules, &mut diagnostics);
    for diagnostic in &mut diagnostics {
        doubt_repaired(&model, diagnostic);
        let origin = model.origin(diagnostic.primary.span, &diagnostic.about);
        if let Some(origin) = origin {
            diagnostic.notes.push(origin.text.clone());
            if origin.is_of_tool {
                diagnostic.severity = Severity::Info;
            }
        }
    }
    let circumstances = Circumstances {
        config: &options.config,
        today: options.today,
        asked: rules.iter().filter(|rule| !options.config.is_off(rule)).map(|rule| rule.id.as_str()).collect(),
        is_reported: &|file| options.reports(file),
        is_partial: options.is_partial,
    };
    let (diagnostics, mut suppressed, mut of_suppressions) =
        suppress::judge(sources, &model, suppressions, &circumstances, diagnostics);
    options.config.apply_levels(sources, rules, &mut of_suppressions);
    let mut diagnostics = one_per_cause(diagnostics);
    let is_reported = |found: &Diagnostic| found.all_labels().any(|label| options.reports(label.span.file));
    diagnostics.retain(is_reported);
    // Those in the configuration are about files that are reported.
    of_suppressions.retain(|found| sources.path(found.primary.span.file).ends_with(".toml") || is_reported(found));
    diagnostics.append(&mut of_suppressions);
    suppressed.retain(|one| is_reported(&one.diagnostic));
    diagnostics.sort_by(|left, right| left.sort_key(sources).cmp(&right.sort_key(sources)));
    suppressed.sort_by(|left, right| left.diagnostic.sort_key(sources).cmp(&right.diagnostic.sort_key(sources)));
    diagnostics.dedup();
    suppressed.dedup_by(|left, right| left.diagnostic == right.diagnostic);
    number_equal_ids(sources, &mut diagnostics, &mut suppressed);
    let is_judged = |rule: &str, path: &str| {
        let is_asked = circumstances.asked.contains(rule) || suppress::own_rule(rule).is_some();
        !options.is_partial && is_asked && sources.find(path).is_none_or(|file| options.reports(file))
    };
    let baseline = options.baseline.as_ref();
    let split = baseline.map(|baseline| baseline.split(sources, &mut diagnostics, is_judged));
    let (known, stale) = split.unwrap_or_default();
    let told = diagnostics.iter().chain(&known).chain(suppressed.iter().map(|one| &one.diagnostic));
    let labels = told.flat_map(Diagnostic::all_labels);
    redactions.extend(secrets::places(sources, labels.map(|label| label.span.file)));
    let mut report = Report { diagnostics, suppressed, known, stale, summary, redactions, ..Report::default() };
    if options.inventory.rules {
        report.rules = inventory::rules(rules);
    }
    if options.inventory.roles {
        report.roles = inventory::roles(&model, &options);
        report.pipelines = inventory::pipelines(&model, &options);
    }
    (report, model)
}

/// Takes apart what is no longer needed, on another thread: nobody has to wait for it.
fn give_back<T: Send + 'static>(whole: T, options: &Options) {
    match options.is_last {
        true => std::mem::forget(whole),
        false => rayon::spawn(move || drop(whole)),
    }
}

/// Who asks about a service asks about the files that it takes in.
fn with_parts(options: &Options, repository: &Repository<'_>) -> Options {
    let mut options = options.clone();
    if let Some(reported) = &mut options.reported {
        let parts: Vec<FileId> = reported.iter().flat_map(|file| repository.parts_of(*file)).collect();
        reported.extend(parts);
    }
    options
}

/// One file as the run takes it.
struct Taken {
    format: Format,
    fragment: lower::Fragment,
    /// Why it is worth a word that the file is none of ours.
    odd: Option<&'static str>,
    /// It is another tool's, which is not worth a word.
    foreign: bool,
}

impl Taken {
    /// One that there is nothing odd about.
    fn plain(format: Format, fragment: lower::Fragment) -> Taken {
        Taken { format, fragment, odd: None, foreign: false }
    }
}

/// Lowers a file as what it is, or as the policy that it is taken for.
fn take(repository: &Repository<'_>, file: FileId, asked: &Asked, options: &Options) -> Taken {
    let File { format, parsed, .. } = repository.get(file);
    if let Some(taken_for) = &options.as_policy
        && !matches!(format, Format::CloudFormation | Format::Sam | Format::Serverless | Format::Terraform)
        && parsed.root().is_some()
    {
        let taken = |format| Taken::plain(format, lower::policy(repository, file, format, taken_for));
        // An output of the AWS CLI says itself which policies it holds. One that holds none is no policy either.
        let output = (*format == Format::CliDump).then(|| taken(Format::CliDump));
        let holds_some = |taken: &Taken| !taken.fragment.policies.is_empty() || !taken.fragment.not_read.is_empty();
        return output.filter(holds_some).unwrap_or_else(|| taken(Format::Policy));
    }
    if *format == Format::Terraform && parsed.root().is_none() {
        let odd = Some("it cannot be read as HCL, and may name the backend that keeps the state of Terraform");
        return Taken { odd, ..Taken::plain(*format, lower::lower(repository, file, asked)) };
    }
    if *format == Format::Other && repository.is_taken_in(file) {
        return Taken::plain(Format::Part, lower::lower(repository, file, asked));
    }
    if *format != Format::Other {
        return Taken::plain(*format, lower::lower(repository, file, asked));
    }
    // A script is read for the builds that run it, whatever it speaks of. What Terraform makes is not read.
    let (text, path) = (repository.text(file), repository.path(file));
    let is_script = text.starts_with("#!") || is_script_name(path.rsplit('/').next().unwrap_or_default());
    if is_script || is_terraform_name(path) {
        return Taken::plain(Format::Other, lower::Fragment::default());
    }
    // A broken file that is none of ours is nobody's business here.
    let broken = parsed.problems.iter().any(|problem| problem.rule == syntax::PARSE_ERROR);
    let foreign = crate::template::is_foreign(parsed, path);
    let speaks = !foreign && crate::template::mentions_our_formats(text);
    let odd = speaks.then_some(match broken {
        true => "too little of it is YAML or JSON to tell what it is",
        false => "speaks of AWS resources or statements, and is no template, buildspec or policy",
    });
    // One that is meant to be ours is told where it breaks off.
    let is_meant = speaks || (!foreign && options.named.contains(&file));
    let fragment = match broken && is_meant {
        true => lower::Fragment { problems: parsed.problems.clone(), ..lower::Fragment::default() },
        false => lower::package(repository, file),
    };
    Taken { odd, foreign, ..Taken::plain(Format::Other, fragment) }
}

fn summarise_files(sources: &Sources, options: &Options, taken: &[Taken]) -> Summary {
    let mut summary = Summary::default();
    let files = sources.iter().zip(taken).filter(|((file, _), _)| options.reports(*file));
    for ((file, source), Taken { format, odd, foreign, .. }) in files {
        let mut leave_out = |reason: &str| {
            summary.not_analysed.push(NotAnalysed { path: source.path.clone(), span: None, reason: reason.to_owned() });
        };
        if let Some(reason) = format.not_read_because() {
            leave_out(reason);
        } else if let Some(reason) = odd {
            leave_out(reason);
        } else if *format == Format::Other {
            if options.named.contains(&file) && !foreign {
                leave_out(match is_terraform_name(&source.path) {
                    true => "of Terraform only the backend is read, and this file names none",
                    false => "neither a template, nor a buildspec, nor a policy",
                });
            }
            summary.other_files += 1;
        } else {
            *summary.analysed.entry(format.name()).or_default() += 1;
        }
    }
    summary
}

fn summarise_model(sources: &Sources, options: &Options, model: &Model, formats: &[Format], summary: &mut Summary) {
    let is_role = |one: &&model::Principal| one.kind == model::PrincipalKind::Role && options.reports(one.file);
    summary.roles = model.principals.iter().filter(is_role).count();
    let policies = model.policies.iter().filter(|policy| options.reports(policy.file));
    summary.statements = policies.map(|policy| policy.document.statements.len()).sum();
    let projects = || model.projects.iter().filter(|project| options.reports(project.file));
    summary.projects = projects().count();
    summary.unseen_buildspecs = projects().filter(|project| project.buildspec_id().is_none()).count();
    summary.pipelines = model.pipelines.iter().filter(|pipeline| options.reports(pipeline.file)).count();
    for command in model.all_commands().filter(|command| options.reports(command.root().file)) {
        summary.commands += 1;
        summary.understood += usize::from(!command.is_opaque());
    }
    let not_read = model.not_read.iter().cloned().chain(not_known(model, formats));
    let not_read = not_read.filter(|(span, _)| options.reports(span.file));
    summary.not_analysed.extend(not_read.map(|(span, reason)| NotAnalysed {
        path: sources.path(span.file).to_owned(),
        span: Some(span),
        reason,
    }));
    summary.not_analysed.sort_by(|left, right| (&left.path, left.span).cmp(&(&right.path, right.span)));
    // Services may take in one part, each for itself.
    summary.not_analysed.dedup();
}

/// What could not be seen or evaluated of what principals may do and of who may use resources, once for each file. Of what
/// roles of CI may do a rule tells.
fn not_known(model: &Model, formats: &[Format]) -> Vec<(Span, String)> {
    // What an output leaves out is not asked about there: other calls tell it.
    let is_meant =
        |one: &&model::Principal| !one.is_ci_role() && (formats[one.file.index()] != Format::CliDump || one.is_whole());
    let mut places: BTreeMap<FileId, BTreeMap<Span, String>> = BTreeMap::new();
    let mut note = |what: String, reason: Reason| {
        let is_said = |span: &Span| model.not_read.iter().any(|(known, _)| known == span);
        let Some(span) = reason.span.filter(|span| !is_said(span)) else { return };
        places.entry(span.file).or_default().entry(span).or_insert_with(|| format!("{what}: {}", reason.text));
    };
    for one in model.principals.iter().filter(is_meant) {
        let reasons = one.authority.not_known();
        reasons.for_each(|reason| note(format!("a part of what `{}` may do", one.display()), reason));
    }
    let of_resources = |policy: &&model::Policy| matches!(policy.kind, PolicyKind::Resource | PolicyKind::Trust);
    for policy in model.policies.iter().filter(of_resources) {
        let reasons = policy.document.not_known();
        reasons.for_each(|reason| note(format!("a part of the policy of {}", policy.owner.display()), reason));
    }
    let told = places.into_values().filter_map(|mut places| {
        let (span, text) = places.pop_first()?;
        let more = if places.is_empty() { String::new() } else { format!(", and {} more such", places.len()) };
        Some((span, text + &more))
    });
    told.collect()
}

/// A finding that rests on a place that was mended is less sure.
fn doubt_repaired(model: &Model, diagnostic: &mut Diagnostic) {
    if diagnostic.rule == syntax::PARSE_ERROR {
        return;
    }
    let touched = model.repaired.iter().find(|repaired| {
        diagnostic.all_labels().any(|label| {
            label.span.file == repaired.file && label.span.start < repaired.end && repaired.start <= label.span.end
        })
    });
    if let Some(span) = touched {
        diagnostic.confidence = diagnostic.confidence.and(Confidence::Medium);
        diagnostic.doubts.push(Doubt { text: "this place was read as mended".into(), span: Some(*span) });
    }
}

/// Findings of several rules with one cause become one, the others told in its notes.
fn one_per_cause(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    let mut first_of: HashMap<(Span, String), usize> = HashMap::new();
    for mut found in diagnostics {
        let key = found.cause.map(|cause| (cause, found.about.clone()));
        let Some(index) = key.as_ref().and_then(|key| first_of.get(key)).copied() else {
            first_of.extend(key.map(|key| (key, kept.len())));
            kept.push(found);
            continue;
        };
        let known = &mut kept[index];
        if known.rule == found.rule {
            kept.push(found);
            continue;
        }
        // The worse one is told, whichever came first.
        if (found.severity, found.confidence) < (known.severity, known.confidence) {
            std::mem::swap(known, &mut found);
        }
        known.notes.push(format!("{} too: {}", found.rule, found.message));
        known.notes.extend(found.notes.into_iter().filter(|note| note.contains(" too: ")));
        known.also.extend(std::iter::once(found.rule).chain(found.also));
    }
    kept
}

/// Two findings of one rule about one subject in one file are told apart by a count.
fn number_equal_ids(sources: &Sources, diagnostics: &mut [Diagnostic], suppressed: &mut [Suppressed]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    // Neither changes its number when another one is suppressed, as far as their order allows it.
    let mut all: Vec<&mut Diagnostic> =
        diagnostics.iter_mut().chain(suppressed.iter_mut().map(|one| &mut one.diagnostic)).collect();
    all.sort_by(|left, right| left.sort_key(sources).cmp(&right.sort_key(sources)));
    for diagnostic in all {
        let count = seen.entry(diagnostic.id(sources)).or_default();
        *count += 1;
        if *count > 1 {
            diagnostic.subject = format!("{} ({count})", diagnostic.subject);
        }
    }
}

impl Report {
    /// Whether anything is as serious as the threshold, or more so.
    pub fn fails(&self, threshold: Severity) -> bool {
        self.diagnostics.iter().any(|found| found.severity.reaches(threshold))
    }
}
