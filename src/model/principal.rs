//! Roles, users and groups, with everything that decides what they may do.

use super::authority::Power;
use super::{PipelineId, PrincipalId, ProjectId};
use crate::iam::validate::{self, Issue, Subject};
use crate::iam::{Authority, PolicyDocument, PolicyKind};
use crate::source::{FileId, Span, Spanned};
use crate::value::{Condition, Text, Value};
use jiff::civil::Date;
use std::sync::{Arc, OnceLock};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalKind {
    Role,
    User,
    Group,
}

impl PrincipalKind {
    pub fn noun(self) -> &'static str {
        match self {
            PrincipalKind::Role => "role",
            PrincipalKind::User => "user",
            PrincipalKind::Group => "group",
        }
    }
}

#[derive(Debug)]
pub struct Principal {
    pub kind: PrincipalKind,
    pub file: FileId,
    pub logical_id: Spanned<String>,
    /// `RoleName`, `UserName` or `GroupName`, when it is given.
    pub name: Option<Text>,
    /// The path, such as `/aws-reserved/sso.amazonaws.com/`, where it is written out; `None` for `/`.
    pub path: Option<String>,
    /// The account it is in, when its ARN is known.
    pub account: Option<String>,
    /// The trust policy of a role.
    pub trust: Option<PolicyDocument>,
    pub authority: Authority,
    pub managed: Vec<ManagedPolicyRef>,
    /// The permissions boundary, when it is not one that AWS manages.
    pub boundary_ref: Option<Text>,
    /// Groups that a user is in, as they are written.
    pub groups: Vec<Text>,
    /// What the output of a call does not show of it.
    pub left_out: LeftOut,
    /// When a role was made and last used, where an output tells.
    pub activity: Option<Activity>,
    /// Names of inline policies that it is listed to have.
    pub expected: Vec<Spanned<String>>,
    /// Places where a tool grants something by itself: nobody's fault.
    pub given_by_tool: Vec<Span>,
    /// The principal is made only when this holds.
    pub when: Option<Condition>,
    /// Services of CI and CD that run with this role. Filled by linking.
    pub uses: Vec<CiUse>,
    /// What the principal's policies let it do, as far as rules ask. Filled by linking.
    pub powers: Vec<Power>,
    /// The same of one of which rules seldom ask: see `Principal::every_power`.
    pub(super) other_powers: OnceLock<Vec<Power>>,
}

/// What the output of a call does not show of a principal, and other outputs may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    pub inline: bool,
    pub attached: bool,
    pub groups: bool,
}

/// When a role was made and last used. IAM looks back 400 days.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html>
#[derive(Clone, Copy, Debug)]
pub struct Activity {
    pub created: Date,
    /// `None`: never, as far back as IAM looks.
    pub last_used: Option<Date>,
    /// What tells of the last use.
    pub span: Span,
}

/// A version of a managed policy that is not the default one: where it stands. It allows nothing until
/// somebody makes it the default, and is read when that is asked.
#[derive(Clone, Copy, Debug)]
pub struct OtherVersion {
    /// The name of the policy, as its owner has it.
    pub policy: Span,
    pub arn: Span,
    pub id: Span,
    pub document: Span,
}

/// The account of an ARN: `111122223333` of `arn:aws:iam::111122223333:role/Deploy`. A placeholder
/// is none.
pub fn account_of(arn: &str) -> Option<&str> {
    let account = arn.strip_prefix("arn:")?.split(':').nth(3)?;
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
}

/// Whether two accounts may be one: what is not known may be any.
pub fn may_be_one_account(left: Option<&str>, right: Option<&str>) -> bool {
    left.zip(right).is_none_or(|(left, right)| left == right)
}

/// A managed policy attached by its ARN or by reference.
#[derive(Clone, Debug)]
pub struct ManagedPolicyRef {
    pub text: Text,
    pub when: Vec<Condition>,
    /// The name when it is a policy that AWS manages.
    pub aws_managed: Option<String>,
}

/// Why a role counts as one of CI and CD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CiUse {
    Build(ProjectId),
    Pipeline(PipelineId),
    PipelineAction(PipelineId),
    /// Given to CloudFormation by a pipeline action, a stack set or a service of the Serverless Framework.
    Execution,
    /// Trusted by this service, and used by nothing that is visible.
    TrustedBy(CiService),
    /// Assumed by the jobs of a CI system through its OIDC provider.
    Federated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CiService {
    CodeBuild,
    CodePipeline,
    CodeDeploy,
    CloudFormation,
}

impl CiService {
    pub const ALL: [CiService; 4] =
        [CiService::CodeBuild, CiService::CodePipeline, CiService::CodeDeploy, CiService::CloudFormation];

    /// The first label of the service principal.
    pub fn prefix(self) -> &'static str {
        match self {
            CiService::CodeBuild => "codebuild",
            CiService::CodePipeline => "codepipeline",
            CiService::CodeDeploy => "codedeploy",
            CiService::CloudFormation => "cloudformation",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            CiService::CodeBuild => "CodeBuild",
            CiService::CodePipeline => "CodePipeline",
            CiService::CodeDeploy => "CodeDeploy",
            CiService::CloudFormation => "CloudFormation",
        }
    }
}

impl Principal {
    pub fn new(kind: PrincipalKind, file: FileId, logical_id: Spanned<String>) -> Principal {
        Principal {
            kind,
            file,
            logical_id,
            name: None,
            path: None,
            account: None,
            trust: None,
            authority: Authority::default(),
            managed: Vec::new(),
            boundary_ref: None,
            groups: Vec::new(),
            left_out: LeftOut::default(),
            activity: None,
            expected: Vec::new(),
            given_by_tool: Vec::new(),
            when: None,
            uses: Vec::new(),
            powers: Vec::new(),
            other_powers: OnceLock::new(),
        }
    }

    /// Whether everything that may be attached to it is told of.
    pub fn is_whole(&self) -> bool {
        self.left_out == LeftOut::default()
    }

    /// The managed policy that is attached at a place.
    pub fn managed_at(&self, span: Span) -> Option<&ManagedPolicyRef> {
        self.managed.iter().find(|policy| policy.text.span == span)
    }

    /// The name a person knows it by.
    pub fn display(&self) -> &str {
        &self.logical_id.value
    }

    /// Code of a build runs with this role: it is a CodeBuild role, or a CI system assumes it.
    pub fn runs_builds(&self) -> bool {
        self.uses
            .iter()
            .any(|usage| matches!(usage, CiUse::Build(_) | CiUse::TrustedBy(CiService::CodeBuild) | CiUse::Federated))
    }

    pub fn runs_pipelines(&self) -> bool {
        self.uses.iter().any(|usage| {
            matches!(usage, CiUse::Pipeline(_) | CiUse::PipelineAction(_) | CiUse::TrustedBy(CiService::CodePipeline))
        })
    }

    pub fn runs_deployments(&self) -> bool {
        self.uses.contains(&CiUse::TrustedBy(CiService::CodeDeploy))
    }

    /// Only CloudFormation works with it, on behalf of others.
    pub fn is_execution_role(&self) -> bool {
        let is_execution =
            |usage: &CiUse| matches!(usage, CiUse::Execution | CiUse::TrustedBy(CiService::CloudFormation));
        !self.uses.is_empty() && self.uses.iter().all(is_execution)
    }

    /// A role of CI or CD, CloudFormation's own left aside.
    pub fn is_ci_role(&self) -> bool {
        self.kind == PrincipalKind::Role && (self.runs_builds() || self.runs_pipelines() || self.runs_deployments())
    }

    /// The services that its trust policy lets in; `None` when it lets in anybody else besides.
    pub fn trusted_services(&self) -> Option<Vec<String>> {
        let allows = self.trust.as_ref()?.allows();
        let mut services = Vec::new();
        for statement in allows {
            let principals =
                statement.principals.as_ref().filter(|found| !found.negated && found.unknown.is_empty())?;
            for entry in &principals.entries {
                services.push(entry.service()?);
            }
        }
        (!services.is_empty()).then_some(services)
    }

    /// Only these services can take the role.
    pub fn is_trusted_only_by(&self, names: &[&str]) -> bool {
        self.trusted_services().is_some_and(|services| services.iter().all(|service| names.contains(&service.as_str())))
    }

    /// Who works with the role, for messages: "builds of `Project`", "the pipeline `Release`".
    pub fn worker(&self, model: &super::Model) -> String {
        let named = self.uses.iter().find_map(|usage| match usage {
            CiUse::Build(id) => Some(format!("builds of `{}`", model.projects[*id].display())),
            CiUse::Pipeline(id) => Some(format!("the pipeline `{}`", model.pipelines[*id].display())),
            CiUse::PipelineAction(id) => {
                Some(format!("an action of the pipeline `{}`", model.pipelines[*id].display()))
            }
            _ => None,
        });
        let by_trust = self.uses.iter().find_map(|usage| match usage {
            CiUse::Execution => Some("CloudFormation".to_owned()),
            CiUse::TrustedBy(CiService::CodeBuild) => Some("CodeBuild builds".to_owned()),
            CiUse::TrustedBy(service) => Some(service.name().to_owned()),
            CiUse::Federated => Some("jobs of a CI system".to_owned()),
            _ => None,
        });
        let by_service = || {
            let services = self.trusted_services()?;
            Some(match services.first()?.as_str() {
                "lambda" => "Lambda functions".to_owned(),
                "ec2" => "EC2 instances".to_owned(),
                "ecs-tasks" => "ECS tasks".to_owned(),
                "states" => "state machines".to_owned(),
                "events" | "scheduler" => "EventBridge".to_owned(),
                other => format!("the service `{other}`"),
            })
        };
        named.or(by_trust).or_else(by_service).unwrap_or_else(|| match self.kind {
            PrincipalKind::Role => "whoever can assume it".to_owned(),
            PrincipalKind::User => "whoever holds the user".to_owned(),
            PrincipalKind::Group => "its members".to_owned(),
        })
    }
}

/// A policy document, once, with what it belongs to.
#[derive(Debug)]
pub struct Policy {
    pub document: Arc<PolicyDocument>,
    pub kind: PolicyKind,
    pub owner: PolicyOwner,
    pub file: FileId,
    /// Principals it is attached to. Filled by linking.
    pub attached_to: Vec<PrincipalId>,
    /// As it is written; `None` where it is not written for IAM, and once it has been validated and
    /// nothing else is asked of it.
    pub written: Option<Value>,
    /// The type of the resource it protects, such as `AWS::S3::Bucket`, or else of the one that
    /// holds it; empty where it is not known.
    pub resource_type: String,
    /// What validation finds. Made when it is first asked for.
    pub issues: OnceLock<Vec<Issue>>,
}

impl Policy {
    /// What is written is nobody's to mend as IAM would have it.
    pub fn leave_unvalidated(&mut self) {
        Arc::make_mut(&mut self.document).problems.clear();
        self.written = None;
    }

    /// Validates now, and lets go of what is written.
    pub fn settle(&mut self) {
        self.issues();
        self.written = None;
    }

    /// What validation finds in it.
    pub fn issues(&self) -> &[Issue] {
        self.issues.get_or_init(|| {
            let subject = |value| Subject { document: &self.document, value, resource_type: &self.resource_type };
            self.written.as_ref().map(|value| validate::issues(&subject(value))).unwrap_or_default()
        })
    }
}

#[derive(Clone, Debug)]
pub struct PolicyOwner {
    /// The logical id of the resource that holds it; the file's name for a bare document.
    pub name: String,
    pub span: Span,
    /// The type of that resource; empty for a bare document.
    pub kind: String,
    /// `PolicyName`, when there is one.
    pub policy_name: Option<String>,
    /// The account of a managed policy whose ARN is known.
    pub account: Option<String>,
}

impl PolicyOwner {
    /// "`BuildRole`" or "`BuildRole` (policy `Deploy`)".
    pub fn display(&self) -> String {
        match &self.policy_name {
            Some(policy) if *policy != self.name => format!("`{}` (policy `{policy}`)", self.name),
            _ => format!("`{}`", self.name),
        }
    }
}

/// The role that something runs with, as it is written there.
#[derive(Clone, Debug)]
pub struct RoleRef {
    pub text: Text,
    pub span: Span,
    pub target: RoleTarget,
    pub when: Vec<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleTarget {
    Declared(PrincipalId),
    /// In none of the files.
    Elsewhere,
}

impl RoleRef {
    pub fn new(text: Text, when: Vec<Condition>) -> RoleRef {
        RoleRef { span: text.span, text, target: RoleTarget::Elsewhere, when }
    }

    /// Whether both certainly are one role.
    pub fn is_same_role(&self, other: &RoleRef) -> bool {
        match (self.target, other.target) {
            (RoleTarget::Declared(left), RoleTarget::Declared(right)) => left == right,
            (RoleTarget::Elsewhere, RoleTarget::Elsewhere) => {
                self.text == other.text || same_arn(&self.text, &other.text)
            }
            _ => false,
        }
    }

    /// The name of the role for messages: the last part of its ARN, or what is written.
    pub fn display(&self) -> String {
        if let Some(hole) = self.text.as_hole() {
            return hole.name.strip_suffix(".Arn").unwrap_or(&hole.name).to_owned();
        }
        let shown = self.text.display();
        match shown.rsplit_once('/') {
            Some((before, name)) if before.contains(":role") && !name.is_empty() => name.to_owned(),
            _ => shown.into_owned(),
        }
    }
}

/// The same literal ARN in two files; `==` of texts holds holes of different files apart.
fn same_arn(left: &Text, right: &Text) -> bool {
    left.literal().is_some() && left.literal() == right.literal()
}
