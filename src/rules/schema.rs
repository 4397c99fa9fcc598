//! What the types of a rule pack leave open in its JSON schema: the analyses, and the parameters of each.

use super::{ANALYSES, Analysis, ParamKind};
use schemars::Schema;
use serde_json::{Map, Value, json};

/// Adds the names of the analyses to the schema of a rule, and what `with` may hold for each.
pub fn of_analyses(schema: &mut Schema) {
    if let Some(named) = schema.pointer_mut("/properties/analysis").and_then(Value::as_object_mut) {
        named.insert("enum".to_owned(), ANALYSES.iter().map(|analysis| analysis.name).collect());
    }
    schema.insert("allOf".to_owned(), ANALYSES.iter().map(of_analysis).collect());
}

fn of_analysis(analysis: &Analysis) -> Value {
    let needed: Vec<&str> = analysis.params.iter().filter(|param| param.required).map(|param| param.name).collect();
    let properties: Map<String, Value> = analysis
        .params
        .iter()
        .map(|param| {
            let mut schema = of_kind(param.kind);
            schema["description"] = param.doc.into();
            (param.name.to_owned(), schema)
        })
        .collect();
    let with = json!({ "properties": properties, "required": needed, "additionalProperties": false });
    let rule_needs: &[&str] = if needed.is_empty() { &[] } else { &["with"] };
    json!({
        "if": { "properties": { "analysis": { "const": analysis.name } }, "required": ["analysis"] },
        "then": { "properties": { "with": with }, "required": rule_needs },
    })
}

fn of_kind(kind: ParamKind) -> Value {
    match kind {
        ParamKind::Choice(words) => json!({ "enum": words }),
        ParamKind::List => json!({ "type": ["string", "array"], "items": { "type": "string" } }),
        ParamKind::Flag => json!({ "type": "boolean" }),
    }
}
