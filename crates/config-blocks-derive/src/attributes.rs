//! The attributes of a struct and of its fields.

use proc_macro2::TokenStream;
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, ExprLit, Field, Ident, Lit, LitStr, Meta, Path, Token};

/// `#[block(…)]`
#[derive(Default)]
pub(crate) struct BlockAttributes {
    pub(crate) heading: Option<String>,
    pub(crate) text: Option<Path>,
    pub(crate) list: Option<Path>,
    pub(crate) spelling: Option<Path>,
    pub(crate) finish: Option<Path>,
}

/// What a field is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// A key.
    #[default]
    Key,
    /// The position of the block.
    Origin,
    /// A list beside the keys.
    Extra,
}

/// `#[key(…)]` and the doc comment.
#[derive(Default)]
pub(crate) struct KeyAttributes {
    pub(crate) role: Role,
    pub(crate) name: Option<String>,
    pub(crate) doc: String,
    pub(crate) env: Vec<String>,
    pub(crate) decided_by: Vec<String>,
    pub(crate) show: Option<Path>,
    pub(crate) over: Option<Path>,
    pub(crate) parse: Option<Path>,
    /// The struct of resolved values that has the key.
    pub(crate) resolved: Option<Path>,
    /// The default is a value, and not words about it.
    pub(crate) has_default: bool,
    /// The fields of `Key` that are set, each with its value.
    pub(crate) set: Vec<(Ident, TokenStream)>,
}

/// `#[choice(…)]`
#[derive(Default)]
pub(crate) struct ChoiceAttributes {
    pub(crate) kind: Option<String>,
    pub(crate) advice: String,
}

impl ChoiceAttributes {
    pub(crate) fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut choice = Self::default();
        for attribute in attributes.iter().filter(|it| it.path().is_ident("choice")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("kind") {
                    choice.kind = Some(text(&meta)?);
                } else if meta.path.is_ident("advice") {
                    choice.advice = text(&meta)?;
                } else {
                    return Err(meta.error("there is no such attribute of an enum"));
                }
                Ok(())
            })?;
        }
        Ok(choice)
    }
}

impl BlockAttributes {
    pub(crate) fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut block = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident("block") {
                attribute.parse_nested_meta(|meta| {
                    if meta.path.is_ident("heading") {
                        block.heading = Some(text(&meta)?);
                    } else if meta.path.is_ident("text") {
                        block.text = Some(path(&meta)?);
                    } else if meta.path.is_ident("list") {
                        block.list = Some(path(&meta)?);
                    } else if meta.path.is_ident("spelling") {
                        block.spelling = Some(path(&meta)?);
                    } else if meta.path.is_ident("finish") {
                        block.finish = Some(path(&meta)?);
                    } else {
                        return Err(meta.error("there is no such attribute of a block"));
                    }
                    Ok(())
                })?;
            }
        }
        Ok(block)
    }
}

impl KeyAttributes {
    pub(crate) fn of(field: &Field) -> syn::Result<Self> {
        let mut key = Self::default();
        for attribute in &field.attrs {
            if attribute.path().is_ident("key") {
                attribute.parse_nested_meta(|meta| key.add(&meta))?;
            } else if attribute.path().is_ident("doc") {
                key.add_doc(&attribute.meta);
            }
        }
        Ok(key)
    }

    fn add(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let name = meta.path.require_ident()?.clone();
        match name.to_string().as_str() {
            "origin" => self.role = Role::Origin,
            "extra" => self.role = Role::Extra,
            "name" => self.name = Some(text(meta)?),
            "env" => self.env = list(meta)?,
            "decided_by" => self.decided_by = list(meta)?,
            "show" => self.show = Some(path(meta)?),
            "over" => self.over = Some(path(meta)?),
            "parse" => self.parse = Some(path(meta)?),
            "resolved" => self.resolved = Some(meta.value()?.parse()?),
            _ if meta.input.peek(Token![=]) => {
                let value: LitStr = meta.value()?.parse()?;
                self.has_default |= name == "default" && is_value(&value.value());
                self.set.push((name, quote!(#value)));
            }
            _ => self.set.push((name, quote!(true))),
        }
        Ok(())
    }

    fn add_doc(&mut self, meta: &Meta) {
        let Meta::NameValue(pair) = meta else { return };
        let Expr::Lit(ExprLit {
            lit: Lit::Str(line),
            ..
        }) = &pair.value
        else {
            return;
        };
        if !self.doc.is_empty() {
            self.doc.push(' ');
        }
        self.doc.push_str(line.value().trim());
    }
}

/// Returns `true` if a default is JSON. Words do not begin like JSON.
fn is_value(default: &str) -> bool {
    let begins = |first: char| first.is_ascii_digit() || matches!(first, '"' | '[' | '-');
    default.starts_with(begins) || matches!(default, "true" | "false")
}

fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<String> {
    Ok(meta.value()?.parse::<LitStr>()?.value())
}

fn list(meta: &ParseNestedMeta<'_>) -> syn::Result<Vec<String>> {
    let list = text(meta)?;
    Ok(list.split(',').map(|item| item.trim().to_owned()).collect())
}

fn path(meta: &ParseNestedMeta<'_>) -> syn::Result<Path> {
    meta.value()?.parse()
}
