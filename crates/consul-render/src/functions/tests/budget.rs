//! Tests of the budget: a long call ends soon after the deadline.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::*;
use gotemplate::budget::Budget;

/// A call that takes minutes without a budget.
struct Slow {
    function: &'static str,
    args: Vec<Value>,
}

fn slow_calls() -> Vec<Slow> {
    let numbers = |from: i64| -> Value { (from..from + 400_000).map(Value::from).collect() };
    let maps: Value = (0..40_000)
        .map(|number| Value::from_object(BTreeMap::from([("n".to_owned(), Value::from(number))])))
        .collect();
    // Each list contains the previous one twice: 2^60 items in total.
    let doubled = || {
        (0..60).fold(Value::from(1), |list, _| {
            Value::from(vec![list.clone(), list])
        })
    };
    // An endless lazy sequence.
    let endless = Value::make_iterable(|| std::iter::repeat_n("x", usize::MAX));
    let mut without = vec![numbers(0)];
    without.extend((1_000_000..1_060_000).map(Value::from));
    let slow = |function, args| Slow { function, args };
    vec![
        slow("containsAll", vec![numbers(0), numbers(0)]),
        slow("containsNone", vec![numbers(1_000_000), numbers(0)]),
        slow("sprig_uniq", vec![maps]),
        slow("sprig_without", without),
        slow("sprig_deepEqual", vec![doubled(), doubled()]),
        slow("sprig_has", vec![doubled(), Value::from(vec![doubled()])]),
        slow("join", vec![Value::from(","), endless]),
    ]
}

fn context_with(budget: Budget) -> RenderContext {
    context().limited_by(Arc::new(budget))
}

fn call_within(budget: Budget, function: &str, args: &[Value]) -> String {
    let context = context_with(budget);
    let function = named_in_go(function).unwrap();
    let call = Call {
        args,
        context: &context,
    };
    function.call(&call).unwrap_err().to_string()
}

#[test]
fn a_slow_call_ends_soon_after_the_deadline() {
    for Slow { function, args } in slow_calls() {
        let started = Instant::now();
        let deadline = started + Duration::from_millis(20);
        let error = call_within(Budget::new(Some(deadline), Arc::default()), function, &args);
        assert!(error.contains("takes too long"), "{function}: {error}");
        let elapsed = started.elapsed();
        assert!(elapsed < Duration::from_secs(3), "{function}: {elapsed:?}");
    }
}

#[test]
fn every_function_fails_at_once_if_the_budget_is_exhausted() {
    let stopped = Arc::new(AtomicBool::new(true));
    let mut functions = 0;
    for function in all() {
        let args = [Value::from("text"), Value::from("text")];
        let budget = Budget::new(None, Arc::clone(&stopped));
        let error = call_within(budget, function.go, &args);
        assert!(error.contains("stopped"), "{}: {error}", function.go);
        functions += 1;
    }
    assert!(functions > 200);
}

#[test]
fn steps_grow_with_the_arguments() {
    let long = "x".repeat(100_000);
    let list: Value = (0..100_000).map(Value::from).collect();
    let cases = [
        ("sha256Hex", vec![Value::from(long.as_str())]),
        (
            "contains",
            vec![Value::from("y"), Value::from(long.as_str())],
        ),
        (
            "regexMatch",
            vec![Value::from("y"), Value::from(long.as_str())],
        ),
        ("parseJSON", vec![Value::from(long.as_str())]),
        ("parseYAML", vec![Value::from(long.as_str())]),
        ("in", vec![list.clone(), Value::from("y")]),
        ("sprig_append", vec![list, Value::from("y")]),
    ];
    for (function, args) in cases {
        let error = call_within(Budget::unlimited().with_max_steps(99_000), function, &args);
        assert!(error.contains("more steps"), "{function}: {error}");
    }
}

#[test]
fn key_derivations_and_patterns_cost_steps_of_their_own() {
    let text = |text: &str| Value::from(text);
    let strings = Value::from(vec!["a.example"]);
    let cases = [
        ("sprig_bcrypt", vec![text("x")]),
        ("sprig_htpasswd", vec![text("ann"), text("x")]),
        (
            "sprig_derivePassword",
            vec![
                Value::from(1),
                text("long"),
                text("x"),
                text("y"),
                text("z"),
            ],
        ),
        ("sprig_genPrivateKey", vec![text("ecdsa")]),
        ("sprig_genCA", vec![text("ca"), Value::from(1)]),
        (
            "sprig_genSelfSignedCert",
            vec![text("web"), Value::from(()), strings, Value::from(1)],
        ),
        ("sockaddr", vec![text("GetAllInterfaces | len")]),
        (
            "regexMatch",
            vec![text("a pattern of this test alone"), text("x")],
        ),
    ];
    for (function, args) in cases {
        let error = call_within(Budget::unlimited().with_max_steps(5_000), function, &args);
        assert!(error.contains("more steps"), "{function}: {error}");
    }
}

#[test]
fn a_list_that_repeats_a_long_string_is_not_joined() {
    let long = Value::from("x".repeat(1 << 20));
    let list = Value::from(vec![long; 1000]);
    for function in ["join", "sprig_join", "sprig_toStrings", "sprig_sortAlpha"] {
        let args = [Value::from(","), list.clone()];
        let args = if function.contains("oin") {
            &args[..]
        } else {
            &args[1..]
        };
        let error = call(function, args).unwrap_err();
        assert_eq!(error, "the result is too long", "{function}");
    }
}
