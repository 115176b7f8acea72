//! Resolves the groups of templates that are applied together.
//!
//! Input: the `group` blocks, and the templates with their jobs. Output: [`GroupConfig`]s in the jobs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use config_blocks::{Block as _, Error, Labelled, Located, Origin, Setting, value};
use file_writer::Owner;
use go_duration::GoDuration;

use super::action::{ActionKeys, Actions};
use super::check::{ApplyKeys, ApplySettings, is_for_one_file};
use super::command::CommandSettings;
use crate::config::error::GroupError;
use crate::config::layer::{GroupBlock, TemplateBlock};
use crate::config::resolved::Job;
use group_apply::options::{CommandConfig, CommandOutput, GroupConfig, GroupKey, Probe};

/// The groups with names, and the actions of all templates and groups.
pub(super) struct Groups {
    declared: Vec<Declared>,
    actions: Actions,
}

/// A `group` block.
struct Declared {
    name: String,
    origin: Origin,
    settings: ApplySettings,
    /// Its command, if it sets one.
    command: Setting<CommandConfig>,
    /// The settings of its commands.
    commands: CommandSettings,
    /// The timeout of the command, if it sets one.
    timeout: Setting<Duration>,
    /// It sets the environment of the command.
    has_environment: bool,
}

/// The template of a job, as a member of a group.
pub(super) struct Member {
    /// The name of its group, if it names one that is declared.
    group: Option<String>,
    /// Its command.
    pub(super) command: Setting<CommandConfig>,
    /// The timeout of its command, if it sets one.
    timeout: Setting<Duration>,
    /// Its own settings.
    settings: ApplySettings,
}

impl Groups {
    pub(super) fn of(
        blocks: Vec<Labelled<GroupBlock>>,
        output: CommandOutput,
    ) -> Result<Self, Error> {
        let mut actions = Actions::default();
        let declared = blocks
            .into_iter()
            .map(|block| Declared::of(block, output, &mut actions));
        Ok(Self {
            declared: declared.collect::<Result<_, _>>()?,
            actions,
        })
    }

    /// Takes the keys about its command and its group out of a template. Where `group` names a block, `gid` is the group of
    /// the file.
    pub(super) fn member(
        &mut self,
        block: &mut TemplateBlock,
        commands: &CommandSettings,
    ) -> Result<Member, Error> {
        let command = ActionKeys::of_template(block).resolve(commands, &mut self.actions)?;
        let keys = ApplyKeys::of_template(block);
        let timeout = block.command_timeout.take();
        let gid = block.gid.take();
        let named = block.group.as_ref().and_then(|set| match &set.value {
            Owner::Name(name) => self.declared.iter().find(|group| group.name == *name),
            Owner::Id(_) => None,
        });
        let Some(group) = named else {
            block.group = block.group.take().or(gid);
            return Ok(Member {
                group: None,
                command,
                timeout,
                settings: keys.resolve(commands)?,
            });
        };
        if let Some((key, own)) = keys.first() {
            return Err(own.refuse(GroupError::InGroup {
                group: group.name.clone(),
                key,
                origin: group.origin.clone(),
            }));
        }
        block.group = gid;
        Ok(Member {
            group: Some(group.name.clone()),
            command,
            timeout,
            settings: ApplySettings::default(),
        })
    }

    /// Sets the groups of the jobs, each with its member. Returns warnings.
    pub(super) fn assign(self, jobs: &mut [Job], members: &[Member]) -> Result<Vec<String>, Error> {
        let mut warnings = Vec::new();
        for group in self.declared {
            let is_member = |at: &usize| members[*at].group.as_deref() == Some(&group.name);
            let own: Vec<_> = (0..jobs.len()).filter(is_member).collect();
            if own.is_empty() {
                let Declared { name, origin, .. } = group;
                warnings.push(format!(
                    "{origin}: no template has group = \"{name}\", so that the group has no effect"
                ));
                continue;
            }
            let command = group.command(members, &own)?;
            if let Some(command) = &command {
                warnings.extend(group.unused_timeouts(command, members, &own));
            }
            let key = GroupKey::Named(group.name.as_str().into());
            warnings.extend(group.settings.set(key, command, jobs, &own)?);
        }
        set_unnamed(jobs, members, &mut warnings)?;
        Ok(warnings)
    }
}

impl Declared {
    fn of(
        block: Labelled<GroupBlock>,
        output: CommandOutput,
        actions: &mut Actions,
    ) -> Result<Self, Error> {
        let Labelled {
            label: name,
            origin,
            mut block,
        } = block;
        if matches!(Owner::from(name.as_str()), Owner::Id(_)) {
            return Err(origin.refuse(GroupError::Number));
        }
        let keys = ApplyKeys::of_group(&mut block);
        let action = ActionKeys::of_group(&mut block);
        let (timeout, has_environment) = (block.command_timeout.clone(), block.env.is_set());
        let commands = CommandSettings::of(block.command_timeout, block.env, output)?;
        let command = action.resolve(&commands, actions)?;
        Ok(Self {
            name,
            origin,
            settings: keys.resolve(&commands)?,
            command,
            commands,
            timeout,
            has_environment,
        })
    }

    /// The command of the group: its own, else that of its templates, of which each has the same or none.
    fn command(&self, members: &[Member], own: &[usize]) -> Result<Option<CommandConfig>, Error> {
        let mut found = self.command.clone();
        let is_inherited = found.is_none();
        for at in own {
            let Some(Located {
                value: command,
                origin,
            }) = &members[*at].command
            else {
                continue;
            };
            match &found {
                None => found = Some(origin.locate(command.clone())),
                Some(found) if found.value.line == command.line => {}
                Some(Located { origin: other, .. }) => {
                    return Err(origin.refuse(GroupError::OtherCommand {
                        group: self.name.clone(),
                        other: other.clone(),
                    }));
                }
            }
        }
        Ok(value(found).map(|mut command| {
            if is_inherited && self.timeout.is_some() {
                command.timeout = self.commands.timeout;
            }
            if is_inherited && self.has_environment {
                command.environment = self.commands.environment.clone();
            }
            command
        }))
    }

    /// Warnings about timeouts of templates that differ from that of the one command of the group.
    fn unused_timeouts(
        &self,
        command: &CommandConfig,
        members: &[Member],
        own: &[usize],
    ) -> Vec<String> {
        let mut own = own.iter().map(|at| &members[*at]);
        let inherited = own.clone().find(|member| member.command.is_some());
        let inherited = inherited.filter(|_| self.command.is_none());
        let used = self.timeout.as_ref();
        let used = used.or_else(|| inherited.and_then(|member| member.timeout.as_ref()));
        let used = used.map_or(&Origin::Default, |set| &set.origin);
        let (name, time) = (&self.name, GoDuration(command.timeout));
        let own = own.by_ref().filter_map(|member| member.timeout.as_ref());
        let unused = own.filter(|set| set.value != command.timeout);
        unused
            .map(|Located { origin, .. }| {
                format!(
                    "{origin}: it has no effect, because the command of the group {name} has one timeout, {time} ({used}); \
                     set command_timeout in the group"
                )
            })
            .collect()
    }
}

/// Sets the groups of templates that name none and have settings: they count for all templates with the same command.
fn set_unnamed(
    jobs: &mut [Job],
    members: &[Member],
    warnings: &mut Vec<String>,
) -> Result<(), Error> {
    let mut order = Vec::new();
    let mut groups: HashMap<GroupKey, Vec<usize>> = HashMap::new();
    for (at, member) in members.iter().enumerate() {
        if member.group.is_none() {
            let key = jobs[at].own_group().key;
            let group = groups.entry(key.clone()).or_default();
            if group.is_empty() {
                order.push(key);
            }
            group.push(at);
        }
    }
    for key in order {
        let own = groups.remove(&key).unwrap_or_default();
        let mut settings = ApplySettings::default();
        for at in &own {
            settings = settings.with(&members[*at].settings)?;
        }
        let command = jobs[own[0]].command.clone();
        warnings.extend(settings.set(key, command, jobs, &own)?);
    }
    Ok(())
}

impl ApplySettings {
    /// Adds the settings of another template in the same group; two of them cannot differ.
    fn with(self, other: &Self) -> Result<Self, Error> {
        fn both<T: Clone + PartialEq>(
            one: Setting<T>,
            other: Option<&Located<T>>,
        ) -> Result<Setting<T>, Error> {
            match (one, other) {
                (Some(one), Some(other)) if one.value != other.value => Err(other
                    .origin
                    .refuse(GroupError::Conflict { other: one.origin })),
                (one, other) => Ok(one.or_else(|| other.cloned())),
            }
        }
        Ok(Self {
            check: both(self.check, other.check.as_ref())?,
            verify: both(self.verify, other.verify.as_ref())?,
            on_failure: both(self.on_failure, other.on_failure.as_ref())?,
            rate: both(self.rate, other.rate.as_ref())?,
        })
    }

    /// Sets the group of these jobs, unless it has no name and only defaults. Returns warnings about settings without effect.
    fn set(
        self,
        key: GroupKey,
        command: Option<CommandConfig>,
        jobs: &mut [Job],
        own: &[usize],
    ) -> Result<Vec<String>, Error> {
        if let Some(check) = self.check.as_ref().filter(|_| own.len() > 1)
            && is_for_one_file(&check.value)
        {
            let count = own.len();
            return Err(check.origin.refuse(GroupError::PartOfWord { count }));
        }
        if let Some(verify) = self.verify.as_ref().filter(|_| command.is_none())
            && matches!(verify.value.probe, Probe::Builtin { .. })
        {
            return Err(verify.origin.refuse(GroupError::VerifiesNothing));
        }
        let warnings = if command.is_none() {
            self.without_command()
        } else {
            Vec::new()
        };
        let group = Arc::new(GroupConfig {
            key,
            check: value(self.check),
            command,
            verify: value(self.verify),
            on_failure: value(self.on_failure).unwrap_or_default(),
            rate: value(self.rate),
        });
        if !group.key.is_named() && *group == jobs[own[0]].own_group() {
            return Ok(warnings);
        }
        for at in own {
            if group.key.is_named() {
                jobs[*at].command.clone_from(&group.command);
            }
            jobs[*at].group = Some(Arc::clone(&group));
        }
        Ok(warnings)
    }

    /// Warnings about the settings that have no effect without a command.
    fn without_command(&self) -> Vec<String> {
        let rate = self.rate.as_ref().map(|set| (&set.origin, "command"));
        let on_failure = self.on_failure.as_ref().filter(|_| self.verify.is_none());
        let on_failure = on_failure.map(|set| (&set.origin, "command and no verification"));
        let all = [on_failure, rate].into_iter().flatten();
        all.map(|(origin, missing)| {
            format!("{origin}: there is no {missing}, so that it has no effect")
        })
        .collect()
    }
}
