//! The interface of a rendering to the function library.

use std::sync::Arc;

use ::functions::Context;
use ::functions::memo::Memo;
use gotemplate::FunctionError;
use gotemplate::scratch::Scratch;
use jiff::Timestamp;
use minijinja::Value;

use super::RenderContext;

impl Context for RenderContext {
    fn variable(&self, name: &str) -> Option<&str> {
        self.render_env.variables.get(name).map(String::as_str)
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn scratch(&self) -> Arc<Scratch> {
        Arc::clone(&self.scratch)
    }

    fn memo(&self) -> &Memo {
        &self.render_env.memo
    }

    fn is_complete(&self) -> bool {
        RenderContext::is_complete(self)
    }

    fn expires(&self, at: Timestamp) {
        self.again_at(at);
    }

    fn afford(&self, result: &Value) -> Result<(), FunctionError> {
        RenderContext::afford(self, result)
    }
}
