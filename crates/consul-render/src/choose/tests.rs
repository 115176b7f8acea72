use proptest::prelude::*;

use super::*;
use consul_watch::answer::Instance;

fn instance(node: &str, id: &str, address: &str, port: i64, tags: &[&str]) -> Arc<Instance> {
    let [node, id, address] = [node, id, address].map(str::to_owned);
    let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
    Arc::new(Instance {
        node,
        address,
        id,
        tags,
        port,
        ..Instance::default()
    })
}

/// Options as a template writes them.
type Options = [(&'static str, &'static str)];

fn read(options: &Options) -> Result<Choice, String> {
    Choice::read(
        options
            .iter()
            .map(|(name, text)| (*name, Setting::Text(text))),
        OPTIONS,
    )
}

fn some() -> Vec<Arc<Instance>> {
    vec![
        instance("n2", "c", "10.0.0.2", 80, &["blue", "v1"]),
        instance("n1", "b", "10.0.0.1", 80, &["Blue"]),
        instance("n1", "a", "10.0.0.1", 80, &["blue", "v1", "x,y"]),
        instance("n3", "d", "10.0.0.3", 0, &["v1"]),
    ]
}

/// The IDs of the chosen instances; every instance has been passing for long enough.
fn ids(choice: &Choice, near: bool, host: &str) -> String {
    let chosen = choice.apply(&some(), choice.order(near), host, |_| true);
    chosen.iter().map(|one| one.id.as_str()).collect()
}

#[test]
fn each_option_chooses_or_orders() {
    let cases: &[(&Options, bool, &str)] = &[
        (&[], false, "abcd"),
        (&[("tag", "blue")], false, "abc"),
        (&[("tag", "blue,v1")], false, "ac"),
        (&[("tag", "blue"), ("tag", "V1")], false, "ac"),
        (&[("tag", "none")], false, ""),
        (&[("unique", "addr:port")], false, "acd"),
        (&[("require_port", "true")], false, "abc"),
        (&[("require_port", "false")], false, "abcd"),
        (&[("sort", "name")], true, "abcd"),
        (&[], true, "cabd"),
        (&[("sort", "near")], true, "cabd"),
        (
            &[
                ("sort", "near"),
                ("unique", "addr:port"),
                ("require_port", "true"),
            ],
            true,
            "ca",
        ),
        (&[("shuffle", "false")], false, "abcd"),
    ];
    assert!(!cases.is_empty());
    for (options, near, chosen) in cases {
        assert_eq!(
            ids(&read(options).unwrap(), *near, "h"),
            *chosen,
            "{options:?}"
        );
    }
    let listed = Choice::read([("tag", Setting::List(vec!["x,y".to_owned()]))], OPTIONS).unwrap();
    assert_eq!(ids(&listed, false, "h"), "a");
    let choice = read(&[("passing_for", "1m30s")]).unwrap();
    assert_eq!(choice.passing_for(), Duration::from_secs(90));
    let young = choice.apply(&some(), Order::Name, "h", |one| one.id != "b");
    assert_eq!(young.len(), 3);
}

#[test]
fn unique_keeps_an_instance_that_matches_the_other_options() {
    let choice = read(&[("unique", "addr:port"), ("tag", "v1")]).unwrap();
    assert_eq!(ids(&choice, false, "h"), "acd");
    let choice = read(&[("unique", "addr:port")]).unwrap();
    let chosen = choice.apply(&some(), Order::Name, "h", |one| one.id != "a");
    assert_eq!(
        chosen.iter().map(|one| one.id.as_str()).collect::<String>(),
        "bcd"
    );
}

#[test]
fn each_host_shuffles_in_its_own_stable_order() {
    let choice = read(&[("shuffle", "true")]).unwrap();
    assert_eq!(
        ["web-1", "web-2", "web-3"].map(|host| ids(&choice, true, host)),
        ["cdba", "dbca", "cbda"]
    );
    // Computed by another program.
    assert_eq!(rank("web-1", &some()[0]), 0x396f_d276_78f7_517b);
}

#[test]
fn an_invalid_option_is_reported_with_the_reason() {
    let cases: &[(&Options, &str)] = &[
        (
            &[("tags", "a")],
            r#"unknown option "tags"; did you mean "tag"?"#,
        ),
        (
            &[("requirePort", "true")],
            r#"unknown option "requirePort"; did you mean "require_port"?"#,
        ),
        (
            &[("limit", "3")],
            r#"unknown option "limit"; there are tag, unique, require_port, sort, passing_for, shuffle"#,
        ),
        (&[("tag", "")], "tag is empty"),
        (&[("tag", "a,,b")], "tag is empty"),
        (&[("unique", "yes")], r#"unique is "addr:port""#),
        (&[("require_port", "1")], "require_port is true or false"),
        (&[("sort", "id")], r#"sort is "name" or "near""#),
        (&[("shuffle", "yes")], "shuffle is true or false"),
        (
            &[("passing_for", "5")],
            r#"passing_for is a time such as "5s" or "1m30s""#,
        ),
        (
            &[("passing_for", "")],
            r#"passing_for is a time such as "5s" or "1m30s""#,
        ),
        (&[("sort", "name"), ("sort", "near")], "sort is given twice"),
        (
            &[("sort", "name"), ("shuffle", "true")],
            "sort and shuffle exclude each other",
        ),
    ];
    assert!(!cases.is_empty());
    for (options, error) in cases {
        assert_eq!(read(options).unwrap_err(), *error);
    }
    let listed = || Setting::List(vec!["near".to_owned()]);
    for option in ["unique", "require_port", "sort", "shuffle", "passing_for"] {
        assert!(
            Choice::read([(option, listed())], OPTIONS)
                .unwrap_err()
                .starts_with(&format!("{option} is "))
        );
    }
}

fn any_instance() -> impl Strategy<Value = Arc<Instance>> {
    let tags = prop::sample::subsequence(vec!["blue", "v1", "V1"], 0..3);
    (0..4_u8, 0..4_u8, 0..3_u8, 0..3_i64, tags).prop_map(|(node, id, address, port, tags)| {
        instance(
            &format!("n{node}"),
            &format!("i{id}"),
            &format!("10.0.0.{address}"),
            port,
            &tags,
        )
    })
}

/// Options in all combinations, as a template would give them.
fn any_options() -> impl Strategy<Value = Choice> {
    let order = prop::sample::select(vec![
        None,
        Some(("sort", "name")),
        Some(("sort", "near")),
        Some(("shuffle", "true")),
    ]);
    let flags = prop::sample::subsequence(
        vec![
            ("tag", "blue"),
            ("unique", "addr:port"),
            ("require_port", "true"),
            ("passing_for", "5s"),
        ],
        0..=4,
    );
    (order, flags).prop_map(|(order, flags)| {
        read(&order.into_iter().chain(flags).collect::<Vec<_>>()).unwrap()
    })
}

/// Distinct instances, the same ones shuffled, and shuffled within their nodes: for an order by
/// distance, the order of the nodes is significant.
fn permuted() -> impl Strategy<Value = [Vec<Arc<Instance>>; 3]> {
    let unlike = |mut instances: Vec<Arc<Instance>>| {
        let mut seen = HashSet::new();
        instances.retain(|one| seen.insert(one.identity().into_owned()));
        instances
    };
    prop::collection::vec(any_instance(), 0..12)
        .prop_map(unlike)
        .prop_flat_map(|instances| {
            let shuffled = Just(instances.clone()).prop_shuffle();
            (Just(instances), shuffled).prop_map(|(instances, shuffled)| {
                let place = |node: &str| instances.iter().position(|one| one.node == node);
                let mut within_nodes = shuffled.clone();
                within_nodes.sort_by_key(|one| place(&one.node));
                [instances, shuffled, within_nodes]
            })
        })
}

proptest! {
    #[test]
    fn an_answer_in_another_order_gives_the_same([instances, shuffled, within] in permuted(), choice in any_options(), near: bool) {
        let has_passed = |one: &Instance| choice.passing_for().is_zero() || !one.id.ends_with('3');
        let order = choice.order(near);
        let other = if order == Order::Near { within } else { shuffled };
        let chosen = choice.apply(&instances, order, "h", has_passed);
        prop_assert_eq!(&chosen, &choice.apply(&other, order, "h", has_passed));
        prop_assert!(chosen.iter().all(|one| instances.contains(one)));
    }

    #[test]
    fn an_added_or_removed_instance_does_not_move_the_others([instances, ..] in permuted(), which: prop::sample::Index, host in "[a-z0-9-]{0,8}") {
        prop_assume!(!instances.is_empty());
        let choice = read(&[("shuffle", "true")]).unwrap();
        let gone = &instances[which.index(instances.len())];
        let without: Vec<_> = instances.iter().filter(|one| *one != gone).cloned().collect();
        let mut all = choice.apply(&instances, Order::Shuffled, &host, |_| true);
        all.retain(|one| one != gone);
        prop_assert_eq!(all, choice.apply(&without, Order::Shuffled, &host, |_| true));
    }

    #[test]
    fn a_further_instance_never_lowers_the_count([instances, ..] in permuted(), which: prop::sample::Index, choice in any_options()) {
        prop_assume!(!instances.is_empty());
        let count = |instances: &[Arc<Instance>]| choice.apply(instances, Order::Name, "", |_| true).len();
        let mut fewer = instances.clone();
        fewer.remove(which.index(instances.len()));
        prop_assert!(count(&fewer) <= count(&instances));
    }

    #[test]
    fn no_option_causes_a_panic(name in "[a-z_]{0,12}", text in ".{0,12}") {
        let _ = Choice::read([(name.as_str(), Setting::Text(&text))], OPTIONS);
        for name in OPTIONS {
            let _ = Choice::read([(*name, Setting::Text(&text))], OPTIONS);
        }
    }
}

#[test]
fn hosts_spread_over_instances() {
    let choice = read(&[("shuffle", "true")]).unwrap();
    let mut first = HashMap::new();
    for host in 0..4_000 {
        let ids = ids(&choice, false, &format!("host-{host}"));
        *first.entry(ids.chars().next()).or_insert(0) += 1;
    }
    assert_eq!(first.len(), 4);
    assert!(
        first.values().all(|count| (850..1_150).contains(count)),
        "{first:?}"
    );
}
