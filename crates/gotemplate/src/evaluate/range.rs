//! `range`: over lists, maps, numbers and channels.

use minijinja::Value;

use super::{Evaluator, Flow};
use crate::ast::Range;
use crate::compare::revealed;
use crate::error::{Failure, Outcome};
use crate::go_value::{GoValue, Shape, shape, sorted_entries};
use crate::record::{NumberedMap, TypedMap};

impl<'t> Evaluator<'t> {
    pub(super) fn range(&mut self, dot: &GoValue, range: &'t Range) -> Outcome<Flow> {
        let outside = self.variables.len();
        let over = self.pipeline(dot, &range.pipeline)?;
        self.around.push(("range", &range.pipeline));
        let any = match shape(&over.value) {
            Shape::Nothing => false,
            Shape::List => self.over_values(range, &over.value, true)?,
            Shape::Channel => self.over_values(range, &over.value, false)?,
            Shape::Map => self.over_map(range, &over.value)?,
            Shape::Int(count) => {
                self.over_numbers(range, u64::try_from(count).unwrap_or(0), &over.value)?
            }
            Shape::Uint(count) => self.over_numbers(range, count, &over.value)?,
            _ => {
                let message = format!("range can't iterate over {}", revealed(&over.value, 'v'));
                return Err(self.cannot_range(range, message));
            }
        };
        self.around.pop();
        let flow = match &range.otherwise {
            // A `break` in here ends this `range`; a `continue` goes on with the one around it.
            Some(body) if !any => match self.walk(body, dot)? {
                Flow::Break => Flow::Next,
                flow => flow,
            },
            _ => Flow::Next,
        };
        self.variables.truncate(outside);
        Ok(flow)
    }

    /// The error of a `range` itself, about what it should go over.
    #[cold]
    fn cannot_range(&mut self, range: &Range, message: String) -> Failure {
        self.around.pop();
        let error = self.error(self.constant_or(range.pipeline.is_constant(), message));
        error.at(&self.program.source, range.pipeline.offset)
    }

    fn over_values(&mut self, range: &'t Range, values: &Value, boxed: bool) -> Outcome<bool> {
        let mut any = false;
        for (index, value) in values.try_iter().into_iter().flatten().enumerate() {
            any = true;
            let element = if boxed {
                GoValue::boxed(value)
            } else {
                GoValue::bare(value)
            };
            let index = || GoValue::bare(Value::from(i64::try_from(index).unwrap_or(i64::MAX)));
            if self.iteration(range, index, &element)? == Flow::Break {
                break;
            }
        }
        Ok(any)
    }

    fn over_map(&mut self, range: &'t Range, map: &Value) -> Outcome<bool> {
        let typed = map.downcast_object_ref::<TypedMap>().is_some()
            || map.downcast_object_ref::<NumberedMap>().is_some();
        self.spend(map.len().unwrap_or(0))?;
        let entries = sorted_entries(map);
        let any = !entries.is_empty();
        for (key, value) in entries {
            let element = if typed {
                GoValue::bare(value)
            } else {
                GoValue::boxed(value)
            };
            if self.iteration(range, || GoValue::bare(key), &element)? == Flow::Break {
                break;
            }
        }
        Ok(any)
    }

    fn over_numbers(&mut self, range: &'t Range, count: u64, over: &Value) -> Outcome<bool> {
        if range.pipeline.variables.len() > 1 {
            let message = format!(
                "can't use {} to iterate over more than one variable",
                revealed(over, 'v')
            );
            return Err(self.cannot_range(range, message));
        }
        for number in 0..count {
            let number = GoValue::bare(Value::from(number));
            if self.iteration(range, || GoValue::NOTHING, &number)? == Flow::Break {
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
    ) -> Outcome<Flow> {
        self.step()?;
        let outside = self.variables.len();
        let pipeline = &range.pipeline;
        match pipeline.variables.as_slice() {
            [] => {}
            [only] if pipeline.assigns => self.assign(only.id, &only.name, element.clone())?,
            [first, second, ..] if pipeline.assigns => {
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
        self.variables.truncate(outside);
        Ok(flow)
    }

    /// Gives a value to one of the variables that the pipeline has declared last.
    fn set_from_top(&mut self, place: usize, held: GoValue) {
        let at = self.variables.len().checked_sub(place);
        if let Some((_, value)) = at.and_then(|at| self.variables.get_mut(at)) {
            *value = held;
        }
    }
}
