//! A policy as short as it can be: parts are left out one by one, and what is left is proven to allow
//! the same requests. What cannot be proven stays as it is.

use super::access::{Finding, new_access};
use super::answer::Reason;
use super::document::{Effect, PolicyDocument, Statement};
use crate::source::Span;
use crate::value::Text;

/// A policy that allows what another does.
#[derive(Clone, Debug)]
pub struct Minimized {
    pub document: PolicyDocument,
    /// What was left out or put together, in the order it was done.
    pub changes: Vec<Change>,
    /// Parts that may be superfluous, without a proof: they are kept.
    pub kept: Vec<Reason>,
}

/// A part that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub span: Span,
    /// One sentence.
    pub text: String,
}

/// `Err`: why nothing can be proven of the policy, so that it has to stay as it is.
pub fn minimize(document: &PolicyDocument) -> Result<Minimized, Reason> {
    if let Some(reason) = document.unread.first() {
        return Err(reason.clone());
    }
    let is_open = |statement: &&Statement| !statement.doubts.is_empty() || !statement.when.is_empty();
    if let Some(open) = document.statements.iter().find(is_open) {
        let text = "what the statement says depends on the template";
        return Err(open.doubts.first().cloned().unwrap_or_else(|| Reason::at(text, open.span)));
    }
    let mut work = Minimized { document: document.clone(), changes: Vec::new(), kept: Vec::new() };
    // What has lost a part may be like another, or superfluous, only then.
    loop {
        let before = work.changes.len();
        work.drop_statements();
        work.merge();
        work.drop_entries();
        work.drop_tests();
        if work.changes.len() == before {
            break;
        }
    }
    work.sort();
    // Each step is proven by itself; the whole is too, since it is what is promised.
    for (before, after) in [(document, &work.document), (&work.document, document)] {
        match new_access(&[before], &[after]) {
            Finding::None => {}
            Finding::Unknown(reason) => return Err(reason),
            Finding::Found(access) => {
                let request = access.request;
                debug_assert!(false, "the policies differ on {request:?}");
                return Err(Reason::new(format!("internal: the policies differ on `{}`", request.action)));
            }
        }
    }
    Ok(work)
}

impl Minimized {
    /// Takes a shorter document, if it allows the same.
    fn try_out(&mut self, shorter: PolicyDocument, change: Change) -> bool {
        for (before, after) in [(&self.document, &shorter), (&shorter, &self.document)] {
            match new_access(&[before], &[after]) {
                Finding::None => {}
                Finding::Found(_) => return false,
                Finding::Unknown(reason) => {
                    let text = format!("that {} would change nothing: {}", change.text, reason.text);
                    let reason = Reason { text, span: Some(change.span) };
                    if !self.kept.contains(&reason) {
                        self.kept.push(reason);
                    }
                    return false;
                }
            }
        }
        self.document = shorter;
        self.changes.push(change);
        true
    }

    /// The document with one statement changed.
    fn with(&self, index: usize, change: impl FnOnce(&mut Statement)) -> PolicyDocument {
        let mut document = self.document.clone();
        change(&mut document.statements[index]);
        document
    }

    /// Statements that differ in their actions only become one, and those that differ in their
    /// resources only.
    fn merge(&mut self) {
        let mut index = 0;
        while index < self.document.statements.len() {
            let own = &self.document.statements[index];
            let rest = self.document.statements[index + 1..].iter();
            let same = rest.enumerate().find_map(|(offset, its)| Some((index + 1 + offset, merged(own, its)?)));
            let Some((other, merged)) = same else {
                index += 1;
                continue;
            };
            let gone = &self.document.statements[other];
            let change = Change { span: gone.span, text: format!("{} is now a part of {}", name(gone), name(own)) };
            let mut shorter = self.document.clone();
            shorter.statements[index] = merged;
            shorter.statements.remove(other);
            if !self.try_out(shorter, change) {
                index += 1;
            }
        }
    }

    fn drop_statements(&mut self) {
        for index in (0..self.document.statements.len()).rev() {
            let gone = &self.document.statements[index];
            let verb = if gone.effect == Effect::Deny { "denies" } else { "allows" };
            let change =
                Change { span: gone.span, text: format!("{} {verb} nothing that counts, and is left out", name(gone)) };
            let mut shorter = self.document.clone();
            shorter.statements.remove(index);
            if !shorter.statements.is_empty() {
                self.try_out(shorter, change);
            }
        }
    }

    /// Entries of lists, the last first: of two that are equal the first stays.
    fn drop_entries(&mut self) {
        for index in 0..self.document.statements.len() {
            for entry in (0..count(&self.document.statements[index].actions, |own| own.patterns.len())).rev() {
                let Some(actions) = &self.document.statements[index].actions else { break };
                let gone = &actions.patterns[entry];
                let change = Change { span: gone.span(), text: entry_text("action", gone.text()) };
                if actions.patterns.len() > 1 {
                    let shorter = self.with(index, |statement| {
                        statement.actions.iter_mut().for_each(|actions| drop(actions.patterns.remove(entry)));
                    });
                    self.try_out(shorter, change);
                }
            }
            for entry in (0..count(&self.document.statements[index].resources, |own| own.patterns.len())).rev() {
                let Some(resources) = &self.document.statements[index].resources else { break };
                let gone = &resources.patterns[entry];
                let change = Change { span: gone.span(), text: entry_text("resource", gone.text()) };
                if resources.patterns.len() > 1 {
                    let shorter = self.with(index, |statement| {
                        statement.resources.iter_mut().for_each(|resources| drop(resources.patterns.remove(entry)));
                    });
                    self.try_out(shorter, change);
                }
            }
            for entry in (0..count(&self.document.statements[index].principals, |own| own.entries.len())).rev() {
                let Some(principals) = &self.document.statements[index].principals else { break };
                let gone = &principals.entries[entry];
                let change = Change { span: gone.span(), text: entry_text("principal", &gone.text) };
                if principals.entries.len() > 1 {
                    let shorter = self.with(index, |statement| {
                        statement.principals.iter_mut().for_each(|principals| drop(principals.entries.remove(entry)));
                    });
                    self.try_out(shorter, change);
                }
            }
        }
    }

    /// Tests that always hold where the others do, and values of tests that others cover.
    fn drop_tests(&mut self) {
        for index in 0..self.document.statements.len() {
            for test in (0..self.document.statements[index].conditions.len()).rev() {
                let gone = &self.document.statements[index].conditions[test];
                let text = format!("the test of `{}` under `{}` is left out", gone.key, gone.operator.text);
                let change = Change { span: gone.span, text };
                let shorter = self.with(index, |statement| drop(statement.conditions.remove(test)));
                if self.try_out(shorter, change) {
                    continue;
                }
                for value in (0..self.document.statements[index].conditions[test].values.len()).rev() {
                    let test_of = &self.document.statements[index].conditions[test];
                    if test_of.values.len() < 2 {
                        break;
                    }
                    let text = &test_of.values[value];
                    let change = Change { span: text.span, text: entry_text("value", text) };
                    let shorter = self.with(index, |statement| drop(statement.conditions[test].values.remove(value)));
                    self.try_out(shorter, change);
                }
            }
        }
    }

    /// Lists in alphabetical order; statements stay where they are.
    fn sort(&mut self) {
        for statement in &mut self.document.statements {
            if let Some(actions) = &mut statement.actions {
                actions.patterns.sort_by_key(|pattern| pattern.text().display().to_ascii_lowercase());
            }
            if let Some(resources) = &mut statement.resources {
                resources.patterns.sort_by_key(|pattern| pattern.text().display().into_owned());
            }
            for test in &mut statement.conditions {
                test.values.sort_by_key(|value| value.display().into_owned());
            }
        }
    }
}

fn count<E>(element: &Option<E>, entries: impl Fn(&E) -> usize) -> usize {
    element.as_ref().map_or(0, entries)
}

fn entry_text(what: &str, text: &Text) -> String {
    format!("the {what} `{}` is left out", text.display())
}

fn name(statement: &Statement) -> String {
    match statement.sid_text() {
        Some(sid) => format!("`{sid}`"),
        None => format!("statement {}", statement.index + 1),
    }
}

/// Both statements as one; `None` where they differ in more than one list.
fn merged(own: &Statement, its: &Statement) -> Option<Statement> {
    let same_tests = tests_of(own) == tests_of(its);
    if own.effect != its.effect || !same_tests || principals_of(own) != principals_of(its) {
        return None;
    }
    let mut merged = own.clone();
    if resources_of(own) == resources_of(its) {
        let (Some(all), Some(more)) = (&mut merged.actions, &its.actions) else { return None };
        if all.negated || more.negated {
            return None;
        }
        all.patterns.extend(more.patterns.iter().cloned());
        return Some(merged);
    }
    if actions_of(own) == actions_of(its) {
        let (Some(all), Some(more)) = (&mut merged.resources, &its.resources) else { return None };
        if all.negated || more.negated {
            return None;
        }
        all.patterns.extend(more.patterns.iter().cloned());
        return Some(merged);
    }
    None
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts.dedup();
    texts
}

fn actions_of(statement: &Statement) -> Option<(bool, Vec<String>)> {
    let actions = statement.actions.as_ref()?;
    let texts = actions.patterns.iter().map(|pattern| pattern.text().display().to_ascii_lowercase());
    Some((actions.negated, sorted(texts.collect())))
}

fn resources_of(statement: &Statement) -> Option<(bool, Vec<String>)> {
    let resources = statement.resources.as_ref()?;
    let texts = resources.patterns.iter().map(|pattern| pattern.text().display().into_owned());
    Some((resources.negated, sorted(texts.collect())))
}

fn principals_of(statement: &Statement) -> Option<(bool, Vec<String>)> {
    let principals = statement.principals.as_ref()?;
    let texts = principals.entries.iter().map(|entry| format!("{:?} {}", entry.kind, entry.text.display()));
    Some((principals.negated, sorted(texts.collect())))
}

fn tests_of(statement: &Statement) -> Vec<String> {
    let one = |test: &super::condition::ConditionTest| {
        let values = sorted(test.values.iter().map(|value| value.display().into_owned()).collect());
        format!("{} {} {values:?}", test.operator.text.to_ascii_lowercase(), test.key.to_ascii_lowercase())
    };
    sorted(statement.conditions.iter().map(one).collect())
}

#[cfg(test)]
mod tests;
