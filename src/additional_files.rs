//! The additional files of a rendering (`writeToFile`), as they are written.

use consul_render::output::Output;
use file_writer::Additional;

/// Converts the calls of a rendering to the files to write.
#[must_use]
pub fn additional_files(outputs: Vec<Output>) -> Vec<Additional> {
    outputs.into_iter().map(file).collect()
}

fn file(output: Output) -> Additional {
    let Output {
        path,
        user,
        group,
        mode,
        append,
        content,
    } = output;
    Additional {
        path,
        user,
        group,
        mode,
        function: "writeToFile",
        append,
        content,
    }
}
