//! The differences of rendering and writing.

use super::difference::Difference;
use super::difference::Touch::Functions;

/// Functions with a random result.
const GENERATED: &[&str] = &[
    "sprig_bcrypt",
    "sprig_htpasswd",
    "sprig_encryptAES",
    "sprig_genPrivateKey",
    "sprig_genCA",
    "sprig_genCAWithKey",
    "sprig_genSelfSignedCert",
    "sprig_genSelfSignedCertWithKey",
    "sprig_genSignedCert",
    "sprig_genSignedCertWithKey",
];

/// Functions that make a key, if none is passed.
const KEYS: &[&str] = &[
    "sprig_genPrivateKey",
    "sprig_genCA",
    "sprig_genSelfSignedCert",
    "sprig_genSignedCert",
];

/// It depends on the file system.
pub(super) const LINKED_DESTINATION: Difference = Difference {
    subject: "a destination that is a symlink",
    theirs: "replaced",
    ours: "followed, unless another user has put it into a directory such as `/tmp`",
    reason: "the link is intended",
    touched_by: &[],
};

/// The rows of the table.
pub(super) const ROWS: &[Difference] = &[
    Difference {
        subject: "`env` during a first pass, `index` of an empty list",
        theirs: "fatal",
        ours: "waits for the data",
        reason: "the data has not arrived yet",
        touched_by: &[],
    },
    Difference {
        subject: "with `-once`, `file` of the destination of another template",
        theirs: "the new content if that template needs no data, otherwise what was there before",
        ours: "the new content, unless both templates have the same command or group or read the files of one another, or another template that reads the same file does, the template that writes the file fails, or `-dry` is set",
        reason: "one run is enough for templates that depend on each other",
        touched_by: &[],
    },
    Difference {
        subject: "`plugin`, `writeToFile`",
        theirs: "in every pass, also without data",
        ours: "once for each change, and only if `allow` names them",
        reason: "a pass is not a change, and these functions have side effects",
        touched_by: &[Functions(&["plugin", "writeToFile"])],
    },
    Difference {
        subject: "a change of an answer that no template reads, for example of the output of a check",
        theirs: "each template of the query is rendered, so `timestamp` and plugins have new values",
        ours: "nothing is rendered",
        reason: "Consul reports such changes at every check, and each could reload the program",
        touched_by: &[],
    },
    Difference {
        subject: "a path of `writeToFile` with `..`",
        theirs: "written",
        ours: "an error",
        reason: "a name from Consul could lead out of the directory",
        touched_by: &[Functions(&["writeToFile"])],
    },
    Difference {
        subject: "an output that is not UTF-8, for example of `base64Decode`",
        theirs: "bytes that are not UTF-8 are written",
        ours: "they are an error",
        reason: "files are text",
        touched_by: &[Functions(&[
            "base64Decode",
            "base64URLDecode",
            "sprig_b64dec",
            "sprig_b32dec",
        ])],
    },
    Difference {
        subject: "`file` of a file that is not UTF-8",
        theirs: "its bytes are used",
        ours: "an error",
        reason: "files are text, and other bytes would be lost",
        touched_by: &[],
    },
    Difference {
        subject: "a destination that is a mount, or in a directory without write permission",
        theirs: "an error",
        ours: "written in place with a warning; `write` changes this",
        reason: "containers mount single files",
        touched_by: &[],
    },
    LINKED_DESTINATION,
    Difference {
        subject: "only `perms` changed",
        theirs: "no effect until the content changes",
        ours: "the file is written and its command runs",
        reason: "a mode that is written in the configuration applies",
        touched_by: &[],
    },
    Difference {
        subject: "the token file; certificates and keys",
        theirs: "read once",
        ours: "watched; an invalid one is reported, and the old one is kept",
        reason: "they are rotated",
        touched_by: &[],
    },
    Difference {
        subject: "a salted hash, a new key, a new certificate",
        theirs: "another one at each rendering",
        ours: "[once for the same arguments](template-languages.md#values-that-are-generated-once)",
        reason: "otherwise the file changes each time",
        touched_by: &[Functions(GENERATED)],
    },
    Difference {
        subject: "times of certificates, roots and peerings",
        theirs: "Go's `time.Time`",
        ours: "text in RFC 3339, as in JSON",
        reason: "this is how Consul writes them",
        touched_by: &[Functions(&["caRoots", "caLeaf", "peerings"])],
    },
    Difference {
        subject: "`Partition` and `Namespace` of an exported service",
        theirs: "always empty",
        ours: "Consul's answer",
        reason: "the answer has them",
        touched_by: &[Functions(&["exportedServices"])],
    },
    Difference {
        subject: "new keys and certificates of sprig",
        theirs: "RSA, or what the argument says",
        ours: "ECDSA or Ed25519; RSA and DSA are errors",
        reason: "they are faster to make, and as safe",
        touched_by: &[Functions(KEYS)],
    },
];
