//! The nodes: text, actions, branches and template calls.

use std::borrow::Cow;

use minijinja::Value;

use super::{ErrorPolicy, Evaluator, Flow, NodeRef};
use crate::ast::{Branches, Invocation, List, Node, Pipeline};
use crate::error::{ErrorSubject, NameKind, Result};
use crate::go_value::{GoKind, GoValue, go_kind, is_true, text_value};
use crate::printf::Printer;

/// The maximum length of a printed `int`.
const INT_DIGITS: usize = 20;

const NOT_TEXT: &str = "cannot print bytes that are not UTF-8 text";

impl<'t> Evaluator<'t> {
    /// Executes a template with its own variables.
    pub(super) fn run(&mut self, name: &'t str, body: &'t List, dot: &GoValue) -> Result<()> {
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

    pub(super) fn walk(&mut self, list: &'t List, dot: &GoValue) -> Result<Flow> {
        self.enter_level()?;
        for node in &list.0 {
            let flow = match self.error_policy {
                ErrorPolicy::Fail => self.node(node, dot)?,
                ErrorPolicy::Skip => self.node_or_skip(node, dot)?,
            };
            if flow != Flow::Next {
                self.levels -= 1;
                return Ok(flow);
            }
        }
        self.levels -= 1;
        Ok(Flow::Next)
    }

    fn node(&mut self, node: &'t Node, dot: &GoValue) -> Result<Flow> {
        match node {
            Node::Text(text) => self.write(text.as_bytes())?,
            Node::Action(pipeline) => {
                let go_value = self.pipeline(dot, pipeline)?;
                if pipeline.variables.is_empty() {
                    if !self.context.escapes() || pipeline.is_text() {
                        let begin = self.out.len();
                        self.print(&go_value)?;
                        if go_value.value.as_str().is_none() {
                            self.note_bytes(begin, pipeline);
                        }
                    } else {
                        self.current = NodeRef::Pipeline(pipeline);
                        self.print_escaped(&go_value)?;
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

    /// Executes a node, and skips it if it fails. The limits still hold: after one is exceeded, every further node of the
    /// same kind fails.
    fn node_or_skip(&mut self, node: &'t Node, dot: &GoValue) -> Result<Flow> {
        let (levels, calls, name, base, variables, enclosing) = (
            self.levels,
            self.calls,
            self.name,
            self.base,
            self.variables.len(),
            self.enclosing.len(),
        );
        match self.node(node, dot) {
            Err(_) if !self.context.budget().is_exhausted() => {
                (self.levels, self.calls, self.name, self.base) = (levels, calls, name, base);
                self.variables.truncate(variables);
                self.enclosing.truncate(enclosing);
                Ok(Flow::Next)
            }
            flow => flow,
        }
    }

    fn branches(&mut self, dot: &GoValue, branches: &'t Branches, with: bool) -> Result<Flow> {
        let outer = self.variables.len();
        let mut flow = None;
        for (pipeline, body) in &branches.arms {
            let go_value = self.pipeline(dot, pipeline)?;
            if is_true(&go_value.value) {
                if with {
                    self.enclosing.push(("with", pipeline));
                }
                flow = Some(self.walk(body, if with { &go_value } else { dot })?);
                if with {
                    self.enclosing.pop();
                }
                break;
            }
        }
        let flow = match (flow, &branches.else_body) {
            (Some(flow), _) => flow,
            (None, Some(body)) => self.walk(body, dot)?,
            (None, None) => Flow::Next,
        };
        self.variables.truncate(outer);
        Ok(flow)
    }

    fn invoke(&mut self, dot: &GoValue, invocation: &'t Invocation) -> Result<Flow> {
        self.current = NodeRef::Invocation(invocation);
        let Some((name, body)) = self.program.templates.get_key_value(&invocation.name) else {
            let name = crate::quote::quoted(invocation.name.as_bytes());
            return Err(self
                .error(format!("template {name} not defined"))
                .with_subject(self.no_template(&invocation.name)));
        };
        if self.calls >= self.limits.depth {
            return Err(self.error(format!(
                "exceeded maximum template depth ({})",
                self.limits.depth
            )));
        }
        // As in Go, variables that this pipeline declares stay in scope.
        let dot = match &invocation.pipeline {
            Some(pipeline) => self.pipeline(dot, pipeline)?,
            None => GoValue::INVALID,
        };
        self.run(name, body, &dot)?;
        Ok(Flow::Next)
    }

    /// Renders a defined template into a string; `None` if there is no template with this name.
    pub(super) fn render(&mut self, name: &str, dot: &GoValue) -> Result<Option<GoValue>> {
        let Some((name, body)) = self.program.templates.get_key_value(name) else {
            return Ok(None);
        };
        let outer = std::mem::take(&mut self.out);
        self.intermediate_bytes += outer.len();
        self.run(name, body, dot)?;
        self.intermediate_bytes -= outer.len();
        let text = std::mem::replace(&mut self.out, outer);
        self.intermediate_bytes += text.len();
        if self.context.escapes() {
            // All values in this text have been escaped.
            let text = String::from_utf8(text)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into());
            return Ok(Some(GoValue::concrete(Value::from_safe_string(text))));
        }
        Ok(Some(GoValue::concrete(text_value(text))))
    }

    /// The subject of an error about a template that is not defined.
    #[cold]
    pub(super) fn no_template(&self, name: &str) -> ErrorSubject {
        let main = self.program.name.as_ref();
        let known = self
            .program
            .templates
            .keys()
            .map(ToString::to_string)
            .filter(|known| known != main)
            .collect();
        ErrorSubject::unknown(NameKind::Template, name, known)
    }

    /// Remembers the first action whose output, from an index on, is not UTF-8.
    fn note_bytes(&mut self, begin: usize, action: &'t Pipeline) {
        let printed = self.out.get(begin..).unwrap_or_default();
        if self.first_bytes.is_none() && std::str::from_utf8(printed).is_err() {
            self.first_bytes = Some((self.name, NodeRef::Pipeline(action)));
        }
    }

    /// Returns the whole output.
    pub(super) fn text(mut self) -> Result<String> {
        let error = match String::from_utf8(std::mem::take(&mut self.out)) {
            Ok(text) => return Ok(text),
            Err(error) => error,
        };
        if !self.context.refuses_bytes() {
            return Ok(String::from_utf8_lossy(error.as_bytes()).into_owned());
        }
        if let Some((name, node)) = self.first_bytes {
            (self.name, self.current) = (name, node);
        }
        Err(self.error(NOT_TEXT))
    }

    fn write(&mut self, text: &[u8]) -> Result<()> {
        if text.len() > self.remaining_bytes() {
            return Err(self.too_large());
        }
        self.out.extend_from_slice(text);
        Ok(())
    }

    /// Writes a value as an action prints it.
    fn print(&mut self, go_value: &GoValue) -> Result<()> {
        if let Some(text) = go_value.value.as_bytes() {
            return self.write(text);
        }
        match go_kind(&go_value.value) {
            GoKind::Nil => return self.write(b"<no value>"),
            GoKind::Int(int) if self.remaining_bytes() >= INT_DIGITS => {
                let mut digits = itoa::Buffer::new();
                return self.write(digits.format(int).as_bytes());
            }
            GoKind::Channel => {
                return Err(self.error(format!(
                    "can't print a value of type {}",
                    go_value.type_name()
                )));
            }
            _ => {}
        }
        self.print_formatted(go_value)
    }

    /// Writes a value through the escaping of the context.
    fn print_escaped(&mut self, go_value: &GoValue) -> Result<()> {
        if go_value.value.is_safe()
            || matches!(
                go_kind(&go_value.value),
                GoKind::Bool(_) | GoKind::Int(_) | GoKind::Uint(_)
            )
        {
            return self.print(go_value);
        }
        let before = std::mem::take(&mut self.out);
        self.intermediate_bytes += before.len();
        let printed = self.print(go_value);
        self.intermediate_bytes -= before.len();
        let text = std::mem::replace(&mut self.out, before);
        printed?;
        let text = String::from_utf8_lossy(&text);
        if matches!(text, Cow::Owned(_)) && self.context.refuses_bytes() {
            return Err(self.error(NOT_TEXT));
        }
        let printed = self
            .context
            .escape(&text)
            .map_err(|error| self.error(error.into_text()))?;
        self.write(printed.as_bytes())
    }

    fn print_formatted(&mut self, go_value: &GoValue) -> Result<()> {
        let max_len = self.remaining_bytes();
        let mut printer = Printer::new(std::mem::take(&mut self.out), max_len);
        printer.print_action_value(&go_value.value);
        let (out, error) = printer.finish();
        self.out = out;
        error.map_or(Ok(()), |error| Err(self.builtin_error(error)))
    }
}
