//! The types that are inferred for the arguments of macros and the values of variables.

use std::collections::BTreeMap;

use crate::types::Type;
use crate::variables::Key;

/// A template that is called by others.
#[derive(Clone, Debug)]
pub(crate) struct Macro {
    /// The name of the macro.
    pub(crate) name: String,
    /// A name for the argument; `None` if the template does not use it.
    pub(crate) argument: Option<String>,
}

/// The inferred types. They become more specific in each round, until nothing changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// The arguments of macros, by the name of the template.
    pub(crate) arguments: BTreeMap<String, Type>,
    /// Names for these arguments; `None` if the calls suggest different names.
    pub(crate) nouns: BTreeMap<String, Option<String>>,
    /// The values of variables.
    pub(crate) variables: BTreeMap<Key, Type>,
}

impl Known {
    pub(crate) fn learn_argument(&mut self, template: &str, kind: Type, noun: Option<&str>) {
        let known = self
            .nouns
            .entry(template.to_owned())
            .or_insert_with(|| noun.map(str::to_owned));
        if known.as_deref() != noun {
            *known = None;
        }
        let known = self
            .arguments
            .entry(template.to_owned())
            .or_insert(Type::Unseen);
        *known = std::mem::replace(known, Type::Unseen).join(kind);
    }

    pub(crate) fn learn_variable(&mut self, key: Key, kind: Type) {
        let known = self.variables.entry(key).or_insert(Type::Unseen);
        *known = std::mem::replace(known, Type::Unseen).join(kind);
    }

    /// Discards the types: every value may have any type.
    pub(crate) fn forget_types(&mut self) {
        let kinds = self
            .arguments
            .values_mut()
            .chain(self.variables.values_mut());
        kinds.for_each(|kind| *kind = Type::Any);
    }
}
