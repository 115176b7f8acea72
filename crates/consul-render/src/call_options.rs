//! The options of a call that requests data: `"min=2"` in both languages, or `min=2` in Jinja.
//!
//! Input: the options as a template writes them. Output: the [`CallOptions`]. Every function for a list accepts
//! [`NAMES`], and one for a single item [`ITEM_NAMES`]. A function may accept further options, for example those that
//! choose instances.
//!
//! A new option for all lists is a field here and an arm of [`CallOptions::take`].

use super::failure_policy::FailurePolicy;
use super::nearest::did_you_mean;
use consul_watch::query::Query;

mod setting;

pub(crate) use setting::Setting;

/// The names of the options that every function for a list accepts.
pub(crate) const NAMES: &[&str] = &["dc", "min", "on_collapse", "on_error", "stale_for"];
/// The names of the options that a function for a single item accepts.
pub(crate) const ITEM_NAMES: &[&str] = &["dc", "on_error", "stale_for"];
/// The same for an item that no datacenter has, but only the agent.
pub(crate) const AGENT_ITEM_NAMES: &[&str] = &["on_error", "stale_for"];

/// Returns `true` if the value of this option is a number.
#[must_use]
pub(crate) fn is_number(name: &str) -> bool {
    name == "min"
}

/// The options of a call about its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CallOptions {
    /// `min`: fewer items are a collapse.
    pub min: Option<usize>,
    /// `on_collapse`; `None`: the setting of the template.
    pub on_collapse: Option<OnCollapse>,
    /// `on_error` with `stale_for`; `None`: the default.
    pub on_error: Option<FailurePolicy>,
}

/// What a call does if the answer has collapsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnCollapse {
    /// The last accepted answer stays until the loss is confirmed.
    Hold,
    /// The call sees the latest answer at once.
    Render,
    /// The rendering fails.
    Fail,
}

impl CallOptions {
    /// The options of a call that needs an answer, also in a loop over datacenters, unless `on_error` is given.
    #[must_use]
    pub(crate) fn requiring_an_answer(self) -> Self {
        Self {
            on_error: Some(self.on_error.unwrap_or_default()),
            ..self
        }
    }

    /// Takes these options out of those of a call; the others stay.
    ///
    /// # Errors
    /// The invalid option, and the reason. It does not name the given value.
    pub(crate) fn take<N: AsRef<str>>(options: &mut Vec<(N, Setting<'_>)>) -> Result<Self, String> {
        let mut own = Self::default();
        let mut stale_for = None;
        let mut seen = Vec::new();
        let mut others = Vec::new();
        for (name, setting) in options.drain(..) {
            // The query has the datacenter.
            let known = NAMES
                .iter()
                .find(|known| **known == name.as_ref() && **known != DATACENTER);
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
                "on_error" => own.on_error = Some(setting.word(known, ON_ERROR)?),
                "stale_for" => stale_for = Some(setting.span(known)?),
                _ => own.on_collapse = Some(setting.word(known, ON_COLLAPSE)?),
            }
        }
        *options = others;
        if own.min.is_some() && own.on_collapse == Some(OnCollapse::Render) {
            return Err("min and on_collapse=render exclude each other".to_owned());
        }
        if let Some(span) = stale_for {
            let Some(FailurePolicy::Stale(limit)) = &mut own.on_error else {
                return Err("stale_for needs on_error=stale".to_owned());
            };
            *limit = Some(span);
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

/// The values of `on_error`.
const ON_ERROR: &[(&str, FailurePolicy)] = &[
    ("stale", FailurePolicy::Stale(None)),
    ("empty", FailurePolicy::Empty),
    ("fail", FailurePolicy::Fail),
];

/// The option with the datacenter of the query.
pub(crate) const DATACENTER: &str = "dc";

/// Takes the datacenter out of the options of a call, and returns the query to it.
///
/// # Errors
/// If the option is invalid, or the query names a datacenter already.
pub(crate) fn to_datacenter<N: AsRef<str>>(
    query: Query,
    options: &mut Vec<(N, Setting<'_>)>,
) -> Result<Query, String> {
    let is_datacenter = |(name, _): &(N, Setting<'_>)| name.as_ref() == DATACENTER;
    let Some(place) = options.iter().position(is_datacenter) else {
        return Ok(query);
    };
    let (_, setting) = options.remove(place);
    if options.iter().any(is_datacenter) {
        return Err(format!("{DATACENTER} is given twice"));
    }
    match setting {
        Setting::Text(name) if !name.is_empty() && query.datacenter().is_empty() => query
            .to_datacenter(name)
            .ok_or_else(|| format!("{DATACENTER} has no meaning for this query")),
        Setting::Text("") => Err(format!("{DATACENTER} is empty")),
        Setting::Text(_) => Err(format!(
            "{DATACENTER} and @{} exclude each other",
            query.datacenter()
        )),
        _ => Err(format!("{DATACENTER} is the name of a datacenter")),
    }
}

/// The error of an option that a function does not know.
#[must_use]
pub(crate) fn unknown_option(name: &str, known: &[&str]) -> String {
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
        let options = |min, on_collapse| CallOptions {
            min,
            on_collapse,
            on_error: None,
        };
        let on_error = |policy| CallOptions {
            on_error: Some(policy),
            ..CallOptions::default()
        };
        let day = std::time::Duration::from_secs(24 * 3600);
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
            (&[("on_error", "empty")], on_error(FailurePolicy::Empty), 0),
            (&[("on_error", "fail")], on_error(FailurePolicy::Fail), 0),
            (
                &[("on_error", "stale"), ("dc", "eu")],
                on_error(FailurePolicy::Stale(None)),
                1,
            ),
            (
                &[("stale_for", "24h"), ("on_error", "stale")],
                on_error(FailurePolicy::Stale(Some(day))),
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
            (
                &[("on_error", "skip")],
                r#"on_error is "stale" or "empty" or "fail""#,
            ),
            (&[("stale_for", "24h")], "stale_for needs on_error=stale"),
            (
                &[("stale_for", "24h"), ("on_error", "empty")],
                "stale_for needs on_error=stale",
            ),
            (
                &[("stale_for", "1"), ("on_error", "stale")],
                r#"stale_for is a time such as "5s" or "1m30s""#,
            ),
        ];
        for (written, reason) in cases {
            assert_eq!(take(written), Err((*reason).to_owned()), "{written:?}");
        }
    }

    #[test]
    fn the_datacenter_becomes_part_of_the_query() {
        let to = |query: &str, options: Options<'_>| {
            let options = options.iter();
            let mut options = options
                .map(|(name, text)| (*name, Setting::Text(text)))
                .collect();
            let query = to_datacenter(Query::service(query).unwrap(), &mut options)?;
            Ok::<_, String>((query.to_string(), options.len()))
        };
        let query = |text: &str, others| Ok((format!("health.service({text}|passing)"), others));
        assert_eq!(to("web", &[("tag", "a")]), query("web", 1));
        assert_eq!(to("web@us", &[("tag", "a")]), query("web@us", 1));
        assert_eq!(to("web", &[("dc", "eu"), ("min", "1")]), query("web@eu", 1));
        for (written, options, reason) in [
            (
                "web@us",
                &[("dc", "eu")][..],
                "dc and @us exclude each other",
            ),
            ("web", &[("dc", "")], "dc is empty"),
            ("web", &[("dc", "a"), ("dc", "b")], "dc is given twice"),
        ] {
            assert_eq!(to(written, options), Err(reason.to_owned()));
        }
    }
}
