//! Policy rules (`ip rule`), as `RTM_NEWRULE` tells them: whether there are any that a mirror of the main table misses.

use super::message::{Attributes, u32_at};

/// `struct fib_rule_hdr`: family, two prefix lengths, traffic class, table, two bytes, action, flags.
const HEADER_BYTES: usize = 12;
/// `FR_ACT_TO_TBL`: look into a table.
const ACTION_TABLE: u8 = 1;
/// `FRA_PRIORITY`, which says nothing of who follows the rule, and `FRA_TABLE`.
const PRIORITY: u16 = 6;
const TABLE: u16 = 15;
/// `FRA_SUPPRESS_PREFIXLEN` and `FRA_PROTOCOL`; the kernel always writes them, the first as -1 where there is none.
const SUPPRESSED_LEN: u16 = 14;
const PROTOCOL: u16 = 21;

/// Tells whether a rule is for media and is none of the three that every host has: everything looks into the tables
/// local, main and default.
pub(super) fn is_policy(body: &[u8]) -> bool {
    let Some(&[family, to_len, from_len, traffic_class, table, _, _, action, ..]) =
        body.first_chunk::<HEADER_BYTES>()
    else {
        return false;
    };
    if !matches!(i32::from(family), libc::AF_INET | libc::AF_INET6) {
        return false;
    }
    let mut table = u32::from(table);
    let mut is_plain = action == ACTION_TABLE && [to_len, from_len, traffic_class] == [0; 3];
    for (attribute, value) in Attributes(&body[HEADER_BYTES..]) {
        match attribute {
            PRIORITY | PROTOCOL => {}
            TABLE => table = u32_at(value, 0).unwrap_or(0),
            SUPPRESSED_LEN => is_plain &= u32_at(value, 0) == Some(u32::MAX),
            _ => is_plain = false,
        }
    }
    let tables = [libc::RT_TABLE_LOCAL, libc::RT_TABLE_MAIN, libc::RT_TABLE_DEFAULT];
    !is_plain || !tables.map(u32::from).contains(&table)
}
