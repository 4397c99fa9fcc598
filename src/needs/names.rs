//! One name for one resource: `${Bucket.Arn}/*` and `arn:aws:s3:::${Bucket}/*` speak of the same
//! objects, and so does the name that the template gives the bucket.

use super::arn::{Place, hole, joined};
use crate::model::{DeclaredResource, Model};
use crate::source::{FileId, OffsetMap};
use crate::value::{Hole, HoleKind, Part, Text, Value};
use std::collections::HashMap;

/// The declared resources that references may lead to.
pub struct Names<'m> {
    resources: HashMap<(FileId, &'m str), &'m DeclaredResource>,
}

/// What `Ref` gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reference {
    Name,
    Arn,
    Other,
}

/// A type: its property with the name, its ARN as service and what stands before and behind the
/// name, and what `Ref` gives.
///
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html>
type Named = (&'static str, &'static str, &'static str, &'static str, &'static str, Reference);

const NAMED: [Named; 11] = [
    ("AWS::CodeBuild::Project", "Name", "codebuild", "project/", "", Reference::Name),
    ("AWS::CodeCommit::Repository", "RepositoryName", "codecommit", "", "", Reference::Other),
    ("AWS::CodePipeline::Pipeline", "Name", "codepipeline", "", "", Reference::Name),
    ("AWS::DynamoDB::Table", "TableName", "dynamodb", "table/", "", Reference::Name),
    ("AWS::ECR::Repository", "RepositoryName", "ecr", "repository/", "", Reference::Name),
    ("AWS::KMS::Key", "", "kms", "key/", "", Reference::Name),
    ("AWS::Lambda::Function", "FunctionName", "lambda", "function:", "", Reference::Name),
    ("AWS::Logs::LogGroup", "LogGroupName", "logs", "log-group:", ":*", Reference::Name),
    ("AWS::S3::Bucket", "BucketName", "s3", "", "", Reference::Name),
    ("AWS::SNS::Topic", "TopicName", "sns", "", "", Reference::Arn),
    ("AWS::StepFunctions::StateMachine", "StateMachineName", "states", "stateMachine:", "", Reference::Arn),
];

/// The types of resources whose properties are asked for what a pipeline needs.
pub fn resource_types() -> impl Iterator<Item = &'static str> {
    NAMED.iter().map(|named| named.0).chain(["AWS::CodeBuild::Fleet", "AWS::Events::Rule"])
}

/// Names that are made of names that are made of names: so deep, and no deeper.
const MAX_DEPTH: usize = 4;

impl<'m> Names<'m> {
    pub fn new(model: &'m Model) -> Names<'m> {
        let resources = model.resources.iter().map(|one| ((one.file, one.logical_id.value.as_str()), one));
        Names { resources: resources.collect() }
    }

    /// The resource that a text refers to: `!Ref Id`, `!GetAtt Id.Arn`.
    pub fn resource(&self, text: &Text) -> Option<&'m DeclaredResource> {
        self.declared(text.as_hole()?)
    }

    /// The resources whose name, as it is written, an ARN has; of a bucket that of its objects too. Where
    /// their template is deployed to is not looked at.
    pub fn named<'a>(&'a self, arn: &'a Text) -> impl Iterator<Item = &'m DeclaredResource> + 'a {
        // What a hole holds is no part of a written name.
        let flat = arn.parts.iter().map(|part| match part {
            Part::Known(known, _) => known.as_str(),
            Part::Hole(_) => "\0",
        });
        let flat: String = flat.collect();
        let is_it = move |resource: &DeclaredResource| {
            let [_, _, service, _, _, own] = flat.splitn(6, ':').collect::<Vec<_>>()[..] else { return false };
            let named = NAMED.iter().find(|named| named.0 == resource.kind && named.2 == service);
            let rest = named.and_then(|(_, property, _, before, ..)| {
                let name = resource.value()?.get(property)?.literal()?;
                own.strip_prefix(before)?.strip_prefix(name)
            });
            rest.is_some_and(|rest| rest.is_empty() || service == "s3" && rest.starts_with('/'))
        };
        self.resources.values().copied().filter(move |resource| is_it(resource))
    }

    /// The text with references replaced by what they come to, as far as that is written.
    pub fn resolved(&self, text: &Text) -> Text {
        self.resolved_to(text, MAX_DEPTH)
    }

    /// The same with one partition for all: a template is deployed to one.
    pub fn comparable(&self, text: &Text) -> Text {
        let mut resolved = self.resolved(text);
        let is_partition = |hole: &Hole| hole.kind == HoleKind::Pseudo && hole.name == "AWS::Partition";
        match resolved.parts.as_mut_slice() {
            [Part::Known(arn, _), partition @ Part::Hole(_), ..] if *arn == "arn:" => {
                if matches!(partition, Part::Hole(hole) if is_partition(hole)) {
                    *partition = Part::Known("aws".into(), OffsetMap::whole(text.span));
                }
            }
            [Part::Known(known, map), ..]
                if ["arn:aws-cn:", "arn:aws-us-gov:"].iter().any(|front| known.starts_with(front)) =>
            {
                let rest = known.splitn(3, ':').nth(2).unwrap_or_default();
                (*known, *map) = (format!("arn:aws:{rest}").into(), OffsetMap::whole(text.span));
            }
            _ => {}
        }
        resolved.normalised()
    }

    fn declared(&self, hole: &Hole) -> Option<&'m DeclaredResource> {
        let is_reference = hole.kind == HoleKind::Resource;
        self.resources.get(&(hole.template, hole.logical_id())).copied().filter(|_| is_reference)
    }

    fn resolved_to(&self, text: &Text, depth: usize) -> Text {
        if depth == 0 || !text.has_holes() {
            return text.clone();
        }
        let resolve = |part: &Part| match part {
            Part::Hole(hole) => self.meaning(hole, depth - 1).unwrap_or_else(|| Text::from_hole(hole.as_ref().clone())),
            known => Text { parts: vec![known.clone()], span: text.span },
        };
        let parts: Vec<Text> = text.parts.iter().map(resolve).collect();
        joined(&parts, text.span)
    }

    /// What a reference comes to: the name or the ARN of the resource.
    fn meaning(&self, reference: &Hole, depth: usize) -> Option<Text> {
        let resource = self.declared(reference)?;
        let named = NAMED.iter().find(|named| named.0 == resource.kind)?;
        let (_, property, service, before, behind, gives) = *named;
        let attribute = reference.name.split_once('.').map(|(_, attribute)| attribute);
        let wants_arn = match attribute {
            None if gives == Reference::Other => return None,
            None => gives == Reference::Arn,
            Some("Arn" | "TopicArn") => true,
            Some("Name" | "TopicName" | "RepositoryName") => false,
            Some(_) => return None,
        };
        let own = resource.value().and_then(|value| value.get(property)).and_then(Value::as_text);
        let unnamed =
            || Text::from_hole(hole(reference.logical_id(), HoleKind::Resource, reference.span, reference.template));
        let name = own.map_or_else(unnamed, |name| self.resolved_to(name, depth));
        if !wants_arn {
            return Some(name);
        }
        let place = Place::of_template(reference.span);
        if service == "s3" {
            return Some(place.bucket(&name));
        }
        Some(place.arn(service, &[&place.text(before), &name, &place.text(behind)]))
    }
}
