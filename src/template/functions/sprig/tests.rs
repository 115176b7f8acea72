//! What is not a matter of one value: the set of names, and what is refused.

use crate::template::functions;

/// What sprig's hermetic set has, and what is refused with a reason.
#[test]
fn every_function_of_sprig_is_there_or_refused() {
    let names = include_str!("tests/names.txt");
    let mut seen = 0;
    for name in names.split_whitespace() {
        let name = format!("sprig_{name}");
        let refused = functions::unsupported::in_go(&name).is_some();
        assert!(functions::named_in_go(&name).is_some() != refused, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 194);
}
