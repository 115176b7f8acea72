//! Scalar values with properties and methods, such as a version or a time.
//!
//! Such a value prints as one text. Its properties are methods without arguments in Go (`.Major`) and attributes in Jinja
//! (`.major`). Some have methods with arguments.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use crate::function_error::FunctionError;

/// The methods of a [`ScalarObject`].
pub trait Methods: Any + fmt::Debug + Send + Sync {
    /// Calls a method by its name in either language; `None` if there is no method of that name.
    ///
    /// # Errors
    /// The error of the method.
    fn call(&self, method: &str, args: &[Value]) -> Option<Result<Value, FunctionError>>;

    /// The text in JSON, YAML and TOML, if it differs from the printed text. TOML and YAML write it without quotes.
    fn encoded(&self) -> Option<String> {
        None
    }
}

/// A scalar with properties and methods.
#[derive(Debug)]
pub struct ScalarObject {
    /// The name of the Go type.
    pub go_type: &'static str,
    /// The printed text.
    pub text: String,
    /// The properties, each with its names in Go and in Jinja.
    pub properties: Vec<([&'static str; 2], Value)>,
    /// The methods with arguments.
    pub methods: Option<Box<dyn Methods>>,
}

impl ScalarObject {
    /// A property by its name in either language.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<Value> {
        self.properties
            .iter()
            .find(|(names, _)| names.contains(&name))
            .map(|(_, value)| value.clone())
    }

    /// The implementation of its methods, if it has this type.
    #[must_use]
    pub fn inner<T: Methods>(&self) -> Option<&T> {
        let methods: &dyn Any = self.methods.as_deref()?;
        methods.downcast_ref()
    }

    /// Returns `true` if YAML and TOML have a type for it and write it without quotes.
    #[must_use]
    pub fn has_own_notation(&self) -> bool {
        self.methods
            .as_ref()
            .is_some_and(|methods| methods.encoded().is_some())
    }

    /// The text in JSON, YAML and TOML.
    #[must_use]
    pub fn encoded(&self) -> Cow<'_, str> {
        match self.methods.as_ref().and_then(|methods| methods.encoded()) {
            Some(text) => Cow::Owned(text),
            None => Cow::Borrowed(&self.text),
        }
    }
}

impl Object for ScalarObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.property(key.as_str()?)
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        if let Some(result) = self
            .methods
            .as_ref()
            .and_then(|methods| methods.call(method, args))
        {
            return result
                .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()));
        }
        match self.property(method) {
            Some(value) if args.is_empty() => Ok(value),
            Some(_) => {
                let text = format!(
                    "wrong number of args for {method}: want 0 got {}",
                    args.len()
                );
                Err(Error::new(ErrorKind::InvalidOperation, text))
            }
            None => Err(Error::new(
                ErrorKind::UnknownMethod,
                format!("{} has no method {method:?}", self.go_type),
            )),
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
