//! The function `sockaddr`: addresses of this host, selected by expressions of go-sockaddr such as
//! `GetPrivateIP`, `GetInterfaceIP "eth0"` or
//! `GetAllInterfaces | include "name" "eth" | attr "address"`.
//!
//! Input: an expression, which is a pipeline of a Go template with its own functions. Output: its
//! text. The addresses are read while the template renders; a changed address does not trigger a
//! rendering.

mod address;
mod blocks;
mod select;
mod sort;
mod system;
#[cfg(test)]
mod tests;

use gotemplate::{Budget, Context, FunctionId, Limits, MissingKey, Options, Template};
use minijinja::Value;

use self::address::Address;
use super::args::{FunctionResult, fail, integer, text};
use super::row;
use crate::function::{Call, Function, FunctionError, Group};

pub(super) static TABLE: &[Function] = &[row(
    Group::Environment,
    ["sockaddr", "sockaddr"],
    "(expression ...string) string",
    "An address of this host by an expression of go-sockaddr: sockaddr \"GetPrivateIP\", sockaddr \"GetInterfaceIP \\\"eth0\\\"\".",
    sockaddr,
)];

/// The limits of an expression.
const LIMITS: Limits = Limits {
    steps: 100_000,
    text: 1 << 20,
    depth: 10,
};

fn sockaddr(call: &Call<'_>) -> FunctionResult {
    let source = format!("{{{{ {} }}}}", call.texts()?.join(" "));
    call.spend(source.len())?;
    let options = Options {
        missing_key: MissingKey::Error,
        limits: LIMITS,
        ..Options::default()
    };
    let resolve = |name: &str| {
        FUNCTIONS
            .iter()
            .position(|function| function.go == name)
            .map(FunctionId)
    };
    let failure = |error: &gotemplate::Error| FunctionError::new(error.message.as_str());
    let template =
        Template::parse("sockaddr", &source, &options, resolve).map_err(|error| failure(&error))?;
    let all = values(own_addresses(call)?);
    Ok(Value::from(
        template
            .render(&all, &Expression(call.context))
            .map_err(|error| failure(&error))?,
    ))
}

/// The context of an expression: the context of the rendering, with go-sockaddr's functions.
#[derive(Debug)]
struct Expression<'a>(&'a (dyn crate::Context + 'static));

impl Context for Expression<'_> {
    fn budget(&self) -> &Budget {
        self.0.budget()
    }

    fn call(&self, FunctionId(index): FunctionId, args: &mut [Value], _: usize) -> FunctionResult {
        let function = FUNCTIONS
            .get(index)
            .ok_or_else(|| FunctionError::new("the function does not exist"))?;
        function.call(&Call {
            args,
            context: self.0,
        })
    }

    fn permit(&self, name: &str) -> Result<(), FunctionError> {
        self.0.permit(name)
    }
}

/// Creates a function for expressions.
const fn inner(name: &'static str, code: fn(&Call<'_>) -> FunctionResult) -> Function {
    row(Group::Environment, [name, name], "", "", code)
}

/// The functions that expressions can call.
static FUNCTIONS: &[Function] = &[
    inner("GetAllInterfaces", |call| Ok(values(own_addresses(call)?))),
    inner("GetDefaultInterfaces", |call| {
        let mut all = own_addresses(call)?;
        all.retain(|address| address.default);
        if all.is_empty() {
            fail("there is no interface with a default route")
        } else {
            Ok(values(all))
        }
    }),
    inner("GetPrivateInterfaces", |call| {
        Ok(values(reachable(call, true)?))
    }),
    inner("GetPublicInterfaces", |call| {
        Ok(values(reachable(call, false)?))
    }),
    inner("GetPrivateIP", |call| Ok(first_ip(&reachable(call, true)?))),
    inner("GetPrivateIPs", |call| Ok(all_ips(&reachable(call, true)?))),
    inner("GetPublicIP", |call| Ok(first_ip(&reachable(call, false)?))),
    inner("GetPublicIPs", |call| Ok(all_ips(&reachable(call, false)?))),
    inner("GetInterfaceIP", |call| {
        let [name] = call.exactly("GetInterfaceIP")?;
        let mut found = of_interface(call, text(name)?)?;
        found.retain(|address| blocks::is_forwardable(address.ip));
        Ok(first_ip(&found))
    }),
    inner("GetInterfaceIPs", |call| {
        let [name] = call.exactly("GetInterfaceIPs")?;
        Ok(all_ips(&of_interface(call, text(name)?)?))
    }),
    inner("include", |call| filtered(call, "include", true)),
    inner("exclude", |call| filtered(call, "exclude", false)),
    inner("sort", |call| {
        let [keys, list] = call.exactly("sort")?;
        Ok(values(sort::sorted(addresses(call, list)?, text(keys)?)?))
    }),
    inner("unique", |call| {
        let [by, list] = call.exactly("unique")?;
        let mut found = addresses(call, list)?;
        match text(by)? {
            "name" => found.dedup_by(|a, b| a.name == b.name),
            "address" => found.dedup_by(|a, b| a.ip == b.ip),
            _ => return fail("unique: the attribute must be \"address\" or \"name\""),
        }
        Ok(values(found))
    }),
    inner("limit", |call| {
        let [count, list] = call.exactly("limit")?;
        let mut found = addresses(call, list)?;
        found.truncate(usize::try_from(integer(count)?).unwrap_or(0));
        Ok(values(found))
    }),
    inner("offset", |call| {
        let [count, list] = call.exactly("offset")?;
        let (count, mut found) = (integer(count)?, addresses(call, list)?);
        let distance = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        let from = if count < 0 {
            found.len().saturating_sub(distance)
        } else {
            distance.min(found.len())
        };
        Ok(values(found.split_off(from)))
    }),
    inner("attr", |call| attribute(call, "attr")),
    inner("Attr", |call| attribute(call, "Attr")),
    inner("join", |call| {
        let [name, separator, list] = call.exactly("join")?;
        let (name, separator) = (text(name)?, text(separator)?);
        let texts: Vec<String> = addresses(call, list)?
            .iter()
            .map(|one| one.attribute(name))
            .collect::<Result<_, _>>()?;
        Ok(Value::from(texts.join(separator)))
    }),
    inner("math", |call| {
        let [operation, by, list] = call.exactly("math")?;
        let (operation, by) = (text(operation)?, text(by)?);
        let results: Result<_, _> = addresses(call, list)?
            .into_iter()
            .map(|one| one.calculate(operation, by))
            .collect();
        Ok(values(results?))
    }),
];

/// Returns the addresses of this host. The steps correspond to the time of the system calls.
fn own_addresses(call: &Call<'_>) -> Result<Vec<Address>, FunctionError> {
    call.spend(10_000)?;
    system::addresses()
}

fn values(addresses: Vec<Address>) -> Value {
    addresses.into_iter().map(Address::value).collect()
}

/// Returns the addresses in a list, or a single address as a list.
fn addresses(call: &Call<'_>, value: &Value) -> Result<Vec<Address>, FunctionError> {
    if let Some(one) = Address::from_value(value) {
        return Ok(vec![one]);
    }
    let all: Option<Vec<Address>> = call.list(value)?.iter().map(Address::from_value).collect();
    all.map_or_else(
        || fail("expected a list of addresses, such as that of GetAllInterfaces"),
        Ok,
    )
}

/// Returns the private or public addresses of the interfaces that are up.
fn reachable(call: &Call<'_>, private: bool) -> Result<Vec<Address>, FunctionError> {
    let mut all = own_addresses(call)?;
    let is_wanted = |ip| blocks::is_forwardable(ip) && blocks::in_rfc(ip, "6890") == Ok(private);
    all.retain(|address| address.has_flag("up") && is_wanted(address.ip));
    sort::sorted(all, "default,type,size")
}

fn of_interface(call: &Call<'_>, name: &str) -> Result<Vec<Address>, FunctionError> {
    let mut all = own_addresses(call)?;
    all.retain(|address| address.name == name);
    sort::sorted(all, "type,size")
}

fn first_ip(addresses: &[Address]) -> Value {
    Value::from(
        addresses
            .first()
            .map(|address| address.ip.to_string())
            .unwrap_or_default(),
    )
}

fn all_ips(addresses: &[Address]) -> Value {
    let ips: Vec<String> = addresses
        .iter()
        .map(|address| address.ip.to_string())
        .collect();
    Value::from(ips.join(" "))
}

fn filtered(call: &Call<'_>, name: &str, keep: bool) -> FunctionResult {
    let [by, wanted, list] = call.exactly(name)?;
    let (by, wanted) = (text(by)?, text(wanted)?);
    let mut found = Vec::new();
    for address in addresses(call, list)? {
        if select::matches(call, &address, by, wanted)? == keep {
            found.push(address);
        }
    }
    Ok(values(found))
}

/// Returns an attribute of an address, or of the first address of a list.
fn attribute(call: &Call<'_>, function: &str) -> FunctionResult {
    let [name, list] = call.exactly(function)?;
    let name = text(name)?;
    match addresses(call, list)?.first() {
        Some(address) => Ok(Value::from(address.attribute(name)?)),
        None => Ok(Value::from("")),
    }
}
