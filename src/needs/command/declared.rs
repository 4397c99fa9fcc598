//! What a comment above a command says that it uses: `s3:GetObject s3:PutObject on arn:aws:s3:::demo/*`.

use super::arn::fill;
use super::{Certainty, Found, resource};
use crate::iam::ActionPattern;
use crate::iam::catalogue::{self, Action};
use crate::value::Text;

const SOURCE: &str = "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html";

/// The command needs what its comments say and nothing else: who wrote them knows it better.
pub fn find(found: &mut Found<'_>) {
    for note in &found.command.uses {
        if note.value == "nothing" {
            continue;
        }
        let (wanted, on) = note.value.split_once(" on ").unwrap_or((&note.value, ""));
        let resources: Vec<Text> = words(on).map(|arn| fill(arn, &found.place, |_| None).text).collect();
        let mut named: Vec<Action> = Vec::new();
        for word in words(wanted) {
            let before = named.len();
            match catalogue::action(word) {
                Some(action) => named.push(action),
                None => {
                    let pattern = ActionPattern::new(&Text::at(word, note.span), Vec::new());
                    let is_meant = |action: &Action| pattern.matches(&action.full_name()).is_yes();
                    named.extend(catalogue::actions().filter(is_meant).filter(|_| word.contains('*')));
                }
            }
            if named.len() == before {
                found.unknown(format!("the comment above it names `{word}`, and there is no such action"));
            }
        }
        if resources.is_empty() {
            for action in named {
                let untold = resource::untold(action, &found.place);
                found.need(vec![action], untold, Certainty::Likely, SOURCE);
            }
        } else if !named.is_empty() {
            found.need(named, resources, Certainty::Certain, SOURCE);
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', '\t']).filter(|word| !word.is_empty())
}
