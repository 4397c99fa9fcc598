//! A property of a resource that has, or lacks, a certain value.

use super::chain::{list, with_conditions};
use super::named_image::{NamedBy, named_image};
use super::stake::{at_stake, is_website};
use crate::diagnostic::{Doubt, Label, Severity};
use crate::model::{DeclaredResource, Model, ShownParameter};
use crate::rules::secrets::is_dummy;
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use crate::source::{Sources, Span};
use crate::template::lies_below;
use crate::value::{Condition, HoleKind, Map, Text, Value, can_hold_together};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

pub const ANALYSIS: Analysis = Analysis {
    name: "property-value",
    summary: "a property of a resource has a certain value, or is missing",
    params: &[
        Param {
            name: "types",
            kind: ParamKind::List,
            required: true,
            doc: "resource types, such as `AWS::S3::Bucket`",
        },
        Param {
            name: "property",
            kind: ParamKind::List,
            required: false,
            doc: "its path, such as `Source.InsecureSsl`, or several; lists are looked through. Without one, that there is such a resource",
        },
        Param {
            name: "is",
            kind: ParamKind::List,
            required: false,
            doc: "the values meant, whatever their case; `*` allowed",
        },
        Param { name: "present", kind: ParamKind::Flag, required: false, doc: "it is there, whatever its value" },
        Param { name: "missing", kind: ParamKind::Flag, required: false, doc: "it is not there at all" },
        Param {
            name: "beside",
            kind: ParamKind::List,
            required: false,
            doc: "a property next to it; with dots in it the path from the resource",
        },
        Param {
            name: "beside-is",
            kind: ParamKind::List,
            required: false,
            doc: "and the values that this one must have",
        },
        Param {
            name: "beside-is-not",
            kind: ParamKind::List,
            required: false,
            doc: "or those that it must not have, if it is there",
        },
        Param {
            name: "without",
            kind: ParamKind::List,
            required: false,
            doc: "properties of which none stands next to it",
        },
        Param { name: "lesser", kind: ParamKind::List, required: false, doc: "values that weigh a step less" },
        Param {
            name: "at-stake",
            kind: ParamKind::Flag,
            required: false,
            doc: "critical where pipelines or builds take from this bucket, or where the role of this build may do much or it has secrets",
        },
        Param {
            name: "by-tag",
            kind: ParamKind::Flag,
            required: false,
            doc: "medium where the files name an image of this repository by a tag, and nothing where they name all by digests",
        },
        Param {
            name: "lesser-in-website",
            kind: ParamKind::Flag,
            required: false,
            doc: "a step less where the `Location` next to it is a bucket that is declared as a web site",
        },
        Param {
            name: "secret",
            kind: ParamKind::Flag,
            required: false,
            doc: "the value must not be shown; a parameter without `NoEcho` shows it too",
        },
    ],
    facts: &["resource", "kind", "property", "properties", "value", "how"],
    bind,
};

fn bind(params: &Params) -> Check {
    let types = params.list("types");
    let path = |path: &String| path.split('.').map(str::to_owned).collect();
    let question = Question {
        paths: params.list("property").iter().map(path).collect(),
        is: patterns(&params.list("is")),
        present: params.flag("present"),
        missing: params.flag("missing"),
        beside: params.list("beside").into_iter().next(),
        beside_is: patterns(&params.list("beside-is")),
        beside_is_not: patterns(&params.list("beside-is-not")),
        without: params.list("without"),
        secret: params.flag("secret"),
        at_stake: params.flag("at-stake"),
        by_tag: params.flag("by-tag"),
        lesser_in_website: params.flag("lesser-in-website"),
        lesser: patterns(&params.list("lesser")),
    };
    Box::new(move |context: &Context<'_>| {
        let resources = context.model.resources.iter().filter(|resource| types.contains(&resource.kind));
        let found = resources.flat_map(|resource| {
            let found = question.of_resource(context.model, resource).into_iter();
            found.map(|mut found| {
                if question.secret && is_word_of_a_test(context.sources, found.span) {
                    found = found.severity(Severity::Low);
                }
                with_conditions(found, resource.when.as_slice(), Vec::new())
            })
        });
        found.collect()
    })
}

/// `secret-token` in a template that tests alone take.
fn is_word_of_a_test(sources: &Sources, span: Span) -> bool {
    const FOLDERS: [&str; 7] = ["test", "tests", "__tests__", "spec", "specs", "testdata", "fixtures"];
    const WORDS: [&str; 5] = ["dummy", "example", "fake", "secret-token", "test"];
    let value = sources.slice(span).trim_matches(['"', '\'']).to_ascii_lowercase();
    (is_dummy(&value) || WORDS.iter().any(|word| value.contains(word))) && lies_below(sources.path(span.file), &FOLDERS)
}

struct Question {
    paths: Vec<Vec<String>>,
    is: GlobSet,
    present: bool,
    missing: bool,
    beside: Option<String>,
    beside_is: GlobSet,
    beside_is_not: GlobSet,
    without: Vec<String>,
    secret: bool,
    at_stake: bool,
    by_tag: bool,
    lesser_in_website: bool,
    lesser: GlobSet,
}

/// One place where the property is, or could be: the map that holds it, and its value there.
struct Place<'v> {
    holder: Option<&'v Map>,
    value: Option<(Span, &'v Value)>,
    when: Vec<Condition>,
}

impl Question {
    fn of_resource(&self, model: &Model, resource: &DeclaredResource) -> Vec<Finding> {
        if self.paths.is_empty() {
            return vec![named(resource, resource.logical_id.span, "", "", "is there")];
        }
        let Some(properties) = resource.value() else { return Vec::new() };
        let named_by = self.by_tag.then(|| named_image(model, resource)).flatten();
        let tag = match named_by {
            Some(NamedBy::Digest) => return Vec::new(),
            Some(NamedBy::Tag(span)) => Some(span),
            None => None,
        };
        let mut all = Vec::new();
        for path in &self.paths {
            let mut places = Vec::new();
            self.places(properties, path, &[], &mut places);
            let meant = places.into_iter().filter(|place| self.is_beside(properties, place));
            all.extend(meant.filter_map(|place| Some((self.at(model, resource, path, &place)?, path, place))));
        }
        let found = self.by_holder(all).into_iter().map(|found| match tag {
            Some(span) => found.severity(Severity::Medium).related(span, "runs what has this tag when it starts"),
            None => found,
        });
        found.collect()
    }

    /// Several of the properties in one map are one finding; secrets are told one by one.
    fn by_holder(&self, all: Vec<(Finding, &Vec<String>, Place<'_>)>) -> Vec<Finding> {
        let mut told: Vec<(Finding, Vec<String>, Place<'_>)> = Vec::new();
        for (found, path, place) in all {
            let name = path.last().map(|name| format!("`{name}`")).unwrap_or_default();
            let is_beside = |(first, _, other): &&mut (Finding, Vec<String>, Place<'_>)| {
                let is_here = place.value.is_some() && other.value.is_some() && first.notes == found.notes;
                is_here && place.holder.zip(other.holder).is_some_and(|(own, its)| std::ptr::eq(own, its))
            };
            match told.iter_mut().find(is_beside).filter(|_| !self.secret) {
                Some((first, names, _)) => {
                    first.related.push(Label::new(found.span, "and this"));
                    names.push(name);
                }
                None => told.push((found, vec![name], place)),
            }
        }
        told.into_iter().map(|(found, names, _)| found.fact("properties", list(&names, 4))).collect()
    }

    /// Walks down the path; where it breaks off, the place is one without a value.
    fn places<'v>(&self, value: &'v Value, path: &[String], when: &[Condition], found: &mut Vec<Place<'v>>) {
        let Some((name, rest)) = path.split_first() else { return };
        for (own, item) in value.items() {
            if !can_hold_together(when, &own) {
                continue;
            }
            let when = [when, own.as_slice()].concat();
            let Some(map) = item.as_map() else { continue };
            match (map.entry(name), rest.is_empty()) {
                (Some((key, value)), true) => {
                    for (inner, value) in value.items() {
                        let when = [when.as_slice(), &inner].concat();
                        found.push(Place { holder: Some(map), value: Some((key.span, value)), when });
                    }
                }
                (Some((_, value)), false) => self.places(value, rest, &when, found),
                (None, _) => found.push(Place { holder: Some(map), value: None, when }),
            }
        }
        if matches!(value, Value::Null(_)) {
            found.push(Place { holder: None, value: None, when: when.to_vec() });
        }
    }

    fn is_beside(&self, properties: &Value, place: &Place<'_>) -> bool {
        let is_there = |name: &String| place.holder.is_some_and(|map| map.get(name).is_some());
        if self.without.iter().any(is_there) {
            return false;
        }
        let Some(name) = &self.beside else { return true };
        let value = match name.contains('.') {
            true => name.split('.').try_fold(properties, |value, name| value.get(name)),
            false => place.holder.and_then(|map| map.get(name)),
        };
        let has = |set: &GlobSet| {
            let alternatives = value.map(Value::alternatives).unwrap_or_default();
            alternatives.iter().any(|(_, value)| value.literal().is_some_and(|text| set.is_match(text)))
        };
        (self.beside_is.is_empty() || has(&self.beside_is)) && !has(&self.beside_is_not)
    }

    fn at(&self, model: &Model, resource: &DeclaredResource, path: &[String], place: &Place<'_>) -> Option<Finding> {
        let path = path.join(".");
        let Some((key, value)) = place.value else {
            let found = named(resource, resource.logical_id.span, &path, "", "is missing");
            return (self.missing && !resource.is_open).then(|| with_conditions(found, &place.when, Vec::new()));
        };
        if self.present {
            let found = named(resource, key, &path, "", "is there").related(resource.logical_id.span, "this resource");
            return (!matches!(value, Value::Absent(_))).then(|| with_conditions(found, &place.when, Vec::new()));
        }
        let text = value.as_text()?;
        if self.secret
            && let Some(parameter) = shown_parameter(model, text)
        {
            let how = "comes of a parameter that the stack shows";
            let found = named(resource, value.span(), &path, "", how)
                .label("a secret that is shown")
                .related(parameter.name.span, "declared without `NoEcho`");
            return Some(with_conditions(found, &place.when, Vec::new()));
        }
        let (text, is_default) = text_of(text)?;
        if !self.is.is_match(&text) {
            return None;
        }
        // `Default: Auto` and `!If [IsAuto, !GetAtt Generator.Password, !Ref Password]`: no secret, but a word for
        // none, which the condition keeps out.
        if self.secret && is_default && !place.when.is_empty() {
            return None;
        }
        let shown = if self.secret { "" } else { &text };
        let mut found = named(resource, value.span(), &path, shown, "stands in the template")
            .related(resource.logical_id.span, "this resource");
        let location = place.holder.filter(|_| self.lesser_in_website).and_then(|map| map.get("Location")?.as_text());
        let in_website = location.is_some_and(|bucket| is_website(model, bucket));
        found.lowered_by = u8::from(self.lesser.is_match(&text)) + u8::from(in_website);
        if let Some((span, what)) = self.at_stake.then(|| at_stake(model, resource)).flatten() {
            found = found.severity(Severity::Critical).lowered_by(0).related(span, what);
        }
        if self.secret && !is_default {
            found.secret = Some(value.span());
        }
        if is_default {
            let doubt = Doubt { text: "it is the default of a parameter".into(), span: Some(value.span()) };
            found = found.doubted([doubt]);
        }
        Some(with_conditions(found, &place.when, Vec::new()))
    }
}

fn named(resource: &DeclaredResource, span: Span, path: &str, value: &str, how: &str) -> Finding {
    Finding::new(span, format!("{} {path} {value}", resource.logical_id.value))
        .fact("resource", resource.logical_id.value.clone())
        .fact("kind", resource.kind.clone())
        .fact("property", path.rsplit('.').next().unwrap_or_default().to_owned())
        .fact("value", value.to_owned())
        .fact("how", how.to_owned())
}

/// The parameter that the whole text comes of, when it hides nothing; one with a default has it in the template.
fn shown_parameter<'m>(model: &'m Model, text: &Text) -> Option<&'m ShownParameter> {
    let hole = text.as_hole().filter(|hole| hole.kind == HoleKind::Parameter && hole.default.is_none())?;
    model.shown_parameters.iter().find(|one| one.template == hole.template && one.name.value == hole.name)
}

/// The text, and whether it is so by the defaults of parameters only. What a dynamic reference gives,
/// also one that is put together, is known at deployment only.
fn text_of(text: &Text) -> Option<(String, bool)> {
    let found = match text.literal() {
        Some(literal) => (literal.to_owned(), false),
        None => (text.with_defaults()?, true),
    };
    Some(found).filter(|(text, _)| !text.contains("{{resolve:"))
}

/// Values as patterns; one that is no pattern matches nothing.
fn patterns(values: &[String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for value in values {
        if let Ok(glob) = GlobBuilder::new(value).case_insensitive(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_default()
}
