//! Answers that differ in a few places.

use super::grammar::Kind;
use super::*;

/// A few texts, so that equal ones are frequent.
fn text() -> impl Strategy<Value = String> + Clone {
    prop::sample::select(vec!["", "a", "b", "n1", "blue", "1", "x/y", "<&\""])
        .prop_map(str::to_owned)
}

fn texts() -> impl Strategy<Value = Vec<String>> + Clone {
    prop::collection::vec(text(), 0..3)
}

fn map() -> impl Strategy<Value = TextMap> + Clone {
    let names = prop::sample::select(vec!["version", "a"]).prop_map(str::to_owned);
    let entries = prop::collection::btree_map(names, text(), 0..3);
    prop::option::of(entries).prop_map(TextMap::from)
}

/// The fields of `$a`, and those of `$b` whose bit is set in the mask.
macro_rules! mixed {
    ($type:ident, $a:expr, $b:expr, $mask:expr; $($field:ident)+) => {{
        let mut bits = (0..u32::BITS).map(|bit| $mask >> bit & 1 == 1);
        $type {
            $($field: if bits.next() == Some(true) { $b.$field.clone() } else { $a.$field.clone() },)+
        }
    }};
}

/// The bits of the fields that change: mostly none or one.
fn mask() -> impl Strategy<Value = u32> {
    prop_oneof![2 => Just(0), 4 => (0..20_u32).prop_map(|bit| 1 << bit), 1 => any::<u32>()]
}

/// Three lists: a first one, one that differs much, and one that differs little from the second.
fn lists<T: Clone + std::fmt::Debug + 'static>(
    item: impl Strategy<Value = T> + Clone + 'static,
    mix: fn(&T, &T, u32) -> T,
) -> BoxedStrategy<[Vec<Arc<T>>; 3]> {
    let items = prop::collection::vec((item.clone(), item, mask()), 0..4);
    (items, 0..10_u8)
        .prop_map(move |(items, change)| {
            let first = items.iter().map(|(_, other, _)| Arc::new(other.clone()));
            let before = items.iter().map(|(item, ..)| Arc::new(item.clone()));
            let after = items
                .iter()
                .map(|(item, other, mask)| Arc::new(mix(item, other, *mask)));
            let mut after: Vec<_> = after.collect();
            match (change, after.len()) {
                (0, 1..) => drop(after.pop()),
                (1, 1..) => after.push(Arc::clone(&after[0])),
                (2, 2..) => after.swap(0, 1),
                _ => {}
            }
            [first.collect(), before.collect(), after]
        })
        .boxed()
}

fn pair() -> impl Strategy<Value = Pair> + Clone {
    let bytes = prop::option::weighted(0.1, Just(Box::from(&b"\xff"[..])));
    (text(), text(), bytes, 0..3_u64, 0..3_u64).prop_map(|(key, value, bytes, index, flags)| Pair {
        path: format!("web/{key}"),
        key,
        value,
        bytes,
        modify_index: index,
        flags,
        ..Pair::default()
    })
}

fn mixed_pair(a: &Pair, b: &Pair, mask: u32) -> Pair {
    mixed!(Pair, a, b, mask; key value modify_index lock_index flags session path create_index bytes)
}

fn check() -> impl Strategy<Value = Check> + Clone {
    (text(), text(), text(), prop::option::of(texts())).prop_map(|(status, output, name, tags)| {
        Check {
            status,
            output,
            name,
            service_tags: Nullable::from(tags),
            ..Check::default()
        }
    })
}

fn mixed_check(a: &Check, b: &Check, mask: u32) -> Check {
    mixed!(Check, a, b, mask; output status name service_tags node check_id notes service_id
        service_name kind namespace partition exposed_port peer_name definition create_index
        modify_index)
}

fn instance() -> impl Strategy<Value = Instance> + Clone {
    let health = prop::sample::select(vec![Health::Passing, Health::Warning, Health::Critical]);
    let checks = prop::option::of(prop::collection::vec(check().prop_map(Arc::new), 0..3));
    let numbers = (0..3_i64, 0..2_i64);
    let texts = ([text(), text(), text()], texts());
    (texts, [map(), map()], health, checks, numbers).prop_map(
        |(
            ([node, id, address], tags),
            [node_meta, service_meta],
            status,
            checks,
            (port, passing),
        )| {
            Instance {
                node,
                id,
                address,
                tags,
                node_meta,
                service_meta,
                status,
                checks: Nullable::from(checks),
                port,
                weights: Weights {
                    passing,
                    ..Weights::default()
                },
                service_tagged_addresses: Nullable::from([(
                    "lan".to_owned(),
                    TaggedAddress {
                        address: String::new(),
                        port: passing,
                    },
                )]),
                ..Instance::default()
            }
        },
    )
}

fn mixed_instance(a: &Instance, b: &Instance, mask: u32) -> Instance {
    let mut instance = mixed!(Instance, a, b, mask; node_meta service_meta tags weights status port
        address service_tagged_addresses node id name node_id node_address node_tagged_addresses
        checks);
    if mask & 1 << 16 != 0
        && let (Some(a), Some(b)) = (a.checks.get(), b.checks.get())
    {
        // The checks stay the same, except for a few fields.
        let checks = a.iter().zip(b);
        let checks = checks.map(|(a, b)| Arc::new(mixed_check(a, b, 1 << (mask % 4))));
        instance.checks = Nullable::from(Some(checks.collect::<Vec<_>>()));
    }
    instance
}

fn service_tags() -> impl Strategy<Value = ServiceTags> + Clone {
    (text(), texts()).prop_map(|(name, tags)| ServiceTags { name, tags })
}

fn node() -> impl Strategy<Value = Node> + Clone {
    (text(), text(), map()).prop_map(|(node, address, meta)| Node {
        node,
        address,
        meta,
        ..Node::default()
    })
}

fn mixed_node(a: &Node, b: &Node, mask: u32) -> Node {
    mixed!(Node, a, b, mask; meta address node id datacenter tagged_addresses)
}

fn node_service() -> impl Strategy<Value = NodeService> + Clone {
    (text(), texts(), map(), 0..3_i64).prop_map(|(service, tags, meta, port)| NodeService {
        service,
        tags,
        meta,
        port,
        ..NodeService::default()
    })
}

fn mixed_node_service(a: &NodeService, b: &NodeService, mask: u32) -> NodeService {
    mixed!(NodeService, a, b, mask; tags meta port service id address enable_tag_override)
}

/// Three answers to a query of this kind, the last two of which differ in a few places.
pub(super) fn changed_answers(kind: Kind) -> BoxedStrategy<[Answer; 3]> {
    match kind {
        Kind::Key => lists(pair(), mixed_pair)
            .prop_map(|lists| lists.map(|list| Answer::Key(list.first().cloned())))
            .boxed(),
        Kind::Pairs => lists(pair(), mixed_pair)
            .prop_map(|lists| lists.map(Answer::Pairs))
            .boxed(),
        Kind::Service => lists(instance(), mixed_instance)
            .prop_map(|lists| lists.map(Answer::Service))
            .boxed(),
        Kind::Services => lists(
            service_tags(),
            |a, b, mask| mixed!(ServiceTags, a, b, mask; tags name),
        )
        .prop_map(|lists| lists.map(Answer::Services))
        .boxed(),
        Kind::Nodes => lists(node(), mixed_node)
            .prop_map(|lists| lists.map(Answer::Nodes))
            .boxed(),
        Kind::Node => (
            lists(node(), mixed_node),
            lists(node_service(), mixed_node_service),
        )
            .prop_map(|(nodes, services)| {
                let mut services = services.into_iter();
                nodes.map(|nodes| {
                    let services = services.next().unwrap_or_default();
                    let node = nodes.into_iter().next();
                    Answer::Node(node.map(|node| Arc::new(NodeServices { node, services })))
                })
            })
            .boxed(),
    }
}
