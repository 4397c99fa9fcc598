//! Holds every managed policy of AWS against every other, and counts which allow nothing that the
//! other does not: `cargo run --release --example contained-policies [STEP]`, where STEP leaves out
//! all but each so many-th. Every request that is found is judged once more.

use iamlint::iam::evaluate::{Colons, decide};
use iamlint::iam::{Finding, PolicyDocument, PolicyKind, Prepared, catalogue, managed_document};
use iamlint::source::{Sources, Span};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

fn main() {
    let step = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut sources = Sources::new();
    let span = Span::start_of(sources.add("managed", ""));
    let documents: Vec<(&str, PolicyDocument)> = catalogue::managed_policies()
        .step_by(step)
        .filter_map(|policy| Some((policy.name(), managed_document(&policy.arn(), span, PolicyKind::Identity)?)))
        .collect();
    let start = Instant::now();
    let prepared: Vec<Prepared<'_>> = documents.iter().map(|(_, document)| Prepared::new(document)).collect();
    println!("{} policies made ready in {:.1?}", prepared.len(), start.elapsed());
    let (mut contained, mut more, mut wrong) = (0_u64, 0_u64, 0_u64);
    let mut unknown: BTreeMap<String, u64> = BTreeMap::new();
    let mut longest = (Duration::ZERO, String::new());
    let mut judging = Duration::ZERO;
    let start = Instant::now();
    for (index, mut new) in prepared.iter().cloned().enumerate() {
        for (other, existing) in prepared.iter().enumerate() {
            let before = Instant::now();
            let finding = new.new_access(existing);
            let took = before.elapsed();
            if took > longest.0 {
                longest = (took, format!("{} in {}", documents[index].0, documents[other].0));
            }
            match finding {
                Finding::None => contained += 1,
                Finding::Unknown(reason) => *unknown.entry(reason.text).or_default() += 1,
                Finding::Found(access) => {
                    more += 1;
                    let before = Instant::now();
                    let is_right = [Colons::Matched, Colons::NotMatched].iter().all(|colons| {
                        let allowed = |document| decide(&[document], &access.request, *colons).allowed;
                        allowed(&documents[index].1).is_yes() && allowed(&documents[other].1).is_no()
                    });
                    wrong += u64::from(!is_right);
                    judging += before.elapsed();
                }
            }
        }
    }
    let took = start.elapsed() - judging;
    let pairs = (prepared.len() * prepared.len()) as f64;
    println!(
        "{pairs} pairs in {took:.1?}: {:.0} a second; the longest {:.1?}, {}",
        pairs / took.as_secs_f64(),
        longest.0,
        longest.1
    );
    println!("{contained} contained, {more} not, {wrong} of these with a wrong request");
    let count: u64 = unknown.values().sum();
    println!("{count} not known ({:.4} %)", count as f64 * 100.0 / pairs);
    for (reason, count) in &unknown {
        println!("  {count} × {reason}");
    }
}
