//! Gives recursive templates a large stack.
//!
//! A template that calls itself may go as deep as its data; a thread's usual stack may not be enough for that. Such
//! templates run on a thread of their own with a large stack, of which only what is used takes up memory. All others
//! are known to be shallow, and run where they are.

use std::collections::HashMap;

use crate::ast::{Command, List, Node, Operand, OperandKind, Pipeline, Target, Templates};

/// How many lists and pipelines may be executed within each other.
pub(super) const MOST_LEVELS: usize = 20_000;
/// What a thread has that executes so many.
const LARGE: usize = 256 << 20;
/// How many levels any thread has room for.
const FEW_LEVELS: usize = 60;

/// Whether a template can go deeper than any thread has room for.
pub(super) fn is_deep(name: &str, templates: &Templates) -> bool {
    let mut survey = Survey {
        templates,
        known: HashMap::new(),
    };
    survey.template(name, FEW_LEVELS).is_none()
}

/// Runs `work`, on a thread with a stack of 256 MiB if `deep` is set. Only the used part of a stack takes memory.
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
            .stack_size(LARGE);
        let running = thread.spawn_scoped(scope, work)?;
        running
            .join()
            .or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Finds out how deep templates go. Everything yields `None` when it goes deeper than it may.
struct Survey<'t> {
    templates: &'t Templates,
    known: HashMap<&'t str, usize>,
}

impl<'t> Survey<'t> {
    fn template(&mut self, name: &str, room: usize) -> Option<usize> {
        let Some((name, body)) = self.templates.get_key_value(name) else {
            return Some(0);
        };
        let depth = match self.known.get(name.as_ref()) {
            Some(depth) => *depth,
            None => self.list(body, room)?,
        };
        self.known.insert(name, depth);
        (depth <= room).then_some(depth)
    }

    fn list(&mut self, list: &'t List, room: usize) -> Option<usize> {
        let room = room.checked_sub(1)?;
        let mut most = 0;
        for node in &list.0 {
            most = most.max(self.node(node, room)?);
        }
        Some(most + 1)
    }

    fn node(&mut self, node: &'t Node, room: usize) -> Option<usize> {
        match node {
            Node::Text(_) | Node::Comment(_) | Node::Break | Node::Continue => Some(0),
            Node::Action(pipeline) => self.pipeline(pipeline, room),
            Node::If(branches) | Node::With(branches) => {
                let mut most = self.otherwise(branches.otherwise.as_ref(), room)?;
                for (pipeline, list) in &branches.arms {
                    most = most
                        .max(self.pipeline(pipeline, room)?)
                        .max(self.list(list, room)?);
                }
                Some(most)
            }
            Node::Range(range) => {
                let most = self
                    .pipeline(&range.pipeline, room)?
                    .max(self.list(&range.body, room)?);
                Some(most.max(self.otherwise(range.otherwise.as_ref(), room)?))
            }
            Node::Template(invocation) => {
                let arguments = invocation
                    .pipeline
                    .as_ref()
                    .map_or(Some(0), |pipeline| self.pipeline(pipeline, room));
                Some(arguments?.max(self.template(&invocation.name, room)?))
            }
        }
    }

    fn otherwise(&mut self, list: Option<&'t List>, room: usize) -> Option<usize> {
        list.map_or(Some(0), |list| self.list(list, room))
    }

    fn pipeline(&mut self, pipeline: &'t Pipeline, room: usize) -> Option<usize> {
        let room = room.checked_sub(1)?;
        let mut most = 0;
        for Command {
            first, arguments, ..
        } in &pipeline.commands
        {
            for operand in std::iter::once(first).chain(arguments) {
                most = most.max(self.operand(operand, room)?);
            }
        }
        Some(most + 1)
    }

    fn operand(&mut self, operand: &'t Operand, room: usize) -> Option<usize> {
        match &operand.kind {
            OperandKind::Pipeline(pipeline) => self.pipeline(pipeline, room),
            OperandKind::Chain(head, _) => self.operand(head, room),
            // Which template it will be is not known.
            OperandKind::Function(_, Target::ExecuteTemplate) => None,
            _ => Some(0),
        }
    }
}
