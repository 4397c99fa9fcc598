//! What one principal may do, by all the policies on it: an allow counts where no deny takes it and
//! the boundary lets it pass.

mod allow;
mod assemble;
mod judge;
mod taker;

use super::action::{ActionPattern, actions_matching};
use super::answer::{Answer, Reason};
use super::arn::ArnPattern;
use super::catalogue;
use super::document::{PolicyDocument, Statement};
use super::grant::Grant;
use std::sync::Arc;

/// The policies of one principal.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    /// Shared by all to whom a policy is attached.
    pub documents: Vec<Arc<PolicyDocument>>,
    /// `None`: it has none.
    pub boundary: Option<Boundary>,
    /// Policies that are attached but cannot be seen. They may allow and deny anything.
    pub unseen: Vec<Reason>,
}

/// The permissions boundary of a principal.
#[derive(Clone, Debug)]
pub enum Boundary {
    Known(PolicyDocument),
    Unknown(Reason),
}

/// Which resources a question is about.
#[derive(Clone, Copy, Debug)]
pub enum ResourceAsked<'a> {
    /// Some resource, whichever.
    Any,
    /// One of those that a pattern matches.
    Matching(&'a ArnPattern),
}

impl Authority {
    /// Every allow of the wanted actions that survives the denies and the boundary, in the order of
    /// the documents. `wanted` holds actions and patterns of actions: `iam:CreateRole`,
    /// `iam:Put*Policy`.
    pub fn grants(&self, wanted: &[&str]) -> Vec<Grant<'_>> {
        self.grants_of(&Wanted::new(wanted))
    }

    /// The same for actions that are asked of many principals.
    pub fn grants_of(&self, wanted: &Wanted) -> Vec<Grant<'_>> {
        judge::grants(self, wanted)
    }

    /// What a pattern of a statement grants of an action, if anything of it survives.
    pub fn grant_by<'a>(
        &'a self,
        document: &'a PolicyDocument,
        statement: &'a Statement,
        pattern: &'a ActionPattern,
        action: catalogue::Action,
    ) -> Option<Grant<'a>> {
        judge::grant_by(self, document, statement, pattern, action)
    }

    /// Whether some request for the action on such a resource is allowed.
    pub fn can(&self, action: &str, resource: ResourceAsked<'_>) -> Answer {
        judge::can(self, action, resource)
    }

    /// Whether no deny and no boundary takes anything of what is allowed.
    pub fn only_allows(&self) -> bool {
        self.boundary.is_none() && self.documents.iter().all(|document| document.denies().next().is_none())
    }

    /// What could not be seen or evaluated and may allow more than is known.
    pub fn not_known(&self) -> impl Iterator<Item = Reason> {
        self.unseen.iter().cloned().chain(self.documents.iter().flat_map(|document| document.not_known()))
    }

    /// Whether nothing at all is known to be attached.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.unseen.is_empty()
    }
}

/// Actions to ask for, looked up once.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    actions: Vec<WantedAction>,
    /// Runs of actions of one service: its prefix in lower case, and where its run ends.
    services: Vec<(Box<str>, usize)>,
}

#[derive(Clone, Debug)]
struct WantedAction {
    name: String,
    known: Option<catalogue::Action>,
}

impl Wanted {
    /// Actions of the catalogue.
    pub fn of(actions: impl IntoIterator<Item = catalogue::Action>) -> Wanted {
        let asked = |action: catalogue::Action| WantedAction { name: action.full_name(), known: Some(action) };
        Wanted::from_actions(actions.into_iter().map(asked).collect())
    }

    /// Actions and patterns of actions: `iam:CreateRole`, `iam:Put*Policy`.
    pub fn new(wanted: &[&str]) -> Wanted {
        let asked = |name: String| WantedAction { known: catalogue::action(&name), name };
        Wanted::from_actions(expand(wanted).into_iter().map(asked).collect())
    }

    fn from_actions(actions: Vec<WantedAction>) -> Wanted {
        let mut wanted = Wanted { actions, services: Vec::new() };
        for (index, action) in wanted.actions.iter().enumerate() {
            let service = action.name.split_once(':').map_or("", |(service, _)| service).to_ascii_lowercase();
            match wanted.services.last_mut() {
                Some((last, end)) if **last == service => *end = index + 1,
                _ => wanted.services.push((service.into(), index + 1)),
            }
        }
        wanted
    }
}

/// The actions meant: patterns are replaced by the actions they match, names get their documented
/// casing. What the catalogue does not know stays as it is.
pub fn expand(wanted: &[&str]) -> Vec<String> {
    let mut actions: Vec<String> = Vec::new();
    for text in wanted {
        let meant: Vec<String> = if text.contains(['*', '?']) {
            actions_matching(text).into_iter().map(catalogue::Action::full_name).collect()
        } else {
            vec![catalogue::action(text).map_or_else(|| (*text).to_owned(), catalogue::Action::full_name)]
        };
        for action in meant {
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
    }
    actions
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod soundness;
