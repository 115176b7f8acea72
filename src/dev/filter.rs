//! Consul's filter expressions: `Service.Port == 80 and "v1" in Service.Tags`.
//!
//! in:  the text of `?filter`, and what it is to filter
//! out: a [`Filter`] that thins a list of results, or the words for why there is none
//!
//! Covered: `==`, `!=`, `in`, `not in`, `contains`, `not contains`, `is empty`, `is not empty`, `matches`,
//! `not matches`, `and`, `or`, `not` and parentheses.

use regex::Regex;
use serde_json::Value;

use super::filter_text::{Expression, Match, Operator, parse};
use super::go;
use super::json;
use super::question::Question;
use super::records::{Check, Instance, Node, Stamped};

/// How Consul begins to say what is wrong with an expression.
pub(crate) const NO_FILTER: &str = "Failed to create boolean expression evaluator";

/// Fields that are maps with free keys.
const MAPS: [&str; 5] = [
    "Meta",
    "NodeMeta",
    "ServiceMeta",
    "TaggedAddresses",
    "ServiceTaggedAddresses",
];

/// A condition on each result of a list; an empty one is always true.
#[derive(Debug)]
pub(crate) struct Filter(Option<Expression>);

impl Filter {
    /// Reads an expression and checks it against the shape of the question's results.
    pub(crate) fn parse(text: &str, question: &Question) -> Result<Self, String> {
        sample(question).map_or(Ok(Self(None)), |sample| Self::of(text, &sample))
    }

    /// Reads an expression and checks it against what one result looks like.
    pub(crate) fn of(text: &str, sample: &Value) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self(None));
        }
        let expression = parse(text)?;
        expression
            .matches()
            .into_iter()
            .try_for_each(|found| fits(found, sample))?;
        Ok(Self(Some(expression)))
    }

    /// Is the condition satisfied?
    pub(crate) fn keeps(&self, item: &Value) -> bool {
        self.0
            .as_ref()
            .is_none_or(|expression| holds(expression, item))
    }

    /// Drops the results that do not satisfy the condition.
    pub(crate) fn retain(&self, body: &mut Value) {
        let Some(expression) = &self.0 else { return };
        if let Some(list) = body.as_array_mut() {
            list.retain(|item| holds(expression, item));
        } else if let Some(services) = body.get_mut("Services").and_then(Value::as_object_mut) {
            services.retain(|_, item| holds(expression, item));
        }
    }
}

/// What one result of the question looks like; nothing when its results cannot be filtered.
fn sample(question: &Question) -> Option<Value> {
    let tagged = [("lan".to_owned(), (String::new(), 0))];
    let instance = Stamped {
        value: Instance {
            tagged: tagged.into(),
            ..Instance::default()
        },
        ..Stamped::default()
    };
    let (node, check) = (Stamped::<Node>::default(), Stamped::<Check>::default());
    match question {
        Question::Key(_) | Question::Entries(_) | Question::Keys(..) | Question::Services(_) => {
            None
        }
        Question::Instances { .. } => Some(json::catalog_instance(&instance, &node, "")),
        Question::Nodes(_) => Some(json::node(&node, "")),
        Question::Node(_) => Some(json::instance(&instance)),
        Question::Health { .. } | Question::Connect { .. } => Some(serde_json::json!({
            "Node": json::node(&node, ""), "Service": json::instance(&instance), "Checks": [json::check(&check)],
        })),
        Question::NodeChecks(_)
        | Question::ServiceChecks { .. }
        | Question::ChecksInState { .. } => Some(json::check(&check)),
    }
}

/// Is there such a field, and can it have such a value?
fn fits(found: &Match, sample: &Value) -> Result<(), String> {
    let selector = found.selector.join(".");
    let invalid = || format!("Selector {} is not valid", go::quoted(&selector));
    let mut place = sample;
    let mut parent = "";
    for name in &found.selector {
        if let Some(first) = place.as_array().and_then(|list| list.first()) {
            place = first;
        }
        match place.get(name) {
            Some(inner) => place = inner,
            None if MAPS.contains(&parent) => return Ok(()),
            None => return Err(invalid()),
        }
        parent = name;
    }
    let value = &found.value;
    let number =
        matches!(found.operator, Operator::Equal | Operator::NotEqual) && place.is_number();
    if number && value.parse::<i64>().is_err() {
        let value = go::quoted(value);
        let why = format!("strconv.ParseInt: parsing {value}: invalid syntax");
        return Err(format!(
            "Failed to coerce value {value} for selector {}: {why}",
            go::quoted(&selector)
        ));
    }
    if found.operator.is_pattern() {
        Regex::new(value)
            .map_err(|error| format!("Failed to compile regular expression: {error}"))?;
    }
    Ok(())
}

fn holds(expression: &Expression, item: &Value) -> bool {
    match expression {
        Expression::And(one, other) => holds(one, item) && holds(other, item),
        Expression::Or(one, other) => holds(one, item) || holds(other, item),
        Expression::Not(inner) => !holds(inner, item),
        Expression::Match(found) => matches(found, &found.selector, item),
    }
}

/// Follows the selector; in a list of objects it is enough that one of them matches.
fn matches(found: &Match, selector: &[String], place: &Value) -> bool {
    let Some((name, rest)) = selector.split_first() else {
        return leaf(found, place);
    };
    if let Some(list) = place.as_array() {
        return list.iter().any(|item| matches(found, selector, item));
    }
    match place.get(name) {
        Some(inner) => matches(found, rest, inner),
        // A map without the key.
        None => matches!(
            found.operator,
            Operator::NotEqual | Operator::IsEmpty | Operator::NotContains
        ),
    }
}

fn leaf(found: &Match, place: &Value) -> bool {
    let value = found.value.as_str();
    let text = match place {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let contains = || match place {
        Value::Array(list) => list.iter().any(|item| item.as_str() == Some(value)),
        Value::Object(fields) => fields.contains_key(value),
        Value::String(text) => text.contains(value),
        _ => false,
    };
    let empty = || match place {
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        other => other.is_null(),
    };
    let pattern = || Regex::new(value).is_ok_and(|pattern| pattern.is_match(&text));
    match found.operator {
        Operator::Equal => text == value,
        Operator::NotEqual => text != value,
        Operator::Contains => contains(),
        Operator::NotContains => !contains(),
        Operator::IsEmpty => empty(),
        Operator::IsNotEmpty => !empty(),
        Operator::Matches => pattern(),
        Operator::NotMatches => !pattern(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(filter: &str) -> usize {
        let question = Question::Health {
            name: "web".into(),
            tags: Vec::new(),
            meta: Vec::new(),
            passing: false,
        };
        let filter = Filter::parse(filter, &question).expect("a good filter");
        let mut body = json!([
            {"Node": {"Node": "a", "Meta": null}, "Service": {"Port": 80, "Tags": ["v1"], "Meta": {"k": "x"}},
             "Checks": [{"Status": "passing"}, {"Status": "critical"}]},
            {"Node": {"Node": "b", "Meta": null}, "Service": {"Port": 81, "Tags": [], "Meta": {}}, "Checks": []},
        ]);
        filter.retain(&mut body);
        body.as_array().map_or(0, Vec::len)
    }

    #[test]
    fn conditions_keep_what_satisfies_them() {
        let cases = [
            ("Service.Port == 80", 1),
            ("Service.Port==80", 1),
            ("Service.Port != 80", 1),
            ("\"v1\" in Service.Tags", 1),
            ("v1 not in Service.Tags", 1),
            ("Service.Tags contains \"v1\"", 1),
            ("Service.Tags is empty", 1),
            ("Service.Tags is not empty", 1),
            ("Service.Meta.k == x", 1),
            ("Service.Meta.k != x", 1),
            ("Node.Node matches \"^[ab]$\"", 2),
            ("Node.Node not matches a", 1),
            ("Checks.Status == critical", 1),
            ("not (Node.Node == a or Node.Node == b)", 0),
            ("Node.Node == a and Service.Port == 81", 0),
            ("", 2),
        ];
        assert!(!cases.is_empty());
        for (filter, expected) in cases {
            assert_eq!(kept(filter), expected, "{filter}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let question = Question::NodeChecks("a".into());
        for wrong in [
            "xx",
            "Nope == 1",
            "Status ==",
            "(Status == a",
            "Status == a b",
            "CreateIndex == x",
        ] {
            assert!(Filter::parse(wrong, &question).is_err(), "{wrong}");
        }
    }
}
