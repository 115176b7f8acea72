//! Consul's filter expressions: `Service.Port == 80 and "v1" in Service.Tags`.
//!
//! Input: the text of `?filter` and the kind of query. Output: a [`Filter`] that removes results
//! from a list, or Consul's error message for an invalid expression.
//!
//! Supported: `==`, `!=`, `in`, `not in`, `contains`, `not contains`, `is empty`, `is not empty`,
//! `matches`, `not matches`, `and`, `or`, `not` and parentheses.

mod parser;

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use self::parser::{Expression, Match, Operator, SyntaxError, parse};
use super::go;
use super::json_records as json;
use super::query::Query;
use super::records::{Check, Indexed, Instance, Mesh, Node, Proxy, Upstream};
use super::reply::Reply;

/// Fields that are maps with arbitrary keys.
const MAPS: [&str; 5] = [
    "Meta",
    "NodeMeta",
    "ServiceMeta",
    "TaggedAddresses",
    "ServiceTaggedAddresses",
];

/// The reason why an expression is invalid, with Consul's message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilterError {
    /// The text cannot be parsed.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// There is no such field.
    #[error("Selector {selector} is not valid")]
    UnknownField { selector: String },
    /// A number is compared with text that is not a number.
    #[error(
        "Failed to coerce value {value} for selector {selector}: \
         strconv.ParseInt: parsing {value}: invalid syntax"
    )]
    NotANumber { selector: String, value: String },
    /// The pattern is not a regular expression.
    #[error("Failed to compile regular expression: {0}")]
    Pattern(#[from] regex::Error),
}

impl FilterError {
    /// Returns the answer that refuses the request.
    pub(crate) fn into_reply(self) -> Reply {
        let status = match self {
            Self::Syntax(SyntaxError::TooDeep) => 400,
            _ => 500,
        };
        let text = format!("Failed to create boolean expression evaluator: {self}");
        Reply::text(status, text)
    }
}

/// A condition on the results of a list. An empty filter keeps all of them.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    expression: Option<Expression>,
    /// The compiled regular expressions of the filter.
    patterns: BTreeMap<String, Regex>,
}

impl Filter {
    /// Parses an expression, and checks its fields against the results of a query.
    pub(crate) fn parse(text: &str, query: &Query) -> Result<Self, FilterError> {
        sample(query).map_or_else(|| Ok(Self::default()), |sample| Self::of(text, &sample))
    }

    /// Parses an expression, and checks its fields against a sample of the results.
    pub(crate) fn of(text: &str, sample: &Value) -> Result<Self, FilterError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let expression = parse(text)?;
        let mut comparisons = Vec::new();
        expression.matches(&mut comparisons);
        let mut patterns = BTreeMap::new();
        for found in comparisons {
            check_selector(found, sample)?;
            let is_pattern = matches!(found.operator, Operator::Matches | Operator::NotMatches);
            if is_pattern && !patterns.contains_key(&found.value) {
                patterns.insert(found.value.clone(), Regex::new(&found.value)?);
            }
        }
        Ok(Self {
            expression: Some(expression),
            patterns,
        })
    }

    /// Returns `true` if the result satisfies the filter.
    pub(crate) fn keeps(&self, item: &Value) -> bool {
        self.expression
            .as_ref()
            .is_none_or(|expression| self.evaluate(expression, item))
    }

    /// Removes the results that do not satisfy the filter.
    pub(crate) fn retain(&self, body: &mut Value) {
        if let Some(list) = body.as_array_mut() {
            list.retain(|item| self.keeps(item));
            return;
        }
        match body.get_mut("Services") {
            Some(Value::Object(services)) => services.retain(|_, item| self.keeps(item)),
            Some(Value::Array(services)) => services.retain(|item| self.keeps(item)),
            _ => {}
        }
    }

    fn evaluate(&self, expression: &Expression, item: &Value) -> bool {
        match expression {
            Expression::And(parts) => parts.iter().all(|part| self.evaluate(part, item)),
            Expression::Or(parts) => parts.iter().any(|part| self.evaluate(part, item)),
            Expression::Not(inner) => !self.evaluate(inner, item),
            Expression::Match(found) => self.matches(found, &found.selector, item),
        }
    }

    /// Applies the comparison to the selected field. In a list of objects, one match is enough.
    fn matches(&self, found: &Match, selector: &[String], item: &Value) -> bool {
        let Some((name, rest)) = selector.split_first() else {
            return self.compare(found, item);
        };
        if let Some(list) = item.as_array() {
            return list.iter().any(|item| self.matches(found, selector, item));
        }
        match item.get(name) {
            Some(inner) => self.matches(found, rest, inner),
            None if found
                .selector
                .iter()
                .any(|name| MAPS.contains(&name.as_str())) =>
            {
                // The key is missing from the map.
                matches!(
                    found.operator,
                    Operator::NotEqual | Operator::IsEmpty | Operator::NotContains
                )
            }
            // An empty field is left out of the JSON.
            None => self.compare(found, &empty_like(&found.value)),
        }
    }

    fn compare(&self, found: &Match, field: &Value) -> bool {
        let value = found.value.as_str();
        let text = match field {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let matches_pattern = || {
            let pattern = self.patterns.get(value);
            pattern.is_some_and(|pattern| pattern.is_match(&text))
        };
        match found.operator {
            Operator::Equal => text == value,
            Operator::NotEqual => text != value,
            Operator::Contains => contains(field, value),
            Operator::NotContains => !contains(field, value),
            Operator::IsEmpty => is_empty(field),
            Operator::IsNotEmpty => !is_empty(field),
            Operator::Matches => matches_pattern(),
            Operator::NotMatches => !matches_pattern(),
        }
    }
}

/// Returns the empty value of the type that a text looks like.
fn empty_like(text: &str) -> Value {
    match text {
        "true" | "false" => Value::Bool(false),
        number if number.parse::<f64>().is_ok() => Value::from(0),
        _ => Value::from(""),
    }
}

fn contains(field: &Value, value: &str) -> bool {
    match field {
        Value::Array(list) => list.iter().any(|item| item.as_str() == Some(value)),
        Value::Object(fields) => fields.contains_key(value),
        Value::String(text) => text.contains(value),
        _ => false,
    }
}

fn is_empty(field: &Value) -> bool {
    match field {
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        other => other.is_null(),
    }
}

/// Returns an instance with every field that a filter can select.
pub(crate) fn sample_instance() -> Indexed<Instance> {
    let proxy = Proxy {
        destination: "x".into(),
        destination_id: "x".into(),
        local_address: "x".into(),
        local_port: 1,
        upstreams: vec![Upstream {
            bind_address: "x".into(),
            ..Upstream::default()
        }],
        ..Proxy::default()
    };
    Indexed {
        value: Instance {
            tagged: [("lan".to_owned(), (String::new(), 0))].into(),
            mesh: Mesh::Proxy(Box::new(proxy)),
            ..Instance::default()
        },
        ..Indexed::default()
    }
}

/// Adds the field of native services, which proxies do not have.
pub(crate) fn with_native(mut sample: Value, connect: &str) -> Value {
    sample[connect] = serde_json::json!({"Native": false});
    sample
}

/// Returns a sample result with every field; `None` if the results of the query cannot be filtered.
fn sample(query: &Query) -> Option<Value> {
    let instance = sample_instance();
    let (node, check) = (Indexed::<Node>::default(), Indexed::<Check>::default());
    match query {
        Query::Key(_)
        | Query::Entries(_)
        | Query::Keys(..)
        | Query::Services(_)
        | Query::Sessions(_)
        | Query::Certificate(_) => None,
        Query::Instances { .. } | Query::ConnectInstances { .. } => {
            let sample = json::catalog_instance(&instance, &node, "");
            Some(with_native(sample, "ServiceConnect"))
        }
        Query::Nodes(_) => Some(json::node(&node, "")),
        Query::Node(_) | Query::NodeInstances(_) => {
            Some(with_native(json::instance(&instance), "Connect"))
        }
        Query::Health { .. } | Query::Connect { .. } => Some(serde_json::json!({
            "Node": json::node(&node, ""), "Service": with_native(json::instance(&instance), "Connect"), "Checks": [json::check(&check)],
        })),
        Query::NodeChecks(_) | Query::ServiceChecks { .. } | Query::ChecksInState { .. } => {
            Some(json::check(&check))
        }
    }
}

/// Checks that the field exists and that the value has its type.
fn check_selector(found: &Match, sample: &Value) -> Result<(), FilterError> {
    let selector = || go::quoted(&found.selector.join("."));
    let mut field = sample;
    let mut parent = "";
    for name in &found.selector {
        if let Some(first) = field.as_array().and_then(|list| list.first()) {
            field = first;
        }
        match field.get(name) {
            Some(inner) => field = inner,
            None if MAPS.contains(&parent) => return Ok(()),
            None => {
                return Err(FilterError::UnknownField {
                    selector: selector(),
                });
            }
        }
        parent = name;
    }
    let is_comparison = matches!(found.operator, Operator::Equal | Operator::NotEqual);
    if is_comparison && field.is_number() && found.value.parse::<i64>().is_err() {
        return Err(FilterError::NotANumber {
            selector: selector(),
            value: go::quoted(&found.value),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
