//! The function `sort`: sorts addresses by several keys, each ascending or descending.

use std::cmp::Ordering;

use super::address::Address;
use super::blocks;
use crate::args::fail;
use crate::function::FunctionError;

type Compare = fn(&Address, &Address) -> Ordering;

/// Sorts by keys such as `default,-type,size,+address`.
///
/// Addresses of different families compare as equal, so this is not a total order, which the
/// standard library's sort requires. Therefore an insertion sort is used.
pub(super) fn sorted(addresses: Vec<Address>, keys: &str) -> Result<Vec<Address>, FunctionError> {
    let comparisons: Vec<(Compare, bool)> = keys
        .split(',')
        .map(|key| comparison(key.trim()))
        .collect::<Result<_, _>>()?;
    let compare = |a: &Address, b: &Address| {
        let orders = comparisons.iter().map(|(compare, descending)| {
            let order = compare(a, b);
            if *descending { order.reverse() } else { order }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    };
    let mut result: Vec<Address> = Vec::with_capacity(addresses.len());
    for address in addresses {
        let before = result
            .iter()
            .rposition(|other| compare(&address, other).is_ge());
        result.insert(before.map_or(0, |at| at + 1), address);
    }
    Ok(result)
}

fn comparison(key: &str) -> Result<(Compare, bool), FunctionError> {
    let (name, descending) = match key.strip_prefix('-') {
        Some(name) => (name, true),
        None => (key.strip_prefix('+').unwrap_or(key), false),
    };
    let compare: Compare = match name {
        "address" => |a, b| {
            if a.width() == b.width() {
                a.ip.cmp(&b.ip)
            } else {
                Ordering::Equal
            }
        },
        "default" => |a, b| b.default.cmp(&a.default),
        "name" => |a, b| a.name.cmp(&b.name),
        "port" => |_, _| Ordering::Equal,
        "private" => |a, b| is_private(b).cmp(&is_private(a)),
        // The larger network comes first: its prefix is shorter.
        "size" => |a, b| {
            if a.width() == b.width() {
                a.bits.cmp(&b.bits)
            } else {
                Ordering::Equal
            }
        },
        "type" => |a, b| a.width().cmp(&b.width()),
        _ => {
            return fail(format!(
                "unsupported sort key {key:?}; supported are address, default, name, port, private, size, type"
            ));
        }
    };
    Ok((compare, descending))
}

fn is_private(address: &Address) -> bool {
    blocks::in_rfc(address.ip, "6890") == Ok(true)
}
