//! ARNs as needs name them: put together and taken apart with their holes in place.

use crate::source::{FileId, Span};
pub use crate::value::joined;
use crate::value::{Hole, HoleKind, Part, Text, Value};

/// Where a resource lies: what an ARN says before the resource itself.
#[derive(Clone, Debug)]
pub struct Place {
    pub partition: Text,
    pub region: Text,
    pub account: Text,
    span: Span,
}

impl Place {
    /// Where the template that holds `span` is deployed to, which only the deployment knows.
    pub fn of_template(span: Span) -> Place {
        let pseudo = |name: &str| Text::from_hole(hole(name, HoleKind::Pseudo, span, span.file));
        Place {
            partition: pseudo("AWS::Partition"),
            region: pseudo("AWS::Region"),
            account: pseudo("AWS::AccountId"),
            span,
        }
    }

    /// Where what has these properties lies: the output of a call holds its ARN.
    pub fn of(properties: &Value, span: Span) -> Place {
        let arn = properties.get("Arn").and_then(Value::literal).unwrap_or_default();
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, _, region, account, _] => Place {
                partition: Text::at(*partition, span),
                region: Text::at(*region, span),
                account: Text::at(*account, span),
                span,
            },
            _ => Place::of_template(span),
        }
    }

    /// `arn:aws:logs:eu-west-1:111122223333:` and the rest.
    pub fn arn(&self, service: &str, rest: &[&Text]) -> Text {
        self.at(service, &self.region, &self.account, rest)
    }

    /// An ARN in another region or account.
    pub fn at(&self, service: &str, region: &Text, account: &Text, rest: &[&Text]) -> Text {
        let known = |text: &str| Text::at(text, self.span);
        let (head, colon) = (known("arn:"), known(":"));
        let service = known(&format!(":{service}:"));
        let front = [&head, &self.partition, &service, region, &colon, account, &colon];
        joined(front.into_iter().chain(rest.iter().copied()), self.span)
    }

    /// The ARN of a bucket, given by its name or its ARN.
    pub fn bucket(&self, bucket: &Text) -> Text {
        if is_arn(bucket) {
            return bucket.clone();
        }
        let none = Text::at("", self.span);
        self.at("s3", &none, &none, &[bucket])
    }

    /// The ARN of objects of a bucket.
    pub fn object(&self, bucket: &Text, key: &Text) -> Text {
        let slash = Text::at("/", self.span);
        joined([&self.bucket(bucket), &slash, &key.trim_slashes()], bucket.span)
    }

    /// A text of this place.
    pub fn text(&self, text: &str) -> Text {
        Text::at(text, self.span)
    }
}

pub fn hole(name: &str, kind: HoleKind, span: Span, template: FileId) -> Hole {
    Hole { name: name.to_owned(), kind, span, template, default: None }
}

/// `arn:…`, or the attribute of a resource that is its ARN.
pub fn is_arn(text: &Text) -> bool {
    match text.parts.first() {
        Some(Part::Known(known, _)) => known.starts_with("arn:"),
        Some(Part::Hole(hole)) => hole.name.ends_with(".Arn") && hole.kind == HoleKind::Resource,
        None => false,
    }
}

/// What stands before and behind the first `separator` that is written out.
pub fn split_once(text: &Text, separator: &str) -> Option<(Text, Text)> {
    for (index, part) in text.parts.iter().enumerate() {
        let Part::Known(known, map) = part else { continue };
        let Some(at) = known.find(separator) else { continue };
        let behind = at + separator.len();
        let cut = |from: usize, to: usize| Part::Known(known[from..to].into(), map.slice(from..to));
        let before = text.parts[..index].iter().cloned().chain([cut(0, at)]);
        let after = std::iter::once(cut(behind, known.len())).chain(text.parts[index + 1..].iter().cloned());
        let made = |parts: Vec<Part>| Text { parts, span: text.span }.normalised();
        return Some((made(before.collect()), made(after.collect())));
    }
    None
}

/// At most so many characters of its start; `None` where a hole stands among them.
pub fn start(text: &Text, characters: usize) -> Option<Text> {
    let whole = text.literal()?;
    Some(Text::at(whole.chars().take(characters).collect::<String>(), text.span))
}
