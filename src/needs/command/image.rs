//! Container engines: images that are pushed to ECR and pulled from it. Other registries are nothing to
//! AWS.

use super::arn::{Place, fill, split_once};
use super::words::{Arguments, Arity, texts};
use super::{Certainty, Found, actions};
use crate::value::{Part, Text};

/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html>
const PUSH: [&str; 6] = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
];
const PUSH_PAGE: &str = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html";

const PULL: [&str; 2] = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
const PULL_PAGE: &str = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html";

/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/public/public-repository-policy-examples.html>
const PUSH_PUBLIC: [&str; 5] = [
    "ecr-public:BatchCheckLayerAvailability",
    "ecr-public:CompleteLayerUpload",
    "ecr-public:InitiateLayerUpload",
    "ecr-public:PutImage",
    "ecr-public:UploadLayerPart",
];
const PUBLIC_PAGE: &str = "https://docs.aws.amazon.com/AmazonECR/latest/public/public-repository-policy-examples.html";

/// Options of `docker` and its commands that stand without a word.
const FLAGS: [&str; 14] = [
    "-a",
    "--all-tags",
    "-q",
    "--quiet",
    "--push",
    "--load",
    "--no-cache",
    "--pull",
    "--rm",
    "-D",
    "--debug",
    "-i",
    "-t",
    "--disable-content-trust",
];

/// Where an image lies.
enum Registry {
    Ecr {
        place: Place,
        repository: Text,
    },
    Public,
    /// A variable holds the registry.
    Unknown,
    Other,
}

pub fn find(found: &mut Found<'_>) {
    let words = found.command.arguments();
    let verbs: Vec<&str> = words.iter().map(|word| word.text.as_str()).filter(|word| !word.starts_with('-')).collect();
    let is_compose =
        found.command.program() == "docker-compose" || verbs.first().is_some_and(|verb| *verb == "compose");
    if is_compose {
        return compose(found, &verbs);
    }
    let verb = match verbs.as_slice() {
        ["image" | "buildx" | "builder" | "container" | "manifest", verb, ..] => *verb,
        [verb, ..] => *verb,
        [] => return,
    };
    // `-t` is a tag of an image that is built, and a terminal of one that is run.
    let is_build = matches!(verb, "build" | "bake" | "b" | "bud");
    let arguments = Arguments::read(words, |option| match option {
        "-t" if is_build => Arity::One,
        option if FLAGS.contains(&option) => Arity::Flag,
        _ => Arity::Perhaps,
    });
    match verb {
        "push" | "pull" => {
            let at =
                arguments.positional.iter().position(|texts| texts.iter().any(|text| text.literal() == Some(verb)));
            let images = at.and_then(|at| arguments.positional.get(at + 1)).cloned().unwrap_or_default();
            for image in &images {
                if verb == "push" { push(found, image) } else { pull(found, image, Certainty::Certain) }
            }
        }
        _ if is_build => build(found, &arguments),
        "run" | "exec" | "start" => found.unknown("it runs what an image holds"),
        _ => {}
    }
}

fn build(found: &mut Found<'_>, arguments: &Arguments) {
    let span = found.command.span;
    let bases: Vec<Text> = found
        .model
        .images
        .iter()
        .filter(|image| image.used_by.iter().any(|used| used.span == span))
        .flat_map(|image| image.dockerfile.stages.iter().filter(|stage| stage.base.is_none()))
        .map(|stage| Text { span, ..stage.image.clone() })
        .collect();
    bases.iter().for_each(|base| pull(found, base, Certainty::Likely));
    for cache in arguments.values("--cache-from") {
        pull(found, cache, Certainty::Likely);
    }
    if arguments.has("--push") {
        let tags = found.command.arguments().windows(2).filter(|pair| matches!(pair[0].text.as_str(), "-t" | "--tag"));
        let tags: Vec<Text> = tags.flat_map(|pair| texts(&pair[1])).collect();
        tags.iter().for_each(|tag| push(found, tag));
    }
}

fn compose(found: &mut Found<'_>, verbs: &[&str]) {
    let is_any = |wanted: &[&str]| verbs.iter().any(|verb| wanted.contains(verb));
    if is_any(&["up", "run", "exec", "start", "restart"]) {
        return found.unknown("it runs what images hold");
    }
    if !is_any(&["pull", "push", "build"]) {
        return;
    }
    let span = found.command.span;
    let model = found.model;
    let files: Vec<_> = model.compose.iter().filter(|one| one.used_by.iter().any(|used| used.span == span)).collect();
    if files.is_empty() && is_any(&["push", "pull"]) {
        return found.unknown("the compose file is not among those that are read");
    }
    for service in files.iter().flat_map(|file| &file.compose.services) {
        let Some(image) = &service.image else { continue };
        let image = Text { span, ..image.clone() };
        if is_any(&["push"]) && service.build.is_some() {
            push(found, &image);
        } else if is_any(&["pull"]) && service.build.is_none() {
            pull(found, &image, Certainty::Likely);
        }
    }
}

fn push(found: &mut Found<'_>, image: &Text) {
    match registry(image, &found.place) {
        Registry::Ecr { place, repository } => {
            let resource = repository_arn(&place, Some(repository));
            found.need(actions(PUSH), vec![resource], Certainty::Certain, PUSH_PAGE);
        }
        Registry::Public => {
            let template = "arn:${Partition}:ecr-public::${Account}:repository/${RepositoryName}";
            let resource = fill(template, &found.place, |_| None).text;
            found.need(actions(PUSH_PUBLIC), vec![resource], Certainty::Likely, PUBLIC_PAGE);
        }
        Registry::Unknown => {
            let resource = repository_arn(&found.place, None);
            found.need(actions(PUSH), vec![resource], Certainty::Likely, PUSH_PAGE);
        }
        Registry::Other => {}
    }
}

fn pull(found: &mut Found<'_>, image: &Text, certainty: Certainty) {
    match registry(image, &found.place) {
        Registry::Ecr { place, repository } => {
            let resource = repository_arn(&place, Some(repository));
            found.need(actions(PULL), vec![resource], certainty, PULL_PAGE);
        }
        Registry::Unknown => {
            let resource = repository_arn(&found.place, None);
            found.need(actions(PULL), vec![resource], Certainty::Likely, PULL_PAGE);
        }
        Registry::Public | Registry::Other => {}
    }
}

fn repository_arn(place: &Place, repository: Option<Text>) -> Text {
    fill("arn:${Partition}:ecr:${Region}:${Account}:repository/${RepositoryName}", place, |_| repository.clone()).text
}

/// `111122223333.dkr.ecr.eu-west-1.amazonaws.com/demo:latest`
fn registry(image: &Text, place: &Place) -> Registry {
    if image.strip_prefix("public.ecr.aws/").is_some() {
        return Registry::Public;
    }
    let parts = split_once(image, ".dkr.ecr.").and_then(|(account, rest)| {
        let (region, rest) = split_once(&rest, ".amazonaws.com")?;
        let (_, repository) = split_once(&rest, "/")?;
        Some((account, region, repository))
    });
    if let Some((account, region, repository)) = parts {
        let repository = without_tag(repository);
        let place = Place { account: Some(account), region: Some(region), span: place.span };
        return Registry::Ecr { place, repository };
    }
    match image.parts.first() {
        Some(Part::Hole(hole)) => match hole.default.as_deref() {
            // `${REGISTRY:-docker.io}` is told by its default.
            Some(text) if !text.contains("dkr.ecr") => Registry::Other,
            _ => Registry::Unknown,
        },
        _ => Registry::Other,
    }
}

fn without_tag(repository: Text) -> Text {
    let cut = |text: Text, separator: &str| split_once(&text, separator).map_or(text, |(before, _)| before);
    cut(cut(repository, "@"), ":")
}
