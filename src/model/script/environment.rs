//! What is known of the variables of a shell while its commands are walked through, and in which
//! folder it is.

use crate::value::Text;
use std::collections::HashMap;

/// More values of one variable than this are not told apart.
const MAX_VALUES: usize = 8;

/// The values that a variable may have.
#[derive(Clone, Debug, Default)]
pub struct Values {
    pub known: Vec<Text>,
    /// It may have others besides.
    pub is_open: bool,
    /// It is a default of the buildspec: who starts the build may set it otherwise.
    pub is_default: bool,
}

/// A shell and those that it is in. What a subshell sets is not seen outside of it.
#[derive(Debug)]
pub struct Environment {
    shells: Vec<Shell>,
}

#[derive(Debug, Default)]
struct Shell {
    outer: Option<usize>,
    variables: HashMap<String, Values>,
    /// The folder it is in, relative to the root of the source; `Some(None)` when it is not known.
    folder: Option<Option<String>>,
}

impl Environment {
    pub fn new() -> Environment {
        Environment { shells: vec![Shell { folder: Some(Some(String::new())), ..Shell::default() }] }
    }

    /// A new shell in another one.
    pub fn open(&mut self, outer: usize) -> usize {
        self.shells.push(Shell { outer: Some(outer), ..Shell::default() });
        self.shells.len() - 1
    }

    pub fn get(&self, shell: usize, name: &str) -> Option<&Values> {
        self.chain(shell).find_map(|shell| shell.variables.get(name))
    }

    /// Sets a variable; where it is not sure that the command runs, the values before stay possible.
    pub fn set(&mut self, shell: usize, name: &str, value: Values, is_conditional: bool) {
        let values = if is_conditional {
            let mut values = self.get(shell, name).cloned().unwrap_or(Values { is_open: true, ..Values::default() });
            values.is_open |= value.is_open;
            values.is_default |= value.is_default;
            for text in value.known {
                if !values.known.contains(&text) {
                    values.known.push(text);
                }
            }
            values
        } else {
            value
        };
        let values = if values.known.len() > MAX_VALUES { Values::unknown() } else { values };
        self.shells[shell].variables.insert(name.to_owned(), values);
    }

    /// Something that is not known has run in this shell: any variable may be another one.
    pub fn doubt_all(&mut self, shell: usize) {
        self.shells[shell].variables.values_mut().for_each(|values| values.is_open = true);
    }

    pub fn folder(&self, shell: usize) -> Option<&str> {
        self.chain(shell).find_map(|shell| shell.folder.as_ref())?.as_deref()
    }

    pub fn set_folder(&mut self, shell: usize, folder: Option<String>) {
        self.shells[shell].folder = Some(folder);
    }

    fn chain(&self, shell: usize) -> impl Iterator<Item = &Shell> {
        std::iter::successors(self.shells.get(shell), |shell| self.shells.get(shell.outer?))
    }
}

impl Values {
    pub fn one(text: Text) -> Values {
        Values { known: vec![text], ..Values::default() }
    }

    pub fn unknown() -> Values {
        Values { is_open: true, ..Values::default() }
    }

    /// The value, when there is one and no other.
    pub fn only(&self) -> Option<&Text> {
        match self.known.as_slice() {
            [only] if !self.is_open && !self.is_default => Some(only),
            _ => None,
        }
    }

    /// The value that it has unless somebody sets it from outside.
    pub fn default_text(&self) -> Option<&str> {
        match self.known.as_slice() {
            [only] if !self.is_open && self.is_default => only.literal(),
            _ => None,
        }
    }
}
