//! Who decides which code a build runs: anybody, a contributor, or the people who review.

use super::pipeline::{PipelineAction, Trigger};
use super::project::{ActionRef, BuildProject, BuildspecRef};
use super::webhook::{Anchoring, FilterGroup, FilterKind, Webhook};
use super::{Model, artifact};
use crate::source::Span;
use crate::value::Condition;

/// How trusted the code is, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Anybody who can open a pull request chooses it.
    Public,
    /// Anybody who can push to the repository, without review.
    Contributor,
    /// Only what reached a certain branch.
    #[default]
    Reviewed,
    /// Besides, somebody approved this very execution.
    Approved,
}

impl Level {
    /// "anybody who opens a pull request", for sentences.
    pub fn who(self) -> &'static str {
        match self {
            Level::Public => "anybody who can open a pull request",
            Level::Contributor => "anybody who can push to the repository",
            Level::Reviewed => "whoever can change the reviewed branch",
            Level::Approved => "whoever can change the reviewed branch, after an approval",
        }
    }
}

/// The level, and the places that make it so.
#[derive(Clone, Debug, Default)]
pub struct CodeTrust {
    pub level: Level,
    pub because: Vec<(Span, String)>,
    /// Nothing in the files starts the build: the level is that of the default branch, as a rule.
    pub is_assumed: bool,
    /// Which events start it is known only at deployment.
    pub is_unsure: bool,
    /// Pull requests start it, rather than pushes.
    pub by_pull_request: bool,
    /// Somebody lets a pull request in, or its authors are listed.
    pub is_gated: bool,
    /// The code comes out of another build, which is where it is chosen.
    pub is_piped: bool,
    /// It is so only when these hold.
    pub when: Vec<Condition>,
}

impl CodeTrust {
    fn new(level: Level, span: Span, text: impl Into<String>) -> CodeTrust {
        CodeTrust { level, because: vec![(span, text.into())], ..CodeTrust::default() }
    }

    /// Whoever opens a pull request has the code run, and nobody looks at it before.
    pub fn is_open_to_pull_requests(&self) -> bool {
        self.level == Level::Public || (self.level == Level::Contributor && self.by_pull_request && !self.is_gated)
    }

    /// Code that nobody has reviewed can run.
    pub fn is_untrusted(&self) -> bool {
        self.level <= Level::Contributor
    }
}

/// The level that a project's own webhook gives it; `None` without a webhook.
pub fn from_webhook(project: &BuildProject) -> Option<CodeTrust> {
    let webhook = project.own_webhook()?;
    let least = webhook.groups.iter().map(|group| from_group(webhook, group));
    // Of two groups that let the same people in, the one that asks for less.
    let least = least.min_by_key(|trust| (trust.level, trust.is_unsure, trust.when.len()));
    let mut trust = least.unwrap_or_else(|| {
        let text = "a webhook without filters: every event starts a build";
        CodeTrust { by_pull_request: true, ..CodeTrust::new(Level::Public, webhook.span, text) }
    });
    if webhook.groups.is_empty() && webhook.requires_approval() {
        trust.level = Level::Contributor;
        trust.is_gated = true;
    }
    trust.when = [webhook.when.as_slice(), &trust.when].concat();
    Some(trust)
}

fn from_group(webhook: &Webhook, group: &FilterGroup) -> CodeTrust {
    let events = group.of_kind(FilterKind::Event).next();
    let span = events.and_then(|filter| filter.pattern.as_ref()).map_or(group.span, |pattern| pattern.span);
    let trust = |level, text: &str| CodeTrust {
        is_unsure: !group.names_events(),
        when: group.when.clone(),
        ..CodeTrust::new(level, span, text)
    };
    let gated = |text: &str| CodeTrust { is_gated: true, ..trust(Level::Contributor, text) };
    if group.admits_open_pull_requests() {
        let found = if group.has_actor_list() {
            gated("pull requests of listed accounts start a build")
        } else if webhook.requires_approval() {
            gated("pull requests start a build once a maintainer comments")
        } else if group.names_events() {
            trust(Level::Public, "pull requests start a build")
        } else {
            trust(Level::Public, "pull requests may be among these events")
        };
        return CodeTrust { by_pull_request: true, ..found };
    }
    let pins = |kind: FilterKind| {
        group.of_kind(kind).any(|filter| {
            let anchoring = filter.anchoring();
            let names_branch = filter.pattern.as_ref().is_none_or(|pattern| !pattern.display().contains("refs/tags"));
            !filter.exclude && names_branch && matches!(anchoring, Anchoring::Full | Anchoring::Unknown)
        })
    };
    if group.admits("WORKFLOW_JOB_QUEUED") && group.of_kind(FilterKind::Event).next().is_some() {
        return trust(Level::Contributor, "jobs of a workflow in the repository run here");
    }
    if group.admits("PUSH") && !pins(FilterKind::HeadRef) {
        return trust(Level::Contributor, "a push to any branch starts a build");
    }
    if group.admits("PULL_REQUEST_MERGED") && !pins(FilterKind::BaseRef) && !pins(FilterKind::HeadRef) {
        return trust(Level::Contributor, "a merge into any branch starts a build");
    }
    trust(Level::Reviewed, "only events of a certain branch start a build")
}

impl Webhook {
    /// A comment of a maintainer is needed before a pull request is built. An unknown value counts
    /// as asked for: somebody set it.
    pub fn requires_approval(&self) -> bool {
        self.comment_approval
            .as_ref()
            .is_some_and(|policy| policy.literal().is_none_or(|literal| !literal.eq_ignore_ascii_case("DISABLED")))
    }
}

/// The level of the code that a pipeline hands to one of its actions: the least of its sources and
/// of the events that start it.
pub fn from_pipeline(model: &Model, at: ActionRef) -> CodeTrust {
    let pipeline = &model.pipelines[at.pipeline];
    let mut trust = CodeTrust { is_assumed: true, ..CodeTrust::default() };
    let sources = pipeline.actions().filter(|(_, _, _, action)| action.is_source());
    let sources = sources.filter_map(|(_, _, _, action)| from_source(model, action));
    for from in sources.chain(pipeline.triggers.iter().filter_map(from_trigger)) {
        if from.level < trust.level || trust.because.is_empty() {
            trust = from;
        }
    }
    let approval = pipeline.approval_before(at.stage, at.action);
    if let Some(approval) = approval
        && (trust.level == Level::Reviewed || trust.by_pull_request)
    {
        // Who approves a pull request's own execution has it before the eyes, and no review.
        trust.level = if trust.by_pull_request { Level::Reviewed } else { Level::Approved };
        trust.because.push((approval.name.span, "an approval stands before it".into()));
    }
    trust
}

fn from_source(model: &Model, action: &PipelineAction) -> Option<CodeTrust> {
    if action.provider.eq_ignore_ascii_case("S3") {
        return artifact::least_trusted_writer(model, action);
    }
    let branch = action.setting("BranchName").or_else(|| action.setting("Branch"))?;
    Some(CodeTrust::new(Level::Reviewed, branch.span, format!("the source is the branch `{}`", branch.display())))
}

/// Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-triggers.html>
fn from_trigger(trigger: &Trigger) -> Option<CodeTrust> {
    if let Some(span) = trigger.pull_requests {
        let found = CodeTrust::new(Level::Contributor, span, "pull requests start the pipeline");
        return Some(CodeTrust { by_pull_request: true, ..found });
    }
    let text = "a push to any branch starts the pipeline";
    trigger.any_branch.map(|span| CodeTrust::new(Level::Contributor, span, text))
}

/// Whether the buildspec comes out of the source that the build is given, so that whoever chooses
/// the code chooses the commands.
pub fn buildspec_is_in_source(project: &BuildProject) -> Option<(Span, String)> {
    match &project.source.buildspec {
        BuildspecRef::Default { .. } => Some((project.source.span, "`buildspec.yml` of that code is run".into())),
        BuildspecRef::Path { path, .. } => Some((path.span, format!("`{}` of that code is run", path.display()))),
        BuildspecRef::Inline { .. } | BuildspecRef::Elsewhere { .. } => None,
    }
}
