//! Where pipelines that deploy take their code from, and who writes there.

use super::reach::{Target, reaches};
use crate::iam::{Grant, Wanted};
use crate::model::artifact::{ObjectWrites, Objects};
use crate::model::{DeclaredResource, Model, Pipeline, Principal};
use crate::value::Text;
use std::sync::LazyLock;

/// The source of a pipeline.
pub struct ReleaseSource<'m> {
    /// What names it: the key of an object, or a repository.
    pub text: &'m Text,
    pub place: Place<'m>,
}

/// What kind of source it is.
pub enum Place<'m> {
    Object { bucket: &'m Text, key: Option<&'m Text>, objects: Box<Objects> },
    Images(Target),
    Code(Target),
}

/// What may be written by whom, asked once for all sources.
pub struct Writes<'m> {
    principal: &'m Principal,
    objects: ObjectWrites<'m>,
    images: Vec<Grant<'m>>,
    code: Vec<Grant<'m>>,
}

/// What replaces an image, and the policy that says who may.
pub static PUT_IMAGE: LazyLock<Wanted> = LazyLock::new(|| Wanted::new(&["ecr:PutImage", "ecr:SetRepositoryPolicy"]));
/// A merge of a pull request is what reviews and their rules stand before.
static PUSH: LazyLock<Wanted> = LazyLock::new(|| {
    Wanted::new(&["codecommit:GitPush", "codecommit:CreateCommit", "codecommit:PutFile", "codecommit:MergeBranchesBy*"])
});

/// The sources of a pipeline that deploys, as far as they are a matter of IAM; of others none.
pub fn sources<'m>(model: &Model, pipeline: &'m Pipeline) -> Vec<ReleaseSource<'m>> {
    let deploys = pipeline.actions().any(|(_, _, _, action)| {
        action.is_deploy_provider()
            || action.deploying_command().is_some()
            || action.project.is_some_and(|id| model.project(id).deploys.is_some())
    });
    if deploys { sources_of(model, pipeline) } else { Vec::new() }
}

/// The sources of a pipeline, whatever it does with them.
pub fn sources_of<'m>(model: &Model, pipeline: &'m Pipeline) -> Vec<ReleaseSource<'m>> {
    let actions = pipeline.actions().filter(|(_, _, _, action)| action.is_source());
    let found = actions.filter_map(|(_, _, _, action)| {
        let repository = |kind: &str, prefix: &str| {
            let name = action.setting("RepositoryName")?;
            Some((name, repository(model, kind, prefix, name)))
        };
        let (text, place) = match action.provider.to_ascii_lowercase().as_str() {
            "s3" => {
                let (bucket, key) = (action.setting("S3Bucket")?, action.setting("S3ObjectKey"));
                (key.unwrap_or(bucket), Place::Object { bucket, key, objects: Box::new(Objects::new(bucket, key)) })
            }
            "ecr" => {
                let (name, target) = repository("AWS::ECR::Repository", "arn:*:ecr:*:*:repository/")?;
                (name, Place::Images(target))
            }
            "codecommit" => {
                let (name, target) = repository("AWS::CodeCommit::Repository", "arn:*:codecommit:*:*:")?;
                (name, Place::Code(target))
            }
            _ => return None,
        };
        Some(ReleaseSource { text, place })
    });
    found.collect()
}

/// A repository by its name; where the template declares it under that name, policies may refer to it too.
fn repository(model: &Model, kind: &str, prefix: &str, name: &Text) -> Target {
    let own_name = |one: &DeclaredResource| one.value()?.get("RepositoryName")?.as_text().cloned();
    let mut declared = model.resources.iter().filter(|one| one.kind == kind && one.file == name.span.file);
    match declared.find(|one| own_name(one).as_ref() == Some(name)) {
        Some(one) => Target::declared_as(one.file, &one.logical_id.value, prefix, Some(name)),
        None => Target::named(prefix, name, ""),
    }
}

impl<'m> Writes<'m> {
    pub fn of(principal: &'m Principal) -> Writes<'m> {
        let grants = |wanted: &Wanted| principal.authority.grants_of(wanted);
        Writes { principal, objects: ObjectWrites::of(principal), images: grants(&PUT_IMAGE), code: grants(&PUSH) }
    }

    /// Those that some of the grants give.
    pub fn with(&self, counts: impl Fn(&Grant<'m>) -> bool) -> Writes<'m> {
        let kept = |grants: &[Grant<'m>]| grants.iter().filter(|grant| counts(grant)).cloned().collect();
        Writes {
            principal: self.principal,
            objects: self.objects.with(&counts),
            images: kept(&self.images),
            code: kept(&self.code),
        }
    }

    /// The grant that lets it write a source. A condition, of the grant or of a deny beside it, may name branches
    /// or tags: the pipeline's, or all others.
    pub fn to(&self, source: &ReleaseSource<'_>) -> Option<&Grant<'m>> {
        let pushes = |grants: &'_ [Grant<'m>], target: &Target| {
            let is_here = |grant: &Grant<'_>| grant.narrowing.is_empty() && reaches(grant, target);
            grants.iter().position(|grant| is_here(grant) && !self.is_denied_at_times(&grant.action))
        };
        match &source.place {
            Place::Object { objects, .. } => self.to_objects(objects),
            Place::Images(target) => pushes(&self.images, target).map(|at| &self.images[at]),
            Place::Code(target) => pushes(&self.code, target).map(|at| &self.code[at]),
        }
    }

    fn is_denied_at_times(&self, action: &str) -> bool {
        let mut denies = self.principal.authority.documents.iter().flat_map(|document| document.denies());
        denies.any(|deny| !deny.conditions.is_empty() && !deny.matches_action(action).is_empty())
    }

    /// The grant that lets it write objects, or say who does.
    pub fn to_objects(&self, objects: &Objects) -> Option<&Grant<'m>> {
        self.objects.to(objects)
    }
}
