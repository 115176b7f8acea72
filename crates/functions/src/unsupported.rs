//! Functions of consul-template that are unsupported or were removed.
//!
//! Input: the name of a function in one of the languages. Output: the reason, and the remedy.

/// A function of consul-template that is not supported.
#[derive(Debug)]
pub struct Unsupported {
    /// The name in Go templates.
    pub go: &'static str,
    /// The name in Jinja.
    pub jinja: &'static str,
    /// The reason, and the remedy.
    pub remedy: &'static str,
}

const VAULT: &str = "Vault is not supported yet; write the secret to a file with Vault Agent and read it with file, or render this \
    template with consul-template";
const NOMAD: &str = "Nomad is not supported yet; service finds the services that Nomad registers in Consul, and Consul's key/value \
    store can hold the variables";

const fn unsupported(names: [&'static str; 2], remedy: &'static str) -> Unsupported {
    let [go, jinja] = names;
    Unsupported { go, jinja, remedy }
}

static LIST: &[Unsupported] = &[
    unsupported(["secret", "secret"], VAULT),
    unsupported(["secrets", "secrets"], VAULT),
    unsupported(["pkiCert", "pki_cert"], VAULT),
    unsupported(["nomadServices", "nomad_services"], NOMAD),
    unsupported(["nomadService", "nomad_service"], NOMAD),
    unsupported(["nomadVar", "nomad_var"], NOMAD),
    unsupported(["nomadVarExists", "nomad_var_exists"], NOMAD),
    unsupported(["nomadVarList", "nomad_var_list"], NOMAD),
    unsupported(["nomadVarListSafe", "nomad_var_list_safe"], NOMAD),
];

/// Functions that consul-template has removed, and their replacements.
static REMOVED: &[(&str, &str)] = &[
    (
        "vault",
        "it was replaced by secret, which is not supported yet",
    ),
    (
        "keyPrefix",
        "it was removed; use ls for the keys directly below a prefix, tree for all of them",
    ),
    (
        "key_prefix",
        "it was removed; use ls for the keys directly below a prefix, tree for all of them",
    ),
    (
        "storeKeyPrefix",
        "it was removed; use ls for the keys directly below a prefix, tree for all of them",
    ),
];

/// The functions of sprig that consul-template omits, because they depend on more than their arguments.
const OMITTED: &str = "now date date_in_zone dateInZone date_modify dateModify htmlDate htmlDateInZone randAlphaNum randAlpha \
    randAscii randNumeric randBytes uuidv4 env expandenv getHostByName";

/// All unsupported functions.
pub fn all() -> impl Iterator<Item = &'static Unsupported> {
    LIST.iter()
}

/// Returns the unsupported function with this name in Go templates.
#[must_use]
pub fn in_go(name: &str) -> Option<&'static Unsupported> {
    all().find(|function| function.go == name)
}

/// Returns the unsupported function with this name in Jinja.
#[must_use]
pub fn in_jinja(name: &str) -> Option<&'static Unsupported> {
    all().find(|function| function.jinja == name)
}

/// The explanation for a name that consul-template has removed or omits.
#[must_use]
pub fn removed(name: &str) -> Option<String> {
    if let Some((_, instead)) = REMOVED.iter().find(|(old, _)| *old == name) {
        return Some((*instead).to_owned());
    }
    let omitted = |name: &str| OMITTED.split_whitespace().any(|omitted| omitted == name);
    name.strip_prefix("sprig_").filter(|name| omitted(name)).map(|_| {
        "consul-template omits functions that depend on more than their arguments; use timestamp or env".to_owned()
    })
}
