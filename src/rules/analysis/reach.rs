//! Whether a grant is about a certain resource: by reference to it, or by a pattern that its ARN fits.

use crate::iam::{ArnPattern, Grant};
use crate::model::deployment::{arn_of, names};
use crate::source::FileId;
use crate::value::{HoleKind, Text};

/// A resource that policies may speak of.
pub struct Target {
    /// The file and the logical id that declare it.
    declared: Option<(FileId, String)>,
    arn: Option<ArnPattern>,
}

impl Target {
    pub fn declared(file: FileId, logical_id: &str) -> Target {
        Target { declared: Some((file, logical_id.to_owned())), arn: None }
    }

    /// A declared resource, by its ARN in any region and account too where its name is known.
    pub fn declared_as(file: FileId, logical_id: &str, prefix: &str, name: Option<&Text>) -> Target {
        Target::below(file, logical_id, prefix, name, "")
    }

    /// What lies below a declared resource: its ARN has more behind the name.
    pub fn below(file: FileId, logical_id: &str, prefix: &str, name: Option<&Text>, suffix: &str) -> Target {
        Target { arn: name.map(|name| arn_of(prefix, name, suffix)), ..Target::declared(file, logical_id) }
    }

    /// A resource by its ARN.
    pub fn with_arn(arn: &Text) -> Target {
        Target { declared: None, arn: Some(ArnPattern::new(arn, false, Vec::new())) }
    }

    /// A resource by its name; the name may be a reference to it.
    pub fn named(prefix: &str, name: &Text, suffix: &str) -> Target {
        let reference = name.as_hole().filter(|hole| hole.kind == HoleKind::Resource);
        let declared = reference.map(|hole| (hole.template, hole.logical_id().to_owned()));
        Target { declared, arn: Some(arn_of(prefix, name, suffix)) }
    }

    /// Whether a pattern of ARNs matches it, or refers to it.
    pub fn is_named_by(&self, resource: &ArnPattern) -> bool {
        let declared = self.declared.as_ref().map(|(file, id)| (*file, id.as_str()));
        names(resource, declared, self.arn.as_ref())
    }
}

/// Whether a grant reaches the target.
pub fn reaches(grant: &Grant<'_>, target: &Target) -> bool {
    grant.everywhere || grant.resources.iter().any(|resource| target.is_named_by(resource))
}
