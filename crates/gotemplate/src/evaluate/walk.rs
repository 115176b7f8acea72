//! The nodes: texts, actions, branches and calls of templates.

use std::io::Write as _;

use minijinja::Value;

use super::{At, Evaluator, Flow, Manner};
use crate::ast::{Branches, Invocation, List, Node};
use crate::error::{About, Outcome, Thing};
use crate::go_value::{GoValue, Shape, is_true, shape, text_value};
use crate::printf::Printer;

/// The most digits of an `int`, with its sign.
const INT_DIGITS: usize = 20;

impl<'t> Evaluator<'t> {
    /// Executes a template in a frame of its own.
    pub(super) fn run(&mut self, name: &'t str, body: &'t List, dot: &GoValue) -> Outcome<()> {
        self.step()?;
        if self.calls >= self.limits.depth {
            return Err(self.error(format!(
                "exceeded maximum template depth ({})",
                self.limits.depth
            )));
        }
        self.calls += 1;
        let outer = (self.name, self.base);
        self.name = name;
        self.base = self.variables.len();
        self.variables.push((0, dot.clone()));
        self.walk(body, dot)?;
        self.variables.truncate(self.base);
        (self.name, self.base) = outer;
        self.calls -= 1;
        Ok(())
    }

    pub(super) fn walk(&mut self, list: &'t List, dot: &GoValue) -> Outcome<Flow> {
        self.deeper()?;
        for node in &list.0 {
            let flow = match self.manner {
                Manner::Strict => self.node(node, dot)?,
                Manner::Survey => self.survey(node, dot)?,
            };
            if flow != Flow::Next {
                self.levels -= 1;
                return Ok(flow);
            }
        }
        self.levels -= 1;
        Ok(Flow::Next)
    }

    fn node(&mut self, node: &'t Node, dot: &GoValue) -> Outcome<Flow> {
        match node {
            Node::Text(text) => self.write(text.as_bytes())?,
            Node::Action(pipeline) => {
                let held = self.pipeline(dot, pipeline)?;
                if pipeline.variables.is_empty() {
                    if !self.context.escapes() || pipeline.is_text() {
                        self.print(&held)?;
                    } else {
                        self.at = At::Pipeline(pipeline);
                        self.print_for_format(&held)?;
                    }
                }
            }
            Node::If(branches) => return self.branches(dot, branches, false),
            Node::With(branches) => return self.branches(dot, branches, true),
            Node::Range(range) => return self.range(dot, range),
            Node::Template(invocation) => return self.invoke(dot, invocation),
            Node::Comment(_) => {}
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    /// Passes over a node that fails, as if it were not there. The limits still hold: a node that exceeds one fails, and
    /// so does every further one of its kind.
    fn survey(&mut self, node: &'t Node, dot: &GoValue) -> Outcome<Flow> {
        let (levels, calls, name, base, variables, around) = (
            self.levels,
            self.calls,
            self.name,
            self.base,
            self.variables.len(),
            self.around.len(),
        );
        match self.node(node, dot) {
            Err(_) if !self.context.budget().is_exhausted() => {
                (self.levels, self.calls, self.name, self.base) = (levels, calls, name, base);
                self.variables.truncate(variables);
                self.around.truncate(around);
                Ok(Flow::Next)
            }
            flow => flow,
        }
    }

    fn branches(&mut self, dot: &GoValue, branches: &'t Branches, with: bool) -> Outcome<Flow> {
        let outside = self.variables.len();
        let mut flow = None;
        for (pipeline, body) in &branches.arms {
            let held = self.pipeline(dot, pipeline)?;
            if is_true(&held.value) {
                if with {
                    self.around.push(("with", pipeline));
                }
                flow = Some(self.walk(body, if with { &held } else { dot })?);
                if with {
                    self.around.pop();
                }
                break;
            }
        }
        let flow = match (flow, &branches.otherwise) {
            (Some(flow), _) => flow,
            (None, Some(body)) => self.walk(body, dot)?,
            (None, None) => Flow::Next,
        };
        self.variables.truncate(outside);
        Ok(flow)
    }

    fn invoke(&mut self, dot: &GoValue, invocation: &'t Invocation) -> Outcome<Flow> {
        self.at = At::Invocation(invocation);
        let Some((name, body)) = self.program.templates.get_key_value(&invocation.name) else {
            let name = crate::quote::quoted(invocation.name.as_bytes());
            return Err(self
                .error(format!("template {name} not defined"))
                .about(self.no_template(&invocation.name)));
        };
        if self.calls >= self.limits.depth {
            return Err(self.error(format!(
                "exceeded maximum template depth ({})",
                self.limits.depth
            )));
        }
        // Variables that this pipeline declares live on.
        let dot = match &invocation.pipeline {
            Some(pipeline) => self.pipeline(dot, pipeline)?,
            None => GoValue::NOTHING,
        };
        self.run(name, body, &dot)?;
        Ok(Flow::Next)
    }

    /// Renders a defined template into a string; `None` if there is none of that name.
    pub(super) fn render(&mut self, name: &str, dot: &GoValue) -> Outcome<Option<GoValue>> {
        let Some((name, body)) = self.program.templates.get_key_value(name) else {
            return Ok(None);
        };
        let outer = std::mem::take(&mut self.out);
        self.spent += outer.len();
        self.run(name, body, dot)?;
        self.spent -= outer.len();
        let text = std::mem::replace(&mut self.out, outer);
        self.spent += text.len();
        if self.context.escapes() {
            // A text of the template, in which every value is marked.
            let text = String::from_utf8(text)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into());
            return Ok(Some(GoValue::bare(Value::from_safe_string(text))));
        }
        Ok(Some(GoValue::bare(text_value(text))))
    }

    /// What an error about a template that is not defined is about.
    #[cold]
    pub(super) fn no_template(&self, name: &str) -> About {
        let main = self.program.name.as_ref();
        let known = self
            .program
            .templates
            .keys()
            .map(ToString::to_string)
            .filter(|known| known != main)
            .collect();
        About::unknown(Thing::Template, name, known)
    }

    fn write(&mut self, text: &[u8]) -> Outcome<()> {
        if text.len() > self.room() {
            return Err(self.too_large());
        }
        self.out.extend_from_slice(text);
        Ok(())
    }

    /// Writes a value as an action shows it.
    fn print(&mut self, held: &GoValue) -> Outcome<()> {
        if let Some(text) = held.value.as_bytes() {
            return self.write(text);
        }
        match shape(&held.value) {
            Shape::Nothing => return self.write(b"<no value>"),
            Shape::Int(int) if self.room() >= INT_DIGITS => {
                return write!(self.out, "{int}").map_err(|_| self.too_large());
            }
            Shape::Channel => {
                return Err(self.error(format!("can't print a value of type {}", held.type_name())));
            }
            _ => {}
        }
        self.show(held)
    }

    /// Writes a value for the format of the pass; what is not plain is marked.
    fn print_for_format(&mut self, held: &GoValue) -> Outcome<()> {
        if held.value.is_safe()
            || matches!(
                shape(&held.value),
                Shape::Bool(_) | Shape::Int(_) | Shape::Uint(_)
            )
        {
            return self.print(held);
        }
        let before = std::mem::take(&mut self.out);
        self.spent += before.len();
        let printed = self.print(held);
        self.spent -= before.len();
        let text = std::mem::replace(&mut self.out, before);
        printed?;
        let text = String::from_utf8_lossy(&text);
        let printed = self
            .context
            .escape(&text)
            .map_err(|error| self.error(error.0))?;
        self.write(printed.as_bytes())
    }

    fn show(&mut self, held: &GoValue) -> Outcome<()> {
        let room = self.room();
        let mut printer = Printer::new(std::mem::take(&mut self.out), room);
        printer.shown(&held.value);
        let (out, trouble) = printer.finish();
        self.out = out;
        trouble.map_or(Ok(()), |trouble| Err(self.trouble(trouble)))
    }
}
