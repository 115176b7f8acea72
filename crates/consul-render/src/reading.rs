//! The parts of an answer that a template reads.
//!
//! Input: the items that a call selects, the fields that the template reads of them, the previous and the new answer.
//! Output: whether the text can differ.
//!
//! A rendering is determined by the values that it reads. If each of them is the same in two answers, both renderings read
//! the same values in the same order, and their texts are the same.

use std::iter;
use std::sync::Arc;

use super::choose::{Choice, Order};
use super::records::{self, FieldSet, Kind};
use consul_watch::answer::{Answer, Depth, Instance, Pair};

/// What a template reads of an answer through calls that select the same items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The selected items.
    pub selection: Selection,
    /// The fields that it reads of them.
    pub fields: FieldSet,
}

/// The items of an answer that a call selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Everything; the fields are not told apart.
    Whole,
    /// All items.
    All,
    /// The entries to a depth below a prefix.
    Depth(Depth),
    /// The instances that options select, in this order.
    Instances(Choice, Order),
}

impl Reading {
    /// Returns `true` if the parts that are read differ between the previous and the new answer.
    #[must_use]
    pub fn sees_change(&self, before: &Answer, after: &Answer) -> bool {
        !match &self.selection {
            Selection::Whole => before == after,
            Selection::All => self.has_same_items(before, after),
            Selection::Depth(depth) => match (before, after) {
                (Answer::Pairs(before), Answer::Pairs(after)) => {
                    let visible = |pair: &&Arc<Pair>| depth.sees(pair);
                    let before = before.iter().filter(visible);
                    self.are_same(before, after.iter().filter(visible))
                }
                _ => before == after,
            },
            Selection::Instances(choice, order) => match (before, after) {
                (Answer::Service(before), Answer::Service(after)) => {
                    self.are_same_instances(choice, *order, before, after)
                }
                _ => before == after,
            },
        }
    }

    fn has_same_items(&self, before: &Answer, after: &Answer) -> bool {
        match (before, after) {
            (Answer::Key(before), Answer::Key(after)) => self.are_same(before, after),
            (Answer::Pairs(before), Answer::Pairs(after)) => self.are_same(before, after),
            (Answer::Service(before), Answer::Service(after)) => self.are_same(before, after),
            (Answer::Services(before), Answer::Services(after)) => self.are_same(before, after),
            (Answer::Node(before), Answer::Node(after)) => self.are_same(before, after),
            (Answer::Nodes(before), Answer::Nodes(after)) => self.are_same(before, after),
            (Answer::CaRoots(before), Answer::CaRoots(after)) => self.are_same(before, after),
            (Answer::CaLeaf(before), Answer::CaLeaf(after)) => {
                self.are_same(iter::once(before), iter::once(after))
            }
            (Answer::Partitions(before), Answer::Partitions(after)) => self.are_same(before, after),
            (Answer::Peerings(before), Answer::Peerings(after)) => self.are_same(before, after),
            (Answer::ExportedServices(before), Answer::ExportedServices(after)) => {
                self.are_same(before, after)
            }
            (Answer::ImportedServices(before), Answer::ImportedServices(after)) => {
                self.are_same(before, after)
            }
            _ => before == after,
        }
    }

    fn are_same<'a, T: Kind + 'a>(
        &self,
        before: impl IntoIterator<Item = &'a Arc<T>>,
        after: impl IntoIterator<Item = &'a Arc<T>>,
    ) -> bool {
        records::are_same(before, after, self.fields)
    }

    fn are_same_instances(
        &self,
        choice: &Choice,
        order: Order,
        before: &[Arc<Instance>],
        after: &[Arc<Instance>],
    ) -> bool {
        let is_timed = !choice.passing_for().is_zero();
        if !is_timed && order != Order::Shuffled {
            let [before, after] =
                [before, after].map(|instances| choice.apply(instances, order, "", |_| true));
            return records::are_same(&before, &after, self.fields);
        }
        // What is chosen and where it is placed depends on the time or on the host too, but otherwise only on these
        // fields of the candidates.
        let mut fields = self.fields.and(FieldSet::named(Instance::SCHEMA, IDENTITY));
        if is_timed {
            fields = fields.and(FieldSet::named(Instance::SCHEMA, &["Status"]));
        }
        let order = match order {
            Order::Shuffled => Order::Name,
            order => order,
        };
        let [before, after] =
            [before, after].map(|instances| choice.candidates(instances, order, "", |_| true));
        records::are_same(&before, &after, fields)
    }
}

/// The fields of [`Instance::identity`], by which the time since when it passes is known. The shuffle uses them too.
const IDENTITY: &[&str] = &["Node", "ID", "Address", "Port"];

#[cfg(test)]
mod tests;
