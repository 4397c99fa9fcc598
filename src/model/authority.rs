//! What the policies of a principal let it do, in the few kinds of power that rules speak of.

use super::principal::{Principal, PrincipalKind};
use crate::diagnostic::Confidence;
use crate::iam::{Grant, Reason, Wanted};
use crate::source::Span;
use std::sync::LazyLock;

/// A kind of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuthorityLabel {
    Admin,
    IamWrite,
    PassRole,
    AssumeAny,
    Deploy,
    TriggerDeploy,
    SecretsRead,
    ImagePush,
}

impl AuthorityLabel {
    /// "change IAM", for sentences that start with "it can".
    pub fn verb(self) -> &'static str {
        match self {
            AuthorityLabel::Admin => "do everything",
            AuthorityLabel::IamWrite => "change IAM",
            AuthorityLabel::PassRole => "pass roles",
            AuthorityLabel::AssumeAny => "assume other roles",
            AuthorityLabel::Deploy => "deploy",
            AuthorityLabel::TriggerDeploy => "start deployments",
            AuthorityLabel::SecretsRead => "read secrets",
            AuthorityLabel::ImagePush => "push images",
        }
    }

    /// A build that anybody can change must not have it.
    pub fn is_high(self) -> bool {
        matches!(
            self,
            AuthorityLabel::Admin | AuthorityLabel::IamWrite | AuthorityLabel::AssumeAny | AuthorityLabel::Deploy
        )
    }
}

/// One kind of power, with the grant that gives it.
#[derive(Clone, Debug)]
pub struct Power {
    pub label: AuthorityLabel,
    /// The action that shows it.
    pub action: String,
    pub span: Span,
    /// On every resource.
    pub everywhere: bool,
    pub confidence: Confidence,
    pub doubts: Vec<Reason>,
}

/// Calls that alone change the code or configuration that runs, a line each.
const DEPLOY_ACTIONS: &str = include_str!("../../data/deploy-actions.tsv");

/// The actions that are deployment permission.
fn deploy_actions() -> impl Iterator<Item = &'static str> {
    DEPLOY_ACTIONS.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

/// The same, looked up once for all who ask.
pub static DEPLOY: LazyLock<Wanted> = LazyLock::new(|| Wanted::new(&deploy_actions().collect::<Vec<_>>()));

const ASKED: [(AuthorityLabel, &[&str]); 6] = [
    (
        AuthorityLabel::IamWrite,
        &[
            "iam:CreateRole",
            "iam:CreateUser",
            "iam:CreateAccessKey",
            "iam:PutRolePolicy",
            "iam:AttachRolePolicy",
            "iam:UpdateAssumeRolePolicy",
            "iam:CreatePolicyVersion",
            "iam:SetDefaultPolicyVersion",
        ],
    ),
    (AuthorityLabel::PassRole, &["iam:PassRole"]),
    (AuthorityLabel::AssumeAny, &["sts:AssumeRole"]),
    (
        AuthorityLabel::TriggerDeploy,
        &["codebuild:StartBuild", "codepipeline:StartPipelineExecution", "codepipeline:PutApprovalResult"],
    ),
    (
        AuthorityLabel::SecretsRead,
        &["secretsmanager:GetSecretValue", "ssm:GetParameters", "ssm:GetParameter", "ssm:GetParametersByPath"],
    ),
    (AuthorityLabel::ImagePush, &["ecr:PutImage"]),
];

/// The actions that show each kind of power, `Admin` left aside.
pub fn actions_of_power() -> Vec<(AuthorityLabel, Vec<&'static str>)> {
    let asked = ASKED.iter().map(|(label, actions)| (*label, actions.to_vec()));
    asked.chain([(AuthorityLabel::Deploy, deploy_actions().collect())]).collect()
}

/// What is asked of every principal, looked up once.
static WANTED: LazyLock<Vec<(AuthorityLabel, Wanted)>> =
    LazyLock::new(|| actions_of_power().into_iter().map(|(label, actions)| (label, Wanted::new(&actions))).collect());

/// Fills in what each principal can do, once; only for those of which a rule asks it.
pub fn find_powers(principal: &Principal) -> Vec<Power> {
    if principal.is_seldom_asked() { Vec::new() } else { powers_of(principal) }
}

fn powers_of(principal: &Principal) -> Vec<Power> {
    let mut powers = Vec::new();
    for (label, actions) in WANTED.iter() {
        let label = *label;
        let grants = principal.authority.grants_of(actions);
        // To assume one named role is no power over all.
        let counts = |grant: &&Grant<'_>| label != AuthorityLabel::AssumeAny || grant.everywhere;
        let strongest = grants.iter().filter(counts).min_by_key(|grant| (!grant.everywhere, grant.confidence));
        if let Some(grant) = strongest {
            let is_admin = grant.everywhere
                && grant.narrowing.is_empty()
                && grant.pattern.is_some_and(|pattern| pattern.is_full_wildcard());
            if is_admin && !powers.iter().any(|power: &Power| power.label == AuthorityLabel::Admin) {
                powers.push(power(AuthorityLabel::Admin, grant));
            }
            powers.push(power(label, grant));
        }
    }
    powers.sort_by_key(|power| power.label);
    powers
}

fn power(label: AuthorityLabel, grant: &Grant<'_>) -> Power {
    Power {
        label,
        action: grant.action.clone(),
        span: grant.span,
        everywhere: grant.everywhere,
        confidence: grant.confidence,
        doubts: grant.doubts.clone(),
    }
}

impl Principal {
    /// What it can do, whoever it is.
    pub fn every_power(&self) -> &[Power] {
        if self.is_seldom_asked() { self.other_powers.get_or_init(|| powers_of(self)) } else { &self.powers }
    }

    fn is_seldom_asked(&self) -> bool {
        self.uses.is_empty() && self.kind == PrincipalKind::Role
    }

    pub fn power(&self, label: AuthorityLabel) -> Option<&Power> {
        self.every_power().iter().find(|power| power.label == label)
    }

    /// The most dangerous thing it can do, if that is dangerous at all.
    pub fn high_power(&self) -> Option<&Power> {
        self.every_power().iter().find(|power| power.label.is_high())
    }
}
