//! A function for both template languages.
//!
//! A function is a row of a table: its names, its documentation and its code. The code receives the
//! arguments and the [`Context`]; it does not know the calling language.

use std::borrow::Cow;
#[cfg(feature = "crypto")]
use std::time::Duration;

use minijinja::Value;
use minijinja::value::ValueKind;

pub use gotemplate::FunctionError;

use crate::context::Context;
#[cfg(feature = "crypto")]
use crate::memo::Memoized;

/// A row of the function table.
#[derive(Debug)]
pub struct Function {
    /// The name in Go templates (`keyOrDefault`).
    pub go: &'static str,
    /// The name in Jinja (`key_or_default`).
    pub jinja: &'static str,
    /// The heading in the reference.
    pub group: Group,
    /// The arguments and the result, in Go's order: `(key string, default string) string`.
    pub signature: &'static str,
    /// The names of the options: `tag="a"` in Jinja, `"tag=a"` in Go.
    pub options: &'static [&'static str],
    /// The documentation, in one line.
    pub summary: &'static str,
    /// The code.
    pub code: fn(&Call<'_>) -> Result<Value, FunctionError>,
}

/// The steps of a call, in addition to the bytes and items of its arguments. They make the budget
/// read the clock after a few calls, because some calls take long.
const STEPS_OF_A_CALL: usize = 8;

impl Function {
    /// Calls the function within the budget of the rendering.
    ///
    /// Each byte and item of the arguments costs a step. Functions that do more work spend
    /// additional steps.
    ///
    /// # Errors
    /// The error of the function. Also if the budget is exhausted, or the results of all calls are
    /// too large.
    pub fn call(&self, call: &Call<'_>) -> Result<Value, FunctionError> {
        let size: usize = call.args.iter().map(size_of).sum();
        call.spend(size.saturating_add(STEPS_OF_A_CALL))?;
        let args = self.of_text(call.args);
        let value = (self.code)(&Call {
            args: &args,
            context: call.context,
        })?;
        // Answers to queries are already in memory, so they are not counted again.
        if self.group != Group::Sources {
            call.context.afford(&value)?;
        }
        Ok(value)
    }

    /// Replaces invalid UTF-8 in the arguments, for functions that work on characters.
    fn of_text<'a>(&self, args: &'a [Value]) -> Cow<'a, [Value]> {
        let is_binary = |value: &Value| value.kind() == ValueKind::Bytes;
        if !args.iter().any(is_binary)
            || self.signature.contains("any")
            || OF_BYTES.contains(&self.go)
        {
            return Cow::Borrowed(args);
        }
        let text = |value: &Value| match value.as_bytes().filter(|_| is_binary(value)) {
            Some(bytes) => Value::from(String::from_utf8_lossy(bytes)),
            None => value.clone(),
        };
        args.iter().map(text).collect()
    }
}

/// Returns the number of bytes of a string or of items of a list. Maps and lazy sequences count as
/// 0: their length is unknown, so functions that read them spend steps themselves.
fn size_of(value: &Value) -> usize {
    match value.kind() {
        ValueKind::String | ValueKind::Bytes => value.as_bytes().map_or(0, <[u8]>::len),
        ValueKind::Seq => value.len().unwrap_or(0),
        _ => 0,
    }
}

/// The functions that work on bytes.
const OF_BYTES: [&str; 12] = [
    "base64Encode",
    "base64URLEncode",
    "sha256Hex",
    "md5sum",
    "hmacSHA256Hex",
    "sprig_b64enc",
    "sprig_b32enc",
    "sprig_sha1sum",
    "sprig_sha256sum",
    "sprig_sha512sum",
    "sprig_adler32sum",
    "writeToFile",
];

/// Creates a row for a function without options.
#[must_use]
pub const fn row(
    group: Group,
    names: [&'static str; 2],
    signature: &'static str,
    summary: &'static str,
    code: fn(&Call<'_>) -> Result<Value, FunctionError>,
) -> Function {
    let [go, jinja] = names;
    Function {
        go,
        jinja,
        group,
        signature,
        options: &[],
        summary,
        code,
    }
}

/// The headings of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Queries to Consul, files and plugins.
    Sources,
    /// The environment of the process and of the template.
    Environment,
    /// Strings, lists, numbers and encodings.
    Text,
    /// Maps and grouping.
    Shape,
    /// Arithmetic.
    Math,
    /// The functions of sprig.
    Sprig,
    /// Debugging.
    Debug,
}

impl Group {
    /// Returns the heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Sources => "Consul, files and plugins",
            Self::Environment => "Environment and output",
            Self::Text => "Strings, lists, numbers and encodings",
            Self::Shape => "Maps and grouping",
            Self::Math => "Arithmetic",
            Self::Sprig => "Sprig",
            Self::Debug => "Debugging",
        }
    }
}

/// A call of a function. As in Go, a piped value is the last argument.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The arguments. If the function has options, the last argument holds Jinja's named arguments.
    pub args: &'a [Value],
    /// The rendering that the call belongs to.
    pub context: &'a (dyn Context + 'static),
}

impl Call<'_> {
    /// Spends steps of the rendering's budget. A step is about one byte or item that is read. A
    /// function spends the steps before it does the work.
    ///
    /// # Errors
    /// If the budget is exhausted; the function must then return.
    pub fn spend(&self, steps: usize) -> Result<(), FunctionError> {
        Ok(self.context.budget().spend(steps)?)
    }
}

#[cfg(feature = "crypto")]
impl Call<'_> {
    /// Returns the memoized result of this call, or computes it. A result with a lifetime is computed again when it
    /// expires, and the rendering [expires](Context::expires) at that time. While data is missing the result is empty,
    /// because the arguments may depend on missing data.
    ///
    /// # Errors
    /// Those of `compute`.
    pub(crate) fn memoized<const N: usize>(
        &self,
        function: &str,
        arguments: &[&str],
        lifetime: Option<Duration>,
        compute: impl FnOnce() -> Result<[String; N], FunctionError>,
    ) -> Result<[String; N], FunctionError> {
        let Self { context, .. } = self;
        if !context.is_complete() {
            return Ok([const { String::new() }; N]);
        }
        let memo = context.memo();
        let id = memo.call_id(function, arguments)?;
        let result = if let Some(result) = memo.get(&id, context.now()) {
            result
        } else {
            let expires = lifetime.and_then(|lifetime| context.now().checked_add(lifetime).ok());
            let result = Memoized {
                texts: compute()?,
                expires,
            };
            memo.insert(id, &result);
            result
        };
        if let Some(expires) = result.expires {
            context.expires(expires);
        }
        Ok(result.texts)
    }
}

/// Returns the named arguments of Jinja from the value that holds them.
pub fn named(arguments: &Value) -> impl Iterator<Item = (String, Value)> {
    let names = arguments.try_iter().into_iter().flatten();
    names.map(|name| {
        (
            name.to_string(),
            arguments.get_item(&name).unwrap_or_default(),
        )
    })
}
