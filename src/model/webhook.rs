//! Webhooks of a build project: which events start a build, and who may cause them.
//!
//! Source: <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_WebhookFilter.html>

use crate::source::Span;
use crate::value::{Condition, Map, Part, Text, Value, can_hold_together};

/// The events that start builds, as the filter of events and `CODEBUILD_WEBHOOK_EVENT` name them.
pub const EVENTS: [&str; 9] = [
    "PUSH",
    "PULL_REQUEST_CREATED",
    "PULL_REQUEST_UPDATED",
    "PULL_REQUEST_REOPENED",
    "PULL_REQUEST_MERGED",
    "PULL_REQUEST_CLOSED",
    "RELEASED",
    "PRERELEASED",
    "WORKFLOW_JOB_QUEUED",
];

#[derive(Debug)]
pub struct Webhook {
    pub span: Span,
    /// A build starts when all filters of one group match. No group at all matches every event.
    pub groups: Vec<FilterGroup>,
    /// `PullRequestBuildPolicy.RequiresCommentApproval`.
    pub comment_approval: Option<Text>,
    /// `ScopeConfiguration`: the organisation, group or enterprise of which every repository sends its events.
    pub scope: Option<Text>,
    /// Groups that could not be evaluated.
    pub is_partial: bool,
    /// There is a webhook only when these hold.
    pub when: Vec<Condition>,
}

#[derive(Debug)]
pub struct FilterGroup {
    pub span: Span,
    pub filters: Vec<Filter>,
    /// The filters are these only when these hold.
    pub when: Vec<Condition>,
}

#[derive(Clone, Debug)]
pub struct Filter {
    pub kind: FilterKind,
    pub pattern: Option<Text>,
    /// Matching events do not start a build.
    pub exclude: bool,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterKind {
    Event,
    ActorAccountId,
    HeadRef,
    BaseRef,
    FilePath,
    CommitMessage,
    RepositoryName,
    OrganizationName,
    WorkflowName,
    TagName,
    ReleaseName,
    Other,
}

impl FilterKind {
    fn parse(text: &str) -> FilterKind {
        match text.to_ascii_uppercase().as_str() {
            "EVENT" => FilterKind::Event,
            "ACTOR_ACCOUNT_ID" => FilterKind::ActorAccountId,
            "HEAD_REF" => FilterKind::HeadRef,
            "BASE_REF" => FilterKind::BaseRef,
            "FILE_PATH" => FilterKind::FilePath,
            "COMMIT_MESSAGE" => FilterKind::CommitMessage,
            "REPOSITORY_NAME" => FilterKind::RepositoryName,
            "ORGANIZATION_NAME" => FilterKind::OrganizationName,
            "WORKFLOW_NAME" => FilterKind::WorkflowName,
            "TAG_NAME" => FilterKind::TagName,
            "RELEASE_NAME" => FilterKind::ReleaseName,
            _ => FilterKind::Other,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            FilterKind::Event => "EVENT",
            FilterKind::ActorAccountId => "ACTOR_ACCOUNT_ID",
            FilterKind::HeadRef => "HEAD_REF",
            FilterKind::BaseRef => "BASE_REF",
            FilterKind::FilePath => "FILE_PATH",
            FilterKind::CommitMessage => "COMMIT_MESSAGE",
            FilterKind::RepositoryName => "REPOSITORY_NAME",
            FilterKind::OrganizationName => "ORGANIZATION_NAME",
            FilterKind::WorkflowName => "WORKFLOW_NAME",
            FilterKind::TagName => "TAG_NAME",
            FilterKind::ReleaseName => "RELEASE_NAME",
            FilterKind::Other => "another filter",
        }
    }
}

/// How well a pattern holds off what it is not meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchoring {
    /// Every alternative starts with `^` and ends with `$`, and it is no catch-all.
    Full,
    /// `^` alone: a prefix.
    StartOnly,
    /// Some alternative matches inside a longer text.
    Open,
    /// Anchored, yet it matches any text of its kind: `^.*$`, `^\d+$`.
    Anything,
    /// Not known before deployment, or no regular expression that we can read.
    Unknown,
}

impl Webhook {
    /// Reads `Triggers` of a project; `None` where no webhook is switched on. A webhook under a
    /// condition is one: in some deployments it is there.
    pub fn read(triggers: &Value) -> Option<Webhook> {
        triggers.alternatives().into_iter().find_map(|(when, value)| read_webhook(value.as_map()?, when))
    }
}

fn read_webhook(map: &Map, mut when: Vec<Condition>) -> Option<Webhook> {
    let groups = map.get("FilterGroups");
    match map.get("Webhook") {
        // A flag that a parameter sets may be set.
        Some(flag) => {
            let mut ways = flag.alternatives().into_iter();
            when.extend(ways.find(|(_, value)| value.as_bool() != Some(false))?.0);
        }
        None => _ = groups?,
    }
    let mut webhook = Webhook {
        span: map.entry("Webhook").or_else(|| map.entry("FilterGroups")).map_or(map.span, |(key, _)| key.span),
        groups: Vec::new(),
        comment_approval: map.get("PullRequestBuildPolicy").and_then(comment_approval),
        scope: map.get("ScopeConfiguration").and_then(|scope| scope.get("Name")?.as_text().cloned()),
        is_partial: false,
        when,
    };
    for (when, list) in groups.map(Value::alternatives).unwrap_or_default() {
        let Value::List(items, _) = list else {
            webhook.is_partial |= !matches!(list, Value::Null(_));
            continue;
        };
        for (more, item) in items.iter().flat_map(Value::alternatives) {
            let when = [when.as_slice(), &more].concat();
            match item {
                Value::List(filters, span) => webhook.groups.extend(read_group(filters, *span, when)),
                Value::Map(map) => webhook.groups.extend(read_group(std::slice::from_ref(item), map.span, when)),
                _ => webhook.is_partial = true,
            }
        }
    }
    Some(webhook)
}

/// The weakest value that `RequiresCommentApproval` may have; `None` when it may be missing.
fn comment_approval(policy: &Value) -> Option<Text> {
    let mut ways = policy.alternatives().into_iter().map(|(_, policy)| {
        let values = policy.get("RequiresCommentApproval").map(Value::alternatives).unwrap_or_default();
        let texts: Vec<&Text> = values.into_iter().filter_map(|(_, value)| value.as_text()).collect();
        texts.iter().find(|text| is_disabled(text)).or(texts.first()).map(|text| (*text).clone())
    });
    let first = ways.next()??;
    ways.try_fold(first, |weakest, next| next.map(|next| if is_disabled(&next) { next } else { weakest }))
}

fn is_disabled(text: &Text) -> bool {
    text.with_defaults().is_some_and(|text| text.eq_ignore_ascii_case("DISABLED"))
}

/// More than this many ways to fill in one group are not told apart.
const MAX_VARIANTS: usize = 16;

/// A group in each of the ways that conditions inside of it may make it.
fn read_group(filters: &[Value], span: Span, when: Vec<Condition>) -> Vec<FilterGroup> {
    let mut groups = vec![FilterGroup { span, filters: Vec::new(), when }];
    for item in filters {
        let options = filter_options(item);
        if options.is_empty() || groups.len() * options.len() > MAX_VARIANTS {
            continue;
        }
        let with = |group: &FilterGroup, (when, filter): &(Vec<Condition>, Option<Filter>)| {
            can_hold_together(&group.when, when).then(|| FilterGroup {
                span,
                filters: group.filters.iter().chain(filter).cloned().collect(),
                when: [group.when.as_slice(), when].concat(),
            })
        };
        groups = groups.iter().flat_map(|group| options.iter().filter_map(move |way| with(group, way))).collect();
    }
    groups
}

/// The ways to fill in one filter; `None` where a condition leaves it out.
fn filter_options(item: &Value) -> Vec<(Vec<Condition>, Option<Filter>)> {
    let mut options = Vec::new();
    for (when, value) in item.alternatives() {
        let Some(map) = value.as_map() else { continue };
        let kind = map.get("Type").and_then(Value::literal).map_or(FilterKind::Other, FilterKind::parse);
        let exclude = map.get("ExcludeMatchedPattern").and_then(Value::is_set_when).is_some();
        let filter = |pattern| Filter { kind, pattern, exclude, span: map.span };
        let patterns = map.get("Pattern").map(Value::alternatives).unwrap_or_default();
        if patterns.is_empty() {
            options.push((when.clone(), Some(filter(None))));
        }
        options.extend(
            patterns
                .into_iter()
                .map(|(more, pattern)| ([when.as_slice(), &more].concat(), Some(filter(pattern.as_text().cloned())))),
        );
    }
    if let Value::Choice(branches, _) = item {
        let absent = branches.iter().filter(|branch| matches!(branch.value, Value::Absent(_)));
        options.extend(absent.map(|branch| (vec![branch.when.clone()], None)));
    }
    options
}

impl FilterGroup {
    pub fn of_kind(&self, kind: FilterKind) -> impl Iterator<Item = &Filter> {
        self.filters.iter().filter(move |filter| filter.kind == kind)
    }

    /// Whether an event passes the group's event filters. A group without one lets every event pass.
    pub fn admits(&self, event: &str) -> bool {
        self.of_kind(FilterKind::Event).all(|filter| filter.matches_event(event))
    }

    /// The events are written, and not given at deployment only.
    pub fn names_events(&self) -> bool {
        self.of_kind(FilterKind::Event).all(|filter| filter.text().is_some())
    }

    /// Pull requests whose code nobody has reviewed start a build.
    pub fn admits_open_pull_requests(&self) -> bool {
        ["PULL_REQUEST_CREATED", "PULL_REQUEST_UPDATED", "PULL_REQUEST_REOPENED"].iter().any(|event| self.admits(event))
    }

    /// An allow-list of accounts that is anchored, so that no other account passes.
    pub fn has_actor_list(&self) -> bool {
        self.of_kind(FilterKind::ActorAccountId)
            .any(|filter| !filter.exclude && matches!(filter.anchoring(), Anchoring::Full | Anchoring::Unknown))
    }

    /// A filter that pins the branch.
    pub fn has_branch(&self, kind: FilterKind) -> bool {
        self.of_kind(kind)
            .any(|filter| !filter.exclude && matches!(filter.anchoring(), Anchoring::Full | Anchoring::Unknown))
    }
}

impl Filter {
    fn matches_event(&self, event: &str) -> bool {
        let Some(pattern) = self.text() else {
            // An event list that only the deployment knows may hold any event.
            return true;
        };
        let listed = pattern.split(',').any(|name| name.trim().eq_ignore_ascii_case(event));
        listed != self.exclude
    }

    /// The pattern, with defaults where parameters have one.
    pub fn text(&self) -> Option<String> {
        self.pattern.as_ref().and_then(Text::with_defaults).filter(|text| !text.is_empty())
    }

    /// How the pattern is anchored. CodeBuild looks for a match anywhere in the text.
    pub fn anchoring(&self) -> Anchoring {
        match (self.text(), &self.pattern) {
            (Some(pattern), _) => anchoring(&pattern),
            (None, Some(pattern)) => anchoring_around_holes(pattern),
            (None, None) => Anchoring::Unknown,
        }
    }

    /// Why nothing can be said of whom the filter lets in; `None` where something can.
    pub fn unknown_because(&self) -> Option<&'static str> {
        let pattern = self.pattern.as_ref().filter(|_| self.anchoring() == Anchoring::Unknown)?;
        if self.text().is_some() {
            return Some("is no pattern that can be read here");
        }
        // `^refs/heads/${Branch}$` names one branch, whichever that is.
        let is_held = has_known_edges(pattern) && anchoring(&flat(pattern)) == Anchoring::Full;
        (pattern.has_holes() && !is_held).then_some("is known at deployment only")
    }
}

/// `refs/heads/${Branch}$` is open on the left whatever the branch is; what a hole at an edge holds
/// may be an anchor.
fn anchoring_around_holes(pattern: &Text) -> Anchoring {
    match anchoring(&flat(pattern)) {
        found @ (Anchoring::Open | Anchoring::StartOnly) if has_known_edges(pattern) => found,
        _ => Anchoring::Unknown,
    }
}

fn has_known_edges(pattern: &Text) -> bool {
    let is_known = |part: Option<&Part>| matches!(part, Some(Part::Known(text, _)) if !text.is_empty());
    is_known(pattern.parts.first()) && is_known(pattern.parts.last())
}

/// The pattern with one character for each hole.
fn flat(pattern: &Text) -> String {
    let parts = pattern.parts.iter().map(|part| match part {
        Part::Known(text, _) => text.as_str(),
        Part::Hole(_) => "\u{E000}",
    });
    parts.collect()
}

fn anchoring(pattern: &str) -> Anchoring {
    use regex_syntax::hir::{HirKind, Look};
    let Ok(hir) = regex_syntax::parse(pattern) else { return Anchoring::Unknown };
    let properties = hir.properties();
    let starts = properties.look_set_prefix();
    let ends = properties.look_set_suffix();
    let from_start = starts.contains(Look::Start) || starts.contains(Look::StartLF);
    let to_end = ends.contains(Look::End) || ends.contains(Look::EndLF);
    match (from_start, to_end) {
        (true, true) if is_catch_all(&hir) => Anchoring::Anything,
        (true, true) => Anchoring::Full,
        (true, false) if matches!(hir.kind(), HirKind::Concat(_)) => Anchoring::StartOnly,
        _ => Anchoring::Open,
    }
}

/// Some repetition without a bound stands for a whole class of characters: `^.*$`, `^\d+$`,
/// `^.*755743.*$`. A prefix of some length before it (`^refs/heads/release-.*$`) makes a real choice.
fn is_catch_all(hir: &regex_syntax::hir::Hir) -> bool {
    use regex_syntax::hir::{Hir, HirKind};
    fn first_real(hir: &Hir) -> Option<&Hir> {
        match hir.kind() {
            HirKind::Concat(parts) => parts.iter().find_map(first_real),
            HirKind::Capture(capture) => first_real(&capture.sub),
            HirKind::Look(_) | HirKind::Empty => None,
            _ => Some(hir),
        }
    }
    match hir.kind() {
        HirKind::Alternation(branches) => branches.iter().any(is_catch_all),
        _ => match first_real(hir).map(Hir::kind) {
            Some(HirKind::Repetition(repetition)) => {
                repetition.max.is_none() && matches!(repetition.sub.kind(), HirKind::Class(_))
            }
            Some(HirKind::Alternation(branches)) => branches.iter().any(is_catch_all),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_patterns_anchored_in_every_alternative_are_full() {
        let table = [
            ("16024985", Anchoring::Open),
            ("16024985|755743", Anchoring::Open),
            ("^16024985", Anchoring::StartOnly),
            ("16024985$", Anchoring::Open),
            ("^16024985|755743$", Anchoring::Open),
            ("(^1602|4985)$", Anchoring::Open),
            ("^.*755743.*$", Anchoring::Anything),
            ("^$|123", Anchoring::Open),
            (r"^\d+$", Anchoring::Anything),
            ("^16024985$", Anchoring::Full),
            ("^(16024985|755743)$", Anchoring::Full),
            ("^(?:1|2)$", Anchoring::Full),
            ("^16024985$|^755743$", Anchoring::Full),
            ("^refs/heads/main$", Anchoring::Full),
            ("^refs/heads/", Anchoring::StartOnly),
            ("(?=x)", Anchoring::Unknown),
        ];
        for (pattern, expected) in table {
            assert_eq!(anchoring(pattern), expected, "{pattern}");
        }
    }
}
