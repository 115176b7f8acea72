//! `/v1/connect/ca/` and `/v1/agent/connect/ca/`: the certificates of the service mesh.

use std::time::SystemTime;

use crate::certificates::{Authority, CertificateError};
use crate::cluster_state::Datacenter;
use crate::outcome::{Handled, Outcome};
use crate::query::{CertificateKind, Query};
use crate::reply::Reply;
use crate::request::Request;
use crate::store::Store;

/// The maximum length of a service's name in a certificate, in bytes.
const MAX_NAME: usize = 255;

/// Returns the root certificates; creates them with the first request.
pub(crate) fn roots(store: &Store, request: &Request, _: &str) -> Handled {
    ensure(
        store,
        request,
        |dc| dc.authority.is_some(),
        |dc| authority(dc).map(|_| ()),
    )?;
    Ok(Outcome::Query(Query::Certificate(CertificateKind::Roots)))
}

/// Returns the leaf certificate of a service; creates or renews it if needed.
pub(crate) fn leaf(store: &Store, request: &Request, service: &str) -> Handled {
    if service.is_empty() {
        return Err(Reply::text(500, "URI must be either service or agent"));
    }
    if service.len() > MAX_NAME {
        let text = format!("the name of the service has more than {MAX_NAME} bytes");
        return Err(Reply::text(400, text));
    }
    let now = SystemTime::now();
    let is_fresh = |dc: &Datacenter| {
        let authority = dc.authority.as_ref();
        authority.is_some_and(|authority| authority.has_fresh_leaf(service, now))
    };
    ensure(store, request, is_fresh, |dc| {
        authority(dc)?;
        dc.index += 1;
        let index = dc.index;
        authority(dc)?.issue_leaf(service, index, now)
    })?;
    Ok(Outcome::Query(Query::Certificate(CertificateKind::Leaf(
        service.to_owned(),
    ))))
}

/// Returns the authority of a datacenter; creates it with the first use.
fn authority(dc: &mut Datacenter) -> Result<&mut Authority, CertificateError> {
    let authority = if let Some(known) = dc.authority.take() {
        known
    } else {
        dc.index += 1;
        Authority::create(&dc.name, dc.index, SystemTime::now())?
    };
    Ok(dc.authority.insert(authority))
}

/// Creates what a query needs, unless it exists. An unknown datacenter is reported by the query.
fn ensure(
    store: &Store,
    request: &Request,
    exists: impl Fn(&Datacenter) -> bool,
    create: impl FnOnce(&mut Datacenter) -> Result<(), CertificateError>,
) -> Result<(), Reply> {
    let name = request.datacenter();
    let is_missing = |dc: &Datacenter| !exists(dc);
    if !store.read(|cluster| cluster.datacenter(name).is_some_and(is_missing)) {
        return Ok(());
    }
    let created = store.write(|cluster| cluster.datacenter_mut(name).map(create));
    let created = created.unwrap_or(Ok(()));
    created.map_err(|error| Reply::text(500, format!("cannot issue a certificate: {error}")))
}
