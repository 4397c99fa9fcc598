//! Who decides which code a build runs: anybody, a contributor, or the people who review.

use super::project::{ActionRef, BuildProject, BuildspecRef};
use super::webhook::{Anchoring, FilterGroup, FilterKind, Webhook};
use super::{Model, artifact};
use crate::source::Span;

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
}

impl CodeTrust {
    /// Code that nobody has reviewed can run.
    pub fn is_untrusted(&self) -> bool {
        self.level <= Level::Contributor
    }
}

/// The level that a project's own webhook gives it; `None` without a webhook.
pub fn from_webhook(project: &BuildProject) -> Option<CodeTrust> {
    let webhook = project.webhook.as_ref().filter(|_| project.has_git_host())?;
    if webhook.groups.is_empty() {
        let text = "a webhook without filters: every event starts a build".to_owned();
        return Some(CodeTrust { level: Level::Public, because: vec![(webhook.span, text)], is_assumed: false });
    }
    webhook.groups.iter().map(|group| from_group(webhook, group)).min_by_key(|trust| trust.level)
}

fn from_group(webhook: &Webhook, group: &FilterGroup) -> CodeTrust {
    let events = group.of_kind(FilterKind::Event).next();
    let span = events.and_then(|filter| filter.pattern.as_ref()).map_or(group.span, |pattern| pattern.span);
    let trust = |level, text: &str| CodeTrust { level, because: vec![(span, text.to_owned())], is_assumed: false };
    if group.admits_open_pull_requests() {
        return if group.has_actor_list() {
            trust(Level::Contributor, "pull requests of listed accounts start a build")
        } else if webhook.requires_approval() {
            trust(Level::Contributor, "pull requests start a build once a maintainer comments")
        } else {
            trust(Level::Public, "pull requests start a build")
        };
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

/// The level of the code that a pipeline hands to one of its actions: the least of its sources.
pub fn from_pipeline(model: &Model, at: ActionRef) -> CodeTrust {
    let pipeline = &model.pipelines[at.pipeline];
    let mut trust = CodeTrust { level: Level::Reviewed, because: Vec::new(), is_assumed: true };
    for (_, _, _, action) in pipeline.actions().filter(|(_, _, _, action)| action.is_source()) {
        let branch = action.setting("BranchName").or_else(|| action.setting("Branch"));
        let from = match (action.provider.as_str(), branch) {
            ("S3", _) => artifact::least_trusted_writer(model, action),
            (_, Some(branch)) => Some(CodeTrust {
                level: Level::Reviewed,
                because: vec![(branch.span, format!("the source is the branch `{}`", branch.display()))],
                is_assumed: false,
            }),
            _ => None,
        };
        if let Some(from) = from
            && (from.level < trust.level || trust.because.is_empty())
        {
            trust = from;
        }
    }
    let approval = pipeline.actions().find(|(stage, _, _, action)| action.is_approval() && *stage <= at.stage);
    if let Some((stage, index, _, action)) = approval
        && (stage, index) < (at.stage, at.action)
        && trust.level == Level::Reviewed
    {
        trust.level = Level::Approved;
        trust.because.push((action.name.span, "an approval stands before it".into()));
    }
    trust
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
