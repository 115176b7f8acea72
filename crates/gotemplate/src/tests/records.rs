//! Records and their methods.

use super::*;

#[derive(Debug)]
struct Node;

static NODE: Schema = Schema {
    name: "*dependency.Node",
    fields: &[
        Field {
            go: "Address",
            jinja: "address",
            json: "Address",
            in_json: InJson::Always,
        },
        Field {
            go: "Port",
            jinja: "port",
            json: "Port",
            in_json: InJson::Always,
        },
        Field {
            go: "Meta",
            jinja: "meta",
            json: "Meta",
            in_json: InJson::Always,
        },
    ],
};

impl Fields for Node {
    fn schema(&self) -> &'static Schema {
        &NODE
    }

    fn get(&self, index: usize) -> Value {
        match index {
            0 => Value::from("10.0.0.1"),
            1 => Value::from(80),
            2 => TypedMap::of_text([(&"a".to_owned(), &"b".to_owned())]),
            _ => Value::UNDEFINED,
        }
    }
}

/// A value with methods.
#[derive(Debug)]
struct Pad;

impl Object for Pad {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, minijinja::Error> {
        match method {
            "Count" => Ok(Value::from(args.len())),
            "Fail" => Err(minijinja::Error::new(
                ErrorKind::InvalidOperation,
                "no luck",
            )),
            _ => Err(minijinja::Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

#[test]
fn a_record_is_a_struct() {
    let node = Record::value(Arc::new(Node));
    assert_eq!(
        render(
            "{{.Address}}:{{.Port}} {{.Meta.a}}|{{.Meta.none}}|{{if .}}yes{{end}}",
            &node
        ),
        "10.0.0.1:80 b||yes"
    );
    assert_eq!(
        render("{{.}} {{printf \"%v %+v\" . .}}", &node),
        "{10.0.0.1 80 map[a:b]} &{10.0.0.1 80 map[a:b]} &{Address:10.0.0.1 Port:80 Meta:map[a:b]}"
    );
    let missing = "template: t:1:2: executing \"t\" at <.Nope>: can't evaluate field Nope in type *dependency.Node";
    assert_eq!(render("{{.Nope}}", &node), missing);
    assert!(
        render("{{.address}}", &node)
            .ends_with("can't evaluate field address in type *dependency.Node")
    );
    let nodes = Value::from(vec![node]);
    assert_eq!(
        render(
            "{{range .}}{{.Address}}{{end}} {{index . 0 | html}} {{.}}",
            &nodes
        ),
        "10.0.0.1 {10.0.0.1 80 map[a:b]} [{10.0.0.1 80 map[a:b]}]"
    );
}

#[test]
fn methods_take_arguments() {
    let pad = Value::from_object(Pad);
    assert_eq!(
        render(
            "{{.Count}} {{.Count 1 nil}} {{3 | .Count 1}} {{(.).Count 1}}",
            &pad
        ),
        "0 2 2 1"
    );
    assert_eq!(
        render("{{.Fail 1}}", &pad),
        "template: t:1:2: executing \"t\" at <.Fail>: error calling Fail: no luck"
    );
    assert!(render("{{.Nope 1}}", &pad).contains("can't evaluate field Nope"));
}
