//! What parameters of templates are in the environments that a run is told of, and where files lie
//! that a template names by an address.

use crate::source::FileId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// More environments of one file than this are not told apart.
pub const MAX_ENVIRONMENTS: usize = 16;

/// The values of one environment; the environment of a repository that has only one has no name.
pub type Environment = (String, Arc<BTreeMap<String, String>>);

/// What is told from outside; the default is nothing.
#[derive(Clone, Debug, Default)]
pub struct Assigned {
    /// The environments that each file is deployed to, by its index.
    pub environments: Vec<Vec<Environment>>,
    /// Starts of addresses, such as `s3://shared/`, and the folders below the root that they stand for.
    pub includes: Vec<(String, String)>,
}

impl Assigned {
    /// The value of a parameter in each environment; none where no environment tells of it.
    pub fn values(&self, file: FileId, parameter: &str) -> Vec<(&str, Option<&str>)> {
        let environments = self.environments.get(file.index()).map(Vec::as_slice).unwrap_or_default();
        if !environments.iter().any(|(_, values)| values.contains_key(parameter)) {
            return Vec::new();
        }
        environments.iter().map(|(name, values)| (name.as_str(), values.get(parameter).map(String::as_str))).collect()
    }

    /// The environments that a file is deployed to, by their names.
    pub fn names(&self, file: FileId) -> impl Iterator<Item = &str> {
        self.environments.get(file.index()).into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// The paths below the root that the addresses in a text stand for.
    pub fn addresses_in(&self, text: &str) -> Vec<String> {
        let starts = self.includes.iter().flat_map(|(start, _)| text.match_indices(start.as_str()));
        let address = |(at, _): (usize, &str)| {
            let rest = &text[at..];
            let end = rest.find(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | ',' | '}'));
            self.path_of(&rest[..end.unwrap_or(rest.len())])
        };
        starts.filter_map(address).collect()
    }

    /// The path below the root that an address stands for.
    pub fn path_of(&self, address: &str) -> Option<String> {
        let fits = self.includes.iter().filter_map(|(start, folder)| {
            let rest = address.strip_prefix(start.as_str())?;
            Some((start.len(), format!("{folder}{rest}")))
        });
        fits.max_by_key(|(length, _)| *length).map(|(_, path)| path)
    }
}
