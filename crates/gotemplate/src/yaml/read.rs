//! Reads YAML.
//!
//! Input: a text, of which the first document is read. Output: a value; maps have keys of any kind. An error names the
//! line, and quotes no text.
//!
//! An alias shares its value, but code that walks the value visits it once for each alias. So the number of values is
//! limited, and each alias counts as often as it occurs.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use granit_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use minijinja::Value;
use minijinja::value::ValueKind;

use super::scalar::{Scalar, resolve};
use crate::any_map::{AnyKey, AnyMap};
use crate::budget::Budget;
use crate::function_error::FunctionError;

/// The number of values in a document, with those that aliases repeat.
const MAX_VALUES: usize = 1_000_000;

/// The nesting of lists and maps.
const MAX_DEPTH: usize = 100;

/// A value, and the number of values in it.
#[derive(Clone)]
struct Node {
    value: Value,
    size: usize,
    /// The node is a plain `<<`.
    merges: bool,
}

impl Node {
    fn leaf(value: Value) -> Self {
        Self {
            value,
            size: 1,
            merges: false,
        }
    }
}

type Read<T> = Result<T, FunctionError>;

/// Reads the first document; a text without a document is nil.
///
/// # Errors
/// If the text is not YAML 1.1, is nested too deep or too large, or if the budget is exhausted. The error has the line, and
/// quotes no text.
pub fn read<'t>(text: &'t str, budget: &'t Budget) -> Result<Value, FunctionError> {
    let options = granit_parser::options! { block_scalar_eof_without_line_feed: true };
    let mut reader = Reader {
        parser: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        line: 1,
        budget,
    };
    loop {
        match reader.next()? {
            Event::StreamStart => {}
            Event::DocumentStart(_, version) => {
                if version.is_some_and(|version| (version.major, version.minor) != (1, 1)) {
                    return Err(reader.error("found incompatible YAML document"));
                }
                let first = reader.next()?;
                let node = reader.node(first, 0)?;
                return match reader.next()? {
                    Event::DocumentEnd => Ok(node.value),
                    _ => Err(reader.error("unexpected content after the value")),
                };
            }
            _ => return Ok(Value::from(())),
        }
    }
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, Node>,
    line: usize,
    budget: &'t Budget,
}

impl<'t> Reader<'t> {
    fn error(&self, text: &str) -> FunctionError {
        FunctionError::new(format!("line {}: {text}", self.line))
    }

    fn too_many_values(&self) -> FunctionError {
        self.error(&format!(
            "more than {MAX_VALUES} values, with those that aliases repeat"
        ))
    }

    fn next(&mut self) -> Read<Event<'t>> {
        self.budget.spend(1)?;
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(event)
            }
            Some(Err(error)) => {
                self.line = error.marker().line();
                Err(self.error("this is not YAML"))
            }
            None => Ok(Event::StreamEnd),
        }
    }

    fn node(&mut self, event: Event<'t>, depth: usize) -> Read<Node> {
        if depth > MAX_DEPTH {
            return Err(self.error(&format!("nested more than {MAX_DEPTH} levels deep")));
        }
        let (anchor, node) = match event {
            Event::Alias(anchor) => {
                return self
                    .anchors
                    .get(&anchor)
                    .cloned()
                    .ok_or_else(|| self.error("an anchor contains itself"));
            }
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, self.scalar(&text, style, tag.as_deref())?)
            }
            Event::SequenceStart(_, anchor, _) => (anchor, self.list(depth)?),
            Event::MappingStart(_, anchor, _) => (anchor, self.map(depth)?),
            _ => return Err(self.error("a value is missing")),
        };
        if node.size > MAX_VALUES {
            return Err(self.too_many_values());
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Read<Node> {
        let mut items = Vec::new();
        let mut size = 1_usize;
        loop {
            match self.next()? {
                Event::SequenceEnd => {
                    return Ok(Node {
                        value: Value::from(items),
                        size,
                        merges: false,
                    });
                }
                event => {
                    let node = self.node(event, depth + 1)?;
                    size = self.sum(size, node.size)?;
                    items.push(node.value);
                }
            }
        }
    }

    fn map(&mut self, depth: usize) -> Read<Node> {
        let mut entries = BTreeMap::new();
        let mut size = 1_usize;
        loop {
            let key = match self.next()? {
                Event::MappingEnd => {
                    let value = Value::from_object(AnyMap { entries });
                    return Ok(Node {
                        value,
                        size,
                        merges: false,
                    });
                }
                event => self.node(event, depth + 1)?,
            };
            let event = self.next()?;
            let node = self.node(event, depth + 1)?;
            size = self.sum(size, node.size)?;
            if key.merges {
                self.merge(&mut entries, &node.value)?;
                continue;
            }
            let Some(key) = AnyKey::of(&key.value) else {
                return Err(self.error("the key of a map must be a scalar"));
            };
            entries.insert(key, node.value);
        }
    }

    fn sum(&self, size: usize, more: usize) -> Read<usize> {
        let sum = size.saturating_add(more).saturating_add(1);
        if sum > MAX_VALUES {
            return Err(self.too_many_values());
        }
        Ok(sum)
    }

    /// `<<`: adds the entries of a map, or of several maps, of which the earlier ones take precedence.
    fn merge(&self, entries: &mut BTreeMap<AnyKey, Value>, from: &Value) -> Read<()> {
        let wrong = || self.error("map merge requires map or sequence of maps as the value");
        if let Some(map) = from.downcast_object_ref::<AnyMap>() {
            entries.extend(
                map.entries
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone())),
            );
            return Ok(());
        }
        if from.kind() != ValueKind::Seq {
            return Err(wrong());
        }
        let maps: Vec<Value> = from.try_iter().into_iter().flatten().collect();
        for map in maps.iter().rev() {
            let map = map.downcast_object_ref::<AnyMap>().ok_or_else(wrong)?;
            entries.extend(
                map.entries
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone())),
            );
        }
        Ok(())
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Read<Node> {
        let resolved = resolve(text);
        let core = tag.and_then(|tag| tag.suffix_in_namespace("tag:yaml.org,2002:"));
        let Some(core) = core else {
            let plain = style == ScalarStyle::Plain && tag.is_none();
            let value = if plain {
                resolved.value(text)
            } else {
                Value::from(text)
            };
            return Ok(Node {
                merges: plain && resolved == Scalar::Merge,
                ..Node::leaf(value)
            });
        };
        let value = match (core.as_ref(), resolved) {
            ("null", Scalar::Null)
            | ("bool", Scalar::Bool(_))
            | ("int", Scalar::Int(_) | Scalar::Uint(_))
            | ("float", Scalar::Float(_)) => resolved.value(text),
            #[expect(
                clippy::cast_precision_loss,
                reason = "the tag says that the number is a float"
            )]
            ("float", Scalar::Int(number)) => Value::from(number as f64),
            ("binary", _) => {
                let encoded: String = text.split_whitespace().collect();
                let bytes = base64::engine::general_purpose::STANDARD.decode(encoded);
                let bytes =
                    bytes.map_err(|_| self.error("!!binary value contains invalid base64 data"))?;
                String::from_utf8(bytes)
                    .map_or_else(|error| Value::from_bytes(error.into_bytes()), Value::from)
            }
            ("null" | "bool" | "int" | "float", _) => {
                return Err(self.error(&format!("cannot decode this as a !!{core}")));
            }
            _ => Value::from(text),
        };
        Ok(Node::leaf(value))
    }
}
