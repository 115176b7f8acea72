//! The derive macros of `config-blocks`: use them through that crate, which documents them.

mod attributes;

mod field;

mod resolved;

mod block;

mod choice;

use proc_macro::TokenStream;
use syn::DeriveInput;

/// Derives `Block` for a struct whose fields are the keys of a block of a configuration.
///
/// From the declaration of a field follow the reading of its key, the layering, the line on the page of the configuration,
/// the flag, the environment variable, the JSON Schema and the row of the reference page. The doc comment of the field is
/// the text of the reference page, of the schema and of `--help`.
///
/// ```
/// use config_blocks::{Block, Setting};
///
/// /// `retry { … }`
/// #[derive(Block, Clone, Debug, Default)]
/// #[block(heading = "When the server does not answer")]
/// pub struct RetryBlock {
///     /// Number of retries before giving up
///     #[key(default = "3", flag = "--retries")]
///     pub attempts: Setting<u32>,
/// }
/// ```
///
/// A key may also become a field of a struct of resolved values:
///
/// ```
/// use config_blocks::{Block, Setting};
///
/// #[derive(Block, Default)]
/// struct FileBlock {
///     /// Keep the replaced file
///     #[key(default = "false", resolved = FileConfig)]
///     backup: Setting<bool>,
///     /// Owner of the file
///     #[key(resolved = FileConfig)]
///     user: Setting<String>,
/// }
///
/// let FileConfig { backup, user } = FileConfig::from(&FileBlock::default());
/// assert_eq!((backup, user), (false, None));
/// ```
///
/// Attributes of the struct, in `#[block(…)]`:
///
/// - `heading = "…"`: the heading of its flags in `--help`.
/// - `text = function`: reads the block from a single text, for example from an older spelling.
/// - `list = function`: reads the block from a list of texts.
/// - `spelling = function`: the form of that text, for the schema.
/// - `finish = function`: changes the block after all its keys are read.
///
/// Attributes of a field, in `#[key(…)]`; each sets the field of this name of `Key`, except these:
///
/// - `name = "…"`: the name of the key, where it is not that of the field.
/// - `env = "A, B"`: the environment variables; the first that is not blank counts.
/// - `show = function`: the value on the page of the configuration, where it is not that of the type.
/// - `over = function`: layering, where the upper value does not simply win.
/// - `decided_by = "a, b"`: a layer that sets one of these keys, not to an empty value, decides this one too, even if it does
///   not set it.
/// - `parse = function`: reads the whole field from the texts of a flag or a variable.
/// - `resolved = Type`: the key is a field of the struct `Type`, which the macro declares: of the type `T` for a
///   `Setting<T>` whose default is a value, and `Option<T>` otherwise. It is made with `Type::from(&block)`. A path, as in
///   `library::Type`, is a struct with these public fields that is declared elsewhere; the values of `Option`
///   fields are converted with `Into`.
/// - `origin`: no key; the position of the block.
/// - `extra`: no key; a list that adds up over the layers.
#[proc_macro_derive(Block, attributes(block, key))]
pub fn derive_block(input: TokenStream) -> TokenStream {
    expand(input, block::expand)
}

/// Derives `Choice` for an enum whose variants are the values of a key.
///
/// The name of a variant is the variant in lower case: `InPlace` is `inplace`. Names are read in any case.
///
/// ```
/// use config_blocks::Choice;
///
/// #[derive(Clone, Copy, Debug, PartialEq, Choice)]
/// enum WriteMode {
///     Rename,
///     InPlace,
/// }
///
/// assert_eq!(WriteMode::of_name("InPlace"), Ok(WriteMode::InPlace));
/// assert_eq!(
///     WriteMode::of_name("copy").unwrap_err().to_string(),
///     "there is no write mode \"copy\"; write rename or inplace"
/// );
/// ```
///
/// Attributes, in `#[choice(…)]`:
///
/// - `kind = "…"`: what the enum is, in errors, where that is not its name in words.
/// - `advice = "…"`: what the error says after the semicolon, where that is not the names.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    expand(input, choice::expand)
}

fn expand(
    input: TokenStream,
    expand: fn(&DeriveInput) -> syn::Result<proc_macro2::TokenStream>,
) -> TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
