//! Output of the AWS CLI: which objects an output holds. Knows the shapes of CodeBuild,
//! CodePipeline and IAM, and nothing of what they mean.
//!
//! Sources: <https://docs.aws.amazon.com/cli/latest/reference/iam/get-account-authorization-details.html>,
//! <https://docs.aws.amazon.com/cli/latest/reference/codebuild/batch-get-projects.html>,
//! <https://docs.aws.amazon.com/cli/latest/reference/codepipeline/get-pipeline.html>

use crate::syntax::{self, Member, Node};

/// What an object of an output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Of `batch-get-projects`, `create-project`, or the input of the latter.
    Project,
    /// Of `get-pipeline`, `create-pipeline`, or the input of the latter.
    Pipeline,
    Role,
    User,
    Group,
    /// A managed policy: with its versions in an account's details, without a document elsewhere.
    Policy,
    /// Of `get-policy-version`: a document that does not say whose it is.
    PolicyVersion,
    /// `get-role-policy` and its like: an inline policy, with the name of its holder.
    RolePolicy,
    UserPolicy,
    GroupPolicy,
    /// `list-attached-role-policies` and its like, which do not say whose the policies are.
    AttachedPolicies,
    /// `list-role-policies` and its like, likewise.
    PolicyNames,
    /// `get-bucket-policy` and its like: the policy of a resource, as text.
    ResourcePolicy,
    /// `organizations describe-policy`.
    ControlPolicy,
}

/// Keys of the root whose value is one object or a list of them.
const HOLDERS: [(&str, Shape); 16] = [
    ("RoleDetailList", Shape::Role),
    ("UserDetailList", Shape::User),
    ("GroupDetailList", Shape::Group),
    ("Policies", Shape::Policy),
    ("Role", Shape::Role),
    ("Roles", Shape::Role),
    ("User", Shape::User),
    ("Users", Shape::User),
    ("Group", Shape::Group),
    ("Groups", Shape::Group),
    ("Policy", Shape::Policy),
    ("Policy", Shape::ControlPolicy),
    ("PolicyVersion", Shape::PolicyVersion),
    ("projects", Shape::Project),
    ("project", Shape::Project),
    ("pipeline", Shape::Pipeline),
];

/// Shapes that an output as a whole can have.
const WHOLE: [Shape; 8] = [
    Shape::RolePolicy,
    Shape::UserPolicy,
    Shape::GroupPolicy,
    Shape::AttachedPolicies,
    Shape::PolicyNames,
    Shape::ResourcePolicy,
    Shape::Project,
    Shape::Pipeline,
];

/// The lists of `get-account-authorization-details`; each is an output of ours even when it is empty.
const DETAILS: [&str; 3] = ["RoleDetailList", "UserDetailList", "GroupDetailList"];

/// Whether a root is output of a call that is understood.
pub fn is_dump(root: &Node) -> bool {
    !objects(root).is_empty() || has_details(root) || root.get("projectsNotFound").is_some()
}

/// Whether a root is the details of an account, or a page of them.
pub fn has_details(root: &Node) -> bool {
    DETAILS.iter().any(|key| root.get(key).and_then(Node::items).is_some())
}

/// Smaller files are read as a whole.
const LARGE: usize = 1 << 20;

/// The members of a large output of `get-account-authorization-details`, to be read object by
/// object; `None` for any other text, and for one whose brackets do not match.
pub fn pieces_of_account(text: &str) -> Option<Vec<Member>> {
    if text.len() < LARGE {
        return None;
    }
    let members = syntax::members(text)?;
    let is_detail = |member: &Member| DETAILS.contains(&member.name(text));
    members.iter().any(is_detail).then_some(members)
}

/// The objects of an output, in the order they are written.
pub fn objects(root: &Node) -> Vec<(Shape, &Node)> {
    let mut found = Vec::new();
    for entry in root.entries().unwrap_or_default() {
        let key = entry.key.as_str().unwrap_or_default();
        let items = entry.value.items().unwrap_or(std::slice::from_ref(&entry.value));
        found.extend(items.iter().filter_map(|item| Some((shape_below(key, item)?, item))));
    }
    if found.is_empty() {
        found.extend(WHOLE.into_iter().find(|shape| shape.fits(root)).map(|shape| (shape, root)));
    }
    found
}

/// What an object below a key of the root is.
pub fn shape_below(key: &str, object: &Node) -> Option<Shape> {
    let shapes = HOLDERS.iter().filter(|(holder, _)| *holder == key).map(|(_, shape)| *shape);
    shapes.into_iter().find(|shape| shape.fits(object))
}

impl Shape {
    /// Whether an object has the keys that tell it from others of its name: a file of another tool
    /// may have `projects`, `pipeline` or `Role` too.
    fn fits(self, node: &Node) -> bool {
        let has = |key: &str| node.get(key).is_some();
        let is_map = |key: &str| node.get(key).and_then(Node::entries).is_some();
        let is_list = |key: &str| node.get(key).and_then(Node::items).is_some();
        let is_text = |key: &str| node.get(key).and_then(Node::as_str).is_some_and(|text| text.contains("Statement"));
        let is_inline_of = |holder: &str| has(holder) && has("PolicyName") && has("PolicyDocument");
        match self {
            Shape::Project => {
                let has_source = node.get("source").is_some_and(|source| source.get("type").is_some());
                has("name") && has_source && (has("serviceRole") || has("environment")) && is_map("artifacts")
            }
            Shape::Pipeline => node.get("stages").and_then(Node::items).is_some_and(|stages| {
                let actions = stages.iter().filter_map(|stage| stage.get("actions")?.items()).flatten();
                (has("name") || has("roleArn"))
                    && actions.into_iter().any(|action| action.get("actionTypeId").is_some())
            }),
            Shape::Role => has("RoleName") && (has("Arn") || has("AssumeRolePolicyDocument")),
            Shape::User => has("UserName") && has("Arn"),
            Shape::Group => has("GroupName") && has("Arn"),
            Shape::Policy => has("Arn") && (has("PolicyVersionList") || has("DefaultVersionId")),
            Shape::PolicyVersion => has("Document") && has("VersionId"),
            Shape::RolePolicy => is_inline_of("RoleName"),
            Shape::UserPolicy => is_inline_of("UserName"),
            Shape::GroupPolicy => is_inline_of("GroupName"),
            Shape::AttachedPolicies => is_list("AttachedPolicies"),
            Shape::PolicyNames => is_list("PolicyNames"),
            Shape::ResourcePolicy => RESOURCE_POLICY_KEYS.into_iter().any(is_text),
            Shape::ControlPolicy => has("PolicySummary") && has("Content"),
        }
    }
}

/// The keys under which services give the policy of a resource: S3, SQS, Lambda and KMS, ECR,
/// Secrets Manager, CodeBuild.
pub const RESOURCE_POLICY_KEYS: [&str; 4] = ["Policy", "policyText", "ResourcePolicy", "policy"];

/// Where an output says that it is not all that the call could have given: a page may follow.
pub fn more_follows(root: &Node) -> Option<&Node> {
    let is_truncated = root.get("IsTruncated").filter(|flag| flag.as_str() == Some("true"));
    let rest = || ["NextToken", "nextToken", "Marker"].into_iter().find_map(|key| root.get(key));
    is_truncated.or_else(|| rest().filter(|rest| !rest.is_null()))
}

/// What was asked for and is not in an output, with the place that says so.
pub fn left_out(root: &Node) -> Vec<(&Node, String)> {
    let mut found = Vec::new();
    for missing in root.get("projectsNotFound").and_then(Node::items).unwrap_or_default() {
        if let Some(name) = missing.as_str() {
            found.push((missing, format!("the project `{name}` was asked for, and is not there")));
        }
    }
    found
}
