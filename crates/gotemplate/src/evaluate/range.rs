//! `range`: over lists, maps, numbers and channels.

use minijinja::Value;

use super::{Evaluator, Flow};
use crate::ast::Range;
use crate::compare::shown_in_error;
use crate::error::{BoxedError, Result};
use crate::go_value::{GoKind, GoValue, go_kind, sorted_entries};
use crate::record::{NumberedMap, TypedMap};

impl<'t> Evaluator<'t> {
    pub(super) fn range(&mut self, dot: &GoValue, range: &'t Range) -> Result<Flow> {
        let outer = self.variables.len();
        let over = self.pipeline(dot, &range.pipeline)?;
        self.enclosing.push(("range", &range.pipeline));
        let any = match go_kind(&over.value) {
            GoKind::Nil => false,
            GoKind::List => self.over_values(range, &over.value, true)?,
            GoKind::Channel => self.over_values(range, &over.value, false)?,
            GoKind::Map => self.over_map(range, &over.value)?,
            GoKind::Int(count) => {
                self.over_numbers(range, u64::try_from(count).unwrap_or(0), &over.value)?
            }
            GoKind::Uint(count) => self.over_numbers(range, count, &over.value)?,
            _ => {
                let message = format!(
                    "range can't iterate over {}",
                    shown_in_error(&over.value, 'v')
                );
                return Err(self.cannot_range(range, message));
            }
        };
        self.enclosing.pop();
        let flow = match &range.else_body {
            // A `break` in `else` ends this `range`; a `continue` continues the enclosing one.
            Some(body) if !any => match self.walk(body, dot)? {
                Flow::Break => Flow::Next,
                flow => flow,
            },
            _ => Flow::Next,
        };
        self.variables.truncate(outer);
        Ok(flow)
    }

    /// The error of a `range` over a value that has no elements.
    #[cold]
    fn cannot_range(&mut self, range: &Range, message: String) -> BoxedError {
        self.enclosing.pop();
        let error = self.error(self.redact_unless_constant(range.pipeline.is_constant(), message));
        error.at_offset(&self.program.source, range.pipeline.offset)
    }

    fn over_values(
        &mut self,
        range: &'t Range,
        values: &Value,
        in_interface: bool,
    ) -> Result<bool> {
        let mut any = false;
        for (index, value) in values.try_iter().into_iter().flatten().enumerate() {
            any = true;
            let element = if in_interface {
                GoValue::in_interface(value)
            } else {
                GoValue::concrete(value)
            };
            let index = || GoValue::concrete(Value::from(i64::try_from(index).unwrap_or(i64::MAX)));
            if self.iteration(range, index, &element)? == Flow::Break {
                break;
            }
        }
        Ok(any)
    }

    fn over_map(&mut self, range: &'t Range, map: &Value) -> Result<bool> {
        let typed = map.downcast_object_ref::<TypedMap>().is_some()
            || map.downcast_object_ref::<NumberedMap>().is_some();
        self.spend(map.len().unwrap_or(0))?;
        let entries = sorted_entries(map);
        let any = !entries.is_empty();
        for (key, value) in entries {
            let element = if typed {
                GoValue::concrete(value)
            } else {
                GoValue::in_interface(value)
            };
            if self.iteration(range, || GoValue::concrete(key), &element)? == Flow::Break {
                break;
            }
        }
        Ok(any)
    }

    fn over_numbers(&mut self, range: &'t Range, count: u64, over: &Value) -> Result<bool> {
        if range.pipeline.variables.len() > 1 {
            let message = format!(
                "can't use {} to iterate over more than one variable",
                shown_in_error(over, 'v')
            );
            return Err(self.cannot_range(range, message));
        }
        for number in 0..count {
            let number = GoValue::concrete(Value::from(number));
            if self.iteration(range, || GoValue::INVALID, &number)? == Flow::Break {
                break;
            }
        }
        Ok(count > 0)
    }

    fn iteration(
        &mut self,
        range: &'t Range,
        index: impl FnOnce() -> GoValue,
        element: &GoValue,
    ) -> Result<Flow> {
        self.step()?;
        let outer = self.variables.len();
        let pipeline = &range.pipeline;
        match pipeline.variables.as_slice() {
            [] => {}
            [only] if pipeline.is_assignment => {
                self.assign(only.id, &only.name, element.clone())?;
            }
            [first, second, ..] if pipeline.is_assignment => {
                self.assign(first.id, &first.name, index())?;
                self.assign(second.id, &second.name, element.clone())?;
            }
            [_] => self.set_from_top(1, element.clone()),
            [_, _, ..] => {
                self.set_from_top(1, element.clone());
                self.set_from_top(2, index());
            }
        }
        let flow = self.walk(&range.body, element)?;
        self.variables.truncate(outer);
        Ok(flow)
    }

    /// Sets one of the variables that the pipeline has declared; `place` 1 is the last one.
    fn set_from_top(&mut self, place: usize, go_value: GoValue) {
        let at = self.variables.len().checked_sub(place);
        if let Some((_, value)) = at.and_then(|at| self.variables.get_mut(at)) {
            *value = go_value;
        }
    }
}
