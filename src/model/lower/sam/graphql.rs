//! `AWS::Serverless::GraphQLApi`: a role for each data source, and one for the logs.
//!
//! Source: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-graphqlapi.html>

use super::facts::Connection;
use super::{attach_managed, made_role};
use crate::iam::{PolicyDocument, PolicyKind};
use crate::model::lower::{Declared, Fragment, texts};
use crate::source::Span;
use crate::value::{Text, Value};
use std::sync::Arc;

pub fn lower(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    let id = &declared.resource.logical_id;
    declared.with_properties(|properties, _| {
        // `Logging` is on unless it is `false`; it may say with which role.
        let logging = properties.get("Logging");
        let is_made =
            logging.is_none_or(|value| value.as_bool() != Some(false) && value.get("CloudWatchLogsRoleArn").is_none());
        if is_made {
            let span = logging.map_or(id.span, |logs| Span { end: logs.span().start, ..logs.span() });
            let what = format!("the logs of `{}`", id.value);
            let (mut role, origin) = made_role(declared, "CloudWatchRole", span, "appsync", &what);
            attach_managed(&mut role, "AWSAppSyncPushToCloudWatchLogs", span, Vec::new());
            fragment.principals.push(role);
            fragment.origins.push(origin);
        }
        let sources = properties.get("DataSources");
        for (key, to, arn) in
            [("DynamoDb", "AWS::DynamoDB::Table", "TableArn"), ("Lambda", "AWS::Lambda::Function", "FunctionArn")]
        {
            let of_kind = sources.and_then(|sources| sources.get(key)).and_then(Value::as_map);
            for (name, source) in of_kind.map_or(&[][..], |map| &map.entries) {
                if source.get("ServiceRoleArn").is_some() {
                    continue;
                }
                let kind = if key == "Lambda" { "Lambda" } else { "DynamoDB" };
                let what = format!("the data source `{}` of `{}`", name.value, id.value);
                let suffix = format!("{}{kind}DataSourceRole", name.value);
                let (mut role, origin) = made_role(declared, &suffix, name.span, "appsync", &what);
                let target = source.get(arn).cloned().unwrap_or_else(|| table_arn(declared, source, name.span));
                let variables = [("Destination.Arn".to_owned(), target)];
                let wanted = texts(source.get("Permissions"));
                let is_wanted = |connection: &Connection| {
                    wanted.is_empty() || wanted.iter().any(|(_, text)| text.literal() == Some(connection.category))
                };
                for connection in Connection::between("AWS::AppSync::DataSource", to).filter(is_wanted) {
                    let value = connection.value(declared.scope, name.span, &variables);
                    let document = value.map(|value| PolicyDocument::read(&value, PolicyKind::Identity));
                    role.authority.documents.extend(document.map(Arc::new));
                }
                role.given_by_tool.push(name.span);
                fragment.principals.push(role);
                fragment.origins.push(origin);
            }
        }
    });
}

/// A table that is given by its name.
fn table_arn(declared: &Declared<'_, '_>, source: &Value, span: Span) -> Value {
    let arn = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}";
    let unnamed = || Value::unknown("a table that is not named", span);
    let name = source.get("TableName").cloned().unwrap_or_else(unnamed);
    declared.scope.filled(&Value::Text(Text::at(arn, span)), &[("TableName".to_owned(), name)])
}
