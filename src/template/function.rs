//! A function of the library, as both template languages see it.
//!
//! A function is one entry of a table: its names, what it is for, and its code. The code sees its arguments and the
//! [`RenderContext`] it is called in; it cannot tell which language called it.

use std::borrow::Cow;

use minijinja::Value;
use minijinja::value::ValueKind;

pub use gotemplate::FunctionError;

use super::render_context::RenderContext;

/// One entry of the function table.
#[derive(Debug)]
pub struct Function {
    /// The name in Go templates (`keyOrDefault`).
    pub go: &'static str,
    /// The name in Jinja (`key_or_default`).
    pub jinja: &'static str,
    /// The heading it stands under in the reference.
    pub group: Group,
    /// Its arguments and its result, in Go order: `(key string, default string) string`.
    pub signature: &'static str,
    /// What can be said by name: `tag="a"` in Jinja, `"tag=a"` in Go.
    pub options: &'static [&'static str],
    /// One line on what it does.
    pub summary: &'static str,
    /// What it does.
    pub code: fn(&Call<'_>) -> Result<Value, FunctionError>,
}

/// The steps of a call beside the bytes that it reads: the clock is read every few calls, as some take long.
const STEPS_OF_A_CALL: usize = 8;

impl Function {
    /// Calls it, for what the pass can still afford.
    ///
    /// # Errors
    /// What the function says, or that everything the functions of the pass have made is too much.
    pub fn call(&self, call: &Call<'_>) -> Result<Value, FunctionError> {
        call.spend(STEPS_OF_A_CALL)?;
        let args = self.of_text(call.args);
        let value = (self.code)(&Call {
            args: &args,
            pass: call.pass,
        })?;
        // The answers to questions are there already.
        if self.group != Group::Sources {
            call.pass.afford(&value)?;
        }
        Ok(value)
    }

    /// The arguments, with what is not UTF-8 in them as replacement characters for a function that is about characters.
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

/// Those that take the bytes of a text as they are.
const OF_BYTES: [&str; 11] = [
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
];

/// The headings of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Questions to Consul, and files.
    Sources,
    /// The environment of the process and of the template.
    Environment,
    /// Text, lists and encodings.
    Text,
    /// Maps, and lists of answers put into another shape.
    Shape,
    /// Numbers.
    Math,
    /// The functions of sprig.
    Sprig,
    /// Looking at values.
    Debug,
}

impl Group {
    /// The heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Sources => "Questions to Consul, and files",
            Self::Environment => "The environment, and the template's own",
            Self::Text => "Text, lists, numbers and encodings",
            Self::Shape => "Maps, and lists in another shape",
            Self::Math => "Arithmetic",
            Self::Sprig => "Sprig",
            Self::Debug => "Looking at values",
        }
    }
}

/// A call of a function: its arguments, in the order of Go (what is piped in comes last).
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The arguments. Those that Jinja gives by name come last, all in one, to a function that has options.
    pub args: &'a [Value],
    /// The rendering pass that the call belongs to.
    pub pass: &'a RenderContext,
}

impl Call<'_> {
    /// Spends steps of the budget of the rendering. A function spends a step per byte or item that it reads, before it
    /// reads them.
    ///
    /// # Errors
    /// If the budget is exhausted: the function has to end.
    pub fn spend(&self, steps: usize) -> Result<(), FunctionError> {
        Ok(self.pass.budget().spend(steps)?)
    }
}

/// What is given by name, in an argument that holds all of it.
pub(super) fn named(arguments: &Value) -> impl Iterator<Item = (String, Value)> {
    let names = arguments.try_iter().into_iter().flatten();
    names.map(|name| {
        (
            name.to_string(),
            arguments.get_item(&name).unwrap_or_default(),
        )
    })
}
