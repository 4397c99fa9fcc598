//! Services of the Serverless Framework: what their files ask of the framework itself. What it makes
//! of them stands with the principals and resources.

use crate::source::{FileId, Span, Spanned};
use crate::value::Text;
use std::collections::BTreeSet;

#[derive(Debug)]
pub struct ServerlessService {
    pub file: FileId,
    pub name: Option<String>,
    /// The key `service`, or the start of the file.
    pub span: Span,
    /// `provider.variableSyntax`, where variables look otherwise than the framework's own.
    pub own_syntax: Option<Span>,
    /// `frameworkVersion`; no range of versions where only the deployment knows it.
    pub version: Option<Spanned<String>>,
    /// The version that the nearest `package.json` asks for.
    pub package_version: Option<Spanned<String>>,
    /// A `package.json` is among the files.
    pub has_package: bool,
    /// Plug-ins from elsewhere that this `package.json` does not name.
    pub unnamed_plugins: Vec<Spanned<String>>,
    /// `provider.iam.deploymentRole` or `provider.cfnRole`: CloudFormation works with a role of its own.
    pub has_deployment_role: bool,
    /// Those roles, as far as they are texts.
    pub deployment_roles: Vec<Text>,
    /// The name of its stack.
    pub stack: Option<Text>,
    /// What the names of its functions start with: its name and the stage.
    pub start: Option<Text>,
    /// The kinds of events that its functions take; `None` where there are no functions.
    pub events: Option<BTreeSet<String>>,
    /// The bucket that it names to be deployed by.
    pub bucket: Option<Text>,
}

impl ServerlessService {
    pub fn display(&self) -> &str {
        self.name.as_deref().unwrap_or("the service")
    }

    /// The ranges of versions that the framework has to be in.
    pub fn versions(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.version.iter().chain(&self.package_version)
    }
}
