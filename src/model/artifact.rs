//! Where builds write and pipelines read: whether an artifact of one can be the source of the other.

use super::Model;
use super::pipeline::PipelineAction;
use super::principal::Principal;
use super::project::{Artifacts, BuildProject};
use super::trust_level::{CodeTrust, from_webhook};
use super::webhook::EVENTS;
use crate::diagnostic::Confidence;
use crate::iam::{Answer, ArnPattern, Grant, ResourceAsked, Wanted, Witness};
use crate::source::Span;
use crate::value::{Hole, HoleKind, Part, Text, joined};
use regex::Regex;
use std::sync::LazyLock;

/// How a build comes to write an object.
#[derive(Clone, Debug)]
pub struct Write {
    pub span: Span,
    pub text: String,
    /// The build's own artifact lands there, and not only its role allows it.
    pub is_artifact: bool,
    /// The role may write everywhere, so that this place is one of many.
    pub is_anywhere: bool,
}

/// A build, with what its role lets it write: asked once for all places it may write to.
pub struct Writer<'m> {
    project: &'m BuildProject,
    role: Option<ObjectWrites<'m>>,
}

impl<'m> Writer<'m> {
    pub fn new(model: &'m Model, project: &'m BuildProject) -> Writer<'m> {
        Writer { project, role: model.role(project.role.as_ref()).map(ObjectWrites::of) }
    }

    /// Whether the role of the build is declared in the files.
    pub fn has_role(&self) -> bool {
        self.role.is_some()
    }

    /// Whether all policies of the role are seen.
    pub fn is_seen_in_full(&self) -> bool {
        self.role.as_ref().is_some_and(|role| role.principal.authority.unseen.is_empty())
    }

    /// Whether the role lets the build write any object of `bucket/prefix`, whatever its name is.
    pub fn role_writes_any_below(&self, place: &Text) -> Option<Write> {
        let span = place.span;
        let name = Hole { name: "?object".into(), kind: HoleKind::Computed, span, template: span.file, default: None };
        self.role_writes_to(place, Some(&Text::from_hole(name)))
    }

    /// Whether the build can write objects below `key` in `bucket`: by its artifacts, or by its
    /// role. `key` is `None` for a bucket as a whole.
    pub fn write_to(&self, bucket: &Text, key: Option<&Text>) -> Option<Write> {
        artifact_goes_to(self.project, bucket, key).or_else(|| self.role_writes_to(bucket, key))
    }

    /// Whether the role of the build lets it write objects below `key` in `bucket`.
    pub fn role_writes_to(&self, bucket: &Text, key: Option<&Text>) -> Option<Write> {
        let role = self.role.as_ref()?;
        let grant = role.to(&Objects::new(bucket, key))?;
        Some(Write {
            span: grant.statement.span,
            text: format!("`{}` lets it {}", role.principal.display(), does(grant)),
            is_artifact: false,
            is_anywhere: role.alike(grant).iter().any(|grant| grant.everywhere),
        })
    }
}

/// All that somebody may do to write objects: by themselves, and by the policy of a bucket, which names whom they like.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html>
pub struct ObjectWrites<'m> {
    principal: &'m Principal,
    objects: Vec<Grant<'m>>,
    policies: Vec<Grant<'m>>,
}

impl<'m> ObjectWrites<'m> {
    pub fn of(principal: &'m Principal) -> ObjectWrites<'m> {
        let grants = |wanted: &Wanted| principal.authority.grants_of(wanted);
        ObjectWrites { principal, objects: grants(&PUT_OBJECT), policies: grants(&PUT_BUCKET_POLICY) }
    }

    /// Those that some of the grants give.
    pub fn with(&self, counts: impl Fn(&Grant<'m>) -> bool) -> ObjectWrites<'m> {
        let kept = |grants: &[Grant<'m>]| grants.iter().filter(|grant| counts(grant)).cloned().collect();
        ObjectWrites { principal: self.principal, objects: kept(&self.objects), policies: kept(&self.policies) }
    }

    /// The grant by which they write such objects, or say who does.
    pub fn to(&self, objects: &Objects) -> Option<&Grant<'m>> {
        let by_itself = grant_on(self.principal, &self.objects, &objects.objects);
        by_itself.or_else(|| grant_on(self.principal, &self.policies, &objects.bucket))
    }

    /// The grants of the same kind as one of them.
    fn alike(&self, grant: &Grant<'_>) -> &[Grant<'m>] {
        if sets_policy(grant) { &self.policies } else { &self.objects }
    }
}

/// What a grant to write lets somebody do, for labels.
pub fn does(grant: &Grant<'_>) -> &'static str {
    match grant.action.as_str() {
        _ if sets_policy(grant) => "say in the policy who writes there",
        "s3:PutObject" => "write there",
        _ => "push there",
    }
}

/// It is not the write itself, and whom the policy names writes.
pub fn sets_policy(grant: &Grant<'_>) -> bool {
    matches!(grant.action.as_str(), "s3:PutBucketPolicy" | "ecr:SetRepositoryPolicy")
}

/// Objects below a key in a bucket, and the bucket itself, as requests name them: a policy names the partition, or
/// leaves it to the deployment, and either is the bucket's own.
pub struct Objects {
    objects: [ArnPattern; 2],
    bucket: [ArnPattern; 2],
}

impl Objects {
    /// `key` is `None` for all of the bucket.
    pub fn new(bucket: &Text, key: Option<&Text>) -> Objects {
        let left_open = Hole {
            name: "AWS::Partition".into(),
            kind: HoleKind::Pseudo,
            span: bucket.span,
            template: bucket.span.file,
            default: None,
        };
        let partitions = [partition(bucket), Text::from_hole(left_open)];
        Objects {
            objects: partitions.each_ref().map(|partition| object_arn(partition, bucket, key)),
            bucket: partitions.each_ref().map(|partition| bucket_arn(partition, bucket)),
        }
    }
}

/// The grant by which somebody does such a thing there, out of all that they have of that.
fn grant_on<'g, 'a>(principal: &Principal, grants: &'g [Grant<'a>], arns: &[ArnPattern]) -> Option<&'g Grant<'a>> {
    // Who may write everywhere writes here; of others the object itself is asked.
    let is_sure = |grant: &&Grant<'_>| {
        grant.everywhere
            && grant.confidence == Confidence::High
            && grant.narrowing.is_empty()
            && grant.less.is_empty()
            && grant.when.is_empty()
    };
    grants.iter().find(is_sure).or_else(|| {
        let witness = witness(&grants.first()?.action, principal, grants, arns)?;
        grants.iter().find(|grant| grant.statement.span == witness.statement)
    })
}

/// Where an artifact of the build lands, if that is below `key` in `bucket`.
pub fn artifact_goes_to(project: &BuildProject, bucket: &Text, key: Option<&Text>) -> Option<Write> {
    let artifact = project.artifacts.iter().find(|artifact| {
        artifact.kind == "S3"
            && artifact.location.as_ref().is_some_and(|location| same_bucket(location, bucket))
            && key.is_none_or(|key| {
                may_be_key(artifact.path.as_ref(), artifact.name.as_ref(), artifact.override_name, key)
            })
    })?;
    let location = artifact.location.as_ref()?;
    let text = match (&artifact.path, artifact.override_name) {
        (Some(path), true) => format!(
            "its artifact goes to `{}/…`, under a name that the build chooses",
            path.display().trim_end_matches('/')
        ),
        (Some(path), false) => format!("its artifact goes to `{}`", path.display()),
        (None, true) => "its artifact goes here, under a name that the build chooses".to_owned(),
        (None, false) => "its artifact goes here".to_owned(),
    };
    Some(Write { span: location.span, text, is_artifact: true, is_anywhere: false })
}

/// Asked of the role of every build, and of others.
static PUT_OBJECT: LazyLock<Wanted> = LazyLock::new(|| Wanted::new(&["s3:PutObject"]));
static PUT_BUCKET_POLICY: LazyLock<Wanted> = LazyLock::new(|| Wanted::new(&["s3:PutBucketPolicy"]));

/// A request for such a resource that the role is sure to be allowed.
fn witness(action: &str, role: &Principal, grants: &[Grant<'_>], arns: &[ArnPattern]) -> Option<Witness> {
    arns.iter().find_map(|arn| {
        let may_be =
            |grant: &Grant<'_>| grant.everywhere || grant.resources.iter().any(|one| one.overlaps(arn).is_yes());
        if !grants.iter().any(may_be) {
            return None;
        }
        match role.authority.can(action, ResourceAsked::Matching(arn)) {
            Answer::Yes(witness) => Some(witness),
            Answer::No | Answer::Unknown(_) => None,
        }
    })
}

/// `arn:aws:s3:::bucket/key`; any object of the bucket where no key is given.
fn object_arn(partition: &Text, bucket: &Text, key: Option<&Text>) -> ArnPattern {
    let at = |text: &str| Text::at(text, bucket.span);
    let any = at("*");
    let texts = [&at("arn:"), partition, &at(":s3:::"), bucket, &at("/"), key.unwrap_or(&any)];
    ArnPattern::new(&joined(texts, bucket.span), false, Vec::new())
}

/// `arn:aws:s3:::bucket`
fn bucket_arn(partition: &Text, bucket: &Text) -> ArnPattern {
    let at = |text: &str| Text::at(text, bucket.span);
    ArnPattern::new(
        &joined([&at("arn:"), partition, &at(":s3:::"), &bucket_in(bucket)], bucket.span),
        false,
        Vec::new(),
    )
}

/// The least trusted code among all projects that can write the source of an S3 action.
pub fn least_trusted_writer(model: &Model, action: &PipelineAction) -> Option<CodeTrust> {
    let bucket = action.setting("S3Bucket")?;
    let key = action.setting("S3ObjectKey");
    let writers = model.projects.iter().filter_map(|project| {
        let trust = from_webhook(project)?;
        let write = Writer::new(model, project).write_to(bucket, key)?;
        Some((trust, write, project))
    });
    let near = |project: &BuildProject| std::cmp::Reverse(model.nearness(project.file, bucket.span.file));
    let (mut trust, write, project) = writers.min_by_key(|(trust, _, project)| (near(project), trust.level))?;
    trust.is_piped = true;
    trust.because.push((write.span, format!("`{}` writes the source: {}", project.display(), write.text)));
    Some(trust)
}

/// An object that an artifact of a build becomes.
pub struct Object {
    /// Its key, as it is written.
    pub key: Text,
    /// What it may be when a build has run that the webhook started.
    may_be: Vec<ArnPattern>,
}

impl Object {
    /// Whether it may be the object `key` in `bucket`.
    pub fn may_be(&self, bucket: &Text, key: &Text) -> bool {
        let asked = object_arn(&partition(bucket), bucket, Some(key));
        self.may_be.iter().any(|own| !own.overlaps(&asked).is_no())
    }
}

/// One for all: the bucket is in one.
fn partition(bucket: &Text) -> Text {
    Text::at("aws", bucket.span)
}

/// What artifacts of the build become in a bucket.
///
/// Source: <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectArtifacts.html>
pub fn objects_of(model: &Model, project: &BuildProject, bucket: &Text) -> Vec<Object> {
    let is_here = |artifact: &&Artifacts| {
        artifact.kind == "S3" && artifact.location.as_ref().is_some_and(|location| same_bucket(location, bucket))
    };
    let chosen = model.buildspec_of(project).and_then(|source| source.buildspec.artifacts.as_ref()?.name.as_ref());
    let object = |artifact: &Artifacts| {
        let any = Text::at("*", artifact.span);
        let (name, names) = match (artifact.override_name, chosen) {
            // Which of several the buildspec names is not read.
            (true, Some(name)) if project.artifacts.len() == 1 => (name.clone(), names_of_builds(project, name)),
            (true, _) => (any.clone(), vec![any.clone()]),
            (false, _) => {
                let own = artifact.name.as_ref().or(project.name.as_ref()).unwrap_or(&any);
                (own.clone(), vec![own.clone()])
            }
        };
        let path = artifact.path.as_ref().map(Text::trim_slashes).filter(|path| path.literal() != Some(""));
        let path = path.map(|path| joined([&path, &Text::at("/", path.span)], path.span));
        let id = Text::at(if artifact.has_build_id { "*/" } else { "" }, artifact.span);
        let front = joined(path.iter().chain([&id]), artifact.span);
        // What is not packed lies below the name; what is may get an ending.
        let may_be = names
            .iter()
            .map(|name| object_arn(&partition(bucket), bucket, Some(&joined([&front, name, &any], name.span))));
        Object { key: joined([&front, &name], name.span), may_be: may_be.collect() }
    };
    project.artifacts.iter().filter(is_here).map(object).collect()
}

/// What a name with variables of the shell may come to: the event is one of those that the webhook
/// lets pass, all else may be anything.
fn names_of_builds(project: &BuildProject, name: &Text) -> Vec<Text> {
    const EVENT: [&str; 2] = ["${CODEBUILD_WEBHOOK_EVENT}", "$CODEBUILD_WEBHOOK_EVENT"];
    let written = name.literal().unwrap_or("*");
    let groups = project.webhook.as_ref().filter(|webhook| !webhook.is_partial).map(|webhook| &webhook.groups);
    let passes = |event: &&str| groups.is_none_or(|groups| groups.iter().any(|group| group.admits(event)));
    let events: Vec<&str> = match EVENT.iter().any(|event| written.contains(event)) {
        true => EVENTS.into_iter().filter(passes).collect(),
        false => vec![""],
    };
    let filled = |event: &str| EVENT.iter().fold(written.to_owned(), |text, own| text.replace(own, event));
    events.into_iter().map(|event| Text::at(open(&filled(event)), name.span)).collect()
}

/// A text with `*` for each variable of the shell, and for all from the output of a command on.
fn open(text: &str) -> String {
    static VARIABLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\$\{[^}]*\}|\$\w+").expect("it is well formed"));
    let known = text.find(['`']).into_iter().chain(text.find("$(")).min().unwrap_or(text.len());
    let end = if known < text.len() { "*" } else { "" };
    VARIABLE.replace_all(&text[..known], "*").into_owned() + end
}

/// Whether two texts certainly name one bucket.
pub fn same_bucket(left: &Text, right: &Text) -> bool {
    let (left, right) = (bucket_name(left), bucket_name(right));
    match (&left, &right) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

/// The bucket of `bucket/prefix`.
pub fn bucket_in(location: &Text) -> Text {
    let mut parts = Vec::new();
    for part in &location.parts {
        match part {
            Part::Known(known, map) if known.contains('/') => {
                let end = known.find('/').unwrap_or(known.len());
                parts.extend((end > 0).then(|| Part::Known(known[..end].into(), map.slice(0..end))));
                break;
            }
            other => parts.push(other.clone()),
        }
    }
    Text { parts, span: location.span }
}

/// The name of a bucket in a form that can be compared: literal, or by its logical id in its file.
fn bucket_name(text: &Text) -> Option<String> {
    // `Location` of artifacts may hold a path behind the bucket's name.
    if let Some(literal) = text.literal() {
        let name = literal.strip_prefix("arn:aws:s3:::").unwrap_or(literal);
        return Some(name.split('/').next().unwrap_or(name).to_owned());
    }
    let mut name = String::new();
    for part in &text.parts {
        match part {
            Part::Known(known, _) => name.push_str(known),
            Part::Hole(hole) if hole.kind == HoleKind::Pseudo => name.push_str(&format!("${{{}}}", hole.name)),
            Part::Hole(hole) => name.push_str(&format!("${{{}@{:?}}}", hole.name, hole.template)),
        }
    }
    Some(name)
}

/// Whether an artifact of this path and name can be the object `key`.
fn may_be_key(path: Option<&Text>, name: Option<&Text>, override_name: bool, key: &Text) -> bool {
    let prefix = path.map(|path| path.display().trim_matches('/').to_owned()).unwrap_or_default();
    let key_text = key.display();
    let key_text = key_text.trim_start_matches('/');
    let Some(rest) = key_text.strip_prefix(prefix.as_str()) else {
        // A path that is known and differs from the start of the key: some other object.
        return path.is_some_and(|path| path.has_holes())
            || key.has_holes() && key.literal().is_none() && prefix.is_empty();
    };
    if override_name {
        return true;
    }
    match name {
        Some(name) if !name.has_holes() && !key.has_holes() => {
            rest.trim_start_matches('/').trim_end_matches(".zip") == name.display().trim_end_matches(".zip")
        }
        Some(name) => {
            let known = |text: &Text| text.display().into_owned();
            rest.trim_start_matches('/') == known(name) || name.has_holes()
        }
        None => true,
    }
}
