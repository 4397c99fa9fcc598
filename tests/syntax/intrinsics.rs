//! Intrinsic functions: what is known of them stays known, and the rest is a hole with a name.

use super::{Read, read};
use iamlint::template::{Scope, Template};
use iamlint::value::{HoleKind, Text, Value};

const TEMPLATE: &str = r#"
Parameters:
  Stage: {Type: String, AllowedValues: [dev, prod]}
  Prefix: {Type: String, Default: app}
  Names: {Type: CommaDelimitedList, Default: "a,b"}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: /path}
Mappings:
  Regions:
    eu-west-1: {Bucket: west, Zones: [a, b]}
    eu-north-1: {Bucket: north}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Not [!Condition IsProd]
Resources:
  Bucket: {Type: "AWS::S3::Bucket"}
  Role: {Type: "AWS::IAM::Role"}
  Tried:
    Type: Custom::Tried
    Properties:
      Value: "#;

/// The value of a snippet that stands in a template with the declarations above.
fn value(snippet: &str) -> (Read, Value) {
    let indented = snippet.replace('\n', "\n        ");
    let read = read(&format!("{TEMPLATE}{indented}\n"));
    assert!(read.parsed.problems.is_empty(), "{snippet}: {:?}", read.problems());
    let template = Template::read(read.root(), read.file);
    let scope = Scope::new(&template);
    let found = scope.evaluate(read.at("Resources/Tried/Properties/Value"));
    (read, found)
}

/// A value on one line: text as people read it, `Name=value ? text` for what is conditional.
fn shown(value: &Value) -> String {
    match value {
        Value::Null(_) => "null".into(),
        Value::Text(text) => text.display().into_owned(),
        Value::List(items, _) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let entries = map.entries.iter().map(|(key, value)| format!("{}: {}", key.value, shown(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Choice(branches, _) => {
            let branches = branches
                .iter()
                .map(|branch| format!("{}={} ? {}", branch.when.name, branch.when.value, shown(&branch.value)));
            format!("({})", branches.collect::<Vec<_>>().join(" | "))
        }
        Value::Absent(_) => "absent".into(),
        Value::Unknown(unknown) => format!("<{}>", unknown.reason),
    }
}

#[test]
fn what_is_known_stays_known_and_the_rest_has_a_name() {
    let wrong: Vec<String> = CASES
        .iter()
        .filter_map(|(snippet, expected)| {
            let found = shown(&value(snippet).1);
            (found != *expected).then(|| format!("{snippet}\n    gives    {found}\n    expected {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

const CASES: &[(&str, &str)] = &[
    // References.
    ("!Ref Prefix", "${Prefix}"),
    ("{Ref: Prefix}", "${Prefix}"),
    ("!Ref Stage", "(Stage=dev ? dev | Stage=prod ? prod)"),
    ("!Ref Names", "${Names}"),
    ("!Ref Bucket", "${Bucket}"),
    ("!Ref AWS::AccountId", "${AWS::AccountId}"),
    ("!Ref AWS::NoValue", "absent"),
    ("!Ref Nobody", "${Nobody}"),
    ("!GetAtt Role.Arn", "${Role.Arn}"),
    ("{\"Fn::GetAtt\": [Role, Arn]}", "${Role.Arn}"),
    ("!GetAtt [Role, RoleId]", "${Role.RoleId}"),
    ("!GetAtt Bucket.Arn", "arn:${AWS::Partition}:s3:::${Bucket}"),
    // Text with variables.
    ("!Sub 'arn:${AWS::Partition}:s3:::${Prefix}/*'", "arn:${AWS::Partition}:s3:::${Prefix}/*"),
    ("!Sub 'x-${Stage}'", "(Stage=dev ? x-dev | Stage=prod ? x-prod)"),
    ("!Sub '${Stage}-${Stage}'", "(Stage=dev ? (Stage=dev ? dev-dev) | Stage=prod ? (Stage=prod ? prod-prod))"),
    ("!Sub\n- '${A}/${B}'\n- {A: one, B: !Ref Prefix}", "one/${Prefix}"),
    ("{\"Fn::Sub\": [\"${A}\", {A: {\"Fn::GetAtt\": [Role, Arn]}}]}", "${Role.Arn}"),
    ("!Sub ['plain']", "plain"),
    ("!Sub '${Role.Arn}'", "${Role.Arn}"),
    ("!Sub '${Bucket.Arn}/*'", "arn:${AWS::Partition}:s3:::${Bucket}/*"),
    ("!Sub '${!aws:username}'", "${aws:username}"),
    ("!Sub '${ Prefix }'", "${Prefix}"),
    ("!Sub 'cut ${off'", "cut ${off"),
    ("!Sub '${{self:custom.x}}-${Prefix}'", "${self:custom.x}-${Prefix}"),
    ("'${{self:custom.x}}'", "${self:custom.x}"),
    ("'${Prefix}'", "${Prefix}"),
    ("'{{resolve:ssm:/a/b}}'", "${resolve:ssm:/a/b}"),
    ("!Sub 'a {{resolve:secretsmanager:x}} b'", "a ${resolve:secretsmanager:x} b"),
    ("'{{plain}} text'", "{{plain}} text"),
    ("'a ${{}} b'", "a ${{}} b"),
    // Lists and texts of them.
    ("!Join ['', ['arn:', !Ref AWS::Partition, ':iam']]", "arn:${AWS::Partition}:iam"),
    ("!Join ['-', [a, b, !Ref Prefix]]", "a-b-${Prefix}"),
    ("!Join ['-', [!Ref AWS::NoValue, a]]", "a"),
    ("!Join ['-', [a, '', b]]", "a--b"),
    ("!Join [',', [x, !If [IsProd, y, !Ref AWS::NoValue]]]", "(IsProd=true ? x,y | IsProd=false ? x)"),
    ("!Join ['', ['rds:Describe', '*', 'Groups']]", "rds:Describe*Groups"),
    ("!Join [',', !Ref Names]", "${Join of ${Names}}"),
    ("!Select [1, [a, b]]", "b"),
    ("!Select ['0', !Split [',', 'a,b']]", "a"),
    ("!Select [5, [a, b]]", "${Select}"),
    ("!Select [0, !Ref Names]", "${Select of ${Names}}"),
    ("!Split [':', 'a:b:c']", "[a, b, c]"),
    ("!Split [':', !Ref Prefix]", "<the parts of `${Prefix}`>"),
    // Language extensions.
    ("{\"Fn::Length\": [a, b, c]}", "3"),
    ("!Length [a, b]", "2"),
    ("{\"Fn::Length\": !Ref Names}", "${Length}"),
    ("{\"Fn::ToJsonString\": {Effect: Allow}}", "{Effect: Allow}"),
    ("!FindInMap [Regions, eu-south-9, Bucket, {DefaultValue: none}]", "none"),
    ("!FindInMap [Regions, eu-west-1, Bucket, {DefaultValue: none}]", "west"),
    ("!FindInMap [Nowhere, a, b, {DefaultValue: !Ref Prefix}]", "${Prefix}"),
    (
        "!FindInMap [Regions, !Ref Prefix, Bucket, {DefaultValue: none}]",
        "(${Prefix}=eu-west-1 ? west | ${Prefix}=eu-north-1 ? north | ${Prefix}=anything else ? none)",
    ),
    ("!GetAtt [!Sub 'Role', Arn]", "${Role.Arn}"),
    ("{Ref: {\"Fn::Sub\": Prefix}}", "${Prefix}"),
    ("!Ref {\"Fn::Sub\": Prefix}", "${Prefix}"),
    // Choices.
    ("!If [IsProd, a, b]", "(IsProd=true ? a | IsProd=false ? b)"),
    ("!If [IsTest, a, b]", "(IsProd=false ? a | IsProd=true ? b)"),
    ("{\"Fn::If\": [IsProd, !Ref AWS::NoValue, [a]]}", "(IsProd=true ? absent | IsProd=false ? [a])"),
    ("!If [Unheard, a, b]", "(Unheard=true ? a | Unheard=false ? b)"),
    ("!FindInMap [Regions, eu-west-1, Bucket]", "west"),
    ("!FindInMap [Regions, eu-west-1, Zones]", "[a, b]"),
    (
        "!FindInMap [Regions, !Ref AWS::Region, Bucket]",
        "(${AWS::Region}=eu-west-1 ? west | ${AWS::Region}=eu-north-1 ? north)",
    ),
    ("!FindInMap [Unheard, a, b]", "${FindInMap}"),
    ("!FindInMap [Regions, eu-west-1, Nothing]", "${FindInMap}"),
    // What only the deployment knows.
    ("!ImportValue other-stack-role", "${other-stack-role}"),
    ("{\"Fn::ImportValue\": {\"Fn::Sub\": \"${Prefix}-role\"}}", "${${Prefix}-role}"),
    ("!Base64 text", "text"),
    ("!GetAZs ''", "<the availability zones of the region>"),
    ("!Cidr [10.0.0.0/16, 2, 8]", "<addresses that `Fn::Cidr` computes>"),
    ("!Transform {Name: AWS::Include}", "<what a transform puts here>"),
    ("!Unheard x", "<what `Unheard` gives>"),
    ("{Sid: x, \"Fn::Transform\": {Name: y}}", "{Sid: x, Fn::Transform: <what `Fn::Transform` puts here>}"),
];

#[test]
fn holes_are_of_the_kind_that_the_template_makes_them() {
    let kinds = [
        ("!Ref Prefix", HoleKind::Parameter),
        ("!Ref Stored", HoleKind::Parameter),
        ("!Ref AWS::Region", HoleKind::Pseudo),
        ("!Ref Bucket", HoleKind::Resource),
        ("!GetAtt Role.Arn", HoleKind::Resource),
        ("!Ref Nobody", HoleKind::Undeclared),
        ("!Sub '${self:custom.x}'", HoleKind::Tool),
        ("'${{self:custom.x}}'", HoleKind::Tool),
        ("'{{resolve:ssm:x}}'", HoleKind::Dynamic),
        ("!ImportValue x", HoleKind::Import),
        ("!Select [5, [a]]", HoleKind::Computed),
    ];
    for (snippet, kind) in kinds {
        let (_, value) = value(snippet);
        let hole = value.as_text().and_then(Text::as_hole).unwrap_or_else(|| panic!("{snippet} is no hole"));
        assert_eq!(hole.kind, kind, "{snippet}");
    }
}

#[test]
fn a_default_is_known_of_a_parameter_that_holds_its_own_text() {
    let default = |snippet: &str| value(snippet).1.as_text().and_then(Text::with_defaults);
    assert_eq!(default("!Sub 'x-${Prefix}'").as_deref(), Some("x-app"));
    assert_eq!(default("!Ref Stored"), None);
    assert_eq!(default("!Ref Names"), None);
    assert_eq!(default("!Ref AWS::Region"), None);
}

#[test]
fn a_hole_is_never_a_star_and_never_empty() {
    for (snippet, _) in CASES {
        let (read, value) = value(snippet);
        each_text(&value, &mut |text| {
            for hole in text.holes() {
                assert!(!hole.name.is_empty() && hole.name != "*", "{snippet}");
                assert!(!read.slice(hole.span).is_empty(), "{snippet}: a hole without a place");
            }
            assert_eq!(text.literal().is_none(), text.has_holes(), "{snippet}");
            let rendered = text.render();
            assert!(!text.has_holes() || !rendered.text.is_empty(), "{snippet}");
            assert_eq!(rendered.holes.len(), text.holes().count(), "{snippet}");
        });
    }
}

#[test]
fn a_hole_points_at_its_own_variable() {
    let (read, value) = value("!Sub 'arn:${AWS::Partition}:s3:::${Prefix}/${Role.Arn}'");
    let text = value.as_text().expect("a text");
    let holes: Vec<&str> = text.holes().map(|hole| read.slice(hole.span)).collect();
    assert_eq!(holes, ["${AWS::Partition}", "${Prefix}", "${Role.Arn}"]);
}

#[test]
fn too_many_variants_become_one_hole() {
    let (_, value) = value("!Sub '${Stage}'");
    assert_eq!(value.alternatives().len(), 2);
    let many: String = (0..40).map(|index| format!("P{index}: {{Type: String, AllowedValues: [a, b, c]}}\n")).collect();
    let names: String = (0..40).map(|index| format!("${{P{index}}}")).collect();
    let text = format!(
        "Parameters:\n  {}Resources:\n  X:\n    Type: A::B::C\n    Properties: {{Value: !Sub '{names}'}}\n",
        many.replace('\n', "\n  ").trim_end_matches(' ')
    );
    let read = read(&text);
    let template = Template::read(read.root(), read.file);
    let value = Scope::new(&template).evaluate(read.at("Resources/X/Properties/Value"));
    assert_eq!(shown(&value), "${a text with many variants}");
}

fn each_text(value: &Value, visit: &mut impl FnMut(&Text)) {
    match value {
        Value::Text(text) => visit(text),
        Value::List(items, _) => items.iter().for_each(|item| each_text(item, visit)),
        Value::Map(map) => map.entries.iter().for_each(|(_, value)| each_text(value, visit)),
        Value::Choice(branches, _) => branches.iter().for_each(|branch| each_text(&branch.value, visit)),
        Value::Null(_) | Value::Absent(_) | Value::Unknown(_) => {}
    }
}
