//! The batch of a buildspec: builds that one start brings about, and what each does otherwise.
//!
//! Source: <https://docs.aws.amazon.com/codebuild/latest/userguide/batch-build-buildspec.html>

use super::{Variable, VariableOrigin, entries, flag, text, texts};
use crate::source::{Span, Spanned};
use crate::value::{Map, Text, Value};

#[derive(Clone, Debug)]
pub struct Batch {
    pub span: Span,
    pub fast_fail: Option<bool>,
    pub tasks: Vec<BatchTask>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchKind {
    Graph,
    List,
    /// One task for each combination of the values that its lists hold.
    Matrix,
    Fanout,
}

/// A build of the batch, or all those of a matrix.
#[derive(Clone, Debug)]
pub struct BatchTask {
    pub kind: BatchKind,
    pub span: Span,
    pub identifier: Option<Text>,
    /// Other buildspecs than this one; a matrix may name several.
    pub buildspecs: Vec<Text>,
    pub images: Vec<Text>,
    pub privileged: Option<Span>,
    /// A variable of a matrix holds a list.
    pub variables: Vec<Variable>,
    /// Identifiers of the tasks that must be done before.
    pub depends_on: Vec<Text>,
    pub ignores_failure: bool,
}

pub fn read(map: &Map) -> Batch {
    let mut tasks = Vec::new();
    for (key, kind) in [("build-graph", BatchKind::Graph), ("build-list", BatchKind::List)] {
        let items = map.get(key).map(Value::items).unwrap_or_default();
        tasks.extend(items.iter().filter_map(|(_, item)| Some(task(kind, item.as_map()?, item.as_map()?))));
    }
    if let Some(matrix) = map.get("build-matrix").and_then(Value::as_map) {
        let part = |key: &str| matrix.get(key).and_then(Value::as_map);
        let (fixed, varied) = (part("static").unwrap_or(matrix), part("dynamic").unwrap_or(matrix));
        tasks.push(task(BatchKind::Matrix, fixed, varied));
    }
    if let Some(fanout) = map.get("build-fanout").and_then(Value::as_map) {
        tasks.push(task(BatchKind::Fanout, fanout, fanout));
    }
    Batch { span: map.span, fast_fail: flag(map, "fast-fail"), tasks }
}

/// What of a task is the same for all of a matrix, and what is not; else both are one.
fn task(kind: BatchKind, fixed: &Map, varied: &Map) -> BatchTask {
    let env = |map: &'_ Map| map.get("env").and_then(Value::as_map).cloned();
    let environments: Vec<Map> = env(varied).into_iter().chain(env(fixed)).collect();
    let variables = environments.first().map_or(&[][..], |env| entries(env, "variables"));
    let variable = |(name, value): &(Spanned<String>, Value)| Variable {
        name: name.clone(),
        value: value.clone(),
        origin: VariableOrigin::PlainText,
    };
    let privileged = environments.iter().find_map(|env| env.get("privileged-mode"));
    BatchTask {
        kind,
        span: varied.span,
        identifier: text(fixed, "identifier"),
        buildspecs: texts(varied, "buildspec"),
        images: environments.first().map(|env| texts(env, "image")).unwrap_or_default(),
        privileged: privileged.filter(|value| value.as_bool() == Some(true)).map(Value::span),
        variables: variables.iter().map(variable).collect(),
        depends_on: texts(fixed, "depend-on"),
        ignores_failure: flag(fixed, "ignore-failure").unwrap_or(false),
    }
}
