//! What roles need next to what they may do, over folders, as tables in Markdown:
//! `cargo run --release --example needs -- FOLDER…`. Each folder below those that are named is a repository of
//! its own. The least policy of each role is put in the place of the role's own and compared again.

mod folders;

use iamlint::linter::{Options, understand};
use iamlint::model::Model;
use iamlint::needs::compare::{Comparison, State, Used, compare};
use iamlint::needs::{Certainty, Names, Needs, of_role, policy};
use iamlint::source::Sources;
use std::collections::BTreeMap;
use std::io;

#[derive(Default)]
struct Counts {
    repositories: usize,
    roles: usize,
    /// The policies of the role are all among the files.
    seen: usize,
    /// So are the commands that work with it, and all of them are understood.
    understood: usize,
    missing: usize,
    unused: usize,
    wider: usize,
    /// Least policies that hold all that is needed and nothing else, of those made again.
    exact: usize,
    again: usize,
}

fn main() -> io::Result<()> {
    let mut counts = Counts::default();
    let mut unknown = BTreeMap::<String, usize>::new();
    for sources in folders::repositories()? {
        count(&sources?, &mut counts, &mut unknown);
    }
    let Counts { repositories, roles, seen, understood, missing, unused, wider, exact, again } = counts;
    println!("| of | are |\n|---|--:|");
    println!("| repositories with a role of a build or a pipeline | {repositories} |");
    println!("| such roles | {roles} |");
    println!("| whose policies are all among the files | {seen} |");
    println!("| and whose commands are all understood | {understood} |");
    println!("| roles that lack something that is surely needed | {missing} |");
    println!("| roles that have what nothing is seen to need | {unused} |");
    println!("| roles that have something on more than is needed | {wider} |");
    println!("| least policies, compared with the needs again | {again} |");
    println!("| that hold all that is needed, and nothing else | {exact} |\n");
    println!("| what is not known of needs | times |\n|---|--:|");
    let mut rows: Vec<(String, usize)> = unknown.into_iter().collect();
    rows.sort_by_key(|(reason, times)| (std::cmp::Reverse(*times), reason.clone()));
    rows.iter().take(10).for_each(|(reason, times)| println!("| {reason} | {times} |"));
    Ok(())
}

fn count(sources: &Sources, counts: &mut Counts, unknown: &mut BTreeMap<String, usize>) {
    let mut model = understand(sources, &Options::default()).model;
    let mut found = Vec::new();
    {
        let names = Names::new(&model);
        for id in 0..model.principals.len() {
            let Some(needs) = of_role(&model, &names, id) else { continue };
            let compared = compare(&needs, &model, id, &names);
            found.push((id, needs, compared));
        }
    }
    counts.repositories += usize::from(!found.is_empty());
    counts.roles += found.len();
    for (id, needs, compared) in found {
        for reason in &needs.unknown {
            *unknown.entry(kind(&reason.text)).or_default() += 1;
        }
        let role = model.principal(id);
        if !role.is_whole() || !role.authority.unseen.is_empty() {
            continue;
        }
        counts.seen += 1;
        counts.understood += usize::from(needs.unknown.is_empty());
        let is_lacking =
            |used: &Used| used.state == State::Missing && needs.needs[used.need].certainty == Certainty::Certain;
        counts.missing += usize::from(compared.used.iter().any(is_lacking));
        counts.unused += usize::from(!compared.unused.is_empty());
        counts.wider += usize::from(!compared.wider.is_empty());
        let least = policy::least(&needs.needs, role.logical_id.span);
        let Some(document) = least.document else { continue };
        counts.again += 1;
        let authority = &mut model.principals[id].authority;
        authority.documents = vec![document.into()];
        authority.boundary = None;
        match difference(&model, id, &needs, least.unknown.len()) {
            None => counts.exact += 1,
            Some(text) => {
                eprintln!("{} `{}`: {text}", sources.path(model.principal(id).file), model.principal(id).display())
            }
        }
    }
}

/// What the policy lacks, or has beyond what is needed.
fn difference(model: &Model, id: usize, needs: &Needs, left_out: usize) -> Option<String> {
    let Comparison { used, unused, wider, .. } = compare(needs, model, id, &Names::new(model));
    let mut lacking: Vec<&Used> = used.iter().filter(|used| used.state != State::Granted).collect();
    lacking.sort_by_key(|used| used.need);
    lacking.dedup_by_key(|used| used.need);
    if let Some(first) = lacking.first().filter(|_| lacking.len() > left_out) {
        let need = &needs.needs[first.need];
        let on: Vec<_> = need.resources.iter().map(|resource| resource.display()).collect();
        return Some(format!("{} on {}: {:?}", first.action.full_name(), on.join(", "), first.state));
    }
    let beyond = unused.len() + wider.len();
    (beyond > 0).then(|| format!("{beyond} grants beyond what is needed: {:?}", wider.first().map(|one| &one.example)))
}

/// What a reason says without the command, the name or the place that it is about.
fn kind(reason: &str) -> String {
    let said = reason.rsplit_once("`: ").map_or(reason, |(_, said)| said);
    let mut pieces = said.split('`');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    while let (Some(_), Some(behind)) = (pieces.next(), pieces.next()) {
        text.push('…');
        text.push_str(behind);
    }
    text
}
