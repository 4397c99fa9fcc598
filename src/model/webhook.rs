//! Webhooks of a build project: which events start a build, and who may cause them.
//!
//! Source: <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_WebhookFilter.html>

use crate::source::Span;
use crate::value::{Text, Value};

#[derive(Debug)]
pub struct Webhook {
    pub span: Span,
    /// A build starts when all filters of one group match. No group at all matches every event.
    pub groups: Vec<FilterGroup>,
    /// `PullRequestBuildPolicy.RequiresCommentApproval`.
    pub comment_approval: Option<Text>,
    /// Groups that could not be evaluated.
    pub is_partial: bool,
}

#[derive(Debug)]
pub struct FilterGroup {
    pub span: Span,
    pub filters: Vec<Filter>,
}

#[derive(Debug)]
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
    /// Reads `Triggers` of a project; `None` where no webhook is switched on.
    pub fn read(triggers: &Value) -> Option<Webhook> {
        let map = triggers.as_map()?;
        let groups = map.get("FilterGroups");
        let is_on = map.get("Webhook").and_then(Value::as_bool);
        if is_on == Some(false) || (is_on.is_none() && groups.is_none()) {
            return None;
        }
        let mut webhook = Webhook {
            span: map.entry("Webhook").or_else(|| map.entry("FilterGroups")).map_or(map.span, |(key, _)| key.span),
            groups: Vec::new(),
            comment_approval: triggers
                .get("PullRequestBuildPolicy")
                .and_then(|policy| policy.get("RequiresCommentApproval"))
                .and_then(Value::as_text)
                .cloned(),
            is_partial: false,
        };
        match groups {
            Some(Value::List(items, _)) => {
                for item in items {
                    match item {
                        Value::List(filters, span) => webhook.groups.push(read_group(filters, *span)),
                        Value::Map(map) => webhook.groups.push(read_group(std::slice::from_ref(item), map.span)),
                        _ => webhook.is_partial = true,
                    }
                }
            }
            Some(_) => webhook.is_partial = true,
            None => {}
        }
        Some(webhook)
    }
}

fn read_group(filters: &[Value], span: Span) -> FilterGroup {
    let filters = filters.iter().filter_map(|filter| {
        let map = filter.as_map()?;
        let kind = map.get("Type").and_then(Value::literal).map_or(FilterKind::Other, FilterKind::parse);
        Some(Filter {
            kind,
            pattern: map.get("Pattern").and_then(Value::as_text).cloned(),
            exclude: map.get("ExcludeMatchedPattern").and_then(Value::as_bool).unwrap_or(false),
            span: map.span,
        })
    });
    FilterGroup { span, filters: filters.collect() }
}

impl FilterGroup {
    pub fn of_kind(&self, kind: FilterKind) -> impl Iterator<Item = &Filter> {
        self.filters.iter().filter(move |filter| filter.kind == kind)
    }

    /// Whether an event passes the group's event filters. A group without one lets every event pass.
    pub fn admits(&self, event: &str) -> bool {
        self.of_kind(FilterKind::Event).all(|filter| filter.matches_event(event))
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
        let Some(pattern) = self.pattern.as_ref().and_then(Text::literal) else {
            // An event list that only the deployment knows may hold any event.
            return true;
        };
        let listed = pattern.split(',').any(|name| name.trim().eq_ignore_ascii_case(event));
        listed != self.exclude
    }

    /// How the pattern is anchored. CodeBuild looks for a match anywhere in the text.
    pub fn anchoring(&self) -> Anchoring {
        match self.pattern.as_ref().and_then(Text::literal) {
            Some(pattern) => anchoring(pattern),
            None => Anchoring::Unknown,
        }
    }
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
