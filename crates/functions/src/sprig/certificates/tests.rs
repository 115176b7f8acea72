//! Tests of certificates; another library verifies them.

use jiff::Timestamp;
use proptest::prelude::*;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use x509_issue::pem;

use super::*;
use crate::memo::Memo;
use crate::testing::{Rendering, named_in_go};

const DAY: i64 = 24 * 3600;

/// Keys that were generated with openssl for these tests.
const EC_KEY: &str = include_str!("tests/ec.pem");
const EC_KEY_PKCS8: &str = include_str!("tests/ec-pkcs8.pem");
const RSA_KEY: &str = include_str!("tests/rsa.pem");
const RSA_KEY_PKCS8: &str = include_str!("tests/rsa-pkcs8.pem");
/// A certificate that was issued with openssl, with the subject `C=AT, O=Example, CN=root`.
const RSA_CA: &str = include_str!("tests/rsa-ca.pem");

fn rendering_at(memo: &Arc<Memo>, day: i64) -> Rendering {
    Rendering {
        now: Timestamp::from_second(1_800_000_000 + day * DAY).unwrap(),
        memo: Arc::clone(memo),
        ..Rendering::default()
    }
}

fn call_in(context: &Rendering, name: &str, args: &[Value]) -> Result<Value, String> {
    (named_in_go(name).unwrap().code)(&Call { args, context }).map_err(|error| error.to_string())
}

fn call(name: &str, args: &[Value]) -> Result<Value, String> {
    call_in(&rendering_at(&Arc::default(), 0), name, args)
}

fn text_of(certificate: &Value, field: &str) -> String {
    certificate.get_attr(field).unwrap().to_string()
}

/// Returns `true` if a client that trusts `trusted` accepts the certificate for a host on a day.
fn is_valid(certificate: &Value, trusted: &str, host: &str, day: i64) -> bool {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .unwrap();
    let bytes = CertificateDer::from_pem_slice(text_of(certificate, "Cert").as_bytes()).unwrap();
    let seconds = u64::try_from(1_800_000_000 + day * DAY + 1).unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    verifier
        .verify_server_cert(
            &bytes,
            &[],
            &ServerName::try_from(host.to_owned()).unwrap(),
            &[],
            now,
        )
        .is_ok()
}

fn arguments(name: &str, days: i64) -> [Value; 4] {
    let ips = Value::from(vec!["10.0.0.1", "::1", "::ffff:10.0.0.2"]);
    [
        Value::from(name),
        ips,
        Value::from(vec!["a.example", "*.b.example"]),
        Value::from(days),
    ]
}

#[test]
fn a_certificate_is_valid_for_its_names_and_days() {
    let ca = call("sprig_genCA", &[Value::from("root"), Value::from(365)]).unwrap();
    let other = call("sprig_genCA", &[Value::from("root"), Value::from(365)]).unwrap();
    let mut args = arguments("web", 10).to_vec();
    args.push(ca.clone());
    let signed = call("sprig_genSignedCert", &args).unwrap();
    let root = text_of(&ca, "Cert");
    for host in ["a.example", "x.b.example", "10.0.0.1", "::1", "10.0.0.2"] {
        assert!(is_valid(&signed, &root, host, 9), "{host}");
    }
    assert!(!is_valid(&signed, &root, "b.example", 9) && !is_valid(&signed, &root, "web", 9));
    assert!(
        !is_valid(&signed, &root, "a.example", 10) && !is_valid(&signed, &root, "a.example", -1)
    );
    assert!(!is_valid(&signed, &text_of(&other, "Cert"), "a.example", 9));
    // A certificate that is not a CA cannot sign another one.
    args[4] = signed.clone();
    let further = call("sprig_genSignedCert", &args).unwrap();
    assert!(!is_valid(&further, &root, "a.example", 9));
}

#[test]
fn keys_are_read_in_every_format() {
    let forms = [
        (EC_KEY, "EC PRIVATE KEY", EC_KEY),
        (EC_KEY_PKCS8, "EC PRIVATE KEY", EC_KEY),
        (RSA_KEY, "RSA PRIVATE KEY", RSA_KEY),
        (RSA_KEY_PKCS8, "RSA PRIVATE KEY", RSA_KEY),
    ];
    let made = ["ecdsa", "ed25519"].map(|kind| {
        call("sprig_genPrivateKey", &[Value::from(kind)])
            .unwrap()
            .to_string()
    });
    let made = [
        (&*made[0], "EC PRIVATE KEY", &*made[0]),
        (&*made[1], "PRIVATE KEY", &*made[1]),
    ];
    for (given, kind, written) in forms.into_iter().chain(made) {
        let given = Value::from(given);
        let ca = call(
            "sprig_genCAWithKey",
            &[Value::from("root"), Value::from(2), given.clone()],
        )
        .unwrap();
        assert_eq!(text_of(&ca, "Key"), written, "{kind}");
        assert!(
            text_of(&ca, "Key").starts_with(&format!("-----BEGIN {kind}-----\n")),
            "{kind}"
        );
        let mut args = arguments("web", 2).to_vec();
        args.extend([ca.clone(), given]);
        let signed = call("sprig_genSignedCertWithKey", &args).unwrap();
        assert!(
            is_valid(&signed, &text_of(&ca, "Cert"), "a.example", 1),
            "{kind}"
        );
        let itself = call(
            "sprig_genSelfSignedCertWithKey",
            &[&arguments("web", 2)[..], &[args[5].clone()]].concat(),
        );
        assert_eq!(text_of(&itself.unwrap(), "Key"), written);
    }
}

#[test]
fn a_ca_of_openssl_signs() {
    let encoded = |text: &str| Value::from(STANDARD.encode(text));
    let ca = call(
        "sprig_buildCustomCert",
        &[encoded(RSA_CA), encoded(RSA_KEY)],
    )
    .unwrap();
    assert_eq!(
        (text_of(&ca, "Cert"), text_of(&ca, "Key")),
        (RSA_CA.to_owned(), RSA_KEY.to_owned())
    );
    let mut args = arguments("web", 2).to_vec();
    args.push(ca.clone());
    let signed = call("sprig_genSignedCert", &args).unwrap();
    assert!(is_valid(&signed, RSA_CA, "a.example", 1));
}

#[test]
fn errors_quote_no_values() {
    let encoded = |text: &str| Value::from(STANDARD.encode(text));
    let wrong = |name, args: &[Value]| call(name, args).unwrap_err();
    let build =
        |certificate: Value, key: Value| wrong("sprig_buildCustomCert", &[certificate, key]);
    assert_eq!(
        build(Value::from("!"), Value::from("")),
        "unable to decode base64 certificate"
    );
    assert_eq!(
        build(Value::from(""), Value::from("!")),
        "unable to decode base64 private key"
    );
    assert_eq!(
        build(encoded("x"), encoded("x")),
        "unable to decode certificate: it has no PEM certificate"
    );
    assert_eq!(
        build(encoded(&pem("CERTIFICATE", b"hidden")), encoded("x")),
        "error parsing certificate"
    );
    assert_eq!(
        build(encoded(RSA_CA), encoded("hidden")),
        "the text has no private key in PEM"
    );
    let ca = call("sprig_buildCustomCert", &[encoded(RSA_CA), encoded(EC_KEY)]).unwrap();
    let mut args = arguments("web", 2).to_vec();
    args.push(ca);
    assert!(wrong("sprig_genSignedCert", &args).contains("does not belong to"));
    args[4] = Value::from("x");
    assert_eq!(
        wrong("sprig_genSignedCert", &args),
        "wrong type for value; expected sprig.certificate; got string"
    );
    let [name, _, hosts, days] = arguments("web", 2);
    let addresses =
        |ips: Vec<&'static str>| [name.clone(), Value::from(ips), hosts.clone(), days.clone()];
    assert_eq!(
        wrong("sprig_genSelfSignedCert", &addresses(vec!["hidden"])),
        "error parsing ip: it is not an IP address"
    );
    for days in [i64::MAX, i64::MIN, 10_000_000] {
        let error = wrong("sprig_genCA", &[name.clone(), Value::from(days)]);
        assert_eq!(
            error,
            "the validity must end between the years 1970 and 9999"
        );
    }
    assert!(wrong("sprig_genPrivateKey", &[Value::from("rsa")]).contains("openssl genrsa"));
}

#[test]
fn a_certificate_is_kept_for_two_thirds_of_its_validity() {
    let memo = Arc::default();
    let at = |day| {
        let pass = rendering_at(&memo, day);
        let made = call_in(&pass, "sprig_genSelfSignedCert", &arguments("web", 30)).unwrap();
        (text_of(&made, "Cert"), pass.expiry().is_some())
    };
    let first = at(0);
    assert!(first.1);
    assert_eq!((at(1), at(19)), (first.clone(), first.clone()));
    let second = at(20);
    assert_ne!(first, second);
    assert_eq!(at(39), second);
}

#[test]
fn nothing_is_generated_while_data_is_missing() {
    let memo = Arc::default();
    let pass = Rendering {
        complete: false,
        ..rendering_at(&memo, 0)
    };
    let made = call_in(&pass, "sprig_genCA", &[Value::from(""), Value::from(1)]).unwrap();
    let mut args = arguments("web", 2).to_vec();
    args.push(made);
    let signed = call_in(&pass, "sprig_genSignedCert", &args).unwrap();
    assert_eq!(text_of(&signed, "Cert") + &text_of(&signed, "Key"), "");
    let built = call_in(
        &pass,
        "sprig_buildCustomCert",
        &[Value::from(""), Value::from("")],
    )
    .unwrap();
    assert_eq!(text_of(&built, "Cert"), "");
    assert_eq!(format!("{memo:?} {built:?}").matches("Memo(0)").count(), 1);
}

proptest! {
    #[test]
    fn no_bytes_make_the_parsers_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = parse(&pem("CERTIFICATE", &bytes));
        for label in ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"] {
            let _ = Key::from_pem(&pem(label, &bytes));
        }
    }

    #[test]
    fn a_damaged_certificate_or_key_is_no_panic(at in 0_usize..400, byte in any::<u8>()) {
        for (text, label) in [(RSA_CA, "CERTIFICATE"), (EC_KEY_PKCS8, "PRIVATE KEY"), (EC_KEY, "EC PRIVATE KEY")] {
            let encoded: String = text.lines().filter(|line| !line.starts_with('-')).collect();
            let mut bytes = STANDARD.decode(encoded).unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = parse(&pem(label, &bytes));
            let _ = Key::from_pem(&pem(label, &bytes));
        }
    }
}
