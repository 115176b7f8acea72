//! The failures of a template; each is logged once.
//!
//! Input: the source that was read, the result of a pass. Output: log events.

use consul_render::TemplateError;
use ctmpl_options::config::resolved::Mode;
use error_line::chain;

use crate::daemon::render_pass::PassResult;

/// The current failures of a template.
#[derive(Debug, Default)]
pub(super) struct Failures {
    /// The error of the source. The last good version stays in use.
    source: Option<String>,
    /// The error of rendering with complete data.
    rendering: Option<String>,
}

impl Failures {
    /// Returns `true` if the source is broken.
    pub(super) fn is_source_broken(&self) -> bool {
        self.source.is_some()
    }

    /// Returns `true` if rendering failed with complete data.
    pub(super) fn is_rendering_broken(&self) -> bool {
        self.rendering.is_some()
    }

    /// Handles a source that was read and parsed.
    pub(super) fn end_of_source(&mut self, template: &str) {
        if self.source.take().is_some() {
            tracing::info!(name: "source.recovered", template, "{template}: parses again");
        }
    }

    /// Handles an error of the source.
    pub(super) fn of_source(
        &mut self,
        template: &str,
        error: &TemplateError,
        has_version: bool,
        mode: Mode,
    ) {
        let kept = match (has_version, mode) {
            (true, _) => "\nthe last good version stays in use",
            (false, Mode::Daemon) => "\nit is read again when the file appears or changes",
            (false, Mode::Once { .. }) => "",
        };
        let text = format!("{}{kept}", chain(error));
        if is_news(&mut self.source, &text) {
            tracing::error!(name: "source.broken", template, "{text}");
        }
    }

    /// Handles the result of a pass. An incomplete pass proves nothing about the template.
    pub(super) fn of_pass(&mut self, template: &str, result: &PassResult) {
        match result {
            PassResult::Ended(pass) if !pass.dependencies.is_complete() => {}
            PassResult::Ended(pass) => match &pass.text {
                Ok(text) => self.end_of_rendering(template, text.content.len()),
                Err(error) => self.of_rendering(template, &chain(error)),
            },
            PassResult::Overdue { limit } => {
                let limit = limit.as_secs_f64();
                self.of_rendering(
                    template,
                    &format!(
                        "{template}: the template takes too long: it exceeded render_timeout ({limit} s) and cannot \
                         be stopped; it is not rendered again before it ends"
                    ),
                );
            }
            PassResult::Refused(reason) => self.of_rendering(
                template,
                &format!("{template}: the template is not rendered, because {reason}"),
            ),
            PassResult::Returned => {}
        }
    }

    fn of_rendering(&mut self, template: &str, text: &str) {
        if is_news(&mut self.rendering, text) {
            tracing::error!(name: "template.failed", template, "{text}");
        }
    }

    fn end_of_rendering(&mut self, template: &str, bytes: usize) {
        if self.rendering.take().is_some() {
            tracing::info!(name: "template.recovered", template, "{template}: renders again");
        } else if tracing::enabled!(tracing::Level::DEBUG) {
            tracing::debug!(name: "template.rendered", template, bytes, "{template} renders to {bytes} bytes");
        }
    }
}

/// Stores a failure. Returns `true` if it differs from the previous one.
fn is_news(slot: &mut Option<String>, text: &str) -> bool {
    slot.replace(text.to_owned())
        .is_none_or(|before| before != text)
}
