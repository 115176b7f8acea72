//! Reads YAML.
//!
//! in:  a text; only its first document counts
//! out: a value. Maps have keys of any kind. The error says where something is wrong, but not what stands there
//!
//! An alias costs nothing here, but whoever walks the value walks everything again: what it all comes to has a limit.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use granit_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use minijinja::Value;
use minijinja::value::ValueKind;

use super::scalar::{Scalar, resolve};
use crate::template::any_map::{AnyKey, AnyMap};

/// How many values there may be, each as often as an alias repeats it.
const MOST_VALUES: usize = 1_000_000;

/// How deep lists and maps may be nested.
const MOST_LEVELS: usize = 100;

/// A value, and how many values are in it.
#[derive(Clone)]
struct Node {
    value: Value,
    size: usize,
    /// A plain `<<`.
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

type Read<T> = Result<T, String>;

/// Reads the first document; without one there is nothing.
pub(in crate::template::functions) fn read(text: &str) -> Read<Value> {
    let options = granit_parser::options! { block_scalar_eof_without_line_feed: true };
    let mut reader = Reader {
        parser: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        line: 1,
    };
    loop {
        match reader.next()? {
            Event::StreamStart => {}
            Event::DocumentStart(_, version) => {
                if version.is_some_and(|version| (version.major, version.minor) != (1, 1)) {
                    return Err(reader.problem("found incompatible YAML document"));
                }
                let first = reader.next()?;
                let node = reader.node(first, 0)?;
                return match reader.next()? {
                    Event::DocumentEnd => Ok(node.value),
                    _ => Err(reader.problem("there is something behind the value")),
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
}

impl<'t> Reader<'t> {
    fn problem(&self, text: &str) -> String {
        format!("line {}: {text}", self.line)
    }

    fn next(&mut self) -> Read<Event<'t>> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(event)
            }
            Some(Err(error)) => Err(format!("line {}: this is not YAML", error.marker().line())),
            None => Ok(Event::StreamEnd),
        }
    }

    fn node(&mut self, event: Event<'t>, level: usize) -> Read<Node> {
        if level > MOST_LEVELS {
            return Err(self.problem(&format!("nested more than {MOST_LEVELS} levels deep")));
        }
        let (anchor, node) = match event {
            Event::Alias(anchor) => {
                return self
                    .anchors
                    .get(&anchor)
                    .cloned()
                    .ok_or_else(|| self.problem("an anchor contains itself"));
            }
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, self.scalar(&text, style, tag.as_deref())?)
            }
            Event::SequenceStart(_, anchor, _) => (anchor, self.list(level)?),
            Event::MappingStart(_, anchor, _) => (anchor, self.map(level)?),
            _ => return Err(self.problem("a value is missing")),
        };
        if node.size > MOST_VALUES {
            return Err(self.problem(&format!(
                "more than {MOST_VALUES} values, with those that aliases repeat"
            )));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, level: usize) -> Read<Node> {
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
                    let node = self.node(event, level + 1)?;
                    size = self.sum(size, node.size)?;
                    items.push(node.value);
                }
            }
        }
    }

    fn map(&mut self, level: usize) -> Read<Node> {
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
                event => self.node(event, level + 1)?,
            };
            let event = self.next()?;
            let node = self.node(event, level + 1)?;
            size = self.sum(size, node.size)?;
            if key.merges {
                self.merge(&mut entries, &node.value)?;
                continue;
            }
            let Some(key) = AnyKey::of(&key.value) else {
                return Err(self.problem("only a plain value can be the key of a map"));
            };
            entries.insert(key, node.value);
        }
    }

    fn sum(&self, size: usize, more: usize) -> Read<usize> {
        let sum = size.saturating_add(more).saturating_add(1);
        if sum > MOST_VALUES {
            return Err(self.problem(&format!(
                "more than {MOST_VALUES} values, with those that aliases repeat"
            )));
        }
        Ok(sum)
    }

    /// `<<`: the entries of a map, or of several, of which the first ones win.
    fn merge(&self, entries: &mut BTreeMap<AnyKey, Value>, from: &Value) -> Read<()> {
        let wrong = || self.problem("map merge requires map or sequence of maps as the value");
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
                reason = "it is written that it is a float"
            )]
            ("float", Scalar::Int(number)) => Value::from(number as f64),
            ("binary", _) => {
                let written: String = text.split_whitespace().collect();
                let bytes = base64::engine::general_purpose::STANDARD.decode(written);
                let bytes = bytes
                    .map_err(|_| self.problem("!!binary value contains invalid base64 data"))?;
                String::from_utf8(bytes)
                    .map_or_else(|error| Value::from_bytes(error.into_bytes()), Value::from)
            }
            ("null" | "bool" | "int" | "float", _) => {
                return Err(self.problem(&format!("cannot decode this as a !!{core}")));
            }
            _ => Value::from(text),
        };
        Ok(Node::leaf(value))
    }
}
