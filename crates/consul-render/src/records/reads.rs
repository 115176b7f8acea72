//! The fields that a template reads of the records in an answer.
//!
//! Input: each read of a field during a rendering. Output: the set of fields, which decides whether a
//! new answer can change the text. All records of one kind in an answer share one set.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gotemplate::record::Schema;

/// Marks the fields that are read, while a template is rendered. The default marks nothing.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    fields: Option<Arc<AtomicU64>>,
    /// The number of the first field of these records in the set.
    first: u8,
}

/// A set of fields, by their index in the schema. The fields of nested records follow at a number that the outer
/// record determines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSet(u64);

impl Reads {
    /// Creates an empty set that is shared by all clones.
    #[must_use]
    pub(crate) fn recorded() -> Self {
        Self {
            fields: Some(Arc::default()),
            first: 0,
        }
    }

    /// Marks a field.
    pub(crate) fn mark(&self, index: usize) {
        let Some(fields) = &self.fields else { return };
        let bit = FieldSet::bit(self.first, index);
        // Most reads repeat an earlier one. Then there is nothing to write.
        if fields.load(Ordering::Relaxed) & bit != bit {
            fields.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// The marks of records in these records, whose first field has the number `first`.
    pub(super) fn nested(&self, first: u8) -> Self {
        Self {
            fields: self.fields.clone(),
            first: self.first.saturating_add(first),
        }
    }

    /// The fields that are marked so far.
    #[must_use]
    pub fn fields(&self) -> FieldSet {
        let fields = self.fields.as_ref();
        FieldSet(fields.map_or(0, |fields| fields.load(Ordering::Relaxed)))
    }
}

impl FieldSet {
    /// The bit of a field. A number beyond the last bit stands for all fields: they are compared as a whole.
    fn bit(first: u8, index: usize) -> u64 {
        let number = usize::from(first).checked_add(index);
        let number = number.and_then(|number| u32::try_from(number).ok());
        number
            .and_then(|number| 1_u64.checked_shl(number))
            .unwrap_or(u64::MAX)
    }

    /// Adds the fields of another set.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The set of the fields with these Go names. An unknown name stands for all fields.
    #[must_use]
    pub(crate) fn named(schema: &Schema, names: &[&str]) -> Self {
        let fields = schema.fields;
        let index = |name: &&str| fields.iter().position(|field| field.go == *name);
        let bits = names
            .iter()
            .map(|name| Self::bit(0, index(name).unwrap_or(usize::MAX)));
        Self(bits.fold(0, |set, bit| set | bit))
    }

    /// Returns `true` if the field with this index is in the set.
    #[must_use]
    pub fn has(self, index: usize) -> bool {
        let bit = Self::bit(0, index);
        self.0 & bit == bit
    }

    /// The fields of nested records, whose first field has the number `first`.
    pub(super) fn nested(self, first: u8) -> Self {
        Self(self.0.checked_shr(first.into()).unwrap_or(u64::MAX))
    }

    /// The indexes below `count` in the set.
    pub(super) fn indexes(self, count: usize) -> impl Iterator<Item = usize> {
        (0..count).filter(move |index| self.has(*index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Kind;
    use consul_watch::answer::Instance;

    #[test]
    fn clones_and_nested_marks_share_one_set() {
        let reads = Reads::recorded();
        reads.mark(3);
        reads.clone().mark(0);
        reads.nested(16).mark(2);
        let fields = reads.fields();
        assert_eq!(fields.indexes(64).collect::<Vec<_>>(), [0, 3, 18]);
        assert_eq!(fields.nested(16).indexes(16).collect::<Vec<_>>(), [2]);
        assert_eq!(Reads::default().fields(), FieldSet::default());
    }

    #[test]
    fn a_field_without_a_bit_of_its_own_stands_for_all() {
        for (first, index) in [(0, 64), (60, 4), (u8::MAX, usize::MAX)] {
            let reads = Reads::recorded();
            reads.nested(first).mark(index);
            assert_eq!(reads.fields().indexes(64).count(), 64, "{first} {index}");
        }
        assert!(FieldSet::default().nested(200).has(0));
        let [one, unknown] = ["ID", "Id"].map(|name| FieldSet::named(Instance::SCHEMA, &[name]));
        assert_eq!(one.indexes(64).collect::<Vec<_>>(), [8]);
        assert_eq!(unknown.indexes(64).count(), 64);
    }
}
