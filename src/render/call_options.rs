//! The options of a call that requests data: `"min=2"` in both languages, or `min=2` in Jinja.
//!
//! Input: the options as a template writes them. Output: the [`CallOptions`], which every function
//! for a list accepts. A function may accept further options, for example those that choose
//! instances.
//!
//! A new option for all lists is a field here and an arm of [`CallOptions::take`].

use super::nearest::did_you_mean;

mod setting;

pub use setting::Setting;

/// The names of the options that every function for a list accepts.
pub const NAMES: &[&str] = &["min", "on_collapse"];

/// Returns `true` if the value of this option is a number.
#[must_use]
pub fn is_number(name: &str) -> bool {
    name == "min"
}

/// The options of a call about its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// `min`: fewer items are a collapse.
    pub min: Option<usize>,
    /// `on_collapse`; `None`: the setting of the template.
    pub on_collapse: Option<OnCollapse>,
}

/// What a call does if the answer has collapsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCollapse {
    /// The last accepted answer stays until the loss is confirmed.
    Hold,
    /// The call sees the latest answer at once.
    Render,
    /// The rendering fails.
    Fail,
}

impl CallOptions {
    /// Takes these options out of those of a call; the others stay.
    ///
    /// # Errors
    /// The invalid option, and the reason. It does not name the given value.
    pub fn take<N: AsRef<str>>(options: &mut Vec<(N, Setting<'_>)>) -> Result<Self, String> {
        let mut own = Self::default();
        let mut seen = Vec::new();
        let mut others = Vec::new();
        for (name, setting) in options.drain(..) {
            let known = NAMES.iter().find(|known| **known == name.as_ref());
            let Some(known) = known else {
                others.push((name, setting));
                continue;
            };
            if seen.contains(known) {
                return Err(format!("{known} is given twice"));
            }
            seen.push(*known);
            match *known {
                "min" => own.min = Some(setting.count(known)?),
                _ => own.on_collapse = Some(setting.word(known, ON_COLLAPSE)?),
            }
        }
        *options = others;
        if own.min.is_some() && own.on_collapse == Some(OnCollapse::Render) {
            return Err("min and on_collapse=render exclude each other".to_owned());
        }
        Ok(own)
    }
}

/// The values of `on_collapse`.
const ON_COLLAPSE: &[(&str, OnCollapse)] = &[
    ("hold", OnCollapse::Hold),
    ("render", OnCollapse::Render),
    ("fail", OnCollapse::Fail),
];

/// The error of an option that a function does not know.
#[must_use]
pub fn unknown_option(name: &str, known: &[&str]) -> String {
    match did_you_mean(name, known.iter().copied()) {
        Some(hint) => format!("unknown option {name:?}; {hint}"),
        None => format!("unknown option {name:?}; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(options: Options<'_>) -> Result<(CallOptions, usize), String> {
        let options = options.iter();
        let mut options = options
            .map(|(name, text)| (*name, Setting::Text(text)))
            .collect();
        let own = CallOptions::take(&mut options)?;
        Ok((own, options.len()))
    }

    type Options<'a> = &'a [(&'static str, &'static str)];

    #[test]
    fn own_options_are_taken_and_the_others_stay() {
        let options = |min, on_collapse| CallOptions { min, on_collapse };
        let cases: &[(Options<'_>, CallOptions, usize)] = &[
            (&[], options(None, None), 0),
            (&[("tag", "a"), ("tag", "b")], options(None, None), 2),
            (&[("min", "2"), ("tag", "a")], options(Some(2), None), 1),
            (
                &[("on_collapse", "hold"), ("min", "1")],
                options(Some(1), Some(OnCollapse::Hold)),
                0,
            ),
            (
                &[("on_collapse", "render")],
                options(None, Some(OnCollapse::Render)),
                0,
            ),
            (
                &[("on_collapse", "fail")],
                options(None, Some(OnCollapse::Fail)),
                0,
            ),
        ];
        for (written, expected, others) in cases {
            assert_eq!(take(written), Ok((*expected, *others)), "{written:?}");
        }
        let mut number = vec![("min", Setting::Number(3))];
        assert_eq!(
            CallOptions::take(&mut number).map(|own| own.min),
            Ok(Some(3))
        );
    }

    #[test]
    fn an_invalid_option_is_an_error_with_the_reason() {
        let cases: &[(Options<'_>, &str)] = &[
            (&[("min", "0")], "min is a number from 1"),
            (&[("min", "-1")], "min is a number from 1"),
            (&[("min", "two")], "min is a number from 1"),
            (&[("min", "1"), ("min", "2")], "min is given twice"),
            (
                &[("on_collapse", "wait")],
                r#"on_collapse is "hold" or "render" or "fail""#,
            ),
            (
                &[("on_collapse", "render"), ("min", "1")],
                "min and on_collapse=render exclude each other",
            ),
        ];
        for (written, reason) in cases {
            assert_eq!(take(written), Err((*reason).to_owned()), "{written:?}");
        }
    }
}
