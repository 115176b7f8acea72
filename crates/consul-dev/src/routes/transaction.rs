//! `/v1/txn`: transactions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::catalog_writes::{read_check, read_instance};
use crate::fields::Fields;
use crate::go;
use crate::json_records;
use crate::operations::{
    CatalogOperation, CatalogRecord, KeyOperation, Operation, OperationError, OperationResult,
};
use crate::outcome::{Handled, Outcome};
use crate::records::Node;
use crate::reply::Reply;
use crate::request::Request;
use crate::store::Store;

/// The maximum number of operations, as in Consul.
const MAX_OPERATIONS: usize = 64;

/// Executes a transaction.
pub(crate) fn serve(store: &Store, request: &Request, _: &str) -> Handled {
    let operations = read(&request.body)?;
    let done = store.write(|cluster| {
        let dc = cluster.datacenter_mut(request.datacenter())?;
        let results = dc.transact(&operations);
        Some(results.map(|results| {
            let shown = results.iter().map(|found| result(found, &dc.name));
            shown.collect::<Vec<_>>()
        }))
    });
    let done = done.ok_or_else(|| Reply::text(500, "No path to datacenter"))?;
    let status = if done.is_ok() { 200 } else { 409 };
    let mut body = match done {
        Ok(results) => json!({"Results": results, "Errors": null}),
        Err(errors) => json!({
            "Results": null, "Errors": errors.iter().map(error).collect::<Vec<_>>(),
        }),
    };
    if !operations.iter().any(Operation::is_write) {
        body["Index"] = json!(0);
        body["LastContact"] = json!(0);
        body["KnownLeader"] = json!(true);
        body["ConsistencyLevel"] = json!("");
    }
    let reply = Reply {
        status,
        ..Reply::json(&body, request.has("pretty"))
    };
    Ok(Outcome::Done(reply))
}

fn result(found: &OperationResult, datacenter: &str) -> Value {
    // Unlike elsewhere, an empty list is `null`.
    let without_empty = |mut record: Value, list: &str| {
        if record[list] == json!([]) {
            record[list] = Value::Null;
        }
        record
    };
    match found {
        OperationResult::Key { key, entry } => json!({"KV": json_records::entry(key, entry)}),
        OperationResult::Node(node) => json!({"Node": json_records::node(node, datacenter)}),
        OperationResult::Instance(instance) => {
            json!({"Service": without_empty(json_records::instance(instance), "Tags")})
        }
        OperationResult::Check(check) => {
            json!({"Check": without_empty(json_records::check(check), "ServiceTags")})
        }
    }
}

fn error(found: &OperationError) -> Value {
    json!({"OpIndex": found.position, "What": found.reason})
}

fn read(body: &[u8]) -> Result<Vec<Operation>, Reply> {
    let list: Value =
        serde_json::from_slice(body).map_err(|error| wrong(&go::decode_error(body, &error)))?;
    let Value::Array(list) = list else {
        return Err(wrong(
            "json: cannot unmarshal object into Go value of type api.TxnOps",
        ));
    };
    if list.len() > MAX_OPERATIONS {
        let count = list.len();
        let text = format!("Transaction contains too many operations ({count} > {MAX_OPERATIONS})");
        return Err(Reply::text(413, text));
    }
    let read = list
        .into_iter()
        .map(|value| operation(value).map_err(in_body));
    read.filter_map(Result::transpose).collect()
}

/// Reads an operation; `None` if it is empty.
fn operation(value: Value) -> Result<Option<Operation>, Reply> {
    let mut fields = Fields::of(value, "TxnOp")?;
    if let Some(value) = fields.take("KV") {
        return key_operation(value).map(Operation::Key).map(Some);
    }
    let kind = ["Node", "Service", "Check"]
        .into_iter()
        .find_map(|name| Some((name, fields.take(name)?)));
    match kind {
        Some((name, value)) => catalog_operation(name, value).map(Some),
        None => Ok(None),
    }
}

fn key_operation(value: Value) -> Result<KeyOperation, Reply> {
    let mut fields = Fields::of(value, "KVTxnOp")?;
    let value = fields.text("Value")?;
    let value = STANDARD.decode(&value).map_err(|error| {
        let at = match error {
            base64::DecodeError::InvalidByte(at, _)
            | base64::DecodeError::InvalidLastSymbol(at, _) => at,
            // Go names the start of the last group of four letters.
            base64::DecodeError::InvalidLength(length) => length - length % 4,
            base64::DecodeError::InvalidPadding => value.len() - value.len() % 4,
        };
        wrong(&format!("illegal base64 data at input byte {at}"))
    })?;
    Ok(KeyOperation {
        verb: fields.text("Verb")?,
        key: fields.text("Key")?,
        value,
        flags: number(&mut fields, "Flags"),
        index: number(&mut fields, "Index"),
        session: fields.text("Session")?,
    })
}

/// Reads an operation on a node, a service or a check.
fn catalog_operation(kind: &'static str, value: Value) -> Result<Operation, Reply> {
    let mut fields = Fields::of(value, kind)?;
    let verb = fields.text("Verb")?;
    let of = if kind == "Service" {
        fields.text("Node")?
    } else {
        String::new()
    };
    let value = fields.take(kind).unwrap_or(Value::Null);
    let index = number(&mut Fields::of(value.clone(), kind)?, "ModifyIndex");
    let record = match kind {
        "Node" => CatalogRecord::Node(node(value)?),
        "Service" => CatalogRecord::Instance(read_instance(value, &of)?),
        _ => {
            let of = Fields::of(value.clone(), kind)?.text("Node")?;
            CatalogRecord::Check(read_check(Fields::of(value, kind)?, &of)?)
        }
    };
    Ok(Operation::Catalog(CatalogOperation {
        verb,
        index,
        record,
    }))
}

fn node(value: Value) -> Result<Node, Reply> {
    let mut fields = Fields::of(value, "Node")?;
    let node = Node {
        id: fields.text("ID")?,
        name: fields.text("Node")?,
        address: fields.text("Address")?,
        tagged: fields.pairs("TaggedAddresses")?,
        meta: fields.pairs("Meta")?,
    };
    fields.ignore(&["Datacenter", "CreateIndex", "ModifyIndex"]);
    fields.finish()?;
    Ok(node)
}

fn number(fields: &mut Fields, name: &str) -> u64 {
    let number = fields.take(name);
    number.and_then(|number| number.as_u64()).unwrap_or(0)
}

fn wrong(text: &str) -> Reply {
    Reply::text(400, format!("Failed to parse body: {text}"))
}

/// Rewords an error of the decoder, as this endpoint does.
fn in_body(reply: Reply) -> Reply {
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    match text.strip_prefix("Request decode failed: ") {
        Some(text) => wrong(text),
        None => reply,
    }
}
