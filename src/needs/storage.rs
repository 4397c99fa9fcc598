//! What builds need of S3 and of the keys that encrypt what they write.

use super::Certainty;
use super::arn::{Place, hole, is_arn, joined, split_once, start};
use super::draft::{Draft, all, says, text, texts};
use super::project::{SERVICE_ROLE, name};
use crate::model::{BuildProject, Pipeline};
use crate::source::Span;
use crate::value::{HoleKind, Text, Value};

const CACHE: &str = "https://docs.aws.amazon.com/codebuild/latest/userguide/build-caching.html";
const KEYS: &str = "https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-kms.html";
const PIPELINE_ROLE: &str = "https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html";

/// `bucket/key`, or the ARN of it: the bucket alone.
fn bucket_of(location: &Text) -> Text {
    if !is_arn(location) {
        return split_once(location, "/").map_or_else(|| location.clone(), |(bucket, _)| bucket);
    }
    match split_once(location, ":::") {
        Some((front, rest)) => {
            let bucket = split_once(&rest, "/").map_or(rest, |(bucket, _)| bucket);
            let colons = Text::at(":::", location.span);
            joined([&front, &colons, &bucket], location.span)
        }
        None => split_once(location, "/").map_or_else(|| location.clone(), |(bucket, _)| bucket),
    }
}

/// The objects of a location of the form `bucket/prefix`.
pub fn below(place: &Place, location: &Text) -> Text {
    let whole = place.bucket(&location.trim_slashes());
    joined([&whole, &place.text("/*")], location.span)
}

/// The object of a location of the form `bucket/key`.
pub fn object(place: &Place, location: &Text) -> Text {
    place.bucket(location)
}

/// Builds look whose the bucket is before they use it.
pub fn bucket_identity(draft: &mut Draft<'_>, location: &Text) {
    let bucket = draft.place.bucket(&bucket_of(location));
    let reason = "looks whose the bucket is";
    draft.need("s3:GetBucketAcl s3:GetBucketLocation", vec![bucket], location.span, reason, SERVICE_ROLE).likely();
}

/// Reads objects; which version of them is asked for depends on the bucket.
pub fn reading(draft: &mut Draft<'_>, objects: Vec<Text>, span: Span, reason: &str, source: &'static str) {
    draft.need("s3:GetObject", objects.clone(), span, reason, source);
    draft.need("s3:GetObjectVersion", objects, span, reason, source).likely();
}

pub fn source(draft: &mut Draft<'_>, location: &Text) {
    let reason = "fetches its source from S3";
    let is_folder = location.display().ends_with('/');
    let objects = if is_folder { below(&draft.place, location) } else { object(&draft.place, location) };
    reading(draft, vec![objects], location.span, reason, SERVICE_ROLE);
    if is_folder {
        let bucket = draft.place.bucket(&bucket_of(location));
        draft.need("s3:ListBucket", vec![bucket], location.span, reason, SERVICE_ROLE);
    }
    bucket_identity(draft, location);
}

/// The artifacts that go to S3.
pub fn artifacts_in_s3(project: &BuildProject) -> Vec<&Value> {
    let properties = &project.properties;
    let every = [all(properties, "Artifacts"), all(properties, "SecondaryArtifacts")].concat();
    every.into_iter().filter(|artifact| says(artifact, "Type", "S3")).collect()
}

pub fn artifacts(draft: &mut Draft<'_>, project: &BuildProject) {
    for artifact in artifacts_in_s3(project) {
        let keys = artifact_key(draft, project, artifact);
        if keys.is_empty() {
            draft.unknown("which bucket the artifacts go to is not known", artifact.span());
        }
        let reason = "puts its artifacts into S3";
        draft.need("s3:PutObject", keys.clone(), artifact.span(), reason, SERVICE_ROLE);
        for location in texts(artifact, "Location") {
            bucket_identity(draft, &location);
        }
        if text(artifact, "BucketOwnerAccess").is_some() {
            let reason = "gives the owner of the bucket access to its artifacts";
            draft.need("s3:PutObjectAcl", keys, artifact.span(), reason, SERVICE_ROLE);
        }
    }
    draft.found.needs.retain(|need| !need.resources.is_empty());
}

/// The objects that the artifacts of a build become: path, id of the build and name.
///
/// Source: <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectArtifacts.html>
pub fn artifact_key(draft: &Draft<'_>, project: &BuildProject, artifact: &Value) -> Vec<Text> {
    let place = &draft.place;
    let path = text(artifact, "Path").map(|path| path.trim_slashes());
    let id = says(artifact, "NamespaceType", "BUILD_ID").then(|| place.text("*"));
    let name = Some(artifact_name(draft, project, artifact));
    let slash = place.text("/");
    let mut key: Vec<&Text> = Vec::new();
    for part in [&path, &id, &name].into_iter().flatten() {
        if !key.is_empty() && !part.parts.is_empty() && part.literal() != Some("") {
            key.push(&slash);
        }
        key.push(part);
    }
    let everything = place.text("/*");
    if !says(artifact, "Packaging", "ZIP") {
        key.push(&everything);
    }
    let key = joined(key, artifact.span());
    texts(artifact, "Location").iter().map(|bucket| place.object(bucket, &key)).collect()
}

fn artifact_name(draft: &Draft<'_>, project: &BuildProject, artifact: &Value) -> Text {
    let chosen_by_buildspec = || {
        let own = draft.model.buildspec_of(project)?.buildspec.artifacts.as_ref()?;
        let id = text(artifact, "ArtifactIdentifier");
        let written = match id.as_ref().and_then(Text::literal) {
            None => own.name.as_ref(),
            Some(id) => own.secondary.iter().find(|(key, _)| key.value == id).and_then(|(_, own)| own.name.as_ref()),
        }?;
        Some(as_pattern(written))
    };
    if says(artifact, "OverrideArtifactName", "true") {
        return chosen_by_buildspec().unwrap_or_else(|| draft.place.text("*"));
    }
    match text(artifact, "Name") {
        Some(name) if name.literal() == Some("/") => draft.place.text(""),
        Some(name) => name.trim_slashes(),
        None => name(project),
    }
}

/// A name of which the shell fills in parts: `*` from the first of them on.
fn as_pattern(name: &Text) -> Text {
    match name.literal().and_then(|text| text.find(['$', '`']).map(|at| &text[..at])) {
        Some(front) => Text::at(format!("{front}*"), name.span),
        None => name.clone(),
    }
}

pub fn cache(draft: &mut Draft<'_>, project: &BuildProject) {
    for cache in all(&project.properties, "Cache") {
        for location in texts(cache, "Location").into_iter().filter(|_| says(cache, "Type", "S3")) {
            let keys = vec![below(&draft.place, &location)];
            let reason = "keeps its cache in S3";
            draft.need("s3:PutObject", keys.clone(), location.span, reason, CACHE);
            reading(draft, keys, location.span, reason, CACHE);
            bucket_identity(draft, &location);
        }
    }
}

/// What a pipeline hands to the build, and the build back to it.
pub fn pipeline_artifacts(draft: &mut Draft<'_>, project: &BuildProject) {
    let properties = &project.properties;
    if !says(properties, "Source.Type", "CODEPIPELINE") {
        return;
    }
    let span = project.source.span;
    if project.run_by.is_empty() {
        let store = hole("the bucket of the pipeline", HoleKind::Computed, span, project.file);
        let objects = draft.place.object(&Text::from_hole(store), &draft.place.text("*"));
        draft.unknown("the pipeline that runs the build is not among the files: nor is the bucket of it", span);
        let reason = "fetches what its pipeline hands on";
        draft.need("s3:GetObject s3:GetObjectVersion", vec![objects], span, reason, PIPELINE_ROLE).likely();
        return;
    }
    let mut stores: Vec<(&Pipeline, Text)> = Vec::new();
    let mut hands_back = false;
    let model = draft.model;
    for at in &project.run_by {
        let pipeline = &model.pipelines[at.pipeline];
        let (_, action) = pipeline.action(*at);
        hands_back |= !action.outputs.is_empty();
        for store in &pipeline.stores {
            if !stores
                .iter()
                .any(|(known, bucket)| known.logical_id.span == pipeline.logical_id.span && bucket == store)
            {
                stores.push((pipeline, store.clone()));
            }
        }
    }
    // Of stores in several regions the build needs the one of its own.
    let is_one = stores.len() == 1;
    let before = draft.found.needs.len();
    for (pipeline, store) in stores {
        let objects = vec![draft.place.object(&store, &joined([&prefix(pipeline), &draft.place.text("/*")], span))];
        reading(draft, objects.clone(), span, "fetches what its pipeline hands on", PIPELINE_ROLE);
        if hands_back {
            draft.need("s3:PutObject", objects, span, "hands its artifacts to its pipeline", PIPELINE_ROLE);
        }
        let bucket = vec![draft.place.bucket(&store)];
        let actions = "s3:GetBucketAcl s3:GetBucketLocation";
        draft.need(actions, bucket, span, "looks whose the bucket is", SERVICE_ROLE).likely();
    }
    if !is_one {
        draft.found.needs[before..].iter_mut().for_each(|need| need.certainty = Certainty::Likely);
    }
}

/// The folder of a pipeline in its bucket: the first twenty characters of its name.
pub fn prefix(pipeline: &Pipeline) -> Text {
    let own = pipeline.name.as_ref().and_then(|name| start(name, 20));
    own.unwrap_or_else(|| Text::at("*", pipeline.logical_id.span))
}

/// The key of the project, and those of the pipelines that run it.
pub fn encryption(draft: &mut Draft<'_>, project: &BuildProject) {
    for key in texts(&project.properties, "EncryptionKey") {
        use_of_key(draft, &key, "encrypts its artifacts");
    }
    let model = draft.model;
    for at in &project.run_by {
        for key in store_keys(&model.pipelines[at.pipeline].properties) {
            use_of_key(draft, &key, "decrypts what its pipeline hands on");
        }
    }
}

/// The keys of the buckets of a pipeline.
pub fn store_keys(pipeline: &Value) -> Vec<Text> {
    let paths = ["ArtifactStore.EncryptionKey.Id", "ArtifactStores.ArtifactStore.EncryptionKey.Id"];
    paths.iter().flat_map(|path| texts(pipeline, path)).collect()
}

/// Keys that AWS manages need no permission.
pub fn use_of_key(draft: &mut Draft<'_>, key: &Text, reason: &str) {
    let shown = key.display();
    if shown.contains("alias/aws/") {
        return;
    }
    let span: Span = key.span;
    let alias = shown.find("alias/").filter(|_| shown.starts_with("alias/") || shown.contains(":alias/"));
    let place = draft.place.clone();
    let arn = match alias {
        Some(_) => place.arn("kms", &[&place.text("key/*")]),
        None if is_arn(key) => key.clone(),
        None => place.arn("kms", &[&place.text("key/"), key]),
    };
    let alias = alias.map(|at| place.text(&shown[at..]));
    let mut add = |actions: &str, is_certain: bool| {
        let need = draft.need(actions, vec![arn.clone()], span, reason, KEYS);
        if let Some(alias) = &alias {
            need.under("ForAnyValue:StringEquals", "kms:ResourceAliases", vec![alias.clone()]);
        }
        if !is_certain {
            need.likely();
        }
    };
    add("kms:Decrypt kms:GenerateDataKey", true);
    add("kms:DescribeKey kms:Encrypt kms:ReEncryptFrom kms:ReEncryptTo", false);
}
