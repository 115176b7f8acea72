//! Runs recursive templates with a large stack.
//!
//! The depth of a recursive template depends on its data, and may exceed the stack of a thread. Such templates run on their
//! own thread with a large stack, of which only the used part takes memory. Other templates have a small depth, which is
//! known after parsing, and run on the current thread.

use std::collections::HashMap;

use crate::ast::{Command, List, Node, Operand, OperandKind, Pipeline, Target, Templates};

/// The maximum depth of nested lists and pipelines.
pub(super) const MAX_LEVELS: usize = 20_000;
/// The stack size for that depth.
const LARGE_STACK_SIZE: usize = 256 << 20;
/// The depth that fits into the stack of any thread.
const SAFE_LEVELS: usize = 60;

/// Returns `true` if the depth of a template may exceed the stack of a thread.
pub(super) fn needs_large_stack(name: &str, templates: &Templates) -> bool {
    let mut analysis = DepthAnalysis {
        templates,
        known: HashMap::new(),
    };
    analysis.template(name, SAFE_LEVELS).is_none()
}

/// Runs `work`; if `deep`, on a thread with a stack of 256 MiB, of which only the used part takes memory.
///
/// # Errors
/// If the thread cannot be started.
pub fn with_large_stack<T: Send>(
    deep: bool,
    work: impl FnOnce() -> T + Send,
) -> std::io::Result<T> {
    if !deep {
        return Ok(work());
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("template".to_owned())
            .stack_size(LARGE_STACK_SIZE);
        let running = thread.spawn_scoped(scope, work)?;
        running
            .join()
            .or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Computes the depth of templates. All methods return `None` if it exceeds `levels_left`.
struct DepthAnalysis<'t> {
    templates: &'t Templates,
    known: HashMap<&'t str, usize>,
}

impl<'t> DepthAnalysis<'t> {
    fn template(&mut self, name: &str, levels_left: usize) -> Option<usize> {
        let Some((name, body)) = self.templates.get_key_value(name) else {
            return Some(0);
        };
        let depth = match self.known.get(name.as_ref()) {
            Some(depth) => *depth,
            None => self.list(body, levels_left)?,
        };
        self.known.insert(name, depth);
        (depth <= levels_left).then_some(depth)
    }

    fn list(&mut self, list: &'t List, levels_left: usize) -> Option<usize> {
        let levels_left = levels_left.checked_sub(1)?;
        let mut max = 0;
        for node in &list.0 {
            max = max.max(self.node(node, levels_left)?);
        }
        Some(max + 1)
    }

    fn node(&mut self, node: &'t Node, levels_left: usize) -> Option<usize> {
        match node {
            Node::Text(_) | Node::Comment(_) | Node::Break | Node::Continue => Some(0),
            Node::Action(pipeline) => self.pipeline(pipeline, levels_left),
            Node::If(branches) | Node::With(branches) => {
                let mut max = self.else_body(branches.else_body.as_ref(), levels_left)?;
                for (pipeline, list) in &branches.arms {
                    max = max
                        .max(self.pipeline(pipeline, levels_left)?)
                        .max(self.list(list, levels_left)?);
                }
                Some(max)
            }
            Node::Range(range) => {
                let max = self
                    .pipeline(&range.pipeline, levels_left)?
                    .max(self.list(&range.body, levels_left)?);
                Some(max.max(self.else_body(range.else_body.as_ref(), levels_left)?))
            }
            Node::Template(invocation) => {
                let arguments = invocation
                    .pipeline
                    .as_ref()
                    .map_or(Some(0), |pipeline| self.pipeline(pipeline, levels_left));
                Some(arguments?.max(self.template(&invocation.name, levels_left)?))
            }
        }
    }

    fn else_body(&mut self, list: Option<&'t List>, levels_left: usize) -> Option<usize> {
        list.map_or(Some(0), |list| self.list(list, levels_left))
    }

    fn pipeline(&mut self, pipeline: &'t Pipeline, levels_left: usize) -> Option<usize> {
        let levels_left = levels_left.checked_sub(1)?;
        let mut max = 0;
        for Command {
            first, arguments, ..
        } in &pipeline.commands
        {
            for operand in std::iter::once(first).chain(arguments) {
                max = max.max(self.operand(operand, levels_left)?);
            }
        }
        Some(max + 1)
    }

    fn operand(&mut self, operand: &'t Operand, levels_left: usize) -> Option<usize> {
        match &operand.kind {
            OperandKind::Pipeline(pipeline) => self.pipeline(pipeline, levels_left),
            OperandKind::Chain(head, _) => self.operand(head, levels_left),
            // The name of the template is not known before the execution.
            OperandKind::Function(_, Target::ExecuteTemplate) => None,
            _ => Some(0),
        }
    }
}
