//! Resolves the limits of a template: the collapse guard, flap damping and the change budget.

use answer_guard::{FlapDampingConfig, GuardConfig};
use config_blocks::{Error, Located, Setting, Switched, value};

use crate::config::error::ValueError;
use crate::config::layer::{FlapDampingBlock, GuardBlock, MaxChangeBlock};

/// Resolves the guard.
pub(super) fn guard(set: Setting<Switched<GuardBlock>>) -> GuardConfig {
    let default = GuardConfig::default();
    let Some(Switched { is_on, keys }) = value(set) else {
        return default;
    };
    GuardConfig {
        is_on,
        max_drop: value(keys.max_drop).unwrap_or(default.max_drop),
        min_items: value(keys.min_items).unwrap_or(default.min_items),
        confirm_for: value(keys.confirm_for).unwrap_or(default.confirm_for),
    }
}

/// Resolves the flap damping. Zero is refused: every instance would be damped, or none.
pub(super) fn flap_damping(
    set: Setting<Switched<FlapDampingBlock>>,
) -> Result<FlapDampingConfig, Error> {
    let default = FlapDampingConfig::default();
    let Some(Located {
        value: Switched { is_on, keys },
        origin,
    }) = set
    else {
        return Ok(default);
    };
    let config = FlapDampingConfig {
        is_on,
        max_toggles: value(keys.max_toggles).unwrap_or(default.max_toggles),
        window: value(keys.window).unwrap_or(default.window),
        stable_for: value(keys.stable_for).unwrap_or(default.stable_for),
        max_damped: value(keys.max_damped).unwrap_or(default.max_damped),
    };
    if config.max_toggles == 0 || config.window.is_zero() || config.stable_for.is_zero() {
        return Err(origin.refuse(ValueError::ZeroFlapDamping));
    }
    Ok(config)
}

/// Refuses a change budget that has no limit, or accepts every change at once.
pub(super) fn check_max_change(set: Option<&Located<MaxChangeBlock>>) -> Result<(), Error> {
    let Some(Located { value, origin }) = set else {
        return Ok(());
    };
    if value.lines.is_none() && value.fraction.is_none() {
        return Err(origin.refuse(ValueError::NoLimit));
    }
    if value
        .confirm_for
        .as_ref()
        .is_some_and(|time| time.value.is_zero())
    {
        return Err(origin.refuse(ValueError::NoConfirmation));
    }
    Ok(())
}
