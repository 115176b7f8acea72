//! Functions of consul-template that there are not, and functions that are no more: what to say to whom calls one.
//!
//! in:  a name, as one of the languages writes it
//! out: why there is no such function, and what to do

/// A function that is known, but not there.
#[derive(Debug)]
pub struct Unsupported {
    /// The name in Go templates.
    pub go: &'static str,
    /// The name in Jinja.
    pub jinja: &'static str,
    /// Why it is not there, and what to do.
    pub remedy: &'static str,
}

const VAULT: &str = "Vault is not asked yet; let an agent of Vault write a file, and read it with file, or keep this template \
    with consul-template";
const NOMAD: &str = "Nomad is not asked yet; services that Nomad registers in Consul are found by service, and variables can be \
    kept in Consul's key/value store";

const fn not_there(names: [&'static str; 2], remedy: &'static str) -> Unsupported {
    let [go, jinja] = names;
    Unsupported { go, jinja, remedy }
}

static LIST: &[Unsupported] = &[
    not_there(["secret", "secret"], VAULT),
    not_there(["secrets", "secrets"], VAULT),
    not_there(["pkiCert", "pki_cert"], VAULT),
    not_there(["nomadServices", "nomad_services"], NOMAD),
    not_there(["nomadService", "nomad_service"], NOMAD),
    not_there(["nomadVar", "nomad_var"], NOMAD),
    not_there(["nomadVarExists", "nomad_var_exists"], NOMAD),
    not_there(["nomadVarList", "nomad_var_list"], NOMAD),
    not_there(["nomadVarListSafe", "nomad_var_list_safe"], NOMAD),
];

/// Names that consul-template once had, and what came instead.
static REMOVED: &[(&str, &str)] = &[
    (
        "vault",
        "it became secret long ago, which is not there yet either",
    ),
    (
        "keyPrefix",
        "it is gone; use ls for the keys directly below a prefix, tree for all of them",
    ),
    (
        "key_prefix",
        "it is gone; use ls for the keys directly below a prefix, tree for all of them",
    ),
    (
        "storeKeyPrefix",
        "it is gone; use ls for the keys directly below a prefix, tree for all of them",
    ),
];

/// What sprig has and consul-template leaves out, for it depends on more than its arguments.
const LEFT_OUT: &str = "now date date_in_zone dateInZone date_modify dateModify htmlDate htmlDateInZone randAlphaNum randAlpha \
    randAscii randNumeric randBytes uuidv4 env expandenv getHostByName";

/// Every function that is known, but not there.
pub fn all() -> impl Iterator<Item = &'static Unsupported> {
    LIST.iter()
}

/// The function that Go templates would know under this name.
#[must_use]
pub fn in_go(name: &str) -> Option<&'static Unsupported> {
    all().find(|function| function.go == name)
}

/// The function that Jinja templates would know under this name.
#[must_use]
pub fn in_jinja(name: &str) -> Option<&'static Unsupported> {
    all().find(|function| function.jinja == name)
}

/// What to say of a name that is no more, or was never there in consul-template either.
#[must_use]
pub fn gone(name: &str) -> Option<String> {
    if let Some((_, instead)) = REMOVED.iter().find(|(removed, _)| *removed == name) {
        return Some((*instead).to_owned());
    }
    let left_out = |name: &str| LEFT_OUT.split_whitespace().any(|left_out| left_out == name);
    name.strip_prefix("sprig_").filter(|name| left_out(name)).map(|_| {
        "consul-template leaves out what depends on more than its arguments; there are timestamp and env".to_owned()
    })
}
