//! Ranges of addresses in conditions.

use super::codes::*;
use super::{Issue, is_settled_key, settled};
use crate::iam::condition::{Comparison, ConditionTest};
use crate::iam::document::Statement;
use crate::value::Text;
use std::net::IpAddr;

/// An address and how many of its bits count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Range {
    address: u128,
    bits: u8,
    /// 32 or 128.
    width: u8,
}

pub fn issues(statement: &Statement) -> Vec<Issue> {
    let of_addresses =
        |test: &&ConditionTest| test.operator.comparison == Some(Comparison::IpAddress) && is_settled_key(test);
    statement.conditions.iter().filter(of_addresses).flat_map(of_test).collect()
}

fn of_test(test: &ConditionTest) -> Vec<Issue> {
    let mut found = Vec::new();
    let mut ranges: Vec<(&Text, Range)> = Vec::new();
    for value in &test.values {
        let Some(text) = settled(value) else { continue };
        match range(text) {
            None => {
                let issue = Issue::new(TYPE_MISMATCH_IP_RANGE, value.span, text);
                found.push(issue.other(test.operator.text.clone()).related(test.operator_span));
            }
            Some(range) => {
                if let Some(better) = range.without_host_bits() {
                    found.push(Issue::new(IMPROVE_IP_RANGE, value.span, text).other(better));
                }
                ranges.push((value, range));
            }
        }
    }
    found.extend(private(test, &ranges));
    found
}

/// `aws:SourceIp` is the public address of the caller, and is missing where a VPC endpoint is used.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
fn private(test: &ConditionTest, ranges: &[(&Text, Range)]) -> Option<Issue> {
    if !test.is_on("aws:SourceIp") {
        return None;
    }
    let private: Vec<&(&Text, Range)> = ranges.iter().filter(|(_, range)| range.is_private()).collect();
    let (first, _) = private.first()?;
    let is_all = test.complete && private.len() == test.values.len();
    let code = match (is_all, test.operator.negated) {
        (true, false) => PRIVATE_IP_ADDRESS,
        (true, true) => PRIVATE_NOT_IP_ADDRESS,
        (false, false) => PRIVATE_IP_ADDRESS_SUBSET,
        (false, true) => PRIVATE_NOT_IP_ADDRESS_SUBSET,
    };
    let names = private.iter().map(|(value, _)| value.display().into_owned()).collect();
    Some(
        Issue::new(code, first.span, first.display())
            .other(test.operator.text.clone())
            .names(names)
            .related(test.key_span),
    )
}

pub(super) fn range(text: &str) -> Option<Range> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let (address, width) = match address.trim().parse::<IpAddr>().ok()? {
        IpAddr::V4(four) => (u128::from(four.to_bits()), 32),
        IpAddr::V6(six) => (six.to_bits(), 128),
    };
    let bits = match bits {
        Some(bits) => bits.trim().parse::<u8>().ok().filter(|bits| *bits <= width)?,
        None => width,
    };
    Some(Range { address, bits, width })
}

impl Range {
    fn host_mask(self) -> u128 {
        let host = self.width - self.bits;
        if host >= 128 { u128::MAX } else { (1u128 << host) - 1 }
    }

    /// The range as it is meant, when bits are set that do not count.
    pub(super) fn without_host_bits(self) -> Option<String> {
        let plain = self.address & !self.host_mask();
        (plain != self.address).then(|| format!("{}/{}", shown(plain, self.width), self.bits))
    }

    fn is_within(self, outer: &str) -> bool {
        range(outer).is_some_and(|outer| {
            outer.width == self.width && outer.bits <= self.bits && self.address & !outer.host_mask() == outer.address
        })
    }

    pub(super) fn is_private(self) -> bool {
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"].iter().any(|outer| self.is_within(outer))
    }
}

fn shown(address: u128, width: u8) -> String {
    match (width, u32::try_from(address)) {
        (32, Ok(four)) => std::net::Ipv4Addr::from_bits(four).to_string(),
        _ => std::net::Ipv6Addr::from_bits(address).to_string(),
    }
}
