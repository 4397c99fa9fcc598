//! Laws that hold of whatever policies, tried on random ones; and small policies of which every
//! request is gone through.

use super::random::{KEYS, Random, policy, requests};
use super::*;
use crate::iam::access::prepared::ALWAYS;
use crate::iam::catalogue::Presence;

fn is_none(finding: &Finding) -> bool {
    matches!(finding, Finding::None)
}

fn is_found(finding: &Finding) -> bool {
    matches!(finding, Finding::Found(_))
}

#[test]
fn policies_obey_the_laws_of_containment() {
    let mut random = Random(51);
    let administrator = identity(&allow(r#""*""#, r#""*""#));
    let (mut unknown, mut asked, mut chained) = (0, 0, 0);
    for _ in 0..160 {
        let keys = [&KEYS[random.below(KEYS.len())]];
        let texts: Vec<String> = (0..3).map(|_| policy(&mut random, &keys)).collect();
        let own = identity(&texts[0]);
        // Each contains itself, and the administrator contains it.
        assert!(is_none(&new_access(&[&own], &[&own])), "{}", texts[0]);
        assert!(is_none(&new_access(&[&administrator], &[&own])), "{}", texts[0]);
        // More denies allow less.
        let mut narrower = own.clone();
        narrower.statements.extend(identity(&texts[1]).denies().cloned());
        assert!(is_none(&new_access(&[&own], &[&narrower])), "{texts:#?}");
        // An allow without its condition allows more.
        let mut wider = own.clone();
        wider.statements.iter_mut().filter(|one| one.effect == Effect::Allow).for_each(|one| one.conditions.clear());
        let finding = new_access(&[&wider], &[&own]);
        assert!(!is_found(&finding), "{}\n{finding:?}", texts[0]);
        asked += 1;
        unknown += usize::from(!is_none(&finding));
        // What is contained in what is contained is contained.
        let [second, third] = [identity(&texts[1]), identity(&texts[2])];
        let mut both = own.clone();
        both.statements.extend(second.allows().cloned());
        let mut all = both.clone();
        all.statements.extend(third.allows().cloned());
        for (small, middle, large) in [(&own, &both, &all), (&narrower, &own, &both), (&own, &second, &third)] {
            if is_none(&new_access(&[middle], &[small])) && is_none(&new_access(&[large], &[middle])) {
                chained += 1;
                assert!(!is_found(&new_access(&[large], &[small])), "{texts:#?}");
            }
        }
    }
    assert!(unknown * 20 < asked && chained > 200, "{unknown} of {asked} unknown, {chained} chains");
}

#[test]
fn every_request_of_small_policies_agrees() {
    let mut random = Random(61);
    let (mut none, mut asked) = (0, 0);
    for _ in 0..120 {
        let keys = [&KEYS[random.below(KEYS.len())]];
        let (old, new) = (policy(&mut random, &keys), policy(&mut random, &keys));
        let new = if random.percent(50) { old.replacen(r#""*""#, r#""s3:GetObject""#, 1) } else { new };
        let (existing, now) = (identity(&old), identity(&new));
        if !is_none(&new_access(&[&existing], &[&now])) {
            continue;
        }
        none += 1;
        for request in requests(&keys, &format!("{old}{new}")) {
            for colons in [Colons::Matched, Colons::NotMatched] {
                asked += 1;
                let allowed = |document: &PolicyDocument| decide(&[document], &request, colons).allowed;
                let is_new = allowed(&now).is_yes() && allowed(&existing).is_no();
                assert!(!is_new, "said to be none: {request:?} {colons:?}\nexisting {old}\nnew {new}");
            }
        }
    }
    assert!(none > 30 && asked > 3_000, "{none} none, {asked} requests");
}

#[test]
fn what_is_prepared_is_answered_alike() {
    let mut random = Random(71);
    let texts: Vec<String> = (0..40).map(|key| policy(&mut random, &[&KEYS[key % KEYS.len()]])).collect();
    let documents: Vec<PolicyDocument> = texts.iter().map(|text| identity(text)).collect();
    let prepared: Vec<Prepared<'_>> = documents.iter().map(Prepared::new).collect();
    let always = ALWAYS.iter().map(|(key, _)| *key).collect::<Vec<_>>();
    let known = catalogue::global_keys().filter(|key| matches!(key.presence(), Presence::Always | Presence::Signed));
    assert_eq!(always, known.map(|key| key.name().to_ascii_lowercase()).collect::<Vec<_>>());
    for (index, mut new) in prepared.iter().cloned().enumerate() {
        for (other, existing) in prepared.iter().enumerate() {
            let (one, two) = (new.new_access(existing), new_access(&[&documents[other]], &[&documents[index]]));
            // It may find a request where the search by itself knows of none for sure.
            let agrees = is_found(&one) == is_found(&two) && is_none(&one) == is_none(&two);
            let knows_more = matches!(two, Finding::Unknown(_));
            assert!(agrees || knows_more, "{one:?}\n{two:?}\n{}\n{}", texts[index], texts[other]);
            if let Finding::Found(access) = one {
                for colons in [Colons::Matched, Colons::NotMatched] {
                    let allowed = |at: usize| decide(&[&documents[at]], &access.request, colons).allowed;
                    assert!(allowed(index).is_yes() && allowed(other).is_no(), "{access:?}");
                }
            }
        }
    }
}
