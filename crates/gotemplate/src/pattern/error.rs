//! Why a pattern is not valid.

/// An error of a pattern, in Go's words. It does not quote the pattern, which may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct SyntaxError(pub(super) &'static str);

pub(super) const INVALID_ESCAPE: SyntaxError = SyntaxError("invalid escape sequence");
pub(super) const INVALID_RANGE: SyntaxError = SyntaxError("invalid character class range");
pub(super) const MISSING_BRACKET: SyntaxError = SyntaxError("missing closing ]");
pub(super) const MISSING_OPERAND: SyntaxError =
    SyntaxError("missing argument to repetition operator");
pub(super) const NESTED_REPETITION: SyntaxError = SyntaxError("invalid nested repetition operator");
pub(super) const INVALID_COUNT: SyntaxError = SyntaxError("invalid repeat count");
pub(super) const INVALID_SYNTAX: SyntaxError = SyntaxError("invalid or unsupported Perl syntax");
pub(super) const NO_LOOKAROUND: SyntaxError =
    SyntaxError("invalid or unsupported Perl syntax: there is no look-ahead and no look-behind");
pub(super) const INVALID_NAME: SyntaxError = SyntaxError("invalid named capture");
pub(super) const UNEXPECTED_PAREN: SyntaxError = SyntaxError("unexpected )");
pub(super) const MISSING_PAREN: SyntaxError = SyntaxError("missing closing )");
pub(super) const TRAILING_BACKSLASH: SyntaxError =
    SyntaxError("trailing backslash at end of expression");
pub(super) const TOO_LARGE: SyntaxError = SyntaxError("expression too large");
