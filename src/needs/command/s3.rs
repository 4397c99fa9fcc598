//! `aws s3`: commands that copy between a machine and buckets, and what they need on both sides.
//!
//! Source: <https://docs.aws.amazon.com/cli/latest/reference/s3/>

use super::arn::{Place, fill, in_build, is_arn, joined, known, split_once};
use super::resource::Named;
use super::words::{Arguments, Arity};
use super::{Certainty, Found, actions};
use crate::value::{HoleKind, Part, Text};

const FLAGS: [&str; 22] = [
    "--bypass-governance-retention",
    "--case-conflict",
    "--delete",
    "--dryrun",
    "--exact-timestamps",
    "--follow-symlinks",
    "--force",
    "--force-glacier-transfer",
    "--human-readable",
    "--ignore-glacier-warnings",
    "--no-follow-symlinks",
    "--no-guess-mime-type",
    "--no-overwrite",
    "--no-progress",
    "--only-show-errors",
    "--quiet",
    "--recursive",
    "--size-only",
    "--summarize",
    "--validate-same-s3-paths",
    "--sse",
    "--sse-c",
];

/// Options that take several words.
const LISTS: [&str; 1] = ["--grants"];

/// Variables of a build that name folders of the machine.
const FOLDERS: [&str; 5] = ["CODEBUILD_SRC_DIR", "HOME", "PWD", "TMPDIR", "OLDPWD"];

const COPY: &str = "https://docs.aws.amazon.com/cli/latest/userguide/cli-services-s3-commands.html";
const OBJECTS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html";
const ENCRYPTION: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html";

/// One end of a copy.
enum Side {
    Local(Text),
    /// A bucket and what stands behind it; neither is known where a variable holds both.
    Remote {
        bucket: Option<Text>,
        key: Option<Text>,
    },
    /// A variable: a path, or a bucket.
    Either,
}

pub fn arity(option: &str) -> Arity {
    match option {
        // `--sse` may stand alone, or with the name of a method.
        "--sse" | "--sse-c" => Arity::Flag,
        option if FLAGS.contains(&option) && option != "--case-conflict" => Arity::Flag,
        option if LISTS.contains(&option) => Arity::Many,
        _ => Arity::One,
    }
}

/// The object that `bucket/key` names.
pub fn copied(source: &Text, place: &Place) -> Named {
    let template = "arn:${Partition}:s3:::${Source}";
    let source = source.strip_prefix("/").unwrap_or_else(|| source.clone());
    let key = split_once(&source, "?").map_or(source, |(key, _)| key);
    Named { resources: vec![fill(template, place, |_| Some(key.clone())).text], is_told: true }
}

pub fn find(found: &mut Found<'_>, operation: &str, arguments: &Arguments) {
    // `--sse aws:kms`: the method is no path.
    let is_path = |texts: &&Vec<Text>| !texts.iter().any(|text| matches!(text.literal(), Some("aws:kms" | "AES256")));
    let paths: Vec<&Vec<Text>> = arguments.positional.iter().skip(2).filter(is_path).collect();
    match (operation, paths.as_slice()) {
        ("ls", []) => buckets(found),
        // `aws s3 ls demo` is `aws s3 ls s3://demo`.
        ("ls", [path, ..]) => {
            let scheme = known("s3://", &found.place);
            let full = |text: &Text| match side(text) {
                Side::Local(_) => joined([&scheme, text], text.span),
                _ => text.clone(),
            };
            let paths: Vec<Text> = path.iter().map(full).collect();
            each(&paths, |side| on_bucket(found, "s3:ListBucket", side));
        }
        ("cp" | "mv" | "sync", [from, to, ..]) => {
            each(from, |from| each(to, |to| copy(found, operation, from, to, arguments)))
        }
        ("rm", [path, ..]) => each(path, |side| remove(found, side, arguments)),
        ("mb", [path, ..]) => each(path, |side| on_bucket(found, "s3:CreateBucket", side)),
        ("rb", [path, ..]) => each(path, |side| {
            on_bucket(found, "s3:DeleteBucket", side);
            if arguments.has("--force") {
                on_bucket(found, "s3:ListBucket", side);
                on_objects(found, "s3:DeleteObject", side, Some("*"), Certainty::Certain);
            }
        }),
        // Nothing is called; who has the link reads with the rights of who signed it.
        ("presign", [path, ..]) => each(path, |side| on_objects(found, "s3:GetObject", side, None, Certainty::Likely)),
        ("website", [path, ..]) => each(path, |side| on_bucket(found, "s3:PutBucketWebsite", side)),
        _ => found.unknown("it has no operation and paths of `s3` that are known"),
    }
}

fn each(texts: &[Text], mut look: impl FnMut(&Side)) {
    for text in texts {
        look(&side(text));
    }
}

fn buckets(found: &mut Found<'_>) {
    let all = known("*", &found.place);
    found.need(actions(["s3:ListAllMyBuckets"]), vec![all], Certainty::Certain, OBJECTS);
}

fn copy(found: &mut Found<'_>, operation: &str, from: &Side, to: &Side, arguments: &Arguments) {
    // One of the two is in a bucket: where that is not the other, it is this one.
    let as_remote = |side: &Side, other: &Side| match (side, other) {
        (Side::Either, Side::Local(_)) => Some(Side::Remote { bucket: None, key: None }),
        _ => None,
    };
    let (made_from, made_to) = (as_remote(from, to), as_remote(to, from));
    let (from, to) = (made_from.as_ref().unwrap_or(from), made_to.as_ref().unwrap_or(to));
    if matches!((from, to), (Side::Either, Side::Either) | (Side::Local(_), Side::Local(_))) {
        return found.unknown("which of its paths is in a bucket is known only when it runs");
    }
    let is_deep = operation == "sync" || arguments.has("--recursive");
    let (from_remote, to_remote) = (matches!(from, Side::Remote { .. }), matches!(to, Side::Remote { .. }));
    if is_deep && from_remote {
        on_bucket(found, "s3:ListBucket", from);
    }
    if operation == "sync" && to_remote {
        on_bucket(found, "s3:ListBucket", to);
    }
    if arguments.has("--dryrun") {
        return;
    }
    let below = is_deep.then_some("*");
    if from_remote {
        on_objects(found, "s3:GetObject", from, below, Certainty::Certain);
        if to_remote {
            on_objects(found, "s3:GetObjectTagging", from, below, Certainty::Likely);
        }
        if operation == "mv" {
            on_objects(found, "s3:DeleteObject", from, below, Certainty::Certain);
        }
    }
    if to_remote {
        let name = below.map(str::to_owned).or_else(|| last_name(from));
        let name = name.as_deref();
        on_objects(found, "s3:PutObject", to, name, Certainty::Certain);
        on_objects(found, "s3:AbortMultipartUpload", to, name, Certainty::Likely);
        if from_remote {
            on_objects(found, "s3:PutObjectTagging", to, name, Certainty::Likely);
        }
        if arguments.has("--acl") || arguments.has("--grants") {
            on_objects(found, "s3:PutObjectAcl", to, name, Certainty::Certain);
        }
        if operation == "sync" && arguments.has("--delete") {
            on_objects(found, "s3:DeleteObject", to, name, Certainty::Certain);
        }
        if let Some(key) = arguments.values("--sse-kms-key-id").first() {
            encrypt(found, key);
        }
    }
}

fn encrypt(found: &mut Found<'_>, key: &Text) {
    let (resource, is_told) = kms_key(found, key);
    let certainty = if is_told { Certainty::Certain } else { Certainty::Likely };
    found.need(actions(["kms:GenerateDataKey", "kms:Decrypt"]), vec![resource], certainty, ENCRYPTION);
}

/// The ARN of a key by its ARN or its id, and whether it is told; which key an alias means is not.
pub fn kms_key(found: &Found<'_>, key: &Text) -> (Text, bool) {
    let is_id = !is_arn(key) && key.strip_prefix("alias/").is_none();
    let template = "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}";
    let filled = fill(template, &found.place, |_| is_id.then(|| key.clone()));
    if is_arn(key) { (in_build(key), true) } else { (filled.text, filled.untold == 0) }
}

fn remove(found: &mut Found<'_>, side: &Side, arguments: &Arguments) {
    let is_deep = arguments.has("--recursive");
    if is_deep {
        on_bucket(found, "s3:ListBucket", side);
    }
    if !arguments.has("--dryrun") {
        on_objects(found, "s3:DeleteObject", side, is_deep.then_some("*"), Certainty::Certain);
    }
}

fn on_bucket(found: &mut Found<'_>, action: &str, side: &Side) {
    let bucket = match side {
        Side::Remote { bucket, .. } => bucket.clone(),
        _ => None,
    };
    let filled = fill("arn:${Partition}:s3:::${Bucket}", &found.place, |_| bucket.clone());
    let certainty = if filled.untold == 0 { Certainty::Certain } else { Certainty::Likely };
    let resource = access_point(bucket.as_ref()).unwrap_or(filled.text);
    found.need(actions([action]), vec![resource], certainty, COPY);
}

/// `name` is what an object is called in a folder that is given: `*` for all that is below it.
fn on_objects(found: &mut Found<'_>, action: &str, side: &Side, name: Option<&str>, certainty: Certainty) {
    let (bucket, key) = match side {
        Side::Remote { bucket, key } => (bucket.clone(), key.clone()),
        _ => (None, None),
    };
    let key = match (&bucket, key) {
        (None, _) => None,
        (Some(_), Some(key)) if name == Some("*") && !ends_in_slash(&key) => {
            Some(joined([&key, &known("/*", &found.place)], found.place.span))
        }
        (Some(_), Some(key)) if ends_in_slash(&key) => {
            let name =
                name.map_or_else(|| super::arn::unknown("name", found.place.span), |name| known(name, &found.place));
            Some(joined([&key, &name], found.place.span))
        }
        (Some(_), Some(key)) => Some(key),
        (Some(_), None) => name.map(|name| known(name, &found.place)),
    };
    let (front, separator) = match access_point(bucket.as_ref()) {
        Some(point) => (Some(point), "/object/"),
        None => (None, "/"),
    };
    let filled = match front {
        Some(front) => {
            let key = key.clone().unwrap_or_else(|| super::arn::unknown("Key", found.place.span));
            joined([&front, &known(separator, &found.place), &key], found.place.span)
        }
        None => {
            let value = |name: &str| if name == "Bucket" { bucket.clone() } else { key.clone() };
            fill("arn:${Partition}:s3:::${Bucket}/${Key}", &found.place, value).text
        }
    };
    let is_told = bucket.is_some() && key.is_some();
    let certainty = if is_told { certainty } else { Certainty::Likely };
    found.need(actions([action]), vec![filled], certainty, OBJECTS);
}

fn ends_in_slash(key: &Text) -> bool {
    matches!(key.parts.last(), Some(Part::Known(known, _)) if known.ends_with('/'))
}

/// The ARN of an access point that stands in the place of a bucket.
fn access_point(bucket: Option<&Text>) -> Option<Text> {
    bucket.filter(|bucket| is_arn(bucket)).map(in_build)
}

/// The name that a file or an object has in a folder it is copied to.
fn last_name(side: &Side) -> Option<String> {
    let path = match side {
        Side::Local(path) => path.literal()?,
        Side::Remote { key: Some(key), .. } => key.literal()?,
        _ => return None,
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    (!name.is_empty() && !matches!(name, "-" | "." | "..") && !name.contains(['*', '?'])).then(|| name.to_owned())
}

fn side(text: &Text) -> Side {
    if let Some(rest) = text.strip_prefix("s3://") {
        // `s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/name/key`
        if is_arn(&rest) {
            let point = split_once(&rest, "/").map(|(kind, rest)| {
                let (name, key) = split_once(&rest, "/").map_or((rest, None), |(name, key)| (name, Some(key)));
                let slash = Text::at("/", text.span);
                (joined([&kind, &slash, &name], text.span), key)
            });
            return match point {
                Some((bucket, key)) => Side::Remote { bucket: Some(bucket), key: key.filter(is_there) },
                None => Side::Remote { bucket: None, key: None },
            };
        }
        return match split_once(&rest, "/") {
            Some((bucket, key)) => {
                Side::Remote { bucket: Some(bucket).filter(is_there), key: Some(key).filter(is_there) }
            }
            None => Side::Remote { bucket: Some(rest).filter(is_there), key: None },
        };
    }
    match text.parts.first() {
        Some(Part::Hole(hole))
            if !(hole.kind == HoleKind::Variable && FOLDERS.iter().any(|one| hole.name.starts_with(one))) =>
        {
            Side::Either
        }
        _ => Side::Local(text.clone()),
    }
}

fn is_there(text: &Text) -> bool {
    text.literal() != Some("")
}
