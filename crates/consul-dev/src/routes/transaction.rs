//! `/v1/txn`: transactions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::fields::Fields;
use crate::go;
use crate::json_records;
use crate::outcome::{Handled, Outcome};
use crate::reply::Reply;
use crate::request::Request;
use crate::store::Store;
use crate::transaction::{KeyOperation, KeyResult, OperationError};

/// The maximum number of operations, as in Consul.
const MAX_OPERATIONS: usize = 64;

/// Executes a transaction.
pub(crate) fn serve(store: &Store, request: &Request, _: &str) -> Handled {
    let operations = read(&request.body)?;
    let done = store.write(|cluster| {
        let dc = cluster.datacenter_mut(request.datacenter())?;
        Some(dc.transact(&operations))
    });
    let done = done.ok_or_else(|| Reply::text(500, "No path to datacenter"))?;
    let status = if done.is_ok() { 200 } else { 409 };
    let mut body = match done {
        Ok(results) => json!({
            "Results": results.iter().map(result).collect::<Vec<_>>(), "Errors": null,
        }),
        Err(errors) => json!({
            "Results": null, "Errors": errors.iter().map(error).collect::<Vec<_>>(),
        }),
    };
    if !operations.iter().any(KeyOperation::is_write) {
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

fn result(found: &KeyResult) -> Value {
    json!({"KV": json_records::entry(&found.key, &found.entry)})
}

fn error(found: &OperationError) -> Value {
    json!({"OpIndex": found.position, "What": found.reason})
}

fn read(body: &[u8]) -> Result<Vec<KeyOperation>, Reply> {
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
    let read = list.into_iter().map(operation);
    read.filter_map(Result::transpose).collect()
}

/// Reads an operation; `None` if it is empty.
fn operation(value: Value) -> Result<Option<KeyOperation>, Reply> {
    let mut fields = Fields::of(value, "TxnOp")?;
    let other = ["Node", "Service", "Check", "Intention"];
    if let Some(name) = other.into_iter().find(|name| fields.take(name).is_some()) {
        let text = format!("transactions with {name} are not part of the embedded server; use KV");
        return Err(Reply::text(501, text));
    }
    let Some(value) = fields.take("KV") else {
        return Ok(None);
    };
    let mut fields = Fields::of(value, "KVTxnOp")?;
    let number = |fields: &mut Fields, name| -> Result<u64, Reply> {
        let number = fields.take(name).and_then(|number| number.as_u64());
        Ok(number.unwrap_or(0))
    };
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
    Ok(Some(KeyOperation {
        verb: fields.text("Verb")?,
        key: fields.text("Key")?,
        value,
        flags: number(&mut fields, "Flags")?,
        index: number(&mut fields, "Index")?,
        session: fields.text("Session")?,
    }))
}

fn wrong(text: &str) -> Reply {
    Reply::text(400, format!("Failed to parse body: {text}"))
}
