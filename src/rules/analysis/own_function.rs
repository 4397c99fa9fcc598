//! The functions that run with a role, and whether a grant is about them alone.

use super::reach::Target;
use crate::diagnostic::Confidence;
use crate::iam::{ArnPattern, Grant};
use crate::model::{Model, Principal};
use crate::value::{Hole, Text};

/// Functions that run with a role.
pub struct OwnFunctions {
    declared: Vec<Target>,
    /// By the name of the role alone.
    by_name: Option<Target>,
}

pub fn own_functions(model: &Model, principal: &Principal) -> OwnFunctions {
    let mut own = OwnFunctions { declared: Vec::new(), by_name: None };
    if !principal.is_trusted_only_by(&["lambda"]) {
        return own;
    }
    for resource in model.resources.iter().filter(|one| one.kind == "AWS::Lambda::Function") {
        let property = |name: &str| resource.value.as_ref()?.get(name)?.as_text();
        let is_it = |hole: &Hole| hole.template == principal.file && hole.logical_id() == principal.display();
        if property("Role").is_some_and(|role| role.holes().any(is_it)) {
            let id = &resource.logical_id.value;
            own.declared.push(Target::declared_as(resource.file, id, FUNCTION, property("FunctionName")));
        }
    }
    // The console names the role of a function `NAME-role-RANDOM`; where functions are not seen, the name tells.
    let name = principal.name.as_ref().and_then(Text::literal).filter(|_| own.declared.is_empty());
    own.by_name = name.map(|name| {
        let of_function = name.split_once("-role").map_or(name, |(function, _)| function);
        Target::named(FUNCTION, &Text::at(of_function, principal.logical_id.span), "")
    });
    own
}

impl OwnFunctions {
    /// Whether a grant is about them and nothing else.
    pub fn is_all_of(&self, grant: &Grant<'_>) -> bool {
        let targets = || self.declared.iter().chain(&self.by_name);
        let is_own =
            |resource: &ArnPattern| !resource.has_wildcards() && targets().any(|one| one.is_named_by(resource));
        !grant.everywhere && !grant.resources.is_empty() && grant.resources.iter().all(|resource| is_own(resource))
    }

    pub fn confidence(&self) -> Confidence {
        if self.by_name.is_some() { Confidence::Medium } else { Confidence::High }
    }
}

const FUNCTION: &str = "arn:*:lambda:*:*:function:";
