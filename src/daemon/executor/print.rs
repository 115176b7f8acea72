//! A dry run: prints the files that would be written.

use std::io::Write as _;
use std::path::PathBuf;

use file_writer::{Additional, WriteError, is_current};
use group_apply::change::{Applied, Change, Effect};
use group_apply::output;

use super::dry;

/// Prints a change, unless the destination already has the content.
pub(super) fn print(change: Change) -> Applied {
    let Change {
        job,
        destination,
        content,
        outputs,
        fresh,
        source,
        ..
    } = change;
    let nowhere = destination.as_os_str().is_empty();
    let is_current = if nowhere {
        Ok(false)
    } else {
        is_current(&destination, &content)
    };
    let own = is_current.map(|is_current| {
        if !is_current {
            let inline = || PathBuf::from("(inline template)");
            let name = if nowhere {
                source.unwrap_or_else(inline)
            } else {
                destination.clone()
            };
            show(&dry::shown(&name, &content));
        }
    });
    let printed = own.and_then(|()| {
        Additional::merged(outputs)
            .iter()
            .try_for_each(|output| print_output(output, fresh))
    });
    Applied {
        job,
        destination,
        outcome: printed.map(|()| Effect::Unchanged),
        size: None,
    }
}

fn print_output(output: &Additional, fresh: bool) -> Result<(), WriteError> {
    if !output::is_current(output, fresh)? {
        let (path, content) = (&output.path, &*output.content);
        show(&if output.append {
            dry::shown_appended(path, content)
        } else {
            dry::shown(path, content)
        });
    }
    Ok(())
}

fn show(text: &[u8]) {
    // Ignore EPIPE: the reader is gone.
    let _ = std::io::stdout().lock().write_all(text);
}
