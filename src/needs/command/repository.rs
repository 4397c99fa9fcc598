//! Git and the repositories of CodeCommit. Those of any other host are nothing to AWS.

use super::arn::{Place, fill, split_once};
use super::words::texts;
use super::{Certainty, Found, actions};
use crate::value::{Part, Text};

const CODECOMMIT: &str =
    "https://docs.aws.amazon.com/codecommit/latest/userguide/auth-and-access-control-permissions-reference.html";

pub fn find(found: &mut Found<'_>) {
    let words = found.command.arguments();
    let action = if found.command.has_words(["push"]) { "codecommit:GitPush" } else { "codecommit:GitPull" };
    if !["clone", "fetch", "pull", "push", "ls-remote", "submodule"].iter().any(|verb| found.command.has_words([*verb]))
    {
        return;
    }
    for text in words.iter().flat_map(texts) {
        let Some((region, name)) = codecommit(&text) else { continue };
        let place = Place { region: region.or(found.place.region.clone()), ..found.place.clone() };
        let filled =
            fill("arn:${Partition}:codecommit:${Region}:${Account}:${RepositoryName}", &place, |_| Some(name.clone()));
        found.need(actions([action]), vec![filled.text], Certainty::Certain, CODECOMMIT);
    }
}

/// Region and name of a repository in `https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/demo`,
/// `codecommit::eu-west-1://demo`, `codecommit://demo`.
fn codecommit(url: &Text) -> Option<(Option<Text>, Text)> {
    if let Some(rest) = url.strip_prefix("codecommit://") {
        return Some((None, without_profile(rest)));
    }
    if let Some(rest) = url.strip_prefix("codecommit::") {
        let (region, name) = split_once(&rest, "://")?;
        return Some((Some(region), without_profile(name)));
    }
    let Some(Part::Known(front, _)) = url.parts.first() else { return None };
    // What goes over SSH is allowed by the key of a user.
    if !front.starts_with("https://") || !front.contains("git-codecommit") {
        return None;
    }
    let (_, rest) = split_once(url, "git-codecommit.")?;
    let (region, rest) = split_once(&rest, ".amazonaws.com")?;
    let (_, name) = split_once(&rest, "/v1/repos/")?;
    Some((Some(region), name))
}

/// `profile@demo`
fn without_profile(name: Text) -> Text {
    split_once(&name, "@").map_or(name, |(_, name)| name)
}
